//! Where entries of a text begin and end, found without reading them: a large text can so be cut into pieces.

use std::ops::Range;

use super::report::Findings;
use super::scanner::{Entry, MARK, Scanner, table};

/// What an entry is by its first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// It has an owner.
    Owned,
    /// It has words for the owner before it, or none at all.
    Blank,
    /// It may be a directive.
    Directive,
    /// The text ends inside of its parentheses: what follows is found by reading only.
    Open,
}

/// Goes from entry to entry as the scanner does.
pub(super) struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

/// Where an entry needs a second look.
const PLAIN: [bool; 256] = table(b"\n;()\"\\");

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a [u8]) -> Walk<'a> {
        let at = if text.starts_with(MARK) {
            MARK.len()
        } else {
            0
        };
        Walk { text, at }
    }

    /// From this octet on, which begins an entry.
    pub(super) fn from(text: &'a [u8], at: usize) -> Walk<'a> {
        Walk { text, at }
    }

    /// The next entry, with the end of its line; none at the end of the text.
    pub(super) fn next(&mut self) -> Option<(Range<usize>, Sort)> {
        let start = self.at;
        let first = *self.text.get(start)?;
        let closed = self.entry();
        let span = start..self.at;
        let sort = match first {
            _ if !closed => Sort::Open,
            b' ' | b'\t' | b'\r' | b'\n' | b';' => Sort::Blank,
            b'$' => Sort::Directive,
            b'(' | b')' => self.hidden(&span),
            _ => Sort::Owned,
        };
        Some((span, sort))
    }

    /// An entry whose first word stands behind parentheses.
    fn hidden(&self, span: &Range<usize>) -> Sort {
        let text = self.text.get(..span.end).unwrap_or_default();
        let mut entry = Entry::default();
        if !Scanner::new(text, span.start).next(&mut entry, &mut Findings::default()) {
            return Sort::Blank;
        }
        if super::directives::is_directive(text, &entry) {
            Sort::Directive
        } else {
            Sort::Owned
        }
    }

    /// To the start of the next entry; whether all parentheses were closed.
    fn entry(&mut self) -> bool {
        let mut depth = 0usize;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|b| !PLAIN[usize::from(*b)]);
            self.at += plain.unwrap_or(rest.len());
            let Some(&byte) = self.text.get(self.at) else {
                return depth == 0;
            };
            match byte {
                b'\n' => {
                    self.at += 1;
                    if depth == 0 {
                        return true;
                    }
                }
                b';' => self.to(|b| b == b'\n'),
                b'(' => {
                    depth += 1;
                    self.at += 1;
                }
                b')' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b'"' => self.quoted(),
                _ => self.escape(),
            }
        }
    }

    fn to(&mut self, end: impl Fn(u8) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|b| end(*b)).unwrap_or(rest.len());
    }

    /// Behind a string, or to the end of its line.
    fn quoted(&mut self) {
        self.at += 1;
        loop {
            self.to(|b| matches!(b, b'"' | b'\\' | b'\n'));
            match self.text.get(self.at) {
                Some(b'\\') => self.escape(),
                Some(b'"') => {
                    self.at += 1;
                    return;
                }
                _ => return,
            }
        }
    }

    fn escape(&mut self) {
        self.at += 1;
        if self.text.get(self.at).is_some_and(|b| *b != b'\n') {
            self.at += 1;
        }
    }
}
