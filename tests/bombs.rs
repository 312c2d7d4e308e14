//! Messages of 65,535 octets made of compression pointers (RFC 1035 §4.1.4): each is refused without memory, and at once.

use std::time::{Duration, Instant};

use meridian::answer::{Client, Transport, Turn, answer};
use meridian::stats::{Counters, Outcome};
use meridian::wire::asked::{Asked, Seed};

use crate::counting::asked;
use crate::sample;

const LONGEST: usize = 65_535;
const WWW: &[u8] = b"\x03www\x07example\x03com\x00\x00\x01\x00\x01";

/// A header with these counts, then these octets, filled up with what `more` gives for each place.
fn bomb(counts: [u16; 4], start: &[u8], more: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 0, 0];
    counts
        .iter()
        .for_each(|count| message.extend(count.to_be_bytes()));
    message.extend(start);
    while message.len() < LONGEST {
        let at = message.len();
        message.extend(more(at));
    }
    message.truncate(LONGEST);
    message
}

fn pointer(to: usize) -> Vec<u8> {
    (0xC000 | (to as u16 & 0x3FFF)).to_be_bytes().into()
}

/// A record whose owner is these octets.
fn record(owner: &[u8], kind: u16) -> Vec<u8> {
    [owner, &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 0, 0, 0]].concat()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let back = |at: usize| pointer(at.saturating_sub(2).max(12));
    let long = [&[63][..], &[b'a'; 63]].concat();
    let opt: &[u8] = &[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
    let mut last = bomb([1, 0, 0, 5_000], WWW, |at| record(&back(at), 1));
    let end = last.len() - opt.len();
    last[end..].copy_from_slice(opt);
    vec![
        (
            "a chain of pointers as the name asked",
            bomb([1, 0, 0, 0], &[0], back),
        ),
        (
            "a pointer to itself",
            bomb([1, 0, 0, 0], &[], |_| pointer(12)),
        ),
        (
            "as many questions as can be",
            bomb([u16::MAX, 0, 0, 0], WWW, |at| {
                [pointer(at - 2), vec![0, 1, 0, 1]].concat()
            }),
        ),
        (
            "labels and a pointer to them",
            bomb([1, 0, 0, 0], &[], |at| {
                [long.clone(), pointer(at.max(12))].concat()
            }),
        ),
        (
            "records with chains as owners",
            bomb([1, u16::MAX, 0, 0], WWW, |at| record(&back(at), 1)),
        ),
        (
            "authorities with chains as owners",
            bomb([1, 0, u16::MAX, 0], WWW, |at| record(&back(at), 6)),
        ),
        (
            "additional records with long owners",
            bomb([1, 0, 0, u16::MAX], WWW, |_| {
                record(
                    &[long.clone(), long.clone(), long.clone(), pointer(12)].concat(),
                    1,
                )
            }),
        ),
        ("an OPT behind thousands of records", last),
        (
            "nothing but OPT",
            bomb([1, 0, 0, u16::MAX], WWW, |_| opt.to_vec()),
        ),
        (
            "an OPT of options only",
            bomb(
                [1, 0, 0, 1],
                &[WWW, &[0, 0, 41, 4, 208, 0, 0, 0, 0, 0xFF, 0xD2]].concat(),
                |_| vec![0, 10, 0, 0],
            ),
        ),
        ("an UPDATE of pointers", {
            let mut update = bomb([1, u16::MAX, u16::MAX, u16::MAX], WWW, |at| {
                record(&back(at), 1)
            });
            update[2] = 0x28;
            update
        }),
        ("all ones", bomb([u16::MAX; 4], &[], |_| vec![0xFF])),
    ]
}

#[test]
fn bombs_take_no_memory_and_no_time() {
    let server = sample::server(10, 100);
    let client = Client {
        addr: ([11, 22, 33, 44], 53_000).into(),
        transport: Transport::Tcp,
    };
    let counters = Counters::default();
    let mut asked_for = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut asked_for);
    turn.now = 1_700_000_000;
    let mut out = vec![0; LONGEST];
    let mut longest = (Duration::ZERO, "");
    for (name, bomb) in bombs() {
        assert_eq!(bomb.len(), LONGEST, "{name}");
        let before = asked();
        let began = Instant::now();
        let length = answer(server.world(), client, &mut turn, &bomb, &mut out);
        longest = longest.max((began.elapsed(), name));
        assert_eq!(asked(), before, "{name} takes memory");
        // Some answer, with at most the question in it: nothing of what came is copied.
        assert!((12..=300).contains(&length), "{name}: {length}");
        assert_eq!(out[..2], bomb[..2], "{name}");
    }
    println!("longest: {longest:?}");
    assert_eq!(counters.outcomes(Outcome::ServFail), 0);
}
