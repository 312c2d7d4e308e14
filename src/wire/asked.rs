//! The name of a question, prepared once for every table: small letters, its labels, a hash of each name above it.
//!
//! Kept by a worker and read into again for each query: nothing here allocates.

use std::fmt;

use crate::limits;
use crate::wire::name::{Name, NameError};

/// What the hashes of names start from. A table and the names asked of it must share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Default for Seed {
    fn default() -> Seed {
        Seed(0x243f_6a88_85a3_08d3)
    }
}

/// Octets that are made small letters at once.
const LANE: usize = 16;
/// Room for a name and a whole lane read at its last octet.
const SPACE: usize = (limits::NAME + 9).next_multiple_of(LANE);
/// Labels and the root.
const STEPS: usize = limits::LABELS + 1;
/// An odd number with well mixed bits: each lane is multiplied by it.
const FACTOR: u64 = 0x9fb2_1c65_1e98_df25;
/// The label `*` as the lane it makes (RFC 4592 §2.1.1).
const STAR: u64 = 0x2a01;

/// A name asked for.
#[derive(Clone)]
pub struct Asked {
    seed: Seed,
    wire: [u8; SPACE],
    length: usize,
    labels: usize,
    /// Where each label begins, from the left; behind them the root's octet.
    starts: [u8; STEPS],
    /// The hash of the rightmost `n` labels, at `n`.
    hashes: [u64; STEPS],
}

impl Asked {
    /// The root, until a name is read.
    pub fn new(seed: Seed) -> Asked {
        let mut hashes = [0; STEPS];
        hashes[0] = first(seed);
        Asked {
            seed,
            wire: [0; SPACE],
            length: 1,
            labels: 0,
            starts: [0; STEPS],
            hashes,
        }
    }

    /// A name that is at hand already.
    pub fn of(name: &Name, seed: Seed) -> Asked {
        let mut asked = Asked::new(seed);
        // A `Name` is always readable.
        let _ = asked.read(name.wire());
        asked
    }

    /// The uncompressed name at the start of `bytes`; how many of them it took. After an error this is the root. A few
    /// octets behind the name make it a little quicker.
    #[inline(always)]
    pub fn read(&mut self, bytes: &[u8]) -> Result<usize, NameError> {
        self.length = 1;
        self.labels = 0;
        let taken = self.split(bytes);
        if taken.is_err() {
            self.wire[0] = 0;
            self.starts[0] = 0;
            self.hashes[0] = first(self.seed);
        }
        taken
    }

    #[inline(always)]
    fn split(&mut self, bytes: &[u8]) -> Result<usize, NameError> {
        // No name is longer, so none is looked for beyond.
        let most = bytes.get(..limits::NAME).unwrap_or(bytes);
        let beyond = if bytes.len() > limits::NAME {
            NameError::TooLong
        } else {
            NameError::Cut
        };
        let mut at = 0;
        let mut labels = 0;
        loop {
            let length = usize::from(*most.get(at).ok_or(beyond)?);
            if length > limits::LABEL {
                return Err(NameError::Cut);
            }
            *self.starts.get_mut(labels).ok_or(NameError::TooLong)? = at as u8;
            at += 1 + length;
            if length == 0 {
                break;
            }
            labels += 1;
        }
        let name = bytes.get(..at).ok_or(NameError::Cut)?;
        // Length octets are at most 63 and so never letters. Whole lanes are quicker than the name's own length; what is
        // behind it does not count.
        let lanes = at.div_ceil(LANE);
        let (to, _) = self.wire.as_chunks_mut::<LANE>();
        if let Some(whole) = bytes.get(..lanes * LANE) {
            for (lane, from) in to.iter_mut().zip(whole.as_chunks::<LANE>().0) {
                *lane = *from;
                lane.make_ascii_lowercase();
            }
        } else {
            self.wire[..at].copy_from_slice(name);
            let (to, _) = self.wire.as_chunks_mut::<LANE>();
            to.iter_mut()
                .take(lanes)
                .for_each(|lane| lane.make_ascii_lowercase());
        }
        self.length = at;
        self.labels = labels;
        self.fold();
        Ok(at)
    }

    /// The hashes, from the root leftwards.
    #[inline(always)]
    fn fold(&mut self) {
        let mut hash = first(self.seed);
        self.hashes[0] = hash;
        let starts = self.starts[..self.labels].iter().rev();
        for (&start, own) in starts.zip(&mut self.hashes[1..]) {
            let mut at = usize::from(start);
            // The length octet leads, so that no two rows of labels make the same lanes.
            let mut left = 1 + usize::from(self.wire[at]);
            while left > 8 {
                hash = mix(hash, lane(&self.wire, at));
                at += 8;
                left -= 8;
            }
            hash = mix(hash, lane(&self.wire, at) & (u64::MAX >> (64 - 8 * left)));
            *own = hash;
        }
    }

    /// The whole name in small letters, uncompressed.
    pub fn wire(&self) -> &[u8] {
        &self.wire[..self.length]
    }

    /// How many labels, without the root.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The seed of the hashes.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The rightmost `labels` labels and the root, in small letters. More labels than there are: the whole name.
    pub fn suffix(&self, labels: usize) -> &[u8] {
        &self.wire[self.offset(labels)..self.length]
    }

    /// Where [`Asked::suffix`] begins in [`Asked::wire`], as a compression pointer into the question needs it.
    pub fn offset(&self, labels: usize) -> usize {
        usize::from(self.starts[self.labels.saturating_sub(labels)])
    }

    /// The hash of the rightmost `labels` labels (at most all of them).
    pub fn hash(&self, labels: usize) -> u64 {
        self.hashes[labels.min(self.labels)]
    }

    /// The hash of `*` in front of the rightmost `labels` labels.
    pub fn wildcard(&self, labels: usize) -> u64 {
        mix(self.hash(labels), STAR)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Name::read(self.wire()) {
            Ok((name, _)) => write!(f, "Asked({name})"),
            Err(_) => f.write_str("Asked"),
        }
    }
}

fn first(seed: Seed) -> u64 {
    mix(seed.0, FACTOR)
}

/// Multiply and fold the halves: each bit of the lane reaches the whole of the hash.
fn mix(hash: u64, lane: u64) -> u64 {
    let product = u128::from(hash ^ lane) * u128::from(FACTOR);
    (product as u64) ^ ((product >> 64) as u64)
}

fn lane(wire: &[u8; SPACE], at: usize) -> u64 {
    let eight = wire.get(at..).and_then(|rest| rest.first_chunk());
    eight.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        let name: Name = text.parse().unwrap();
        Asked::of(&name, Seed::default())
    }

    #[test]
    fn suffixes_hash_like_the_names_themselves() {
        let name = asked("A-rather-long-label-of-34-octets-x.B.eXample.COM.");
        assert_eq!(name.labels(), 4);
        assert_eq!(name.suffix(2), b"\x07example\x03com\0");
        assert_eq!(name.suffix(0), b"\0");
        assert_eq!(name.offset(3), 35);
        for (labels, text) in [
            (0, "."),
            (1, "com."),
            (2, "example.com."),
            (3, "b.example.com."),
        ] {
            assert_eq!(name.hash(labels), asked(text).hash(labels), "{text}");
            assert_eq!(name.suffix(labels), asked(text).wire(), "{text}");
        }
        assert_eq!(name.wildcard(2), asked("*.example.com.").hash(3));
    }

    #[test]
    fn what_was_read_before_leaves_no_trace() {
        let mut kept = Asked::new(Seed::default());
        for text in [
            "zzzzzzzzzzzzzzzzzzzzzzz.yyyyyyyyyyyyyy.example.",
            "a.b.",
            "abcdefg.b.",
            "abcdefgh.b.",
            ".",
        ] {
            let name: Name = text.parse().unwrap();
            assert_eq!(kept.read(name.wire()), Ok(name.wire().len()));
            let fresh = asked(text);
            assert_eq!((kept.wire(), kept.labels()), (fresh.wire(), fresh.labels()));
            for labels in 0..=fresh.labels() {
                assert_eq!(kept.hash(labels), fresh.hash(labels), "{text} {labels}");
            }
        }
    }

    #[test]
    fn bad_bytes_are_refused_and_leave_the_root() {
        let mut kept = asked("www.example.com.");
        for bytes in [
            &b""[..],
            b"\x03ww",
            b"\x03www",
            b"\x40",
            b"\x01a\xc0\x0c",
            &b"\x01a".repeat(128),
        ] {
            assert!(kept.read(bytes).is_err());
            assert_eq!((kept.wire(), kept.labels()), (&b"\0"[..], 0));
            assert_eq!(kept.hash(0), asked(".").hash(0));
        }
        let longest = [b"\x01a".repeat(127), vec![0]].concat();
        assert_eq!(kept.read(&longest), Ok(255));
        assert_eq!(kept.suffix(1), b"\x01a\0");
        assert_eq!(kept.read(b"\x02ab\0rest"), Ok(4));
    }

    #[test]
    fn seeds_change_every_hash() {
        let name: Name = "www.example.com.".parse().unwrap();
        let (one, other) = (Asked::of(&name, Seed(1)), Asked::of(&name, Seed(2)));
        assert!((0..=3).all(|labels| one.hash(labels) != other.hash(labels)));
    }
}
