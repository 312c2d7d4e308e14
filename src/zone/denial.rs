//! The SOA record as negative answers carry it, made ready when a zone is built (RFC 2308 §3).

use crate::wire::kind::{Kind, class};
use crate::wire::name::Name;

/// A record whose owner, and whose names at or below the apex, end in pointers that each answer sets: to where the apex
/// stands in its question.
#[derive(Clone, Debug, Default)]
pub struct Denial {
    record: Box<[u8]>,
    pointers: Vec<usize>,
}

/// Octets before the TTL: a pointer, type and class.
const BEFORE_TTL: usize = 6;
/// Octets of a SOA's numbers (RFC 1035 §3.3.13).
const NUMBERS: usize = 20;

impl Denial {
    /// Of a SOA's data, uncompressed.
    pub(super) fn new(apex: &Name, rdata: &[u8], ttl: u32) -> Denial {
        let (names, numbers) = rdata.split_at(rdata.len().saturating_sub(NUMBERS));
        let mut data = Vec::with_capacity(rdata.len());
        let mut pointers = vec![0];
        let mut rest = names;
        while let Ok((name, taken)) = Name::read(rest) {
            let own = name.wire().len().saturating_sub(apex.wire().len());
            if name.is_within(apex) && !apex.is_root() {
                data.extend_from_slice(&name.wire()[..own]);
                pointers.push(BEFORE_TTL + 6 + data.len());
                data.extend([0xc0, 0]);
            } else {
                data.extend_from_slice(name.wire());
            }
            rest = &rest[taken..];
        }
        data.extend_from_slice(numbers);
        let mut record = vec![0xc0, 0];
        record.extend(Kind::SOA.0.to_be_bytes());
        record.extend(class::IN.to_be_bytes());
        record.extend(ttl.to_be_bytes());
        record.extend((data.len() as u16).to_be_bytes());
        record.extend(data);
        Denial {
            record: record.into(),
            pointers,
        }
    }

    /// The whole record, with the TTL of negative answers (RFC 2308 §5).
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Where in it the pointers to the apex stand.
    pub fn pointers(&self) -> impl Iterator<Item = usize> + '_ {
        self.pointers.iter().copied()
    }

    /// Where in it the TTL stands.
    pub fn ttl(&self) -> usize {
        BEFORE_TTL
    }
}
