//! The words of one record, read one after another as numbers, names and strings.

use std::ops::Range;
use std::str::FromStr;

use super::report::{Fault, quote};
use super::scanner::Word;
use crate::limits;
use crate::wire::name::{Name, NameError, show, unescape};

/// TTLs and intervals end here (RFC 2181 §8).
pub(super) const LONGEST: u64 = (1 << 31) - 1;

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

    /// That a word is not what was wanted.
    pub(super) fn unfit(&self, word: &Word, wanted: &str, advice: impl Into<String>) -> Fault {
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

    /// That a word is none of what was wanted there.
    pub(super) fn stray(&self, word: &Word, wanted: &str, advice: impl Into<String>) -> Fault {
        let message = format!("{} stands where {wanted} was expected", self.quote(word));
        Fault::new(&word.span, message, advice)
    }

    /// A domain name, relative ones with the origin appended.
    pub(super) fn name(&mut self, wanted: &str) -> Result<Name, Fault> {
        let word = self.next(wanted)?;
        self.name_of(word, wanted)
    }

    /// A domain name in wire form, straight behind what `out` holds.
    pub(super) fn name_to(&mut self, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let word = self.next(wanted)?;
        self.name_at(word, wanted, out)
    }

    /// A host, which nobody calls like an address, in wire form straight behind what `out` holds.
    pub(super) fn host_to(&mut self, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(word) = self.peek().filter(|word| is_address(self.bytes(word))) {
            let message = format!(
                "{} is an address where {wanted} was expected",
                self.quote(word)
            );
            let advice = "write the name of the host, and the address in a record of that name";
            return Err(Fault::new(&word.span, message, advice));
        }
        self.name_to(wanted, out)
    }

    /// A word that was taken already as a domain name.
    pub(super) fn name_of(&mut self, word: &Word, wanted: &str) -> Result<Name, Fault> {
        let mut wire = Vec::new();
        self.name_at(word, wanted, &mut wire)?;
        // What was just written is a name.
        Ok(Name::read(&wire).map_or_else(|_| Name::root(), |(name, _)| name))
    }

    /// The same in wire form, straight behind what `out` holds.
    fn name_at(&mut self, word: &Word, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let bytes = self.bytes(word);
        if word.quoted {
            return Err(self.unfit(word, wanted, "write it without quotes"));
        }
        if !bytes.is_ascii() {
            let advice = "write the `xn--` form of the label, or `\\DDD` for the octet";
            let message = format!("{} has a character beyond ASCII", self.quote(word));
            return Err(Fault::new(&word.span, message, advice));
        }
        let start = out.len();
        Name::write(bytes, Some(self.origin), out).map_err(|error| {
            let message = format!("{} is no name: {error}", self.quote(word));
            Fault::new(&word.span, message, remedy(error))
        })?;
        if self.repeats_apex(bytes) {
            let mut name = String::new();
            let _ = show(out.get(start..).unwrap_or_default(), &mut name);
            let message = format!("{} means `{name}`", self.quote(word));
            let advice = "if that is not what you mean, put a dot at its end";
            self.doubts.push(Fault::new(&word.span, message, advice));
        }
        Ok(())
    }

    /// A relative name that ends like the zone: its final dot was forgotten.
    pub(super) fn repeats_apex(&self, bytes: &[u8]) -> bool {
        let Some(start) = bytes.len().checked_sub(self.apex.len()) else {
            return false;
        };
        let (front, back) = bytes.split_at(start);
        self.apex.contains(&b'.')
            && !self.origin.is_root()
            && back.eq_ignore_ascii_case(self.apex)
            && (front.is_empty() || front.ends_with(b"."))
    }

    /// A character-string behind its length, straight behind what `out` holds (RFC 1035 §3.3).
    pub(super) fn string_to(&mut self, wanted: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let word = self.next(wanted)?;
        let start = out.len();
        out.push(0);
        self.decoded_to(&word.span, out)?;
        let length = out.len() - start - 1;
        let Ok(octet) = u8::try_from(length) else {
            let message = format!("the string has {length} octets, and 255 is the most");
            let advice = r#"split it: "first part" "second part""#;
            return Err(Fault::new(&word.span, message, advice));
        };
        if let Some(place) = out.get_mut(start) {
            *place = octet;
        }
        Ok(())
    }

    /// What a part of a word says without its quotes and escapes, of any length.
    pub(super) fn decoded_at(&self, span: &Range<usize>) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(span.len());
        self.decoded_to(span, &mut out)?;
        Ok(out)
    }

    /// The same, straight behind what `out` holds.
    pub(super) fn decoded_to(&self, span: &Range<usize>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut rest = self.text.get(span.clone()).unwrap_or_default();
        if let Some(inner) = rest.strip_prefix(b"\"") {
            rest = inner.strip_suffix(b"\"").unwrap_or(inner);
        }
        loop {
            let plain = rest.iter().position(|byte| *byte == b'\\');
            let (run, after) = rest.split_at(plain.unwrap_or(rest.len()));
            out.extend_from_slice(run);
            let Some((_, after)) = after.split_first() else {
                return Ok(());
            };
            let Some((octet, used)) = unescape(after) else {
                let message = format!("{} has an escape that says nothing", quote(self.text, span));
                let advice = "a backslash wants a character or three digits up to 255 after it";
                return Err(Fault::new(span, message, advice));
            };
            out.push(octet);
            rest = after.get(used..).unwrap_or_default();
        }
    }
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Relative,
    Absolute,
}

/// What a name needs a second look for: escapes, and what is not ASCII.
const PLAIN: [bool; 128] = {
    let mut table = [true; 128];
    table[b'.' as usize] = false;
    table[b'\\' as usize] = false;
    table
};

/// The labels of a name, put behind what `out` holds, without root or origin. `None` if the name is not a plain one; `out`
/// may then hold a part of it. How long it is with all that follows is for the caller to see.
pub(super) fn plain(text: &[u8], out: &mut Vec<u8>) -> Option<Form> {
    match text {
        b"@" => return Some(Form::Relative),
        b"." => return Some(Form::Absolute),
        _ => {}
    }
    let mut rest = text;
    loop {
        let fits = |b: &&u8| PLAIN.get(usize::from(**b)).is_some_and(|plain| *plain);
        let length = rest.iter().take_while(fits).count();
        if length == 0 || length > limits::LABEL {
            return None;
        }
        let (label, behind) = rest.split_at(length);
        out.push(length as u8);
        out.extend_from_slice(label);
        match behind {
            [] => return Some(Form::Relative),
            [b'.'] => return Some(Form::Absolute),
            [b'.', more @ ..] => rest = more,
            _ => return None,
        }
    }
}

/// Whether a word, with or without a final dot, would be read as an address.
pub(super) fn is_address(text: &[u8]) -> bool {
    let digits = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    if !text.iter().all(digits) {
        return false;
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    let text = text.trim_end_matches('.');
    text.parse::<std::net::IpAddr>().is_ok()
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
