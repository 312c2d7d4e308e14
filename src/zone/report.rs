//! What was found wrong in the texts of one zone, bounded.

use std::ops::Range;

use super::sources::Sources;
use super::text::Place;
use crate::diagnostic::{Diagnostic, Severity, Spot};
use crate::limits;

/// One mistake, before it has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The bytes it is about: of the text that is read, or of all texts of the zone one behind the other.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl Fault {
    pub(super) fn new(
        span: &Range<usize>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Fault {
        Fault {
            span: span.clone(),
            message: message.into(),
            advice: advice.into(),
        }
    }
}

/// A mistake that is kept. Its places count over all texts of the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    severity: Severity,
    fault: Fault,
    /// Another place that belongs to it.
    other: Option<(Range<usize>, String)>,
    /// The line that a `$GENERATE` made, and the part of it that is meant.
    made: Option<(Made, Range<usize>)>,
}

/// A line that stands in no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    /// What was made, for which number, and where the order to make it stands.
    pub line: Vec<u8>,
    pub number: u32,
    /// Each word of the line, and the word of the file that it was made of.
    pub words: Vec<(Range<usize>, Range<usize>)>,
}

/// The mistakes of one stretch of text, the first [`limits::ZONE_MISTAKES`] of each severity, the others counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    list: Vec<Found>,
    errors: usize,
    warnings: usize,
    /// The first record of a signed zone: one word for all of them.
    signed: Option<Box<Found>>,
    /// What the places of faults are counted from.
    base: usize,
    /// What faults are about while `$GENERATE` is at work.
    made: Option<Made>,
}

impl Findings {
    /// Of a text that begins at this octet of all texts.
    pub(super) fn new(base: usize) -> Findings {
        Findings {
            base,
            ..Findings::default()
        }
    }

    pub(super) fn error(&mut self, fault: Fault) {
        let found = self.found(Severity::Error, fault);
        self.add(found);
    }

    pub(super) fn warning(&mut self, fault: Fault) {
        let found = self.found(Severity::Warning, fault);
        self.add(found);
    }

    /// An error that is told once for the whole zone.
    pub(super) fn signed(&mut self, fault: Fault) {
        if self.signed.is_none() {
            self.signed = Some(Box::new(self.found(Severity::Error, fault)));
        }
    }

    fn found(&self, severity: Severity, mut fault: Fault) -> Found {
        let made = self.made.as_ref().map(|made| {
            let part = fault.span.clone();
            let of = |(words, _): &&(Range<usize>, Range<usize>)| words.start <= part.start;
            let word = made.words.iter().rev().find(of).or(made.words.first());
            fault.span = word.map_or(0..0, |(_, origin)| origin.clone());
            (made.clone(), part)
        });
        fault.span = self.base + fault.span.start..self.base + fault.span.end;
        Found {
            severity,
            fault,
            other: None,
            made,
        }
    }

    fn add(&mut self, found: Found) {
        let count = match found.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= limits::ZONE_MISTAKES {
            self.list.push(found);
        }
    }

    /// From now on faults are about this line that `$GENERATE` made, or about the file again.
    pub(super) fn making(&mut self, made: Option<Made>) -> Option<Made> {
        std::mem::replace(&mut self.made, made)
    }

    /// How many there are, to go back to with [`Findings::forget`].
    pub(super) fn mark(&self) -> (usize, usize, usize) {
        (self.list.len(), self.errors, self.warnings)
    }

    /// Forget what came after a mark.
    pub(super) fn forget(&mut self, mark: (usize, usize, usize)) {
        self.list.truncate(mark.0);
        (self.errors, self.warnings) = (mark.1, mark.2);
    }

    /// Whether anything refuses the file.
    pub(super) fn failed(&self) -> bool {
        self.errors > 0 || self.signed.is_some()
    }

    /// Whether there is none at all.
    pub(super) fn none(&self) -> bool {
        !self.failed() && self.warnings == 0
    }

    /// Adds those of the text behind.
    pub(super) fn append(&mut self, behind: Findings) {
        let kept = |severity| {
            let of = |found: &&Found| found.severity == severity;
            behind.list.iter().filter(of).count()
        };
        let errors = behind.errors.saturating_sub(kept(Severity::Error));
        let warnings = behind.warnings.saturating_sub(kept(Severity::Warning));
        behind.list.into_iter().for_each(|found| self.add(found));
        self.errors += errors;
        self.warnings += warnings;
        self.signed = self.signed.take().or(behind.signed);
    }

    /// All of them in the order of the texts, and a word if some were left out.
    fn finish(mut self, sources: &Sources) -> Vec<Diagnostic> {
        self.list.extend(self.signed.take().map(|found| *found));
        self.list.sort_by_key(|found| found.fault.span.start);
        let mut out: Vec<Diagnostic> = self.list.iter().map(|f| f.show(sources)).collect();
        for (count, severity) in [
            (self.errors, Severity::Error),
            (self.warnings, Severity::Warning),
        ] {
            if let Some(more) = count
                .checked_sub(limits::ZONE_MISTAKES)
                .filter(|more| *more > 0)
            {
                out.push(Diagnostic::left_out(severity, more, sources.end()));
            }
        }
        out
    }
}

impl Found {
    fn show(&self, sources: &Sources) -> Diagnostic {
        let fault = &self.fault;
        let mut shown = Diagnostic {
            severity: self.severity,
            ..Diagnostic::error(
                sources.spot(&fault.span),
                fault.message.as_str(),
                fault.advice.as_str(),
            )
        };
        if let Some((other, words)) = &self.other {
            shown = shown.and(sources.spot(other), words.as_str());
        }
        if let Some((made, part)) = &self.made {
            let spot = sources.made(&fault.span, &made.line, part);
            shown = shown.and(spot, format!("made for {}", made.number));
        }
        for spot in sources.chain(fault.span.start) {
            shown = shown.and(spot, "included here");
        }
        shown
    }
}

/// The mistakes of a whole zone, while its rules are checked.
pub(super) struct Report<'a> {
    sources: &'a Sources,
    findings: Findings,
}

impl<'a> Report<'a> {
    /// What was found while reading these texts, to be continued.
    pub(super) fn new(sources: &'a Sources, findings: Findings) -> Report<'a> {
        Report { sources, findings }
    }

    /// Whether a text has this word somewhere, in any case.
    pub(super) fn mentions(&self, word: &[u8]) -> bool {
        self.sources.mention(word)
    }

    /// All of the record at this place, as far as its line goes.
    pub(super) fn whole(&self, place: Place) -> Range<usize> {
        self.sources.record(place).0
    }

    /// What to mark for a fault of a record's owner: the owner if it stands in that line, else the whole record.
    pub(super) fn mark(&self, place: Place) -> Range<usize> {
        let (whole, owner) = self.sources.record(place);
        owner.unwrap_or(whole)
    }

    pub(super) fn error(&mut self, fault: Fault) {
        self.findings.error(fault);
    }

    pub(super) fn warning(&mut self, fault: Fault) {
        self.findings.warning(fault);
    }

    /// An error that another place belongs to.
    pub(super) fn error_and(&mut self, fault: Fault, other: &Range<usize>, words: &str) {
        let mut found = self.findings.found(Severity::Error, fault);
        found.other = Some((other.clone(), words.to_owned()));
        self.findings.add(found);
    }

    /// A warning that another place belongs to.
    pub(super) fn warning_and(&mut self, fault: Fault, other: &Range<usize>, words: &str) {
        let mut found = self.findings.found(Severity::Warning, fault);
        found.other = Some((other.clone(), words.to_owned()));
        self.findings.add(found);
    }

    /// Whether anything refuses the file.
    pub(super) fn failed(&self) -> bool {
        self.findings.failed()
    }

    /// Whether nothing was found wrong.
    pub(super) fn clean(&self) -> bool {
        self.findings.none()
    }

    /// All of them in the order of the texts, with spots that hold their line only.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.findings.finish(self.sources)
    }

    /// The spot of a record, or of something else at these octets.
    pub(super) fn spot(&self, span: &Range<usize>) -> Spot {
        self.sources.spot(span)
    }
}

/// The text at a span as messages quote it: bounded, and without what would break a line.
pub(super) fn quote(text: &[u8], span: &Range<usize>) -> String {
    const SHOWN: usize = 60;
    let all = text.get(span.clone()).unwrap_or_default();
    let lossy = String::from_utf8_lossy(all.get(..SHOWN * 4).unwrap_or(all));
    let mut shown: String = lossy
        .chars()
        .take(SHOWN)
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    if lossy.chars().count() > SHOWN || all.len() > SHOWN * 4 {
        shown.push('…');
    }
    format!("`{shown}`")
}
