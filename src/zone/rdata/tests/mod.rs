//! Tests of record data: each type, its mistakes, and the laws that all keep.

mod broken;
mod examples;
mod laws;
mod make;
mod params;

use super::{presentation, read, table};
use crate::diagnostic::Source;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::zone::report::Findings;
use crate::zone::scanner::{Entry, Scanner};
use crate::zone::words::Words;

/// What reading gives: the data and the warnings, or the error; both as `column: message; advice`.
fn read_text(kind: Kind, text: &str) -> Result<(Vec<u8>, Vec<String>), String> {
    let source = Source::new("z.zone", format!(" {text}"));
    let mut found = Findings::default();
    let mut entry = Entry::default();
    Scanner::new(&source.text, 0).next(&mut entry, &mut found);
    let origin: Name = "example.com.".parse().unwrap();
    let mut words = Words::new(&source.text, &entry.words, &origin, b"example.com");
    // Data of others stand before, and stay.
    let mut out = b"before".to_vec();
    let line = |fault: &crate::zone::report::Fault| {
        format!("{}: {}; {}", fault.span.start, fault.message, fault.advice)
    };
    read(kind, &mut words, &mut out).map_err(|fault| line(&fault))?;
    let doubts = words.doubts.iter().map(line).collect();
    Ok((out.strip_prefix(b"before").unwrap().to_vec(), doubts))
}

/// The data of a good text without warnings.
fn wire(kind: Kind, text: &str) -> Vec<u8> {
    let (data, doubts) = read_text(kind, text).unwrap_or_else(|e| panic!("{kind} {text}: {e}"));
    assert_eq!(doubts, [""; 0], "{kind} {text}");
    data
}

fn shown(kind: Kind, data: &[u8]) -> String {
    // The text of others stands before, and stays.
    let mut out = String::from("before ");
    presentation(kind, data, &mut out);
    out.strip_prefix("before ").unwrap().to_owned()
}

fn hex(text: &str) -> Vec<u8> {
    super::base::decode(super::base::Base::Hex, text.replace(' ', "").as_bytes()).unwrap()
}

fn opaque(data: &[u8]) -> String {
    let mut out = String::new();
    super::opaque::show(data, &mut out);
    out
}

/// A type and its data, from a line of a zone file.
fn split(line: &str) -> (Kind, &str) {
    let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
    (kind.parse().unwrap(), text)
}

#[test]
fn the_table_is_in_order() {
    let kinds: Vec<Kind> = table::kinds().collect();
    assert!(kinds.is_sorted_by(|a, b| a < b));
    assert!(kinds.iter().all(|kind| kind.mnemonic().is_some()));
}
