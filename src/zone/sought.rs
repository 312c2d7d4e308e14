//! Where a record stands in a zone file, for what is found wrong when the text is gone.

use std::sync::Arc;

use super::edit::part;
use super::jobs::Texts;
use super::pieces;
use super::report::{Findings, Report};
use super::sources::Sources;
use super::stretch::Stretches;
use super::text::{Record, Text};
use crate::diagnostic::{Source, Spot};
use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// A record that stands in a zone file.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Whose.
    pub owner: &'a Name,
    /// Of which type.
    pub kind: Kind,
    /// With these data, whatever the case of letters; `None` for the first one.
    pub rdata: Option<&'a [u8]>,
    /// What of it is to be shown.
    pub shown: Shown,
}

/// The words of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of them.
    Record,
    /// Its owner, if that stands in front of it.
    Owner,
}

impl Sought<'_> {
    fn is(&self, record: &Record<'_>) -> bool {
        let data = |rdata: &[u8]| record.rdata.eq_ignore_ascii_case(rdata);
        record.kind == self.kind && self.rdata.is_none_or(data) && record.owner() == *self.owner
    }

    fn spot(&self, sources: &Sources, record: &Record<'_>) -> Spot {
        let report = Report::new(sources, Findings::default());
        let span = match self.shown {
            Shown::Owner => report.mark(record.place),
            Shown::Record => report.whole(record.place),
        };
        report.spot(&span)
    }
}

/// Where a record stands in a file or in what it includes. The spot holds its line only.
pub fn locate(
    source: &Arc<Source>,
    origin: &Name,
    texts: &Texts<'_>,
    sought: Sought<'_>,
) -> Option<Spot> {
    let (text, reader) = pieces::read(source, origin, texts, limits::PIECE);
    let found = text.iter().find(|record| sought.is(record))?;
    Some(sought.spot(&reader.sources, &found))
}

/// The same, from what is kept of the text: of a large file only the stretches of that owner are read. None if it does not
/// stand there, or the text is another by now.
pub fn locate_in(
    source: &Arc<Source>,
    origin: &Name,
    kept: &Stretches,
    digest: &dyn Fn(&[u8]) -> u64,
    sought: Sought<'_>,
) -> Option<Spot> {
    let mut apex = origin.to_string().into_bytes();
    apex.pop();
    let asked = Asked::of(sought.owner, Seed::default());
    let mut sources = Sources::default();
    sources.add(source.clone(), None)?;
    for (span, stretch) in kept.having(asked.hash(asked.labels()) as u32) {
        if digest(source.text.get(span.clone())?) != stretch.digest {
            return None;
        }
        let part = part(&source.text, &apex, &span, stretch.before.as_ref()?)?;
        let text = Text::new(vec![part], false);
        if let Some(found) = text.iter().find(|record| sought.is(record)) {
            return Some(sought.spot(&sources, &found));
        }
    }
    None
}
