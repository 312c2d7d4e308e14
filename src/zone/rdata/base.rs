//! Octets as hexadecimal digits, base32hex and base64 (RFC 4648), over several words if need be.

use super::super::report::Fault;
use super::super::words::Words;
use crate::limits;

/// How octets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// RFC 4648 §8, either case.
    Hex,
    /// RFC 4648 §7, either case, without padding (RFC 5155 §3.3).
    Base32,
    /// RFC 4648 §4, with padding.
    Base64,
}

impl Base {
    fn bits(self) -> u32 {
        match self {
            Base::Hex => 4,
            Base::Base32 => 5,
            Base::Base64 => 6,
        }
    }

    fn value(self, digit: u8) -> Option<u32> {
        let value = match (self, digit) {
            (Base::Base64, b'A'..=b'Z') => digit - b'A',
            (Base::Base64, b'a'..=b'z') => digit - b'a' + 26,
            (Base::Base64, b'0'..=b'9') => digit - b'0' + 52,
            (Base::Base64, b'+') => 62,
            (Base::Base64, b'/') => 63,
            (Base::Hex | Base::Base32, b'0'..=b'9') => digit - b'0',
            (Base::Hex, b'a'..=b'f') | (Base::Base32, b'a'..=b'v') => digit - b'a' + 10,
            (Base::Hex, b'A'..=b'F') | (Base::Base32, b'A'..=b'V') => digit - b'A' + 10,
            _ => return None,
        };
        Some(u32::from(value))
    }

    fn alphabet(self) -> &'static [u8; 64] {
        match self {
            Base::Base64 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            // Only the first sixteen or thirty-two are ever used.
            _ => b"0123456789abcdefghijklmnopqrstuv0123456789abcdefghijklmnopqrstuv",
        }
    }

    /// As messages say it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Base::Hex => "hexadecimal",
            Base::Base32 => "base32hex",
            Base::Base64 => "base64",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Base::Hex => "write two digits 0-9 a-f for each octet",
            Base::Base32 => "write digits 0-9 a-v, without padding",
            Base::Base64 => {
                "write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"
            }
        }
    }
}

/// Digits on their way to octets.
pub(super) struct Decoder {
    base: Base,
    bits: u32,
    held: u32,
    digits: usize,
    padding: usize,
}

impl Decoder {
    pub(super) fn new(base: Base) -> Decoder {
        Decoder {
            base,
            bits: 0,
            held: 0,
            digits: 0,
            padding: 0,
        }
    }

    /// Takes more digits; false if one of them is none.
    pub(super) fn take(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        let width = self.base.bits();
        for &digit in text {
            if digit == b'=' && self.base == Base::Base64 && self.padding < 2 {
                self.padding += 1;
                continue;
            }
            let Some(value) = self.base.value(digit).filter(|_| self.padding == 0) else {
                return false;
            };
            self.bits = ((self.bits << width) | value) & 0xffff;
            self.held += width;
            self.digits += 1;
            if self.held >= 8 {
                self.held -= 8;
                out.push((self.bits >> self.held) as u8);
            }
        }
        true
    }

    /// Whether the digits so far are whole octets, and padded as they should be. Bits beyond the last octet must be zero
    /// (RFC 4648 §3.5), so that octets have one text.
    pub(super) fn whole(&self) -> bool {
        let spare = self.bits & ((1 << self.held) - 1);
        let padded = self.base != Base::Base64 || (self.digits + self.padding).is_multiple_of(4);
        self.held < self.base.bits() && spare == 0 && padded
    }
}

/// A whole text; none if it is not one.
pub(super) fn decode(base: Base, text: &[u8]) -> Option<Vec<u8>> {
    let (mut decoder, mut out) = (Decoder::new(base), Vec::new());
    (decoder.take(text, &mut out) && decoder.whole()).then_some(out)
}

/// Writes octets as text.
pub(super) fn encode(base: Base, data: &[u8], out: &mut String) {
    let width = base.bits();
    let (mut bits, mut held, mut digits) = (0u32, 0, 0usize);
    let mut digit = |bits: u32| {
        let index = (bits & ((1 << width) - 1)) as usize;
        out.push(base.alphabet().get(index).map_or('?', |c| char::from(*c)));
        digits += 1;
    };
    for &octet in data {
        bits = ((bits << 8) | u32::from(octet)) & 0xffff;
        held += 8;
        while held >= width {
            held -= width;
            digit(bits >> held);
        }
    }
    if held > 0 {
        digit(bits << (width - held));
    }
    while base == Base::Base64 && !digits.is_multiple_of(4) {
        out.push('=');
        digits += 1;
    }
}

/// All words that are left, as one text of at least one octet.
pub(super) fn to_end(
    base: Base,
    words: &mut Words<'_>,
    wanted: &str,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let start = out.len();
    let mut decoder = Decoder::new(base);
    let mut word = words.next(wanted)?;
    loop {
        if !decoder.take(words.bytes(word), out) {
            let message = format!("{} is not {}", words.quote(word), base.name());
            return Err(Fault::new(&word.span, message, base.advice()));
        }
        if out.len() - start > limits::RDATA {
            return Err(too_long(&word.span));
        }
        match words.peek() {
            Some(next) => word = next,
            None => break,
        }
        words.skip();
    }
    if !decoder.whole() || out.len() == start {
        let message = format!("{wanted} is not whole {}", base.name());
        return Err(Fault::new(&word.span, message, base.advice()));
    }
    Ok(())
}

/// One word, as a text of at least one octet.
pub(super) fn word(
    base: Base,
    words: &mut Words<'_>,
    wanted: &str,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let word = words.next(wanted)?;
    let start = out.len();
    let mut decoder = Decoder::new(base);
    if !decoder.take(words.bytes(word), out) || !decoder.whole() || out.len() == start {
        let message = format!("{} is not {wanted} in {}", words.quote(word), base.name());
        return Err(Fault::new(&word.span, message, base.advice()));
    }
    Ok(())
}

/// That data do not fit into a record (RFC 1035 §3.2.1).
pub(super) fn too_long(span: &std::ops::Range<usize>) -> Fault {
    let message = format!("the record has more than {} octets of data", limits::RDATA);
    Fault::new(span, message, "shorten it")
}
