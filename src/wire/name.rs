//! Domain names in wire form, uncompressed.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::limits;

/// A domain name: at most 255 octets, labels of at most 63, the root's zero octet at the end (RFC 1035 §3.1).
/// Equality, order and hash ignore the case of ASCII letters (RFC 4343); the letters are kept as written.
#[derive(Clone)]
pub struct Name(Box<[u8]>);

/// Why a text or some bytes are no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Longer than 255 octets.
    TooLong,
    /// A label longer than 63 octets.
    LabelTooLong,
    /// Two dots in a row, or one at the start.
    EmptyLabel,
    /// A backslash without a character or three decimal digits up to 255 after it.
    Escape,
    /// No final dot, and no origin to append.
    Relative,
    /// The text is empty.
    Empty,
    /// The bytes end inside the name, or hold a compression pointer.
    Cut,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::TooLong => "the name is longer than 255 octets",
            NameError::LabelTooLong => "a label is longer than 63 octets",
            NameError::EmptyLabel => "a label is empty",
            NameError::Escape => "a backslash wants a character or three digits up to 255 after it",
            NameError::Relative => "the name has no final dot",
            NameError::Empty => "the name is empty",
            NameError::Cut => "the name is cut short",
        })
    }
}

impl Name {
    /// The root.
    pub fn root() -> Name {
        Name(Box::new([0]))
    }

    /// From text with RFC 1035 §5.1 escapes. A name without a final dot gets `origin` appended, `@` is the origin itself.
    pub fn parse(text: &[u8], origin: Option<&Name>) -> Result<Name, NameError> {
        let mut wire = Vec::with_capacity(text.len() + 2);
        Name::write(text, origin, &mut wire)?;
        Ok(Name(wire.into()))
    }

    /// The same, its octets straight behind what `out` holds. After an error a part of it may stand there.
    pub fn write(text: &[u8], origin: Option<&Name>, out: &mut Vec<u8>) -> Result<(), NameError> {
        let start = out.len();
        match text {
            b"" => return Err(NameError::Empty),
            b"." => {
                out.push(0);
                return Ok(());
            }
            b"@" => {
                out.extend_from_slice(&origin.ok_or(NameError::Relative)?.0);
                return Ok(());
            }
            _ => {}
        }
        let mut label = start; // where the open label's length octet stands
        out.push(0);
        let mut rest = text;
        loop {
            let plain = rest.iter().position(|byte| matches!(byte, b'.' | b'\\'));
            let (run, after) = rest.split_at(plain.unwrap_or(rest.len()));
            if out.len() - label - 1 + run.len() > limits::LABEL {
                return Err(NameError::LabelTooLong);
            }
            out.extend_from_slice(run);
            let escape = after.first() == Some(&b'\\');
            rest = after.get(1..).unwrap_or_default();
            if escape {
                let (octet, used) = unescape(rest).ok_or(NameError::Escape)?;
                rest = rest.get(used..).unwrap_or_default();
                out.push(octet);
            }
            let length = out.len() - label - 1;
            if length > limits::LABEL {
                return Err(NameError::LabelTooLong);
            }
            out[label] = length as u8;
            if out.len() - start > limits::NAME {
                return Err(NameError::TooLong);
            }
            if after.is_empty() {
                break;
            }
            if !escape {
                if length == 0 {
                    return Err(NameError::EmptyLabel);
                }
                label = out.len();
                out.push(0);
            }
        }
        if out.len() != label + 1 {
            // The last label was not closed by a dot: relative.
            out.extend_from_slice(&origin.ok_or(NameError::Relative)?.0);
        }
        if out.len() - start > limits::NAME {
            Err(NameError::TooLong)
        } else {
            Ok(())
        }
    }

    /// From the start of uncompressed wire bytes; also how many of them it took.
    pub fn read(bytes: &[u8]) -> Result<(Name, usize), NameError> {
        let length = Name::measure(bytes)?;
        Ok((Name(bytes[..length].into()), length))
    }

    /// How many octets the name at the start of uncompressed wire bytes has.
    pub fn measure(bytes: &[u8]) -> Result<usize, NameError> {
        let mut at = 0;
        loop {
            let length = usize::from(*bytes.get(at).ok_or(NameError::Cut)?);
            if length > limits::LABEL {
                return Err(NameError::Cut);
            }
            at += 1 + length;
            if at > limits::NAME {
                return Err(NameError::TooLong);
            }
            if length == 0 {
                return Ok(at);
            }
        }
    }

    /// The octets, the root's zero included.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// The labels from the left, without the root.
    pub fn labels(&self) -> Labels<'_> {
        Labels(&self.0)
    }

    /// How many labels, without the root.
    pub fn depth(&self) -> usize {
        self.labels().count()
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether its leftmost label is `*` (RFC 4592 §2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(b"\x01*")
    }

    /// The name without its leftmost label; none for the root.
    pub fn parent(&self) -> Option<Name> {
        let first = usize::from(self.0[0]);
        (first != 0).then(|| Name(self.0[1 + first..].into()))
    }

    /// Whether it is `other` or lies below it.
    pub fn is_within(&self, other: &Name) -> bool {
        let Some(skip) = self.0.len().checked_sub(other.0.len()) else {
            return false;
        };
        let mut at = 0;
        while at < skip {
            at += 1 + usize::from(self.0[at]);
        }
        at == skip && self.0[skip..].eq_ignore_ascii_case(&other.0)
    }

    /// `label` in front of this name.
    pub fn child(&self, label: &[u8]) -> Result<Name, NameError> {
        if label.is_empty() {
            return Err(NameError::EmptyLabel);
        }
        if label.len() > limits::LABEL {
            return Err(NameError::LabelTooLong);
        }
        let mut wire = Vec::with_capacity(1 + label.len() + self.0.len());
        wire.push(label.len() as u8);
        wire.extend_from_slice(label);
        wire.extend_from_slice(&self.0);
        if wire.len() > limits::NAME {
            Err(NameError::TooLong)
        } else {
            Ok(Name(wire.into()))
        }
    }

    /// The name with `apex` in place of the root.
    pub fn under(&self, apex: &Name) -> Result<Name, NameError> {
        let own = self.0.split_last().map_or(&[][..], |(_, own)| own);
        if own.len() + apex.0.len() > limits::NAME {
            return Err(NameError::TooLong);
        }
        Ok(Name([own, &apex.0].concat().into()))
    }

    /// Where its labels begin, from the left.
    fn starts<'a>(&self, room: &'a mut [u8; limits::LABELS]) -> &'a [u8] {
        let (mut at, mut count) = (0, 0);
        while self.0[at] != 0 {
            room[count] = at as u8;
            count += 1;
            at += 1 + usize::from(self.0[at]);
        }
        &room[..count]
    }

    fn label(&self, start: u8) -> &[u8] {
        let start = usize::from(start);
        &self.0[start + 1..][..usize::from(self.0[start])]
    }

    /// With all ASCII letters small: the key of every table of names.
    pub fn lower(&self) -> Name {
        Name(self.0.to_ascii_lowercase().into())
    }
}

/// What a backslash stands for, and how many bytes after it were used (RFC 1035 §5.1: `\X` and `\DDD`).
pub fn unescape(after: &[u8]) -> Option<(u8, usize)> {
    match after {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let value = u32::from(a - b'0') * 100 + u32::from(b - b'0') * 10 + u32::from(c - b'0');
            u8::try_from(value).ok().map(|octet| (octet, 3))
        }
        [b'0'..=b'9', ..] | [] => None,
        [other, ..] => Some((*other, 1)),
    }
}

/// See [`Name::labels`].
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.0.split_first()?;
        if length == 0 {
            return None;
        }
        let (label, rest) = rest.split_at(usize::from(length));
        self.0 = rest;
        Some(label)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    /// Canonical order: by labels from the right, small letters (RFC 4034 §6.1).
    fn cmp(&self, other: &Name) -> std::cmp::Ordering {
        let (mut one, mut two) = ([0; limits::LABELS], [0; limits::LABELS]);
        let (one, two) = (self.starts(&mut one), other.starts(&mut two));
        let pairs = one.iter().rev().zip(two.iter().rev());
        let differ = pairs.map(|(a, b)| {
            let (a, b) = (self.label(*a), other.label(*b));
            a.iter()
                .map(u8::to_ascii_lowercase)
                .cmp(b.iter().map(u8::to_ascii_lowercase))
        });
        let mut differ = differ.filter(|order| order.is_ne());
        differ.next().unwrap_or(one.len().cmp(&two.len()))
    }
}

/// Writes a name in wire form as text: absolute, with escapes, what [`Name::parse`] reads back, and other servers too
/// (Knot 3.2 refuses all that is no letter, digit or one of a few marks, unless it is escaped; NSD 4.6 misreads `\\\\` at a
/// label's end).
pub fn show(wire: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    if wire.first() == Some(&0) {
        return out.write_char('.');
    }
    for label in Labels(wire) {
        for &octet in label {
            match octet {
                b'.' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                    out.write_char('\\')?;
                    out.write_char(char::from(octet))?;
                }
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'*' | b'/' => {
                    out.write_char(char::from(octet))?
                }
                _ => write!(out, "\\{octet:03}")?,
            }
        }
        out.write_char('.')?;
    }
    Ok(())
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl std::str::FromStr for Name {
    type Err = NameError;

    /// An absolute name.
    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::parse(text.as_bytes(), None)
    }
}

/// Whether two names in small letters and wire form are the same. What `==` says, without a call for the lengths that
/// names have.
#[inline(always)]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (Some(last), Some(others)) = (one.last_chunk::<8>(), other.last_chunk::<8>()) else {
        return one == other;
    };
    // The last lane overlaps the one before it, so that no octet is left over.
    let lanes = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
    lanes
        .chain([(last, others)])
        .all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
}

#[cfg(test)]
mod tests;
