//! Tests of zones: texts and their wire forms, mistakes and their words, look-ups, and laws.

mod lookups;
mod mistakes;
mod model;
mod texts;

use std::sync::Arc;

use super::{Parsed, Zone, read};
use crate::diagnostic::{Diagnostic, Source};
use crate::wire::name::Name;

fn name(text: &str) -> Name {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// What reading `z.zone` with this text gives, for the origin `example.com.`.
fn read_text(text: impl Into<Vec<u8>>) -> (Option<Parsed>, Vec<Diagnostic>) {
    let source: Arc<Source> = Source::new("z.zone", text);
    read(&source, &name("example.com."))
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
