//! Zones: master files read and checked (RFC 1035 §5), and asked (RFC 1034 §4.3.2).
//!
//! Not here: `$INCLUDE`, `$GENERATE`, DNSSEC records, and the text forms of types beyond those of `rdata`; each is an
//! error that says so. Every type can be written as `\# LENGTH HEX` (RFC 3597 §5).

mod build;
mod check;
mod delegation;
mod denial;
mod lookup;
mod opaque;
mod order;
mod parser;
mod rdata;
mod report;
mod scanner;
mod svcb;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

pub use denial::Denial;
pub use lookup::{Found, Match};
pub use tree::{NodeRef, Rrset, Zone};

/// One record of a zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is, as written.
    pub owner: Name,
    /// Its type; the class is always IN.
    pub kind: Kind,
    /// Seconds; the same for all records of an owner and type.
    pub ttl: u32,
    /// Its data in wire form, names uncompressed.
    pub rdata: Vec<u8>,
    /// Its bytes in the file, from its first word to its last.
    pub span: Range<usize>,
    /// Where its owner was written, which may be lines above.
    pub owner_span: Range<usize>,
}

/// A zone file that was read without errors.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The file.
    pub source: Arc<Source>,
    /// The owner of the SOA.
    pub apex: Name,
    /// Of the SOA.
    pub serial: u32,
    /// In canonical order of the owners, then by type, then in the order of the file; none of them twice.
    pub records: Vec<Record>,
}

/// Reads a zone file. `origin` is what its name says: the origin until `$ORIGIN`, and the apex unless `$ORIGIN` comes before the
/// SOA. Without errors there is a zone; warnings come with either.
pub fn read(source: &Arc<Source>, origin: &Name) -> (Option<Parsed>, Vec<Diagnostic>) {
    let mut report = report::Report::new(source);
    let text = parser::parse(&mut report, origin);
    let (apex, records) = check::check(&mut report, text, origin);
    // Kinds sort by number, and the apex is the first owner.
    let soa = records.iter().find(|record| record.kind == Kind::SOA);
    let serial = soa.and_then(|soa| soa.rdata.last_chunk::<20>()?.first_chunk().copied());
    let parsed = match serial {
        Some(serial) if !report.failed() => Some(Parsed {
            source: source.clone(),
            apex,
            serial: u32::from_be_bytes(serial),
            records,
        }),
        _ => None,
    };
    (parsed, report.finish())
}
