//! Zone text into entries: the words of one record or directive, parentheses joined and comments dropped (RFC 1035 §5.1).

use std::ops::Range;

use super::report::{Fault, Findings};
use crate::limits;

/// A run of characters without a blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its bytes; of a quoted string with the quotes.
    pub span: Range<usize>,
    /// Whether it begins with a quote.
    pub quoted: bool,
}

/// One record or directive.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its line begins with a blank: the owner is the last one.
    pub blank: bool,
    /// Its words, at least one.
    pub words: Vec<Word>,
    /// Something about it was reported already; its words may be incomplete.
    pub broken: bool,
}

/// Where in a text we are.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    unclosed: usize,
}

/// What may stand inside a word without a second look.
const PLAIN: [bool; 256] = table(b" \t\r\n;()\"\\\0");

/// All octets but these.
pub(super) const fn table(special: &[u8]) -> [bool; 256] {
    let mut table = [true; 256];
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = false;
        at += 1;
    }
    table
}

/// What some editors write at the start of a text in UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a text is in UTF-16, of which nothing could be read.
pub(super) fn is_wide(text: &[u8]) -> bool {
    text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff")
}

impl<'a> Scanner<'a> {
    /// From this octet on, which begins an entry.
    pub(super) fn new(text: &'a [u8], at: usize) -> Scanner<'a> {
        Scanner {
            text,
            at,
            unclosed: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next entry that has words; false at the end of the text.
    pub(super) fn next(&mut self, entry: &mut Entry, report: &mut Findings) -> bool {
        if self.at == 0 && self.text.starts_with(MARK) {
            self.at = MARK.len();
            let message = "the file begins with a byte order mark";
            let advice = "save the file without it: other servers refuse it";
            report.warning(Fault::new(&(0..MARK.len()), message, advice));
        }
        while self.at < self.text.len() {
            entry.blank = matches!(self.peek(), Some(b' ' | b'\t' | b'\r'));
            entry.words.clear();
            entry.broken = false;
            self.entry(entry, report);
            if !entry.words.is_empty() {
                return true;
            }
        }
        false
    }

    /// To the end of the line, or of the last line if parentheses join several.
    fn entry(&mut self, entry: &mut Entry, report: &mut Findings) {
        let mut open: Option<Open> = None;
        let mut depth = 0usize;
        loop {
            match self.peek() {
                None => {
                    if let (true, Some(first)) = (depth > 0, open) {
                        self.unclosed(&first, entry, report);
                    }
                    return;
                }
                Some(b'\n') => {
                    self.at += 1;
                    if depth == 0 {
                        return;
                    }
                }
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') => self.carriage(entry, report),
                Some(b';') => self.comment(entry, report),
                Some(b'(') => {
                    if depth == 0 {
                        open = Some(Open {
                            at: self.at,
                            words: entry.words.len(),
                            mark: report.mark(),
                        });
                    }
                    depth += 1;
                    self.at += 1;
                }
                Some(b')') => {
                    if depth == 0 {
                        let here = self.at..self.at + 1;
                        let advice = "take it out, or open one before it";
                        report.error(Fault::new(&here, "no parenthesis is open here", advice));
                        entry.broken = true;
                    }
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                Some(byte) => self.word(byte == b'"', entry, report),
            }
        }
    }

    /// A carriage return belongs to the end of its line. Elsewhere other servers end the line there, and we would read
    /// something else than they do.
    fn carriage(&mut self, entry: &mut Entry, report: &mut Findings) {
        let start = self.at;
        while self.peek() == Some(b'\r') {
            self.at += 1;
        }
        if !entry.broken && self.peek().is_some_and(|next| next != b'\n') {
            let message = "a carriage return stands inside of a line";
            let advice = "end lines with a line feed, or with both";
            report.error(Fault::new(&(start..start + 1), message, advice));
            entry.broken = true;
        }
    }

    fn comment(&mut self, entry: &mut Entry, report: &mut Findings) {
        let start = self.at;
        self.line_end();
        let comment = self.text.get(start..self.at).unwrap_or_default();
        if let Some(nul) = comment.iter().position(|b| *b == 0) {
            Self::nul(start + nul, entry, report);
        }
    }

    fn nul(at: usize, entry: &mut Entry, report: &mut Findings) {
        if !entry.broken {
            let advice = r"take it out; inside of a name or string it is written `\000`";
            report.error(Fault::new(&(at..at + 1), "a NUL octet stands here", advice));
            entry.broken = true;
        }
    }

    fn line_end(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }

    /// The text ended inside parentheses: go on at the next line that looks like the start of an entry.
    fn unclosed(&mut self, open: &Open, entry: &mut Entry, report: &mut Findings) {
        report.forget(open.mark);
        let here = open.at..open.at + 1;
        let message = "this parenthesis is never closed";
        let advice = "write `)` behind the last word of the record";
        report.error(Fault::new(&here, message, advice));
        entry.broken = true;
        entry.words.truncate(open.words);
        self.unclosed += 1;
        if self.unclosed > limits::UNCLOSED {
            return;
        }
        self.at = open.at;
        loop {
            self.line_end();
            self.at += 1;
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b')') => {}
                _ => break,
            }
        }
        self.at = self.at.min(self.text.len());
    }

    fn word(&mut self, quoted: bool, entry: &mut Entry, report: &mut Findings) {
        let start = self.at;
        if quoted {
            self.quoted(entry, report);
        } else {
            self.bare(entry, report);
        }
        let span = start..self.at;
        if span.len() > limits::WORD {
            let message = format!("a word of {} bytes is too long", span.len());
            let advice = format!("at most {} are read", limits::WORD);
            report.error(Fault::new(&span, message, advice));
            entry.broken = true;
        }
        if entry.words.len() < limits::WORDS {
            entry.words.push(Word { span, quoted });
        } else if !entry.broken {
            let message = format!("the record has more than {} words", limits::WORDS);
            report.error(Fault::new(&span, message, "no record is that large"));
            entry.broken = true;
        }
    }

    fn bare(&mut self, entry: &mut Entry, report: &mut Findings) {
        let start = self.at;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += rest.iter().take_while(|b| PLAIN[usize::from(**b)]).count();
            match self.peek() {
                Some(b'\\') => self.escape(),
                Some(0) => {
                    Self::nul(self.at, entry, report);
                    self.at += 1;
                }
                Some(b'"') => {
                    let here = self.at..self.at + 1;
                    // The one place for a quote inside a word: `key="value"` (RFC 9460 §2.1).
                    let value = self
                        .text
                        .get(start..self.at)
                        .is_some_and(|w| w.ends_with(b"="));
                    self.quoted(entry, report);
                    let more = self
                        .peek()
                        .is_some_and(|b| b == b'\\' || b == b'"' || PLAIN[usize::from(b)]);
                    if (!value || more) && !entry.broken {
                        let advice = r#"write `\"` for the character, or a blank before a string"#;
                        report.error(Fault::new(&here, "a quote in the middle of a word", advice));
                        entry.broken = true;
                    }
                }
                _ => return,
            }
        }
    }

    /// From a quote to the one that closes it, on the same line.
    fn quoted(&mut self, entry: &mut Entry, report: &mut Findings) {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return;
                }
                Some(b'\\') => self.escape(),
                None | Some(b'\n') => {
                    let advice = r#"close it with `"`; a long text is several strings"#;
                    let message = "the string does not end on its line";
                    let end = self.at.min(start + limits::EXCERPT);
                    report.error(Fault::new(&(start..end), message, advice));
                    entry.broken = true;
                    return;
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// A backslash and what it protects; the end of the line is never protected.
    fn escape(&mut self) {
        self.at += 1;
        if self.peek().is_some_and(|b| b != b'\n') {
            self.at += 1;
        }
    }
}

/// The first open parenthesis of an entry.
struct Open {
    at: usize,
    /// The words before it.
    words: usize,
    /// The mistakes before it.
    mark: (usize, usize, usize),
}
