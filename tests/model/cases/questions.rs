//! What is believed of the VIPs, and what is asked.

use std::net::IpAddr;

use super::super::estate::{Board, Estate, Kind, Place, Query, Said, State, Vip};
use super::super::form;
use super::super::network::{Network, bits, from_bits};
use super::places::address;
use super::{NOW, Tape};

pub(super) fn board(tape: &mut Tape<'_>, estate: &Estate) -> Board {
    use State::{Degraded, Down, Drain, Unknown, Up};
    let mood: &[State] = match tape.below(6) {
        0 => &[Unknown],
        1 => &[Up, Unknown, Up, Degraded(500_000)],
        2 => &[
            Up,
            Down,
            Degraded(1),
            Degraded(999_999),
            Drain,
            Unknown,
            Degraded(300_000),
        ],
        3 => &[Down, Down, Up, Drain],
        4 => &[Down, Down, Down, Drain],
        _ => &[Down],
    };
    let mut one = |_| {
        let state = tape.pick(mood);
        let ago = tape.pick(&[5, 100, 239, 240, 241, 1000, 1_000_000]);
        (state, if state == Unknown { 0 } else { NOW - ago })
    };
    let v4: Said = estate.vips.iter().map(&mut one).collect();
    // Now and then a VIP's two addresses fare otherwise.
    let apart = tape.below(3) == 0;
    let six = |(vip, said): (&Vip, &(State, u64))| match (vip.v4, vip.v6) {
        (Some(_), Some(_)) if apart && tape.below(2) == 0 => {
            let state = tape.pick(mood);
            (state, if state == Unknown { 0 } else { NOW - 100 })
        }
        _ => *said,
    };
    let v6 = estate.vips.iter().zip(&v4).map(six).collect();
    Board { v4, v6 }
}

pub(super) fn query(tape: &mut Tape<'_>, estate: &Estate, boards: usize) -> Query {
    // Mostly the pools that were made last: they stand on the others.
    let many = estate.names.len();
    let steered = tape.below(many).min(tape.below(many));
    // Every name any-7 below a wildcard is left alone, if any is.
    let below = tape.below(1000).min(tape.below(30));
    let name = estate.names[steered]
        .name
        .replace('*', &format!("any-{below}"));
    let name = if tape.percent(30) {
        name.to_ascii_uppercase()
    } else {
        name
    };
    let board = tape.below(boards);
    let kind = tape.pick(&[
        Kind::A,
        Kind::Aaaa,
        Kind::A,
        Kind::Aaaa,
        Kind::Https,
        Kind::Cname,
    ]);
    let resolver = somewhere(tape, estate);
    let ecs = tape.percent(70).then(|| {
        let addr = somewhere(tape, estate);
        let usual = if addr.is_ipv4() { 24 } else { 56 };
        let source = match tape.below(4) {
            0 => usual,
            1 => usual - tape.below(usual + 1),
            2 => usual - tape.below(12),
            _ => tape.below(usize::from(Network::width(addr)) + 1),
        };
        let network = Network::around(addr, source as u8);
        (network.addr, network.len)
    });
    let now = NOW + tape.below(3) as u64 * tape.below(400) as u64;
    let counter = if tape.percent(50) {
        tape.word()
    } else {
        tape.below(64) as u32
    };
    Query {
        board,
        steered,
        name,
        kind,
        resolver,
        ecs,
        now,
        counter,
    }
}

/// An address where something may change; of those of IPv4 some are written as IPv6.
pub(super) fn somewhere(tape: &mut Tape<'_>, estate: &Estate) -> IpAddr {
    let addr = known(tape, estate);
    if addr.is_ipv4() && tape.percent(12) {
        form::write(addr, tape.below(4), tape.bits())
    } else {
        addr
    }
}

/// In, at the edge of, or beside a known network.
fn known(tape: &mut Tape<'_>, estate: &Estate) -> IpAddr {
    let places = estate
        .rules
        .iter()
        .flat_map(|set| &set.rules)
        .map(|rule| &rule.place)
        .chain(estate.latency.iter().map(|trip| &trip.place))
        .filter_map(|place| match place {
            Place::Network(network) => Some(*network),
            _ => None,
        });
    let known: Vec<Network> = estate
        .networks
        .iter()
        .map(|(n, _)| *n)
        .chain(estate.corrections.iter().map(|one| one.network))
        .chain(places)
        .collect();
    let network = tape.pick(&known);
    let v4 = network.addr.is_ipv4();
    match tape.below(12) {
        0 => network.addr,
        1 => network.after().unwrap_or(network.addr),
        2 | 3 | 8..=11 => {
            let inside =
                tape.bits() & !bits(Network::around(from_bits(v4, u128::MAX), network.len).addr);
            let inside = if v4 { inside & 0xffff_ffff } else { inside };
            from_bits(v4, bits(network.addr) | inside)
        }
        4 => address(tape, true),
        5 => address(tape, false),
        6 => {
            let private = [
                "10.1.2.3",
                "192.168.7.9",
                "127.0.0.1",
                "203.0.113.7",
                "fd00::1",
                "2001:db8::1",
                "::1",
            ];
            tape.pick(&private).parse().expect("an address")
        }
        _ => {
            let bits = tape.bits();
            from_bits(
                v4,
                if v4 {
                    bits & 0xffff_ffff
                } else {
                    1 << 125 | bits >> 3
                },
            )
        }
    }
}
