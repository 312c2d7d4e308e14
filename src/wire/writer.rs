//! Writing an answer into a buffer that is already there, with names compressed (RFC 1035 §4.1.4).

use crate::limits;
use crate::wire::kind::{Kind, class};
use crate::wire::query::HEADER;

/// The pointer to the question's name, which begins right after the header.
pub const QUESTION: [u8; 2] = [0xC0, HEADER as u8];
/// Names remembered for compression: enough for a referral with thirteen servers. Beyond them names are written whole.
const REMEMBERED: usize = 48;
/// Octets of type and class behind the question's name.
const FIXED: usize = 4;
/// Pointers have fourteen bits.
const REACH: usize = 0x4000;

/// There is no room left. What was written since the last mark is to be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A place to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    len: usize,
    names: usize,
}

/// A name that a pointer can lead to.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    at: u16,
    /// Its octets uncompressed: most names that differ, differ in this.
    length: u16,
}

/// Room for what an answer remembers of its names; made for the first, since most answers remember none.
#[derive(Debug, Default)]
pub struct Names(Option<[Spot; REMEMBERED]>);

/// An answer being written. Never grows beyond its limit.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
    limit: usize,
    /// Where the question ends; the header's end if there is none.
    question: usize,
    names: &'a mut Names,
    remembered: usize,
}

impl<'a> Writer<'a> {
    /// Begins with the query's own header and question. `limit` counts the whole message; `end` is the question's end.
    #[inline]
    pub fn new(
        (buffer, names): (&'a mut [u8], &'a mut Names),
        query: &[u8],
        end: usize,
        limit: usize,
    ) -> Option<Writer<'a>> {
        let limit = limit.min(buffer.len());
        buffer.get_mut(..end)?.copy_from_slice(query.get(..end)?);
        (limit >= end).then_some(Writer {
            buffer,
            len: end,
            limit,
            question: end,
            names,
            remembered: 0,
        })
    }

    /// Where the last `octets` of the question's name stand, as a pointer: for a name above it of that many octets.
    pub fn above(&self, octets: usize) -> [u8; 2] {
        let at = self.question.saturating_sub(FIXED + octets);
        (0xC000 | at as u16).to_be_bytes()
    }

    /// How much is written.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is: never, for there is a header.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps so many octets free for what is written last, the OPT record.
    pub fn reserve(&mut self, octets: usize) {
        self.limit = self.limit.saturating_sub(octets);
    }

    /// Gives them back.
    pub fn release(&mut self, octets: usize) {
        self.limit = self.limit.saturating_add(octets).min(self.buffer.len());
    }

    /// A place to go back to.
    pub fn mark(&self) -> Mark {
        Mark {
            len: self.len,
            names: self.remembered,
        }
    }

    /// Takes back all that was written since.
    pub fn back(&mut self, mark: Mark) {
        self.len = mark.len;
        self.remembered = mark.names;
    }

    /// Overwrites octets that are already written.
    pub fn patch(&mut self, at: usize, octets: &[u8]) {
        if let Some(place) = self.buffer.get_mut(at..at + octets.len()) {
            place.copy_from_slice(octets);
        }
    }

    /// An octet that is already written.
    pub fn octet(&self, at: usize) -> u8 {
        self.buffer.get(at).copied().unwrap_or(0)
    }

    /// Octets as they are.
    #[inline]
    pub fn bytes(&mut self, octets: &[u8]) -> Result<(), Full> {
        self.room(octets.len())?.copy_from_slice(octets);
        Ok(())
    }

    /// The next so many octets, all of them to be written over.
    #[inline]
    pub fn room(&mut self, octets: usize) -> Result<&mut [u8], Full> {
        let end = self.len + octets;
        if end > self.limit {
            return Err(Full);
        }
        let room = self.buffer.get_mut(self.len..end).ok_or(Full)?;
        self.len = end;
        Ok(room)
    }

    /// Sixteen bits.
    #[inline]
    pub fn word(&mut self, value: u16) -> Result<(), Full> {
        self.bytes(&value.to_be_bytes())
    }

    /// The fixed part of a record after its owner; the length is patched by [`Writer::finish`].
    pub fn fixed(&mut self, kind: Kind, ttl: u32) -> Result<usize, Full> {
        self.record(&[], kind, ttl, &[])?;
        Ok(self.len)
    }

    /// Ends a record whose data began at `data`.
    pub fn finish(&mut self, data: usize) {
        let length = (self.len - data) as u16;
        self.patch(data - 2, &length.to_be_bytes());
    }

    /// A whole record at once, its data as they are; `owner` is a pointer, or nothing if the owner was written.
    #[inline(always)]
    pub fn record(&mut self, owner: &[u8], kind: Kind, ttl: u32, rdata: &[u8]) -> Result<(), Full> {
        let room = self.room(owner.len() + 10 + rdata.len())?;
        let (own, rest) = room.split_at_mut(owner.len());
        own.copy_from_slice(owner);
        let (fixed, data) = rest.split_first_chunk_mut::<10>().ok_or(Full)?;
        fixed[..2].copy_from_slice(&kind.0.to_be_bytes());
        fixed[2..4].copy_from_slice(&class::IN.to_be_bytes());
        fixed[4..8].copy_from_slice(&ttl.to_be_bytes());
        fixed[8..].copy_from_slice(&(rdata.len() as u16).to_be_bytes());
        data.copy_from_slice(rdata);
        Ok(())
    }

    /// A name in wire form and nothing after it, its longest suffix that was written before as a pointer.
    pub fn name(&mut self, wire: &[u8]) -> Result<(), Full> {
        // Most answers hold no name but the question's, so that is taken apart only for the first other one.
        if self.remembered == 0 && self.question > HEADER {
            self.remember(HEADER, self.question - HEADER - FIXED);
        }
        let start = self.len;
        let mut at = 0;
        loop {
            let length = usize::from(*wire.get(at).ok_or(Full)?);
            let rest = wire.get(at..).ok_or(Full)?;
            if length == 0 {
                self.bytes(wire.get(..=at).ok_or(Full)?)?;
                break;
            }
            if let Some(pointer) = self.find(rest) {
                self.bytes(wire.get(..at).ok_or(Full)?)?;
                self.word(0xC000 | pointer)?;
                break;
            }
            at += 1 + length;
        }
        self.remember(start, wire.len());
        Ok(())
    }

    /// Remembers the name at `at`, of so many octets uncompressed, and its suffixes up to the first pointer.
    fn remember(&mut self, mut at: usize, mut octets: usize) {
        let names = self
            .names
            .0
            .get_or_insert_with(|| [Spot::default(); REMEMBERED]);
        while at < REACH {
            let length = usize::from(self.buffer.get(at).copied().unwrap_or(0));
            if length == 0 || length > limits::LABEL {
                break;
            }
            let Some(spot) = names.get_mut(self.remembered) else {
                break;
            };
            *spot = Spot {
                at: at as u16,
                length: octets as u16,
            };
            self.remembered += 1;
            at += 1 + length;
            octets = octets.saturating_sub(1 + length);
        }
    }

    fn find(&self, suffix: &[u8]) -> Option<u16> {
        let names = self.names.0.as_ref()?.get(..self.remembered)?.iter();
        names
            .filter(|spot| usize::from(spot.length) == suffix.len())
            .map(|spot| spot.at)
            .find(|at| self.equals(usize::from(*at), suffix))
    }

    /// Whether the name at `at`, pointers followed, is this one. Pointers that we wrote point backwards only.
    fn equals(&self, mut at: usize, mut wire: &[u8]) -> bool {
        loop {
            // Mostly all of the rest stands there as it is, and needs no look at each label.
            if self.buffer.get(at..at + wire.len()) == Some(wire) {
                return true;
            }
            let mut length = self.octet(at);
            while length >= 0xC0 {
                at = usize::from(length & 0x3F) << 8 | usize::from(self.octet(at + 1));
                length = self.octet(at);
            }
            let size = 1 + usize::from(length);
            match (self.buffer.get(at..at + size), wire.split_at_checked(size)) {
                (Some(a), Some((b, rest))) if a.eq_ignore_ascii_case(b) => wire = rest,
                _ => return false,
            }
            if length == 0 {
                return true;
            }
            at += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compressed_and_taken_back() {
        let query = b"\0\x01\0\0\0\x01\0\0\0\0\0\0\x03www\x07Example\x03com\0\0\x01\0\x01";
        let mut buffer = [0; 100];
        let mut names = Names::default();
        let mut w = Writer::new((&mut buffer, &mut names), query, query.len(), 60).unwrap();
        w.name(b"\x03ns1\x07example\x03com\0").unwrap();
        let mark = w.mark();
        w.name(b"\x03foo\x03ns1\x07example\x03COM\0").unwrap();
        assert_eq!(
            &w.buffer[query.len()..w.len],
            b"\x03ns1\xc0\x10\x03foo\xc0\x21"
        );
        w.back(mark);
        w.name(b"\x03org\0").unwrap();
        assert_eq!(&w.buffer[query.len()..w.len], b"\x03ns1\xc0\x10\x03org\0");
        assert_eq!(w.bytes(&[0; 40]), Err(Full));
    }
}
