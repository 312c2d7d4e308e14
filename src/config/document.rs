//! A TOML file as words and values, each with its place.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::findings::Findings;
use crate::diagnostic::{Source, Spot};

/// A stretch of a file.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    source: &'a Arc<Source>,
    start: usize,
    end: usize,
}

impl<'a> At<'a> {
    /// A stretch of `source`.
    pub(super) fn new(source: &'a Arc<Source>, span: Range<usize>) -> At<'a> {
        At {
            source,
            start: span.start,
            end: span.end,
        }
    }

    /// The same, to be kept.
    pub(super) fn spot(self) -> Spot {
        Spot::new(self.source, self.start..self.end)
    }

    /// Where it stands among all that was read, for orders that must not depend on the order of files.
    pub(super) fn rank(self) -> (&'a str, usize) {
        (&self.source.path, self.start)
    }
}

/// A key or a string, without its quotes; the place has them.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) at: At<'a>,
}

/// What stands behind a key or in a list.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) node: &'a DeValue<'a>,
    pub(super) at: At<'a>,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) key: Word<'a>,
    pub(super) value: Value<'a>,
}

impl<'a> Value<'a> {
    fn of(source: &'a Arc<Source>, node: &'a Spanned<DeValue<'_>>) -> Value<'a> {
        Value {
            node: node.get_ref(),
            at: At::new(source, node.span()),
        }
    }

    /// The string.
    pub(super) fn string(self) -> Option<Word<'a>> {
        match self.node {
            DeValue::String(text) => Some(Word { text, at: self.at }),
            _ => None,
        }
    }

    /// The elements of the list.
    pub(super) fn list(self) -> Option<Vec<Value<'a>>> {
        let DeValue::Array(list) = self.node else {
            return None;
        };
        Some(
            list.iter()
                .map(|node| Value::of(self.at.source, node))
                .collect(),
        )
    }

    /// The keys and values of the table, in the order written.
    pub(super) fn table(self) -> Option<Vec<Entry<'a>>> {
        let DeValue::Table(table) = self.node else {
            return None;
        };
        Some(entries(self.at.source, table))
    }

    /// The number, whole or not, as written.
    pub(super) fn number(self) -> Option<&'a str> {
        match self.node {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            _ => None,
        }
    }

    /// The whole number.
    pub(super) fn integer(self) -> Option<i128> {
        let DeValue::Integer(number) = self.node else {
            return None;
        };
        i128::from_str_radix(number.as_str(), number.radix()).ok()
    }
}

fn entries<'a>(source: &'a Arc<Source>, table: &'a DeTable<'_>) -> Vec<Entry<'a>> {
    let mut list: Vec<Entry<'a>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: Word {
                text: key.get_ref(),
                at: At::new(source, key.span()),
            },
            value: Value::of(source, value),
        })
        .collect();
    list.sort_by_key(|entry| entry.key.at.start);
    list
}

/// A whole file.
pub(super) struct Document<'a> {
    source: &'a Arc<Source>,
    root: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    /// The file as TOML; none if it is not, and then every line that is not has its finding.
    pub(super) fn parse(source: &'a Arc<Source>, findings: &mut Findings) -> Option<Document<'a>> {
        let text = match std::str::from_utf8(&source.text) {
            Ok(text) => text,
            Err(error) => {
                let from = error.valid_up_to();
                findings.error(
                    At::new(source, from..from + 1),
                    "the file is not UTF-8",
                    "save it as UTF-8",
                );
                return None;
            }
        };
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Some(Document { source, root });
        }
        syntax(source, text, &errors, findings);
        None
    }

    /// The top-level keys and values, in the order written.
    pub(super) fn entries(&'a self) -> Vec<Entry<'a>> {
        entries(self.source, self.root.get_ref())
    }
}

/// What is no TOML: the first of each line, since the rest of a line mostly follows from it.
fn syntax(source: &Arc<Source>, text: &str, errors: &[toml::de::Error], findings: &mut Findings) {
    let mut list: Vec<(Range<usize>, &str)> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(text.len()..text.len());
            let start = span.start.min(text.len());
            (start..span.end.clamp(start, text.len()), error.message())
        })
        .collect();
    list.sort_by_key(|(span, _)| span.start);
    let mut line_end = None;
    for (span, message) in list {
        if line_end.is_some_and(|end| span.start <= end) {
            continue;
        }
        let rest = text.get(span.start..).unwrap_or_default();
        line_end = Some(span.start + rest.find('\n').unwrap_or(rest.len()));
        let (span, message, advice) = plain(text, span, message);
        findings.error(At::new(source, span), message, advice);
    }
}

/// The parser's words, or better ones where a string or key stands without its quotes.
fn plain(text: &str, span: Range<usize>, message: &str) -> (Range<usize>, String, String) {
    const VALUES: [&str; 7] = [
        "string values must be quoted",
        "invalid float",
        "invalid integer",
        "invalid boolean",
        "invalid date",
        "invalid time",
        "invalid fraction",
    ];
    let word = text.get(span.clone()).unwrap_or_default();
    if message == "duplicate key" {
        let message = format!("the key `{word}` stands twice");
        return (
            span,
            message,
            "a key or table is written once in a file".to_owned(),
        );
    }
    let what = if VALUES.iter().any(|start| message.starts_with(start)) {
        "a string stands in quotes"
    } else if message.contains("unquoted key") {
        "a key with other than letters, digits, `-` and `_` stands in quotes"
    } else {
        return (span, message.to_owned(), String::new());
    };
    let whole = around(text, span.clone());
    match text.get(whole.clone()) {
        Some(word) if !word.is_empty() && !word.contains(['"', '\'']) => {
            (whole, what.to_owned(), format!("write `\"{word}\"`"))
        }
        _ => (span, message.to_owned(), String::new()),
    }
}

/// The whole word of which the parser marks a part.
fn around(text: &str, span: Range<usize>) -> Range<usize> {
    let edge = |c: char| c.is_whitespace() || "=[]{},#".contains(c);
    let start = text.get(..span.start).and_then(|before| {
        let (at, c) = before.char_indices().rev().find(|(_, c)| edge(*c))?;
        Some(at + c.len_utf8())
    });
    let end = text.get(span.start..).and_then(|after| after.find(edge));
    start.unwrap_or(0)..end.map_or(text.len(), |at| span.start + at)
}
