//! Batches of UDP messages for the generator and the echo: one system call receives many, one sends many.
//!
//! The one file of the benches with unsafe code. Every pointer given to the kernel is made right before the call, from a
//! field that is borrowed across it, and none outlives the call; what the kernel wrote is read as plain octets.
#![allow(
    unsafe_code,
    reason = "recvmmsg and sendmmsg have no safe form, and the servers beside are measured against them"
)]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::{mem, ptr};

/// Messages of a call: as many as the server takes.
pub const MANY: usize = 32;
/// Octets of a message; more are cut off.
const ROOM: usize = 2_048;
/// Octets of a `sockaddr_in6`, the larger of the two.
const NAME: usize = 28;
/// Octets of a control message with an `in_pktinfo`.
const CONTROL: usize = 32;

/// Whether to wait for a first message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    First,
    No,
}

/// Octets, aligned for the structures that the kernel reads and writes there.
#[repr(C, align(8))]
struct Aligned<const N: usize>([u8; N]);

struct Slot {
    text: [u8; ROOM],
    length: usize,
    name: Aligned<NAME>,
    name_length: usize,
    control: Aligned<CONTROL>,
    control_length: usize,
}

/// The buffers of one thread.
pub struct Batch {
    slots: Box<[Slot]>,
}

impl Batch {
    pub fn new() -> Batch {
        let slot = || Slot {
            text: [0; ROOM],
            length: 0,
            name: Aligned([0; NAME]),
            name_length: 0,
            control: Aligned([0; CONTROL]),
            control_length: 0,
        };
        Batch {
            slots: (0..MANY).map(|_| slot()).collect(),
        }
    }

    /// One of the messages received last.
    pub fn message(&mut self, at: usize) -> &mut [u8] {
        let slot = &mut self.slots[at];
        &mut slot.text[..slot.length]
    }

    /// Puts a message there, with this id, for the socket's own destination.
    pub fn put(&mut self, at: usize, id: u16, message: &[u8]) {
        let slot = &mut self.slots[at];
        slot.text[..message.len()].copy_from_slice(message);
        slot.text[..2].copy_from_slice(&id.to_be_bytes());
        slot.length = message.len();
        (slot.name_length, slot.control_length) = (0, 0);
    }

    /// Sends that message to `to` and from this address of the machine's own.
    pub fn between(&mut self, at: usize, from: Ipv4Addr, to: SocketAddr) {
        let SocketAddr::V4(to) = to else {
            unreachable!("only IPv4 has so many addresses of its own");
        };
        let slot = &mut self.slots[at];
        slot.name.0[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
        slot.name.0[2..4].copy_from_slice(&to.port().to_be_bytes());
        slot.name.0[4..8].copy_from_slice(&to.ip().octets());
        slot.name_length = mem::size_of::<libc::sockaddr_in>();
        // A `cmsghdr`, then an `in_pktinfo`: interface, address to send from, address asked.
        let head = mem::size_of::<libc::cmsghdr>();
        let control = &mut slot.control.0;
        control.fill(0);
        let word = mem::size_of::<usize>();
        control[..word].copy_from_slice(&(head + 12).to_ne_bytes());
        control[head - 8..head - 4].copy_from_slice(&libc::IPPROTO_IP.to_ne_bytes());
        control[head - 4..head].copy_from_slice(&libc::IP_PKTINFO.to_ne_bytes());
        control[head + 4..head + 8].copy_from_slice(&from.octets());
        slot.control_length = head + 16;
    }

    /// Receives what is there; how many.
    pub fn receive(&mut self, socket: &UdpSocket, wait: Wait) -> io::Result<usize> {
        for slot in &mut self.slots {
            (slot.length, slot.name_length, slot.control_length) = (ROOM, NAME, 0);
        }
        let mut headers = Headers::of(&mut self.slots);
        let flags = match wait {
            Wait::First => libc::MSG_WAITFORONE,
            Wait::No => libc::MSG_DONTWAIT,
        };
        // SAFETY: all headers point, with true lengths, into slots and spans that are distinct, alive and not touched until
        // the call returns; no timeout is given.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.messages.as_mut_ptr(),
                MANY as u32,
                flags as _,
                ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        let messages = headers.messages;
        for (slot, header) in self.slots.iter_mut().zip(messages).take(count) {
            slot.length = (header.msg_len as usize).min(ROOM);
            slot.name_length = (header.msg_hdr.msg_namelen as usize).min(NAME);
        }
        Ok(count)
    }

    /// Sends the first `count` messages; how many the kernel took.
    pub fn send(&mut self, socket: &UdpSocket, count: usize) -> usize {
        let mut headers = Headers::of(&mut self.slots[..count]);
        let mut done = 0;
        while done < count {
            let rest = &mut headers.messages[done..count];
            // SAFETY: the headers of `rest` point, with true lengths, into slots and spans that are distinct, alive and not
            // touched until the call returns; the kernel only reads them.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    rest.as_mut_ptr(),
                    rest.len() as u32,
                    libc::MSG_DONTWAIT as _,
                )
            };
            match usize::try_from(sent) {
                Ok(sent) if sent > 0 => done += sent,
                _ => break,
            }
        }
        done
    }
}

/// The messages of a call as the kernel sees them.
struct Headers {
    messages: [libc::mmsghdr; MANY],
    spans: Box<[libc::iovec; MANY]>,
}

impl Headers {
    /// Points to the parts of the slots, which must not be moved or dropped before the call.
    fn of(slots: &mut [Slot]) -> Headers {
        // SAFETY: both are integers and raw pointers, for which zero octets are a value.
        let mut headers: Headers = unsafe {
            Headers {
                messages: mem::zeroed(),
                spans: Box::new(mem::zeroed()),
            }
        };
        let parts = headers.messages.iter_mut().zip(headers.spans.iter_mut());
        for (slot, (header, span)) in slots.iter_mut().zip(parts) {
            span.iov_base = slot.text.as_mut_ptr().cast();
            span.iov_len = slot.length;
            let header = &mut header.msg_hdr;
            header.msg_iov = span;
            header.msg_iovlen = 1;
            if slot.name_length > 0 {
                header.msg_name = slot.name.0.as_mut_ptr().cast();
                header.msg_namelen = slot.name_length as _;
            }
            if slot.control_length > 0 {
                header.msg_control = slot.control.0.as_mut_ptr().cast();
                header.msg_controllen = slot.control_length as _;
            }
        }
        headers
    }
}
