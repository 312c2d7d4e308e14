//! The words of one record, read one after another as numbers, names and strings.

use std::ops::Range;
use std::str::FromStr;

use super::report::{Fault, quote};
use super::scanner::Word;
use crate::wire::name::{Name, NameError, unescape};

/// TTLs and intervals end here (RFC 2181 §8).
const LONGEST: u64 = (1 << 31) - 1;

/// What is left of a record's words.
pub(super) struct Words<'a> {
    text: &'a [u8],
    words: &'a [Word],
    taken: usize,
    origin: &'a Name,
    /// The apex as relative names would repeat it: without its final dot.
    apex: &'a [u8],
    /// Suspicions, for warnings.
    pub doubts: Vec<Fault>,
}

impl<'a> Words<'a> {
    pub(super) fn new(
        text: &'a [u8],
        words: &'a [Word],
        origin: &'a Name,
        apex: &'a [u8],
    ) -> Words<'a> {
        Words {
            text,
            words,
            taken: 0,
            origin,
            apex,
            doubts: Vec::new(),
        }
    }

    /// The next word without taking it.
    pub(super) fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.taken)
    }

    pub(super) fn skip(&mut self) {
        self.taken += 1;
    }

    /// The next word; `wanted` says what was expected if there is none.
    pub(super) fn next(&mut self, wanted: &str) -> Result<&'a Word, Fault> {
        match self.peek() {
            Some(word) => {
                self.taken += 1;
                Ok(word)
            }
            None => {
                let last = self.words.last().map_or(0..0, |word| word.span.clone());
                let message = format!("the line ends where {wanted} was expected");
                Err(Fault::new(
                    &last,
                    message,
                    format!("write {wanted} behind this"),
                ))
            }
        }
    }

    /// The word that was taken last.
    pub(super) fn last(&self) -> Option<&'a Word> {
        self.taken.checked_sub(1).and_then(|at| self.words.get(at))
    }

    /// The bytes of a word, quotes included.
    pub(super) fn bytes(&self, word: &Word) -> &'a [u8] {
        self.text.get(word.span.clone()).unwrap_or_default()
    }

    /// The bytes as messages quote them.
    pub(super) fn quote(&self, word: &Word) -> String {
        quote(self.text, &word.span)
    }

    /// The bytes of a part of a word.
    pub(super) fn at(&self, span: &Range<usize>) -> &'a [u8] {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// A part of a word as messages quote it.
    pub(super) fn quote_at(&self, span: &Range<usize>) -> String {
        quote(self.text, span)
    }

    /// That nothing is left.
    pub(super) fn done(&self) -> Result<(), Fault> {
        let Some(word) = self.peek() else {
            return Ok(());
        };
        let message = format!("{} stands behind the end of the record", self.quote(word));
        Err(Fault::new(
            &word.span,
            message,
            "take it out; a comment begins with `;`",
        ))
    }

    /// The next word as an unquoted text of ASCII.
    pub(super) fn ascii(&mut self, wanted: &str) -> Result<(&'a str, &'a Word), Fault> {
        let word = self.next(wanted)?;
        match std::str::from_utf8(self.bytes(word)) {
            Ok(text) if !word.quoted && text.is_ascii() => Ok((text, word)),
            _ => Err(self.unfit(word, wanted, format!("write {wanted} here"))),
        }
    }

    fn unfit(&self, word: &Word, wanted: &str, advice: impl Into<String>) -> Fault {
        Fault::new(
            &word.span,
            format!("{} is not {wanted}", self.quote(word)),
            advice,
        )
    }

    /// Anything the standard library reads: `wanted` with its article, and what to write instead.
    pub(super) fn parsed<T: FromStr>(&mut self, wanted: &str, advice: &str) -> Result<T, Fault> {
        let (text, word) = self.ascii(wanted)?;
        text.parse().map_err(|_| self.unfit(word, wanted, advice))
    }

    /// A decimal number that is at most `most`.
    pub(super) fn number(&mut self, wanted: &str, most: u32) -> Result<u32, Fault> {
        let (text, word) = self.ascii(wanted)?;
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let value = text.parse().ok().filter(|n| digits && *n <= most);
        value.ok_or_else(|| self.stray(word, wanted, format!("write a number from 0 to {most}")))
    }

    /// A time in seconds or with units.
    pub(super) fn period(&mut self, wanted: &str) -> Result<u32, Fault> {
        let (text, word) = self.ascii(wanted)?;
        period(text).ok_or_else(|| {
            let advice =
                "write seconds, or units as in `1h30m` (w d h m s), at most 2147483647 seconds";
            self.stray(word, wanted, advice)
        })
    }

    fn stray(&self, word: &Word, wanted: &str, advice: impl Into<String>) -> Fault {
        let message = format!("{} stands where {wanted} was expected", self.quote(word));
        Fault::new(&word.span, message, advice)
    }

    /// A domain name, relative ones with the origin appended.
    pub(super) fn name(&mut self, wanted: &str) -> Result<Name, Fault> {
        let word = self.next(wanted)?;
        self.name_of(word, wanted)
    }

    /// A host, which nobody calls like an address.
    pub(super) fn host(&mut self, wanted: &str) -> Result<Name, Fault> {
        if let Some(word) = self.peek() {
            let text = std::str::from_utf8(self.bytes(word)).unwrap_or_default();
            if text
                .trim_end_matches('.')
                .parse::<std::net::IpAddr>()
                .is_ok()
            {
                let message = format!(
                    "{} is an address where {wanted} was expected",
                    self.quote(word)
                );
                let advice = "write the name of the host, and the address in a record of that name";
                return Err(Fault::new(&word.span, message, advice));
            }
        }
        self.name(wanted)
    }

    /// A word that was taken already as a domain name.
    pub(super) fn name_of(&mut self, word: &Word, wanted: &str) -> Result<Name, Fault> {
        let bytes = self.bytes(word);
        if word.quoted {
            return Err(self.unfit(word, wanted, "write it without quotes"));
        }
        if !bytes.is_ascii() {
            let advice = "write the `xn--` form of the label, or `\\DDD` for the octet";
            let message = format!("{} has a character beyond ASCII", self.quote(word));
            return Err(Fault::new(&word.span, message, advice));
        }
        let name = Name::parse(bytes, Some(self.origin)).map_err(|error| {
            let message = format!("{} is no name: {error}", self.quote(word));
            Fault::new(&word.span, message, remedy(error))
        })?;
        if self.repeats_apex(bytes) {
            let message = format!("{} means `{name}`", self.quote(word));
            let advice = "if that is not what you mean, put a dot at its end";
            self.doubts.push(Fault::new(&word.span, message, advice));
        }
        Ok(name)
    }

    /// A relative name that ends like the zone: its final dot was forgotten.
    fn repeats_apex(&self, bytes: &[u8]) -> bool {
        let Some(start) = bytes.len().checked_sub(self.apex.len()) else {
            return false;
        };
        let (front, back) = bytes.split_at(start);
        self.apex.contains(&b'.')
            && back.eq_ignore_ascii_case(self.apex)
            && (front.is_empty() || front.ends_with(b"."))
    }

    /// A character-string of at most 255 octets (RFC 1035 §3.3).
    pub(super) fn string(&mut self, wanted: &str) -> Result<Vec<u8>, Fault> {
        let word = self.next(wanted)?;
        let string = self.decoded(word)?;
        if string.len() > 255 {
            let message = format!(
                "the string has {} octets, and 255 is the most",
                string.len()
            );
            let advice = r#"split it: "first part" "second part""#;
            return Err(Fault::new(&word.span, message, advice));
        }
        Ok(string)
    }

    /// What a word says without its quotes and escapes, of any length.
    pub(super) fn decoded(&self, word: &Word) -> Result<Vec<u8>, Fault> {
        self.decoded_at(&word.span)
    }

    /// The same of a part of a word, which may have quotes of its own.
    pub(super) fn decoded_at(&self, span: &Range<usize>) -> Result<Vec<u8>, Fault> {
        let mut rest = self.text.get(span.clone()).unwrap_or_default();
        if let Some(inner) = rest.strip_prefix(b"\"") {
            rest = inner.strip_suffix(b"\"").unwrap_or(inner);
        }
        let mut out = Vec::with_capacity(rest.len());
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let Some((octet, used)) = unescape(after) else {
                let message = format!("{} has an escape that says nothing", quote(self.text, span));
                let advice = "a backslash wants a character or three digits up to 255 after it";
                return Err(Fault::new(span, message, advice));
            };
            out.push(octet);
            rest = after.get(used..).unwrap_or_default();
        }
        Ok(out)
    }
}

fn remedy(error: NameError) -> &'static str {
    match error {
        NameError::TooLong => "shorten it; the origin counts where there is no final dot",
        NameError::LabelTooLong => "shorten the label",
        NameError::EmptyLabel => "write one dot between labels",
        NameError::Escape => "write `\\\\` for a backslash itself",
        NameError::Relative | NameError::Empty | NameError::Cut => "write a name",
    }
}

/// Seconds, or numbers with units: `1h30m`, any case.
pub(super) fn period(text: &str) -> Option<u32> {
    let (mut total, mut number, mut open) = (0u64, None, false);
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            let value = number.unwrap_or(0u64).checked_mul(10)?;
            number = Some(value.checked_add(u64::from(byte - b'0'))?);
            continue;
        }
        let unit = match byte.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
        open = true;
    }
    total = match (number, open) {
        (Some(seconds), false) => seconds,
        (None, true) => total,
        // A number without its unit behind others, or nothing at all.
        _ => return None,
    };
    u32::try_from(total).ok().filter(|_| total <= LONGEST)
}
