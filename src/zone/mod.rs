//! Zones: master files read and checked (RFC 1035 §5), and asked (RFC 1034 §4.3.2).
//!
//! Not here: DNSSEC records, which are an error that says so. Every type can be written as `\# LENGTH HEX` (RFC 3597 §5), and those
//! in `rdata` have a text of their own.

mod build;
mod check;
mod chunk;
mod delegation;
mod denial;
mod digest;
mod directives;
mod generate;
mod head;
mod jobs;
mod kept;
mod lookup;
mod order;
mod parser;
mod pieces;
mod rdata;
mod report;
mod scanner;
mod servers;
mod sources;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod walk;
mod words;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, Spot};
use crate::limits;
use crate::wire::asked::Seed;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

pub use denial::Denial;
pub use jobs::{Done, Job, Texts};
pub use lookup::{Found, Match};
pub use rdata::{canonical, generic, has_hints, presentation};
pub use tree::{NodeRef, Rrset, Zone};

/// What reading a zone file came to.
#[derive(Debug)]
pub struct Reading {
    /// The zone, if there was no error.
    pub zone: Option<Zone>,
    /// Errors and warnings. Their spots hold no more of the texts than they show.
    pub diagnostics: Vec<Diagnostic>,
    /// The paths of all texts that were included.
    pub includes: Vec<String>,
}

/// Reads a zone file. `origin` is what its name says: the origin until `$ORIGIN`, and the apex unless `$ORIGIN` comes before the
/// SOA. `before` is the zone in force of that file: what stays equal is shared with it, and what it steers is steered.
pub fn read(
    source: &Arc<Source>,
    origin: &Name,
    texts: &Texts<'_>,
    before: Option<&Zone>,
) -> Reading {
    let seed = Seed::default();
    let (text, reader) = pieces::read(source, origin, texts, limits::PIECE);
    let mut report = report::Report::new(&reader.sources, reader.findings);
    let checked = check::check(&mut report, text, origin);
    let built = (!report.failed()).then(|| build::build(&checked, before, seed));
    // Millions of records need not stand beside the tables that are made now.
    drop(checked);
    Reading {
        diagnostics: report.finish(),
        includes: reader.sources.included(),
        zone: built.map(build::Built::finish),
    }
}

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

/// Where a record stands in a file or in what it includes, for what is found wrong when the texts are gone. The spot holds
/// its line only.
pub fn locate(
    source: &Arc<Source>,
    origin: &Name,
    texts: &Texts<'_>,
    sought: Sought<'_>,
) -> Option<Spot> {
    let (text, reader) = pieces::read(source, origin, texts, limits::PIECE);
    let found = text.iter().find(|record| {
        record.kind == sought.kind
            && sought
                .rdata
                .is_none_or(|rdata| record.rdata.eq_ignore_ascii_case(rdata))
            && record.owner() == *sought.owner
    })?;
    let report = report::Report::new(&reader.sources, reader.findings);
    let span = match sought.shown {
        Shown::Owner => report.mark(found.place),
        Shown::Record => report.whole(found.place),
    };
    Some(report.spot(&span))
}
