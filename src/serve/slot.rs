//! A place for one UDP query and its answer, with the addresses as the kernel writes and reads them.

use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ptr;

use crate::limits::{UDP_PAYLOAD, UDP_QUERY};

/// Room for a socket address: the larger is `sockaddr_in6`.
pub(super) const NAME: usize = 28;

/// Where the contents of a control message begin.
const CONTENTS: usize = mem::size_of::<libc::cmsghdr>();

/// Room for one control message with an `in_pktinfo` or `in6_pktinfo`, and some to spare.
pub(super) const CONTROL: usize = 64;

/// Octets, aligned for the structures that the kernel writes there.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Aligned<const N: usize>(pub(super) [u8; N]);

/// A place for one query and its answer.
pub(super) struct Slot {
    pub(super) name: Aligned<NAME>,
    pub(super) name_length: usize,
    pub(super) control: Aligned<CONTROL>,
    pub(super) control_length: usize,
    pub(super) query: [u8; UDP_QUERY],
    pub(super) query_length: usize,
    pub(super) whole: Whole,
    pub(super) answer: [u8; UDP_PAYLOAD],
    /// At most [`UDP_PAYLOAD`].
    pub(super) answer_length: usize,
    /// The same two places as the kernel sees them.
    pub(super) query_span: libc::iovec,
    pub(super) answer_span: libc::iovec,
}

/// No place.
const NOWHERE: libc::iovec = libc::iovec {
    iov_base: ptr::null_mut(),
    iov_len: 0,
};

/// Whether a message was received in full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// All of it.
    Yes,
    /// Its end was cut off.
    Cut,
}

impl Slot {
    pub(super) fn new() -> Slot {
        Slot {
            name: Aligned([0; NAME]),
            name_length: 0,
            control: Aligned([0; CONTROL]),
            control_length: 0,
            query: [0; UDP_QUERY],
            query_length: 0,
            whole: Whole::Yes,
            answer: [0; UDP_PAYLOAD],
            answer_length: 0,
            query_span: NOWHERE,
            answer_span: NOWHERE,
        }
    }

    /// Who sent the query, if the kernel said so in a form that we know.
    #[inline]
    pub(super) fn client(&self) -> Option<SocketAddr> {
        let name = &self.name.0;
        let port = u16::from_be_bytes([name[2], name[3]]);
        match i32::from(u16::from_ne_bytes([name[0], name[1]])) {
            libc::AF_INET if self.name_length >= mem::size_of::<libc::sockaddr_in>() => {
                let ip = Ipv4Addr::from(octets::<4>(name, 4)?);
                Some(SocketAddr::new(IpAddr::V4(ip), port))
            }
            libc::AF_INET6 if self.name_length >= NAME => {
                let ip = Ipv6Addr::from(octets::<16>(name, 8)?);
                let scope = u32::from_ne_bytes(octets(name, 24)?);
                Some(SocketAddrV6::new(ip, port, 0, scope).into())
            }
            _ => None,
        }
    }

    /// Whether the query is all there.
    pub(super) fn whole(&self) -> Whole {
        self.whole
    }

    /// The query, and the room for its answer.
    pub(super) fn parts(&mut self) -> (&[u8], &mut [u8]) {
        (
            self.query.get(..self.query_length).unwrap_or(&[]),
            &mut self.answer,
        )
    }

    /// Says how long the answer is. It is sent unless this is 0.
    pub(super) fn answered(&mut self, length: usize) {
        self.answer_length = length.min(UDP_PAYLOAD);
    }

    /// Turns the kernel's word on which address was asked into the wish to answer from it: the same structure, without the
    /// interface. The answer takes the route to its client, as it would without; only link-local addresses mean
    /// nothing without their interface.
    pub(super) fn turn_round(&mut self) {
        let interface = if self.name.0[..2] == (libc::AF_INET as u16).to_ne_bytes() {
            CONTENTS // in_pktinfo: interface, address to send from, address asked
        } else {
            match self.control.0.get(CONTENTS..) {
                Some([0xFE, second, ..]) if second & 0xC0 == 0x80 => return,
                _ => CONTENTS + 16, // in6_pktinfo: address asked, interface
            }
        };
        if let Some(index) = self.control.0.get_mut(interface..interface + 4) {
            index.fill(0);
        }
    }
}

/// `N` octets from `at` on.
#[inline]
fn octets<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    /// A slot with a sender's family and these contents of its control message.
    fn slot(family: i32, contents: &[u8]) -> Slot {
        let mut slot = Slot::new();
        slot.name.0[..2].copy_from_slice(&(family as u16).to_ne_bytes());
        slot.control.0[CONTENTS..][..contents.len()].copy_from_slice(contents);
        slot
    }

    fn contents(slot: &Slot, length: usize) -> &[u8] {
        &slot.control.0[CONTENTS..][..length]
    }

    #[test]
    fn answers_go_out_by_any_interface() {
        let mut v4 = slot(libc::AF_INET, &[9, 9, 9, 9, 192, 0, 2, 1, 192, 0, 2, 1]);
        v4.turn_round();
        assert_eq!(contents(&v4, 12), [0, 0, 0, 0, 192, 0, 2, 1, 192, 0, 2, 1]);
        let asked = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets();
        let mut v6 = slot(libc::AF_INET6, &[&asked[..], &[9; 4]].concat());
        v6.turn_round();
        assert_eq!(contents(&v6, 20), [&asked[..], &[0; 4]].concat());
    }

    #[test]
    fn link_local_answers_keep_their_interface() {
        let asked = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).octets();
        let whole = [&asked[..], &[9; 4]].concat();
        let mut slot = slot(libc::AF_INET6, &whole);
        slot.turn_round();
        assert_eq!(contents(&slot, 20), whole);
    }

    #[test]
    fn senders_of_unknown_form_are_no_clients() {
        let mut slot = slot(libc::AF_INET6, &[]);
        assert_eq!(slot.client(), None);
        slot.name_length = NAME;
        assert_eq!(slot.client(), Some("[::]:0".parse().unwrap()));
        slot.name_length = NAME - 1;
        assert_eq!(slot.client(), None);
    }
}
