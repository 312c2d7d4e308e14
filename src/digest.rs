//! Digests: short numbers that are equal where two servers have the same, so that an operator compares these and not the rest.
//!
//! By integers only and octet by octet, so every machine makes the same of the same. They tell accidents, not forgers.

use std::fmt;

/// What something comes to. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// This and another one, whatever their order: for what is a set.
    #[must_use]
    pub fn and(self, other: Digest) -> Digest {
        Digest(self.0.wrapping_add(other.0))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Two odd numbers with well mixed bits.
const FACTORS: [u64; 2] = [0x9fb2_1c65_1e98_df25, 0xd6e8_feb8_6659_fd93];

/// Makes the digest of what is put into it, in that order.
#[derive(Clone, Copy, Debug)]
pub struct Writer([u64; 2]);

impl Writer {
    /// `first` keeps apart what is of different kinds.
    #[inline]
    pub fn new(first: u64) -> Writer {
        Writer(FACTORS.map(|factor| first ^ factor))
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, number: impl Into<u64>) -> &mut Writer {
        let lane = number.into();
        let [one, other] = self.0;
        self.0 = [
            mix(one ^ lane, FACTORS[0]),
            mix(other ^ lane.rotate_left(32), FACTORS[1]),
        ];
        self
    }

    /// How many things follow, for no list may run into the next.
    #[inline]
    pub fn count(&mut self, count: usize) -> &mut Writer {
        // No list has 2^64 things, whatever the width of the machine.
        self.number(count as u64)
    }

    /// Octets, and how many.
    #[inline]
    pub fn octets(&mut self, octets: &[u8]) -> &mut Writer {
        let lanes = octets.chunks_exact(8);
        let rest = lanes.remainder();
        for lane in lanes {
            let lane = lane.first_chunk();
            self.number(lane.map_or(0, |lane| u64::from_le_bytes(*lane)));
        }
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.number(u64::from_le_bytes(last));
        self.count(octets.len())
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Writer {
        self.octets(text.as_bytes())
    }

    /// What something else came to.
    #[inline]
    pub fn digest(&mut self, digest: Digest) -> &mut Writer {
        self.number(digest.0 as u64).number((digest.0 >> 64) as u64)
    }

    /// What it comes to.
    #[inline]
    pub fn end(self) -> Digest {
        let [one, other] = self.0;
        Digest(u128::from(one) << 64 | u128::from(other))
    }
}

/// Multiply and fold the halves.
#[inline]
fn mix(lane: u64, factor: u64) -> u64 {
    let product = u128::from(lane) * u128::from(factor);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another machine that makes another number of this shows itself here.
    #[test]
    fn every_machine_makes_the_same() {
        let mut writer = Writer::new(7);
        writer
            .number(1_u8)
            .number(u64::MAX)
            .text("fra-1")
            .octets(&[]);
        writer.digest(Digest(1 << 100));
        assert_eq!(writer.end().to_string(), "b331782ca9a3fe30ea9769e251a8c96a");
    }

    #[test]
    fn order_counts_but_in_a_set() {
        let of = |numbers: &[u64]| {
            let mut writer = Writer::new(0);
            for number in numbers {
                writer.number(*number);
            }
            writer.end()
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        assert_eq!(of(&[1]).and(of(&[2])), of(&[2]).and(of(&[1])));
        assert_ne!(of(&[1]).and(of(&[2])), of(&[1]).and(of(&[3])));
        let text = |parts: &[&str]| {
            let mut writer = Writer::new(0);
            for part in parts {
                writer.text(part);
            }
            writer.end()
        };
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
        assert_ne!(text(&["a\0"]), text(&["a"]));
    }
}
