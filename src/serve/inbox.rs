//! The octets of a stream that have arrived, seen as messages behind two-octet lengths (RFC 1035 §4.2.2).

use crate::limits;

/// What stands first in the inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A whole message, taken out.
    Message(&'a [u8]),
    /// A message of no octets.
    Empty,
    /// The beginning of a message.
    Partial,
    /// Nothing.
    Nothing,
}

/// Octets read and not yet answered. It grows as a long message arrives, not by the length that a client announces.
#[derive(Debug)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

impl Inbox {
    pub(super) fn new() -> Inbox {
        Inbox {
            bytes: vec![0; limits::TCP_INPUT],
            from: 0,
            to: 0,
        }
    }

    /// Takes the next message out.
    pub(super) fn take(&mut self) -> Next<'_> {
        let waiting = self.bytes.get(self.from..self.to).unwrap_or_default();
        let Some((length, rest)) = waiting.split_first_chunk() else {
            return if waiting.is_empty() {
                Next::Nothing
            } else {
                Next::Partial
            };
        };
        let length = usize::from(u16::from_be_bytes(*length));
        match rest.get(..length) {
            Some([]) => Next::Empty,
            Some(message) => {
                self.from += 2 + length;
                Next::Message(message)
            }
            None => Next::Partial,
        }
    }

    /// Whether [`Inbox::take`] would find a message, whole or empty.
    pub(super) fn is_ready(&self) -> bool {
        let waiting = self.bytes.get(self.from..self.to).unwrap_or_default();
        waiting
            .split_first_chunk()
            .is_some_and(|(length, rest)| rest.len() >= usize::from(u16::from_be_bytes(*length)))
    }

    /// Whether nothing waits, not even a part of a message.
    pub(super) fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Room to read into. Never empty as long as every whole message was taken out before.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.from, self.to) = (0, 0);
            if self.bytes.len() > limits::TCP_INPUT {
                self.bytes = vec![0; limits::TCP_INPUT];
            }
        } else if self.from > 0 {
            self.bytes.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
        }
        if self.to == self.bytes.len() {
            self.bytes.resize((self.to * 2).min(2 + limits::MESSAGE), 0);
        }
        self.bytes.get_mut(self.to..).unwrap_or_default()
    }

    /// Says how much of the room was read into.
    pub(super) fn filled(&mut self, octets: usize) {
        self.to = self.to.saturating_add(octets).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(inbox: &mut Inbox, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = inbox.room();
            let count = room.len().min(bytes.len());
            assert!(count > 0, "no room for {} octets", bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            inbox.filled(count);
            bytes = &bytes[count..];
        }
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u16).to_be_bytes()[..], message].concat()
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_they_are_cut(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..700), 0..12),
            steps in proptest::collection::vec(1usize..3000, 1..20),
        ) {
            let sent: Vec<u8> = messages.iter().flat_map(|m| framed(m)).collect();
            let (mut inbox, mut taken, mut rest) = (Inbox::new(), Vec::new(), &sent[..]);
            for step in steps.iter().cycle() {
                let (now, later) = rest.split_at((*step).min(rest.len()));
                put(&mut inbox, now);
                rest = later;
                loop {
                    let ready = inbox.is_ready();
                    match inbox.take() {
                        Next::Message(message) => taken.push(message.to_vec()),
                        other => {
                            prop_assert!(!ready && other != Next::Empty);
                            break;
                        }
                    }
                }
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(taken, messages);
            prop_assert!(inbox.is_empty());
        }
    }

    #[test]
    fn the_largest_message_fits_and_its_memory_is_given_back() {
        let mut inbox = Inbox::new();
        let message = vec![7; limits::MESSAGE];
        put(&mut inbox, &framed(&message));
        assert_eq!(inbox.take(), Next::Message(&message));
        assert_eq!(inbox.room().len(), limits::TCP_INPUT);
    }

    #[test]
    fn a_length_alone_takes_no_memory() {
        let mut inbox = Inbox::new();
        put(&mut inbox, &[0xFF, 0xFF, 1]);
        assert_eq!(inbox.take(), Next::Partial);
        inbox.room();
        assert_eq!(inbox.bytes.len(), limits::TCP_INPUT);
    }

    #[test]
    fn a_message_of_no_octets_is_seen() {
        let mut inbox = Inbox::new();
        put(&mut inbox, &[0, 0]);
        assert!(inbox.is_ready());
        assert_eq!(inbox.take(), Next::Empty);
    }
}
