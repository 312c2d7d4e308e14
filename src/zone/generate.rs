//! `$GENERATE range owner [ttl] [class] type data`: one line for each number of the range, as BIND makes them.
//!
//! In owner and data `$` is the number, and `${offset,width,base}` another writing of it: `offset` is added, `width` is
//! filled up with zeros, and `base` is one of `d o x X n N`; the last two are hexadecimal digits from the right, a dot
//! after each, as reverse names have them. `$$` and `\$` are the character. Data in one pair of quotes are what stands
//! inside of them, which may be several words.

use std::ops::Range;

use super::head;
use super::report::{Fault, quote};
use super::scanner::Word;
use super::words;
use crate::limits;

/// The numbers: from `start` to `stop`, both up to 2³¹ - 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub start: u32,
    pub stop: u32,
    pub step: u32,
}

impl Steps {
    /// How many.
    pub(super) fn count(self) -> usize {
        (self.stop.saturating_sub(self.start) / self.step.max(1)) as usize + 1
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (self.start..=self.stop).step_by(self.step.max(1) as usize)
    }
}

/// One line as it is made for each number.
#[derive(Debug)]
pub(super) struct Template {
    /// The numbers.
    pub steps: Steps,
    /// The words of the directive, from its name on.
    pub span: Range<usize>,
    words: Vec<Pattern>,
}

/// One word of the line.
#[derive(Debug)]
struct Pattern {
    span: Range<usize>,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(Vec<u8>),
    Number {
        offset: i64,
        width: usize,
        base: Base,
    },
}

#[derive(Clone, Copy, Debug)]
enum Base {
    Decimal,
    Octal,
    Hex,
    HexUpper,
    Nibbles,
    NibblesUpper,
}

const FORM: &str = "write `${offset,width,base}`, as in `${0,3,d}`; the base is one of d o x X n N";

impl Template {
    /// Of the words behind the range. `first` is the name of the directive.
    pub(super) fn new(
        text: &[u8],
        steps: Steps,
        first: &Word,
        rest: &[Word],
    ) -> Result<Template, Fault> {
        let (Some(owner), Some(last)) = (rest.first(), rest.last()) else {
            let message = "the line ends where an owner was expected";
            let advice =
                "write $GENERATE RANGE OWNER TYPE DATA, as in `$GENERATE 1-9 h$ A 192.0.2.$`";
            return Err(Fault::new(&first.span, message, advice));
        };
        let head = rest.get(1..).unwrap_or_default();
        let plain = |word: &&Word| !is_type(text.get(word.span.clone()).unwrap_or_default());
        // TTL and class, and the type itself, which are no patterns.
        let head = head.iter().take_while(plain).count() + 1;
        let mut words = vec![Pattern::new(text, &owner.span, steps)?];
        for word in rest.get(1..).unwrap_or_default().iter().take(head) {
            let bytes = text.get(word.span.clone()).unwrap_or_default();
            words.push(Pattern {
                span: word.span.clone(),
                parts: vec![Part::Text(bytes.to_vec())],
            });
        }
        let data = rest.get(1 + head..).unwrap_or_default();
        match data {
            [only] if only.quoted => words.push(Pattern::within(text, only, steps)?),
            _ => {
                for word in data {
                    words.push(Pattern::new(text, &word.span, steps)?);
                }
            }
        }
        Ok(Template {
            steps,
            span: first.span.start..last.span.end,
            words,
        })
    }

    /// Octets of all lines together, at most.
    pub(super) fn size(&self) -> usize {
        let parts = self.words.iter().flat_map(|word| &word.parts);
        let octets = parts.map(|part| match part {
            Part::Text(text) => text.len(),
            // The longest number is one of 11 octal digits, or of 8 nibbles with their dots.
            Part::Number { width, .. } => (*width).max(16),
        });
        let line: usize = octets.sum::<usize>() + self.words.len();
        line.saturating_mul(self.steps.count())
    }

    /// Writes the line of a number, and for each of its words of which in the text it was made.
    pub(super) fn line(
        &self,
        number: u32,
        out: &mut Vec<u8>,
        spans: &mut Vec<(Range<usize>, Range<usize>)>,
    ) {
        out.clear();
        spans.clear();
        for word in &self.words {
            if !out.is_empty() {
                out.push(b' ');
            }
            let start = out.len();
            for part in &word.parts {
                part.write(number, out);
            }
            spans.push((start..out.len(), word.span.clone()));
        }
    }
}

/// Whether a word behind the owner is the type: neither a TTL nor a class.
fn is_type(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    words::period(text).is_none() && head::class_of(text).is_none()
}

impl Pattern {
    /// A word as it stands.
    fn new(text: &[u8], span: &Range<usize>, steps: Steps) -> Result<Pattern, Fault> {
        let bytes = text.get(span.clone()).unwrap_or_default();
        let parts = parts(bytes, steps).map_err(|(at, why)| {
            let at = span.start + at..span.end;
            Fault::new(&at, format!("{} {why}", quote(text, &at)), FORM)
        })?;
        Ok(Pattern {
            span: span.clone(),
            parts,
        })
    }

    /// What stands between the quotes of a word, as words.
    fn within(text: &[u8], word: &Word, steps: Steps) -> Result<Pattern, Fault> {
        let span = word.span.start + 1..word.span.end.saturating_sub(1);
        let mut pattern = Pattern::new(text, &span, steps)?;
        for part in &mut pattern.parts {
            if let Part::Text(text) = part {
                unquote(text);
            }
        }
        Ok(pattern)
    }
}

/// Quotes within quotes lose their backslash.
fn unquote(text: &mut Vec<u8>) {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'"') => out.push(b'"'),
            Some(other) => out.extend([b'\\', other]),
            None => out.push(byte),
        }
    }
    *text = out;
}

/// The parts of a pattern; where one is wrong, and why.
fn parts(bytes: &[u8], steps: Steps) -> Result<Vec<Part>, (usize, String)> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match (byte, next) {
            (b'\\', Some(other)) => {
                text.extend([b'\\', other]);
                at += 2;
            }
            (b'$', Some(b'$')) => {
                text.push(b'$');
                at += 2;
            }
            (b'$', _) => {
                let rest = bytes.get(at + 1..).unwrap_or_default();
                let (part, used) = number(rest, steps).map_err(|why| (at, why))?;
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(part);
                at += 1 + used;
            }
            _ => {
                text.push(byte);
                at += 1;
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

/// What follows a `$`: the number, and how many octets say how it is written.
fn number(rest: &[u8], steps: Steps) -> Result<(Part, usize), String> {
    let (mut offset, mut width, mut base) = (0, 0, Base::Decimal);
    let mut used = 0;
    if let Some(inner) = rest.strip_prefix(b"{") {
        let bad = || "is no way to write a number".to_owned();
        let end = inner.iter().position(|b| *b == b'}').ok_or_else(bad)?;
        let inner = inner.get(..end).and_then(|i| std::str::from_utf8(i).ok());
        let mut fields = inner.ok_or_else(bad)?.split(',');
        let field = fields.next().unwrap_or_default();
        offset = i64::from(field.parse::<i32>().map_err(|_| bad())?);
        if let Some(field) = fields.next() {
            width = field.parse().map_err(|_| bad())?;
        }
        if let Some(field) = fields.next() {
            base = base_of(field).ok_or_else(bad)?;
        }
        if fields.next().is_some() {
            return Err(bad());
        }
        used = end + 2;
    }
    if width > limits::NAME {
        return Err(format!("is wider than {} characters", limits::NAME));
    }
    let least = i64::from(steps.start) + offset;
    let most = i64::from(steps.stop) + offset;
    if most > i64::from(i32::MAX) {
        return Err("becomes larger than 2147483647".to_owned());
    }
    if least < 0 && !matches!(base, Base::Decimal) {
        return Err("becomes negative, which this base cannot write".to_owned());
    }
    Ok((
        Part::Number {
            offset,
            width,
            base,
        },
        used,
    ))
}

fn base_of(text: &str) -> Option<Base> {
    Some(match text {
        "d" => Base::Decimal,
        "o" => Base::Octal,
        "x" => Base::Hex,
        "X" => Base::HexUpper,
        "n" => Base::Nibbles,
        "N" => Base::NibblesUpper,
        _ => return None,
    })
}

impl Part {
    fn write(&self, number: u32, out: &mut Vec<u8>) {
        let (offset, width, base) = match self {
            Part::Text(text) => return out.extend_from_slice(text),
            Part::Number {
                offset,
                width,
                base,
            } => (*offset, *width, *base),
        };
        let value = i64::from(number) + offset;
        let text = match base {
            Base::Decimal => format!("{value:0width$}"),
            Base::Octal => format!("{value:0width$o}"),
            Base::Hex => format!("{value:0width$x}"),
            Base::HexUpper => format!("{value:0width$X}"),
            Base::Nibbles => nibbles(value, width),
            Base::NibblesUpper => nibbles(value, width).to_ascii_uppercase(),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// Hexadecimal digits from the lowest, dots between them. The width counts the dots; one that ends in a dot keeps it.
fn nibbles(mut value: i64, width: usize) -> String {
    let mut text = String::new();
    loop {
        let digit = char::from_digit((value & 15) as u32, 16);
        text.push(digit.unwrap_or('0'));
        value >>= 4;
        if value == 0 && text.len() >= width {
            return text;
        }
        text.push('.');
        if value == 0 && text.len() >= width {
            return text;
        }
    }
}
