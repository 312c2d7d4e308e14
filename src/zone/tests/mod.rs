//! Tests of zones: texts and their wire forms, mistakes and their words, look-ups, and laws.

mod chunks;
mod directives;
mod edits;
mod hostile;
mod lookups;
mod mistakes;
mod model;
mod pieces;
mod reading;
mod rendered;
mod texts;

use std::ops::Range;
use std::sync::Arc;

use super::{Texts, Zone, build, check, read, report};
use crate::diagnostic::{Diagnostic, Source};
use crate::limits;
use crate::wire::asked::Seed;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// A record as the text has it.
#[derive(Clone, Debug)]
struct Record {
    owner: Name,
    kind: Kind,
    /// The least of its set.
    ttl: u32,
    rdata: Vec<u8>,
    span: Range<usize>,
    owner_span: Option<Range<usize>>,
}

/// A text without errors.
#[derive(Clone, Debug)]
struct Parsed {
    source: Arc<Source>,
    apex: Name,
    serial: u32,
    /// In canonical order of the owners, then by type, then in the order of the file; none of them twice.
    records: Vec<Record>,
}

impl Zone {
    /// The zone of a text with these names steered.
    fn build(parsed: &Parsed, steered: &[Name]) -> Zone {
        Zone::seeded(parsed, steered, Seed::default())
    }

    fn seeded(parsed: &Parsed, steered: &[Name], seed: Seed) -> Zone {
        let (origin, texts) = (name("example.com."), Texts::alone());
        let (text, reader) = super::pieces::read(&parsed.source, &origin, &texts, limits::PIECE);
        let mut report = report::Report::new(&reader.sources, reader.findings);
        let checked = check::check(&mut report, text, &origin);
        let zone = build::build(&checked, None, seed, None).finish();
        if steered.is_empty() {
            zone
        } else {
            zone.steer(steered)
        }
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// What reading `z.zone` with this text gives, for the origin `example.com.`.
fn read_text(text: impl Into<Vec<u8>>) -> (Option<Parsed>, Vec<Diagnostic>) {
    let source: Arc<Source> = Source::new("z.zone", text);
    records(&source, &name("example.com."))
}

fn records(source: &Arc<Source>, origin: &Name) -> (Option<Parsed>, Vec<Diagnostic>) {
    let texts = Texts::alone();
    let reading = read(source, origin, &texts, None);
    let parsed = reading.zone.map(|zone| {
        let (text, reader) = super::pieces::read(source, origin, &texts, limits::PIECE);
        let mut report = report::Report::new(&reader.sources, reader.findings);
        let checked = check::check(&mut report, text, origin);
        let mut records = Vec::new();
        let mut families = checked.order.families(&checked.text);
        while let Some(family) = families.advance() {
            let single = |r: &&super::text::Record<'_>| !checked.doubles.contains(&r.number);
            for record in family.iter().filter(single) {
                let owner = record.owner();
                let set = zone.node(owner.wire()).and_then(|n| n.rrset(record.kind));
                let (span, mark) = (report.whole(record.place), report.mark(record.place));
                records.push(Record {
                    kind: record.kind,
                    ttl: set.unwrap().ttl(),
                    rdata: record.rdata.to_vec(),
                    owner_span: Some(mark).filter(|mark| *mark != span),
                    span,
                    owner,
                });
            }
        }
        Parsed {
            source: source.clone(),
            apex: zone.apex().clone(),
            serial: zone.serial(),
            records,
        }
    });
    (parsed, reading.diagnostics)
}

/// A good zone without any warning.
fn good(text: impl Into<Vec<u8>>) -> Parsed {
    let (parsed, list) = read_text(text);
    assert_eq!(
        list.iter().map(Diagnostic::line).collect::<Vec<_>>(),
        [""; 0]
    );
    parsed.unwrap()
}

/// The head of a zone that nobody complains about, four lines long.
const HEAD: &str =
    "$TTL 300\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1.elsewhere.net.\n@ NS ns2.elsewhere.net.\n";

/// A good zone of the head and these lines.
fn with(lines: &str) -> Parsed {
    good(format!("{HEAD}{lines}"))
}

/// The zone of the head and these lines.
fn zone(lines: &str, steered: &[&str]) -> Zone {
    let steered: Vec<Name> = steered.iter().map(|text| name(text)).collect();
    Zone::build(&with(lines), &steered)
}
