//! Batches of UDP messages, received and sent by one system call each, and the socket options without a safe wrapper.
//!
//! This is the one file with unsafe code. Every pointer given to the kernel is made right before the call from a field that
//! is borrowed across it, and none outlives the call; what the kernel wrote is read as plain octets.
#![allow(
    unsafe_code,
    reason = "recvmmsg, sendmmsg, setsockopt and setrlimit have no safe form"
)]

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::slot::{CONTROL, NAME, Slot, Whole};
use crate::limits::UDP_BATCH;

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
    slots: Box<[Slot]>,
    filled: usize,
}

impl Batch {
    pub(super) fn new() -> Batch {
        Batch {
            slots: (0..UDP_BATCH).map(|_| Slot::new()).collect(),
            filled: 0,
        }
    }

    /// The messages received last.
    pub(super) fn filled(&mut self) -> &mut [Slot] {
        self.slots.get_mut(..self.filled).unwrap_or_default()
    }

    /// Receives what is there, up to a full batch, over what was before.
    pub(super) fn receive(&mut self, socket: &impl AsFd, wait: Wait) -> io::Result<()> {
        self.filled = 0;
        let (mut headers, mut spans) = (Headers::new(), Headers::spans());
        for ((slot, header), span) in self.slots.iter_mut().zip(&mut headers.0).zip(&mut spans) {
            header.point(&mut slot.name.0, &mut slot.control.0, &mut slot.query, span);
        }
        let flags = match wait {
            Wait::First => libc::MSG_WAITFORONE,
            Wait::No => libc::MSG_DONTWAIT,
        };
        // SAFETY: the first `UDP_BATCH` headers point, with true lengths, into slots and spans that are distinct, alive
        // and not touched until the call returns; no timeout is given.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_fd().as_raw_fd(),
                headers.0.as_mut_ptr().cast(),
                UDP_BATCH as u32,
                flags as _,
                ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (slot, Header(header)) in self.slots.iter_mut().zip(&headers.0).take(count) {
            slot.query_length = header.msg_len as usize;
            slot.name_length = (header.msg_hdr.msg_namelen as usize).min(NAME);
            #[allow(clippy::unnecessary_cast, reason = "the field is narrower on musl")]
            let control_length = header.msg_hdr.msg_controllen as usize;
            slot.control_length = control_length.min(CONTROL);
            slot.answer_length = 0;
            let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            slot.whole = if cut { Whole::Cut } else { Whole::Yes };
        }
        self.filled = count.min(UDP_BATCH);
        Ok(())
    }

    /// Sends the answers. Returns how many the kernel refused: a destination without a route, or a full buffer, costs
    /// its own answer and no other's. Never waits.
    pub(super) fn send(&mut self, socket: &impl AsFd) -> usize {
        let (mut headers, mut spans) = (Headers::new(), Headers::spans());
        let mut count = 0;
        let answered = self
            .slots
            .iter_mut()
            .take(self.filled)
            .filter(|s| s.answer_length > 0);
        for ((slot, header), span) in answered.zip(&mut headers.0).zip(&mut spans) {
            slot.turn_round();
            let (name, control) = (slot.name_length, slot.control_length);
            header.point(
                &mut slot.name.0[..name],
                &mut slot.control.0[..control],
                &mut slot.answer[..slot.answer_length],
                span,
            );
            count += 1;
        }
        let (mut at, mut lost) = (0, 0);
        while let Some(rest) = headers.0.get_mut(at..count).filter(|rest| !rest.is_empty()) {
            // SAFETY: the headers of `rest` point, with true lengths, into slots and spans that are distinct, alive and
            // not touched until the call returns; the kernel only reads them.
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

/// One message as the kernel sees it.
#[repr(transparent)]
struct Header(libc::mmsghdr);

impl Header {
    /// Points to the parts of a slot. They must not be moved or dropped before the call that uses the header.
    fn point(
        &mut self,
        name: &mut [u8],
        control: &mut [u8],
        text: &mut [u8],
        span: &mut libc::iovec,
    ) {
        span.iov_base = text.as_mut_ptr().cast();
        span.iov_len = text.len();
        let header = &mut self.0.msg_hdr;
        header.msg_name = name.as_mut_ptr().cast();
        header.msg_namelen = name.len() as _;
        header.msg_iov = span;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control.len() as _;
    }
}

/// The messages of one call.
struct Headers([Header; UDP_BATCH]);

impl Headers {
    fn new() -> Headers {
        // SAFETY: an `mmsghdr` is integers and raw pointers, for which zero octets are a value.
        Headers(unsafe { mem::zeroed() })
    }

    fn spans() -> [libc::iovec; UDP_BATCH] {
        [const {
            libc::iovec {
                iov_base: ptr::null_mut(),
                iov_len: 0,
            }
        }; UDP_BATCH]
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
