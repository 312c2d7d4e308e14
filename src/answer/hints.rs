//! Address hints of SVCB and HTTPS records, replaced by those of the client's own VIPs (RFC 9460 §7.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::writer::{Full, Writer};

/// The parameter keys that we look at (RFC 9460 §14.3.2).
const MANDATORY: u16 = 0;
const IPV4HINT: u16 = 4;
const IPV6HINT: u16 = 6;

/// A service record's data with hints in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hinted<'a> {
    /// Priority and target name.
    head: &'a [u8],
    /// The target in wire form; the root stands for the owner itself (RFC 9460 §2.5.2).
    pub(super) target: &'a [u8],
    params: &'a [u8],
    mandatory: [bool; 2],
}

/// Whether the data of a service record are in AliasMode (RFC 9460 §2.4.2), and their target in wire form.
pub(super) fn target(rdata: &[u8]) -> Option<(bool, &[u8])> {
    let (priority, rest) = rdata.split_first_chunk::<2>()?;
    let mut at = 0;
    loop {
        let length = usize::from(*rest.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some((*priority == [0, 0], rest.get(..at)?));
        }
    }
}

/// What becomes of a mandatory hint for which there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The zone's own stays.
    Kept,
    /// It is left out, and is no longer mandatory: for clients inside a fence, whom the zone's own may lead outside.
    Dropped,
}

impl<'a> Hinted<'a> {
    /// If it is in ServiceMode and has a hint. Records without hints stay as they are: none is added.
    pub(super) fn of(rdata: &'a [u8]) -> Option<Hinted<'a>> {
        let (alias, target) = target(rdata)?;
        if alias {
            return None;
        }
        let (head, params) = rdata.split_at_checked(2 + target.len())?;
        let mut hinted = Hinted {
            head,
            target,
            params,
            mandatory: [false; 2],
        };
        let mut any = false;
        for (key, value) in hinted.params() {
            any |= key == IPV4HINT || key == IPV6HINT;
            if key == MANDATORY {
                let named = |key: u16| value.chunks_exact(2).any(|k| k == key.to_be_bytes());
                hinted.mandatory = [named(IPV4HINT), named(IPV6HINT)];
            }
        }
        any.then_some(hinted)
    }

    fn params(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.params;
        std::iter::from_fn(move || {
            let head = rest.first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = rest.get(4..4 + length)?;
            rest = rest.get(4 + length..)?;
            Some((u16::from_be_bytes([head[0], head[1]]), value))
        })
    }

    /// Writes the data with these addresses for hints. A family without any loses its hint; if the record calls the
    /// hint mandatory, without it clients would have to drop the record (RFC 9460 §8): `unmet` says what then.
    pub(super) fn put(
        &self,
        writer: &mut Writer<'_>,
        v4: impl Iterator<Item = Ipv4Addr>,
        v6: impl Iterator<Item = Ipv6Addr>,
        unmet: Unmet,
    ) -> Result<(), Full> {
        writer.bytes(self.head)?;
        let (mut v4, mut v6) = (v4.peekable(), v6.peekable());
        let missing = [v4.peek().is_none(), v6.peek().is_none()];
        let (mut v4, mut v6) = (Some(v4), Some(v6));
        for (key, value) in self.params() {
            let start = writer.mark();
            writer.word(key)?;
            writer.word(0)?;
            let data = writer.len();
            match key {
                IPV4HINT => {
                    for addr in v4.take().into_iter().flatten() {
                        writer.bytes(&addr.octets())?;
                    }
                }
                IPV6HINT => {
                    for addr in v6.take().into_iter().flatten() {
                        writer.bytes(&addr.octets())?;
                    }
                }
                MANDATORY if unmet == Unmet::Dropped => {
                    let lost = |key: &&[u8]| {
                        let named = |hint: u16| **key == hint.to_be_bytes();
                        (missing[0] && named(IPV4HINT)) || (missing[1] && named(IPV6HINT))
                    };
                    for key in value.chunks_exact(2).filter(|key| !lost(key)) {
                        writer.bytes(key)?;
                    }
                    // A list of nothing is no list.
                    if writer.len() == data {
                        writer.back(start);
                        continue;
                    }
                }
                _ => writer.bytes(value)?,
            }
            let hint = key == IPV4HINT || key == IPV6HINT;
            if hint && writer.len() == data {
                let mandatory = self.mandatory[usize::from(key == IPV6HINT)];
                if !mandatory || unmet == Unmet::Dropped {
                    writer.back(start);
                    continue;
                }
                writer.bytes(value)?;
            }
            writer.finish(data);
        }
        Ok(())
    }
}
