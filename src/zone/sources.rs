//! All texts of a zone, the file and what it includes, as one row of octets: a place in it is one number.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use super::report::Findings;
use super::scanner::{Entry, Scanner};
use super::text::Place;
use crate::diagnostic::{Source, Spot};
use crate::limits;

/// The texts in the order in which they were met. A text that is included twice stands here twice.
#[derive(Debug, Default)]
pub(super) struct Sources {
    texts: Vec<Occurrence>,
}

#[derive(Debug)]
struct Occurrence {
    source: Arc<Source>,
    /// The place of its first octet.
    base: usize,
    /// The `$INCLUDE` that brought it.
    by: Option<Range<usize>>,
    /// For each [`BLOCK`] of its text how many lines end before it, once somebody asked.
    lines: OnceCell<Vec<usize>>,
}

/// Octets between two counts of lines.
const BLOCK: usize = 1 << 16;

/// A text among the others, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(usize);

impl Sources {
    /// Adds a text. `None` if all of them together would be too large.
    pub(super) fn add(&mut self, source: Arc<Source>, by: Option<Range<usize>>) -> Option<Number> {
        // The octet between two texts is where the end of the first one is.
        let base = self.texts.last().map_or(0, Occurrence::next);
        let end = base.checked_add(source.text.len())?;
        let fits = end as u64 <= limits::ZONE_FILE;
        // The file itself was let in by who read it.
        if u32::try_from(end).is_err() || !(fits || self.texts.is_empty()) {
            return None;
        }
        self.texts.push(Occurrence {
            source,
            base,
            by,
            lines: OnceCell::new(),
        });
        Some(Number(self.texts.len() - 1))
    }

    /// A text, and the place of its first octet.
    pub(super) fn get(&self, number: Number) -> Option<(&Arc<Source>, usize)> {
        let text = self.texts.get(number.0)?;
        Some((&text.source, text.base))
    }

    fn find(&self, place: usize) -> Option<&Occurrence> {
        let behind = self.texts.partition_point(|text| text.base <= place);
        self.texts.get(behind.checked_sub(1)?)
    }

    /// The text at a stretch, cut.
    pub(super) fn spot(&self, span: &Range<usize>) -> Spot {
        let Some(text) = self.find(span.start) else {
            return Spot::new(&Source::new("", ""), 0..0);
        };
        let local = |place: usize| place.saturating_sub(text.base).min(text.source.text.len());
        let start = local(span.start);
        Spot::new(&text.source, start..local(span.end)).cut_in(text.line(start))
    }

    /// A line that `$GENERATE` made by the order at `span`.
    pub(super) fn made(&self, span: &Range<usize>, line: &[u8], part: &Range<usize>) -> Spot {
        let by = self.spot(span);
        let source = Source::new(format!("made by {}", by.line()), line);
        Spot::new(&source, part.clone()).cut()
    }

    /// The end of the file.
    pub(super) fn end(&self) -> Spot {
        let end = self.texts.first().map_or(0, |text| text.source.text.len());
        self.spot(&(end..end))
    }

    /// Where the text of a place was included, and that text in turn.
    pub(super) fn chain(&self, place: usize) -> Vec<Spot> {
        let mut chain = Vec::new();
        let mut at = place;
        while let Some(by) = self.find(at).and_then(|text| text.by.clone()) {
            chain.push(self.spot(&by));
            at = by.start;
        }
        chain
    }

    /// Whether the text of this path is being read where `number` is: it, or one that includes it.
    pub(super) fn encloses(&self, number: Number, path: &str) -> bool {
        self.line(number).any(|text| text.source.path == path)
    }

    /// How deep a text is included; the file itself is at 0.
    pub(super) fn depth(&self, number: Number) -> usize {
        self.line(number).count().saturating_sub(1)
    }

    fn line(&self, number: Number) -> impl Iterator<Item = &Occurrence> {
        let above = |text: &&Occurrence| self.find(text.by.as_ref()?.start);
        std::iter::successors(self.texts.get(number.0), above)
    }

    /// The paths of all texts that were included.
    pub(super) fn included(&self) -> Vec<String> {
        let mut paths: Vec<String> = self
            .texts
            .iter()
            .skip(1)
            .map(|t| t.source.path.clone())
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Whether a text has this word, in any case.
    pub(super) fn mention(&self, word: &[u8]) -> bool {
        let has = |text: &[u8]| {
            text.windows(word.len())
                .any(|at| at.eq_ignore_ascii_case(word))
        };
        self.texts.iter().any(|text| has(&text.source.text))
    }

    /// The octets of the record at a place, from its first word to its last, and those of its owner if that is written
    /// there.
    pub(super) fn record(&self, place: Place) -> (Range<usize>, Option<Range<usize>>) {
        let place = place as usize;
        let Some(found) = self.find(place) else {
            return (place..place, None);
        };
        let text = &found.source.text;
        let local = place - found.base;
        let before = text.get(..local).unwrap_or_default();
        let line = before.iter().rposition(|b| *b == b'\n');
        let first = before.get(line.map_or(0, |newline| newline + 1)..);
        let blank = first.and_then(<[u8]>::first);
        let blank = blank.is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let mut entry = Entry::default();
        // A parenthesis that is never closed would lead through the whole text.
        let near = text
            .get(..local.saturating_add(limits::WORD))
            .unwrap_or(text);
        Scanner::new(near, local).next(&mut entry, &mut Findings::default());
        let words = &entry.words;
        let end = words.last().map_or(local, |word| word.span.end);
        let owner = words.first().filter(|_| !blank);
        let owner = owner.map(|word| place..found.base + word.span.end);
        (place..found.base + end, owner)
    }
}

impl Occurrence {
    fn next(&self) -> usize {
        self.base + self.source.text.len() + 1
    }

    /// The number of the line of an octet.
    fn line(&self, at: usize) -> usize {
        let ends = |text: &[u8]| text.iter().filter(|b| **b == b'\n').count();
        let text = &self.source.text;
        let count = || {
            let blocks = text.chunks(BLOCK).scan(0, |sum, block| {
                let before = *sum;
                *sum += ends(block);
                Some(before)
            });
            blocks.collect()
        };
        let block = at / BLOCK;
        let before = self.lines.get_or_init(count).get(block).copied();
        let rest = text.get(block * BLOCK..at).unwrap_or_default();
        // The end of a text may stand just behind its last block.
        let before = before.unwrap_or_else(|| ends(text));
        self.source.first + before + ends(rest)
    }
}
