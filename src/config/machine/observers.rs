//! `[observers]`: which tokens watch the same things, and how many of them must agree.

use super::TokenFile;
use crate::config::document::Entry;
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::values;
use crate::limits;

const GROUP: Keys = Keys {
    known: &["tokens", "agree"],
    later: &[],
    example: "[observers.pair]",
};

/// Observers that speak with one voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observers {
    /// What the group is called.
    pub name: String,
    /// Names of tokens; none is in two groups.
    pub tokens: Vec<String>,
    /// So many of them must agree, 1 to all.
    pub agree: usize,
}

/// What stands behind `observers`, sorted by name; `tokens` are those of the same file.
pub(super) fn read(
    field: Entry<'_>,
    tokens: &[TokenFile],
    findings: &mut Findings,
) -> Vec<Observers> {
    let Some(mut entries) = field.value.table() else {
        findings.error(
            field.value.at,
            "`observers` is a table",
            "write `[observers.NAME]` and its keys below it",
        );
        return Vec::new();
    };
    entries.sort_by_key(|entry| entry.key.text);
    let most = limits::OBSERVER_GROUPS;
    if let Some(entry) = entries.get(most) {
        let message = format!("{} groups of observers", entries.len());
        findings.error(entry.key.at, message, format!("at most {most}"));
    }
    let mut groups: Vec<Observers> = Vec::new();
    for entry in entries.into_iter().take(most) {
        let group = group(entry, tokens, &groups, findings);
        groups.extend(group);
    }
    groups
}

fn group(
    entry: Entry<'_>,
    known: &[TokenFile],
    before: &[Observers],
    findings: &mut Findings,
) -> Option<Observers> {
    let name = entry.key.text;
    if let Some(advice) = values::unkebab(name) {
        let message = format!("`{name}` is no name for a group of observers");
        findings.error(entry.key.at, message, advice);
    }
    // Replies name groups and lone observers alike.
    if known.iter().any(|token| token.name == name) || name == super::PROBE {
        findings.error(
            entry.key.at,
            format!("`{name}` is the name of an observer already"),
            "call the group otherwise: replies name it beside observers of no group",
        );
    }
    let record = Record::open(entry, &format!("observers `{name}`"), &GROUP, findings);
    let Some(field) = record.get("tokens") else {
        if entry.value.table().is_some() {
            let advice = "name them: `tokens = [\"a\", \"b\", \"c\"]`";
            let message = format!("observers `{name}` have no `tokens`");
            findings.error(entry.key.at, message, advice);
        }
        return None;
    };
    let mut tokens: Vec<String> = Vec::new();
    for word in values::names("`tokens`", field.value, findings).unwrap_or_default() {
        let text = word.text;
        let other = before.iter().find(|g| g.tokens.iter().any(|t| t == text));
        if !known.iter().any(|token| token.name == text) {
            let names: Vec<&str> = known.iter().map(|token| token.name.as_str()).collect();
            let meant = findings.guess(text, names.iter().copied());
            let advice = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("make it: `[tokens.{text}]`"),
            };
            findings.error(word.at, format!("no token is called `{text}`"), advice);
        } else if tokens.iter().any(|token| token == text) {
            findings.error(word.at, format!("`{text}` stands twice"), "write it once");
        } else if let Some(other) = other {
            let message = format!("`{text}` is in `{}` already", other.name);
            findings.error(word.at, message, "a token has one vote, in one group");
        }
        tokens.push(text.to_owned());
    }
    let Some(field) = record.get("agree") else {
        let advice = format!(
            "say how many must agree: `agree = {}`",
            tokens.len() / 2 + 1
        );
        let message = format!("observers `{name}` have no `agree`");
        findings.error(entry.key.at, message, advice);
        return None;
    };
    let most = tokens.len().max(1);
    let agree = values::integer("`agree`", field.value, 1..=most, findings)?;
    Some(Observers {
        name: name.to_owned(),
        tokens,
        agree,
    })
}
