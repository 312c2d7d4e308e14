//! Signatures of transactions: of a key that we do not know we say so, and no more (RFC 8945 §5.2.1). We know none.

use crate::limits;
use crate::wire::kind::{Kind, class};
use crate::wire::writer::{Full, Writer};

/// Octets of the data's fixed fields behind the algorithm and up to the MAC: time, fudge, MAC size.
const BEFORE_MAC: usize = 10;
/// Octets behind the MAC: original id, error, length of the other data.
const BEHIND_MAC: usize = 6;
/// The error that says that the key is not known (RFC 8945 §3).
const BADKEY: u16 = 17;

/// A TSIG record that came with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tsig<'a> {
    /// Where the name of the key stands.
    key: usize,
    /// The name of the algorithm.
    algorithm: &'a [u8],
    /// When it was signed, and by how much clocks may differ.
    time: &'a [u8; 8],
}

impl<'a> Tsig<'a> {
    /// Reads the record whose owner stands at `key`; `fixed` are the ten octets behind it. Nothing if it is malformed
    /// (RFC 8945 §4.2).
    pub(super) fn read(
        message: &[u8],
        key: usize,
        fixed: &[u8; 10],
        data: &'a [u8],
    ) -> Option<Tsig<'a>> {
        if fixed[2..4] != class::ANY.to_be_bytes() || fixed[4..8] != [0; 4] {
            return None;
        }
        name(message, key, &mut [0; limits::NAME])?;
        let (algorithm, rest) = data.split_at_checked(plain(data)?)?;
        let (head, rest) = rest.split_first_chunk::<BEFORE_MAC>()?;
        let (time, mac) = head.split_first_chunk()?;
        let mac = usize::from(u16::from_be_bytes([*mac.first()?, *mac.last()?]));
        let (tail, other) = rest.get(mac..)?.split_first_chunk::<BEHIND_MAC>()?;
        let length = usize::from(u16::from_be_bytes([tail[4], tail[5]]));
        (other.len() == length).then_some(Tsig {
            key,
            algorithm,
            time,
        })
    }

    /// The record that says that we do not know the key of this in `message`; unsigned, as it must be (RFC 8945 §5.3.2).
    pub fn refuse(&self, message: &[u8], writer: &mut Writer<'_>) -> Result<(), Full> {
        let mut room = [0; limits::NAME];
        let key = name(message, self.key, &mut room).ok_or(Full)?;
        writer.bytes(room.get(..key).ok_or(Full)?)?;
        writer.word(Kind::TSIG.0)?;
        writer.word(class::ANY)?;
        writer.bytes(&[0; 4])?;
        writer.word((self.algorithm.len() + BEFORE_MAC + BEHIND_MAC) as u16)?;
        writer.bytes(self.algorithm)?;
        writer.bytes(self.time)?;
        // No MAC; the id of the query; the error; no other data.
        writer.word(0)?;
        writer.bytes(message.get(..2).ok_or(Full)?)?;
        writer.word(BADKEY)?;
        writer.word(0)
    }
}

/// Octets of an uncompressed name.
fn plain(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let length = usize::from(*data.get(at)?);
        if length > limits::LABEL {
            return None;
        }
        at += 1 + length;
        if at > limits::NAME {
            return None;
        }
        if length == 0 {
            return Some(at);
        }
    }
}

/// A name whole, its pointers followed; how many octets. Each pointer leads back, and each but one to a label, so there are
/// fewer steps than a name has octets.
fn name(message: &[u8], mut at: usize, out: &mut [u8; limits::NAME]) -> Option<usize> {
    let mut length = 0;
    let mut jumped = false;
    loop {
        let octet = *message.get(at)?;
        let size = usize::from(octet);
        match octet {
            0xc0.. if !jumped => {
                let to = (size & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                if to >= at {
                    return None;
                }
                at = to;
                jumped = true;
            }
            0..=63 => {
                let label = message.get(at..=at + size)?;
                out.get_mut(length..length + label.len())?
                    .copy_from_slice(label);
                length += label.len();
                at += label.len();
                jumped = false;
                if octet == 0 {
                    return Some(length);
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(message: &[u8], at: usize) -> Option<Vec<u8>> {
        let mut out = [0; limits::NAME];
        name(message, at, &mut out).map(|length| out[..length].to_vec())
    }

    #[test]
    fn names_are_followed_backwards_only() {
        let message = b"\x03www\x02de\0\x01a\xc0\x04\xc0\x08\xc0\x0c\xc0\x12";
        assert_eq!(named(message, 0), Some(b"\x03www\x02de\0".to_vec()));
        assert_eq!(named(message, 8), Some(b"\x01a\x02de\0".to_vec()));
        assert_eq!(named(message, 12), Some(b"\x01a\x02de\0".to_vec()));
        // A pointer to a pointer, and one to itself.
        assert_eq!(named(message, 14), None);
        assert_eq!(named(message, 16), None);
        assert_eq!(named(message, 1), None);
        // A name that would be too long: labels in a row that lead back into themselves.
        let mut long = vec![0];
        for n in 0..200_u8 {
            let to = long.len();
            long.extend([1, n, 0xc0, if n == 0 { 0 } else { (to - 4) as u8 }]);
            if to > 240 {
                break;
            }
        }
        let last = long.len() - 4;
        assert!(named(&long, last).is_some());
        assert_eq!(named(&b"\x3f".repeat(300), 0), None);
    }

    #[test]
    fn pointers_cost_no_more_than_a_name() {
        // Each label's pointer leads to the label before: as long as a message may be, no name is longer than 255.
        let mut message = b"\0\0".to_vec();
        while message.len() < 16_000 {
            let to = 0xc000 | (message.len() - if message.len() > 2 { 4 } else { 2 }) as u16;
            message.extend([1, b'a']);
            message.extend(to.to_be_bytes());
        }
        assert_eq!(named(&message, message.len() - 4), None);
    }
}
