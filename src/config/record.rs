//! A table whose keys are ours: which of them are there, and which do not belong.

use crate::config::document::{Entry, Word};
use crate::config::findings::Findings;

/// The keys of one kind of table.
pub(super) struct Keys {
    /// What may stand in it.
    pub(super) known: &'static [&'static str],
    /// What the language has, and Meridian does not build yet.
    pub(super) later: &'static [&'static str],
    /// How one is written, for advice.
    pub(super) example: &'static str,
}

/// A table that was looked over.
pub(super) struct Record<'a> {
    fields: Vec<Entry<'a>>,
}

impl<'a> Record<'a> {
    /// The table behind `entry`, which messages call `what`; keys that do not belong there are findings.
    pub(super) fn open(
        entry: Entry<'a>,
        what: &str,
        keys: &Keys,
        findings: &mut Findings,
    ) -> Record<'a> {
        let Some(fields) = entry.value.table() else {
            findings.error(
                entry.value.at,
                format!("{what} is a table"),
                format!("write `{}`", keys.example),
            );
            return Record { fields: Vec::new() };
        };
        Record::check(fields, what, keys, findings)
    }

    /// The same of keys at hand.
    pub(super) fn check(
        fields: Vec<Entry<'a>>,
        what: &str,
        keys: &Keys,
        findings: &mut Findings,
    ) -> Record<'a> {
        for field in &fields {
            let key = field.key.text;
            if keys.known.contains(&key) {
                continue;
            }
            if keys.later.contains(&key) {
                later(field.key, what, findings);
                continue;
            }
            let advice = match findings.guess(key, keys.known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys are {}", listed(keys.known)),
            };
            findings.error(
                field.key.at,
                format!("unknown key `{key}` in {what}"),
                advice,
            );
        }
        Record { fields }
    }

    /// What stands under `key`.
    pub(super) fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.fields
            .iter()
            .find(|field| field.key.text == key)
            .copied()
    }
}

/// A part of the language that does not exist yet is refused, for silence would be a broken promise.
pub(super) fn later(key: Word<'_>, what: &str, findings: &mut Findings) {
    findings.error(
        key.at,
        format!("`{}` is not built yet", key.text),
        format!("remove it from {what}: this version of Meridian would not obey it"),
    );
}

/// `a`, `b`, `c`
pub(super) fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
