//! Batches of UDP messages, received and sent by one system call each, and the socket options without a safe wrapper.
//!
//! This is the one file with unsafe code. The places of a batch are one piece of memory that the batch alone owns and never
//! moves; the headers for receiving point into it for as long as it lives, those for sending are pointed right before the
//! call. The kernel writes and reads only during the calls, and what it wrote is read as plain octets.
#![allow(
    unsafe_code,
    reason = "recvmmsg, sendmmsg, setsockopt and setrlimit have no safe form"
)]

use std::array;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{self, NonNull};
use std::slice;

use super::slot::{CONTROL, NAME, Slot, Whole};
use crate::limits::{UDP_BATCH, UDP_PAYLOAD, UDP_QUERY};

/// Whether to wait for a first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until one comes or the socket's timeout passes.
    First,
    /// Not at all.
    No,
}

/// The buffers of one worker.
pub(super) struct Batch {
    /// [`UDP_BATCH`] of them. A bare pointer, for the kernel's headers lead to the same places.
    slots: NonNull<Slot>,
    /// One for each slot: where the kernel puts what comes. Pointed once; from call to call only lengths change.
    received: [Header; UDP_BATCH],
    /// For the slots that have an answer, in turn.
    sent: [Header; UDP_BATCH],
    filled: usize,
}

impl Batch {
    pub(super) fn new() -> Batch {
        let slots: Box<[Slot]> = (0..UDP_BATCH).map(|_| Slot::new()).collect();
        // SAFETY: what a box points to is not null.
        let slots = unsafe { NonNull::new_unchecked(Box::into_raw(slots).cast::<Slot>()) };
        let received = array::from_fn(|n| {
            let mut header = Header::new();
            // SAFETY: `n` is less than `UDP_BATCH`, so there is such a slot, and nothing else refers to it now.
            unsafe { header.point_in(slots.as_ptr().add(n)) };
            header
        });
        Batch {
            slots,
            received,
            sent: array::from_fn(|_| Header::new()),
            filled: 0,
        }
    }

    /// The messages received last.
    pub(super) fn filled(&mut self) -> &mut [Slot] {
        // SAFETY: there are `UDP_BATCH` slots and never more filled. This owns them, and is borrowed as long as they are;
        // the headers that lead to them are used in `receive` and `send` alone.
        unsafe { slice::from_raw_parts_mut(self.slots.as_ptr(), self.filled) }
    }

    /// Receives what is there, up to a full batch, over what was before.
    pub(super) fn receive(&mut self, socket: &impl AsFd, wait: Wait) -> io::Result<()> {
        for header in self.received.iter_mut().take(self.filled) {
            header.refresh();
        }
        self.filled = 0;
        let flags = match wait {
            Wait::First => libc::MSG_WAITFORONE,
            Wait::No => libc::MSG_DONTWAIT,
        };
        // SAFETY: the `UDP_BATCH` headers lead, with true lengths, into slots that are distinct, alive and not borrowed
        // until the call returns; no timeout is given.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_fd().as_raw_fd(),
                self.received.as_mut_ptr().cast(),
                UDP_BATCH as u32,
                flags as _,
                ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        self.filled = count.min(UDP_BATCH);
        // SAFETY: as in `filled`.
        let slots = unsafe { slice::from_raw_parts_mut(self.slots.as_ptr(), self.filled) };
        for (slot, Header(header)) in slots.iter_mut().zip(&self.received) {
            slot.query_length = header.msg_len as usize;
            slot.name_length = (header.msg_hdr.msg_namelen as usize).min(NAME);
            #[allow(clippy::unnecessary_cast, reason = "the field is narrower on musl")]
            let control_length = header.msg_hdr.msg_controllen as usize;
            slot.control_length = control_length.min(CONTROL);
            slot.answer_length = 0;
            let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            slot.whole = if cut { Whole::Cut } else { Whole::Yes };
        }
        Ok(())
    }

    /// Sends the answers. Returns how many the kernel refused: a destination without a route, or a full buffer, costs
    /// its own answer and no other's. Never waits.
    pub(super) fn send(&mut self, socket: &impl AsFd) -> usize {
        // SAFETY: as in `filled`.
        let slots = unsafe { slice::from_raw_parts_mut(self.slots.as_ptr(), self.filled) };
        let answered = slots.iter_mut().filter(|slot| slot.answer_length > 0);
        let mut count = 0;
        for (slot, header) in answered.zip(&mut self.sent) {
            slot.turn_round();
            header.point_out(slot);
            count += 1;
        }
        let (mut at, mut lost) = (0, 0);
        while let Some(rest) = self.sent.get_mut(at..count).filter(|rest| !rest.is_empty()) {
            // SAFETY: the headers of `rest` were pointed above, with true lengths, into slots that are distinct, alive and
            // not touched since or until the call returns; the kernel only reads them.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_fd().as_raw_fd(),
                    rest.as_mut_ptr().cast(),
                    rest.len() as u32,
                    libc::MSG_DONTWAIT as _,
                )
            };
            match usize::try_from(sent) {
                Ok(sent) if sent > 0 => at += sent,
                // An error is reported only for the first message of a call: that one is skipped.
                _ => (at, lost) = (at + 1, lost + 1),
            }
        }
        lost
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let slots = ptr::slice_from_raw_parts_mut(self.slots.as_ptr(), UDP_BATCH);
        // SAFETY: they came from a box of so many, and no header is used any more.
        drop(unsafe { Box::from_raw(slots) });
    }
}

/// One message as the kernel sees it.
#[repr(transparent)]
struct Header(libc::mmsghdr);

impl Header {
    fn new() -> Header {
        // SAFETY: an `mmsghdr` is integers and raw pointers, for which zero octets are a value.
        let mut header = Header(unsafe { mem::zeroed() });
        header.0.msg_hdr.msg_iovlen = 1;
        header
    }

    /// Leads to the places of a slot for what comes.
    ///
    /// # Safety
    ///
    /// There is a slot, and nothing else refers to it. It must stay where it is as long as the header is used.
    unsafe fn point_in(&mut self, slot: *mut Slot) {
        // SAFETY: the caller says so; of the slot's own addresses none is beyond it.
        unsafe {
            (*slot).query_span = libc::iovec {
                iov_base: (&raw mut (*slot).query).cast(),
                iov_len: UDP_QUERY,
            };
            self.0.msg_hdr.msg_iov = &raw mut (*slot).query_span;
            self.0.msg_hdr.msg_name = (&raw mut (*slot).name).cast();
            self.0.msg_hdr.msg_control = (&raw mut (*slot).control).cast();
        }
        self.refresh();
    }

    /// The lengths that the kernel wrote over.
    fn refresh(&mut self) {
        self.0.msg_hdr.msg_namelen = NAME as _;
        self.0.msg_hdr.msg_controllen = CONTROL as _;
    }

    /// Leads to a slot's answer. The slot must not be touched before the call that uses the header.
    fn point_out(&mut self, slot: &mut Slot) {
        let header = &mut self.0.msg_hdr;
        slot.answer_span.iov_base = slot.answer.as_mut_ptr().cast();
        slot.answer_span.iov_len = slot.answer_length.min(UDP_PAYLOAD);
        header.msg_iov = &raw mut slot.answer_span;
        header.msg_name = (&raw mut slot.name).cast();
        header.msg_namelen = slot.name_length as _;
        header.msg_control = (&raw mut slot.control).cast();
        header.msg_controllen = slot.control_length as _;
    }
}

/// Sets a socket option that is a number.
pub(super) fn option(
    socket: &impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    // SAFETY: the pointer is to `value`, which lives across the call, and the length is its own.
    let set = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            mem::size_of_val(&value) as libc::socklen_t,
        )
    };
    if set == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Raises the number of files the process may open to `wanted`, as far as its hard limit lets it. Returns the number now.
pub(super) fn files(wanted: usize) -> usize {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to `limit`, which lives across the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 0;
    }
    let now = limit.rlim_cur;
    let raised = limit.rlim_max.min(wanted as libc::rlim_t);
    if raised > now {
        limit.rlim_cur = raised;
        // SAFETY: the pointer is to `limit`, which lives across the call.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
            return usize::try_from(now).unwrap_or(usize::MAX);
        }
    }
    usize::try_from(raised.max(now)).unwrap_or(usize::MAX)
}
