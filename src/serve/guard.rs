//! The guard around the core: a query that makes it fail gets SERVFAIL, and the next one is served.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Client, Core, Tally, Turn};
use crate::stats::Outcome;
use crate::wire::kind::Rcode;
use crate::wire::name::Name;
use crate::wire::query::{self, HEADER, Refusal};

/// Answers one message. Whatever the core does, this returns, with at most `out.len()`; 0 means that nothing is sent. The
/// outcome is the caller's to count.
pub(super) fn answer<C: Core>(
    (core, world): (&C, &C::World),
    client: Client,
    turn: &mut Turn<'_>,
    tally: &Tally,
    query: &[u8],
    out: &mut [u8],
) -> (Outcome, usize) {
    let answered = catch_unwind(AssertUnwindSafe(|| {
        core.answer(world, client, turn, query, out)
    }));
    match answered {
        Ok((outcome, length)) => (outcome, length.min(out.len())),
        Err(_) => {
            tally.panic();
            refuse(query, Rcode::ServFail, out)
        }
    }
}

/// What a limited client gets, if it gets anything; its length.
pub(super) fn slip<C: Core>(
    core: &C,
    client: Client,
    turn: &mut Turn<'_>,
    tally: &Tally,
    query: &[u8],
    out: &mut [u8],
) -> usize {
    let slipped = catch_unwind(AssertUnwindSafe(|| core.slip(client, turn, query, out)));
    slipped.map_or_else(
        |_| {
            tally.panic();
            0
        },
        |length| length.min(out.len()),
    )
}

/// Answers what was longer than we take and came in part only.
pub(super) fn cut(query: &[u8], out: &mut [u8]) -> (Outcome, usize) {
    let rcode = match query::accept(query) {
        Err(Refusal::Opcode) => Rcode::NotImp,
        _ => Rcode::FormErr,
    };
    refuse(query, rcode, out)
}

/// Answers a message with a bare error. Silent at responses and at what has no header.
fn refuse(query: &[u8], rcode: Rcode, out: &mut [u8]) -> (Outcome, usize) {
    let length = error(query, rcode, out);
    let outcome = match rcode {
        _ if length == 0 => Outcome::Dropped,
        Rcode::FormErr => Outcome::FormErr,
        Rcode::NotImp => Outcome::NotImp,
        _ => Outcome::ServFail,
    };
    (outcome, length)
}

/// The header turned round, and the question if there is one to be seen: resolvers match answers by it (RFC 5452 §9.1).
fn error(query: &[u8], rcode: Rcode, out: &mut [u8]) -> usize {
    let Some(&[id0, id1, flags, _, qd0, qd1, ..]) = query.get(..HEADER) else {
        return 0;
    };
    // QR is set: an answer to an answer could go on for ever.
    if flags & 0x80 != 0 {
        return 0;
    }
    let question = match query.get(HEADER..).map(Name::read) {
        // Its name, type and class; exactly one, as no other number is legal (RFC 9619 §4).
        Some(Ok((_, name))) if [qd0, qd1] == [0, 1] => query
            .get(HEADER..HEADER.saturating_add(name).saturating_add(4))
            .unwrap_or(&[]),
        _ => &[],
    };
    let length = HEADER + question.len();
    let Some(out) = out.get_mut(..length) else {
        return 0;
    };
    let (header, rest) = out.split_at_mut(HEADER);
    header.fill(0);
    // QR set; opcode and RD are the query's.
    header[..4].copy_from_slice(&[id0, id1, 0x80 | (flags & 0x79), rcode as u8]);
    header[5] = u8::from(!question.is_empty());
    rest.copy_from_slice(question);
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01";

    fn refused(query: &[u8]) -> (Vec<u8>, Outcome) {
        let mut out = [0xAA; 512];
        let (outcome, length) = refuse(query, Rcode::ServFail, &mut out);
        (out[..length].to_vec(), outcome)
    }

    #[test]
    fn errors_keep_id_opcode_rd_and_question() {
        let (answer, outcome) = refused(QUERY);
        assert_eq!(answer[..12], [0x12, 0x34, 0x81, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answer[12..], QUERY[12..]);
        assert_eq!(outcome, Outcome::ServFail);
    }

    #[test]
    fn a_question_that_cannot_be_read_is_left_out() {
        for end in 12..QUERY.len() {
            let (answer, _) = refused(&QUERY[..end]);
            assert_eq!(
                answer,
                [0x12, 0x34, 0x81, 2, 0, 0, 0, 0, 0, 0, 0, 0],
                "cut at {end}"
            );
        }
    }

    #[test]
    fn responses_and_scraps_get_silence() {
        let mut response = QUERY.to_vec();
        response[2] |= 0x80;
        for query in [&response[..], &QUERY[..11], b""] {
            let (answer, outcome) = refused(query);
            assert!(answer.is_empty());
            assert_eq!(outcome, Outcome::Dropped);
        }
    }

    #[test]
    fn what_came_in_part_is_refused_by_the_rule_of_all() {
        for opcode in 0..16_u8 {
            let mut query = QUERY.to_vec();
            query[2] = opcode << 3;
            let mut out = [0; 512];
            cut(&query, &mut out);
            let rcode = if opcode == 0 { 1 } else { 4 };
            assert_eq!(out[2..4], [0x80 | opcode << 3, rcode]);
        }
        assert_eq!(cut(&QUERY[..11], &mut [0; 512]), (Outcome::Dropped, 0));
    }

    #[test]
    fn a_small_buffer_gets_nothing() {
        assert_eq!(error(QUERY, Rcode::ServFail, &mut [0; 20]), 0);
    }
}
