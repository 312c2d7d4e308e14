//! Lists beside the steering: lines of fields between commas.

use std::ops::Range;
use std::sync::Arc;

use crate::config::document::{At, Word};
use crate::config::findings::Findings;
use crate::config::steering::networks::Wrong;
use crate::diagnostic::{Diagnostic, Source};
use crate::limits;

/// A field without its quotes and blanks, and where it stands in the line.
pub(super) struct Field {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// What is wrong, and where in the line.
pub(super) type Mistake = (Range<usize>, Wrong);

/// Whether there is room for another line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    More,
    Full,
}

/// A line, and where its fields are in the file.
pub(super) struct Line<'a> {
    source: &'a Arc<Source>,
    start: usize,
    /// From 1.
    pub(super) number: u32,
}

impl<'a> Line<'a> {
    /// A stretch of the line.
    pub(super) fn at(&self, span: &Range<usize>) -> At<'a> {
        At::new(self.source, self.start + span.start..self.start + span.end)
    }
}

/// Gives `take` as many fields of each line as there are columns, those that are not there empty, until there is no more
/// room. Empty lines, comments and a first line with the names of the columns are passed over. `word` names the list.
pub(super) fn each<'a, const N: usize>(
    source: &'a Arc<Source>,
    columns: &[&str; N],
    word: Word<'_>,
    findings: &mut Findings,
    mut take: impl FnMut([Field; N], &Line<'a>, &mut Findings) -> Result<Room, Mistake>,
) {
    let (mut start, mut number, mut wrong) = (0, 0_u32, 0_usize);
    let mut head = true;
    for text in source.text.split_inclusive(|byte| *byte == b'\n') {
        number = number.saturating_add(1);
        let line = Line {
            source,
            start,
            number,
        };
        start += text.len();
        // Programs that write for others begin with a byte order mark.
        let mark: &[u8] = if number == 1 { b"\xef\xbb\xbf" } else { b"" };
        let plain = text.strip_prefix(mark).unwrap_or(text);
        if blank(plain) && std::str::from_utf8(plain).is_ok() {
            continue;
        }
        let first = std::mem::take(&mut head);
        let taken = match one(text, mark, first, columns) {
            Ok(Some(fields)) => take(fields, &line, findings),
            Ok(None) => Ok(Room::More),
            Err(mistake) => Err(mistake),
        };
        match taken {
            Ok(Room::More) => {}
            Ok(Room::Full) => return,
            Err((span, (message, advice))) => {
                wrong += 1;
                if wrong <= limits::NETWORKS_TOLD {
                    let spot = line.at(&span).spot().cut_in(number as usize);
                    findings.push(Diagnostic::error(spot, message, advice));
                }
            }
        }
    }
    if let Some(more) = wrong.checked_sub(limits::NETWORKS_TOLD).filter(|n| *n > 0) {
        let message = format!("{more} more lines of `{}` are wrong", source.path);
        findings.error(word.at, message, "mend those first that are shown");
    }
}

fn blank(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    text.is_empty() || text.starts_with(b"#")
}

/// The fields of a line, if it is not the names of the columns, which only the first may be.
fn one<const N: usize>(
    line: &[u8],
    mark: &[u8],
    first: bool,
    columns: &[&str; N],
) -> Result<Option<[Field; N]>, Mistake> {
    let skip = if line.starts_with(mark) {
        mark.len()
    } else {
        0
    };
    let rest = line.get(skip..).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(rest) else {
        let words = ("the line is not UTF-8", "save the list as UTF-8");
        return Err(told(skip..line.len(), words.0, words.1));
    };
    let text = text.trim_end_matches(['\n', '\r']);
    let found = fields(text, skip, N)?;
    let empty = || Field {
        text: String::new(),
        span: skip + text.len()..skip + text.len(),
    };
    let many = found.len();
    let mut found = found.into_iter();
    let fields: [Field; N] = std::array::from_fn(|_| found.next().unwrap_or_else(empty));
    let mut names = fields.iter().zip(columns);
    let named = |(field, column): (&Field, &&str)| field.text.eq_ignore_ascii_case(column);
    if first && names.clone().next().is_some_and(named) {
        return if names.by_ref().take(many).all(named) && many <= N {
            Ok(None)
        } else {
            let message = format!("the columns are `{}`", columns.join("`, `"));
            let span = fields.into_iter().next().map_or(0..0, |field| field.span);
            Err(told(span, &message, "write them in this order"))
        };
    }
    if let Some(beyond) = found.next() {
        let message = format!("a line has at most {N} fields");
        let advice = format!("they are `{}`", columns.join(","));
        return Err(told(beyond.span, &message, &advice));
    }
    Ok(Some(fields))
}

/// A mistake at a stretch of the line.
pub(super) fn told(span: Range<usize>, message: &str, advice: &str) -> Mistake {
    (span, (message.to_owned(), advice.to_owned()))
}

/// The fields between commas. One in quotes may hold commas, and a quote as two.
fn fields(text: &str, skip: usize, most: usize) -> Result<Vec<Field>, Mistake> {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let begin = at + rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let (raw, field) = match rest.strip_prefix('"') {
            Some(inner) => {
                let Some(close) = closing(inner) else {
                    let span = skip + begin..skip + text.len();
                    return Err(told(span, "a quote is not closed", "close it on its line"));
                };
                let raw = inner.get(..close).unwrap_or_default();
                (close + 2, raw.replace("\"\"", "\""))
            }
            None => {
                let raw = rest.split(',').next().unwrap_or_default();
                (raw.trim_end().len(), raw.trim().to_owned())
            }
        };
        fields.push(Field {
            text: field,
            span: skip + begin..skip + begin + raw,
        });
        let behind = rest.get(raw..).unwrap_or_default();
        let gap = behind.len() - behind.trim_start().len();
        match behind.trim_start().chars().next() {
            None => return Ok(fields),
            Some(',') => at = begin + raw + gap + 1,
            Some(_) => {
                let span = skip + begin..skip + begin + raw;
                let advice = "quotes stand around the whole field";
                return Err(told(span, "something stands behind a quoted field", advice));
            }
        }
        if fields.len() > most {
            return Ok(fields);
        }
    }
}

/// Where a quote ends that is not doubled.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('"')?;
        if text.get(at + 1..)?.starts_with('"') {
            at += 2;
        } else {
            return Some(at);
        }
    }
}
