//! The steering language: what is read, what is refused with which words, and that order never matters.
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::sync::Arc;

use super::alone;
use crate::config::estate::Steering;
use crate::diagnostic::{Diagnostic, Source, render};

mod aliases;
mod brake;
mod capacity;
mod fences;
mod golden;
mod latency;
mod names;
mod networks;
mod order;
mod pools;
mod probes;
mod refused;
mod taken;
mod warned;

/// Sites and VIPs for short examples; seven lines, so that theirs begin at line 8.
const HEAD: &str = r#"[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
iad-1 = { site = "iad", address = "198.51.100.10" }
b = { address = "192.0.2.77" }
"#;

/// The steering of files that stand alone.
fn steering(files: &[Arc<Source>]) -> (Option<Steering>, Vec<Diagnostic>) {
    super::steering(files, &alone)
}

fn read(text: &str) -> (Option<Steering>, Vec<Diagnostic>) {
    let (steering, list) = steering(&[Source::new("zones/steering.toml", text)]);
    assert_eq!(steering.is_none(), list.iter().any(Diagnostic::is_error));
    (steering, list)
}

/// A steering without any finding.
fn clean(text: &str) -> Steering {
    let (steering, list) = read(text);
    assert!(list.is_empty(), "{}", render(&list, false));
    steering.unwrap()
}

/// The findings of an example below [`HEAD`], a line each.
fn found(text: &str) -> Vec<String> {
    let mut list = read(&format!("{HEAD}{text}")).1;
    list.sort_by_key(|d| (d.severity, d.spot.as_ref().map(|spot| spot.span.start)));
    list.iter()
        .map(|d| d.line().replace("zones/steering.toml:", ""))
        .collect()
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "{text}");
}

/// A pool `web` with these lines and a name that points to it.
fn web(lines: &str) -> Vec<String> {
    found(&format!(
        "[names]\n\"w.example.\" = \"web\"\n\"b.example.\" = \"b\"\n\"f.example.\" = \"fra\"\n\"i.example.\" = \"iad\"\n[pools.web]\n{lines}\n"
    ))
}
