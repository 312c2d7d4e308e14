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
mod edit;
mod generate;
mod head;
mod jobs;
mod kept;
mod lookup;
mod order;
mod parser;
mod patch;
mod pieces;
mod rdata;
mod report;
mod scanner;
mod servers;
mod sought;
mod sources;
mod state;
mod stretch;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod walk;
mod words;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source};
use crate::limits;
use crate::wire::asked::Seed;
use crate::wire::name::Name;

pub use denial::Denial;
pub use edit::{Edited, edit};
pub use jobs::{Done, Job, Texts};
pub use lookup::{Found, Match};
pub use rdata::{canonical, generic, has_hints, presentation};
pub use sought::{Shown, Sought, locate, locate_in};
pub use stretch::{Draft, Stretches};
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
    /// For [`edit`], what may be kept of the text; none if there is anything to tell of it, or it is small, or says more than
    /// records, origins and TTLs.
    pub draft: Option<Draft>,
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
    // A search that might have been given up says less of a text with fewer records.
    let plain = report.clean() && checked.apex == *origin && checked.searched <= delegation::STEPS;
    let cutter = reader.cutter.filter(|_| plain);
    let mut draft = cutter.map(|cutter| Draft::new(cutter, reader.octets));
    let built = (!report.failed()).then(|| build::build(&checked, before, seed, draft.as_mut()));
    // Millions of records need not stand beside the tables that are made now.
    drop(checked);
    Reading {
        diagnostics: report.finish(),
        includes: reader.sources.included(),
        draft,
        zone: built.map(build::Built::finish),
    }
}
