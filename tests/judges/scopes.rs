//! What scopes cost and whether they are right: the answers that a resolver's cache must hold for clients at all borders
//! of a database, and the clients whom that cache gives another's answer. Beside gdnsd and Knot, with the same rules.

mod ground;
mod subject;

use std::fmt::Write as _;
use std::net::IpAddr;

use super::subnet::Told;
use super::tool::record;
use crate::cache::Cache;
use ground::Dice;
use subject::Subject;

/// Orders in which clients come to the cache.
const ORDERS: usize = 3;

/// What a sweep of one name through a cache showed.
struct Seen {
    /// For IPv4, for IPv6, and for everyone: in the order that needs most.
    entries: [usize; 3],
    /// Clients whom the cache answers otherwise than the server does, in the best order and in the worst.
    wrong: (usize, usize),
    /// Pairs of scopes of which one lies in another.
    nested: usize,
}

/// Sends all clients through an empty cache, in several orders. The server always answers alike, so what it said once
/// stands for every question.
fn sweep(clients: &[(IpAddr, u8)], answers: &[Told]) -> Seen {
    let mut seen = Seen {
        entries: [0; 3],
        wrong: (usize::MAX, 0),
        nested: nested(clients, answers),
    };
    let mut dice = Dice(7);
    for _ in 0..ORDERS {
        let mut order: Vec<usize> = (0..clients.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.below(at as u64 + 1) as usize);
        }
        let mut cache = Cache::new();
        let mut wrong = 0;
        for at in order {
            let ((client, source), told) = (clients[at], &answers[at]);
            match cache.find(client) {
                Some(held) => wrong += usize::from(*held != told.set()),
                None => cache.keep(client, source, told.scope().unwrap_or(0), told.set()),
            }
        }
        let all = |entries: [usize; 3]| entries.iter().sum::<usize>();
        if all(cache.entries()) > all(seen.entries) {
            seen.entries = cache.entries();
        }
        seen.wrong = (seen.wrong.0.min(wrong), seen.wrong.1.max(wrong));
    }
    seen
}

/// How many of the scopes that were told lie in another one.
fn nested(clients: &[(IpAddr, u8)], answers: &[Told]) -> usize {
    let mut scopes: Vec<(bool, u128, u8)> = clients
        .iter()
        .zip(answers)
        .map(|((client, _), told)| {
            let length = told.scope().unwrap_or(0);
            let (bits, width) = ground::bits(*client);
            let low = u128::MAX.checked_shl(width - u32::from(length));
            (client.is_ipv6(), bits & low.unwrap_or(0), length)
        })
        .collect();
    scopes.sort();
    scopes.dedup();
    let mut open: Vec<(bool, u128, u8)> = Vec::new();
    let mut found = 0;
    for (six, bits, length) in scopes {
        let width = if six { 128 } else { 32 };
        let holds = |outer: &(bool, u128, u8)| {
            let shift = width - u32::from(outer.2);
            outer.0 == six && (outer.1 ^ bits).checked_shr(shift).unwrap_or(0) == 0
        };
        while open.last().is_some_and(|outer| !holds(outer)) {
            open.pop();
        }
        found += usize::from(!open.is_empty());
        open.push((six, bits, length));
    }
    found
}

#[test]
fn scopes_beside_others() {
    let database = ground::database();
    let clients = ground::clients(&database);
    let four = clients.iter().filter(|c| c.0.is_ipv4()).count();
    let mut text = format!(
        "{} networks, {four} clients' /24 and {} clients' /48, {ORDERS} orders of clients\n\n\
         | rules | server | entries | IPv4 | IPv6 | everyone | scopes in scopes | wrong clients | other answers than Meridian's |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        database.networks.len(),
        clients.len() - four,
    );
    let subjects = [Subject::ours, Subject::gdnsd, Subject::knot].map(|start| start(&database));
    let mut rows = Vec::new();
    for name in ground::NAMES {
        let mut ours: Option<Vec<Told>> = None;
        for subject in &subjects {
            let Some(answers) = subject.ask(name, &clients) else {
                continue;
            };
            let seen = sweep(&clients, &answers);
            let first = ours.get_or_insert_with(|| answers.clone());
            let pairs = first.iter().zip(&answers);
            let other = pairs.filter(|(a, b)| a.set() != b.set()).count();
            let [v4, v6, everyone] = seen.entries;
            let (sum, (best, worst)) = (v4 + v6 + everyone, seen.wrong);
            writeln!(
                text,
                "| {name} | {} | {sum} | {v4} | {v6} | {everyone} | {} | {best} to {worst} | {other} |",
                subject.name, seen.nested,
            )
            .unwrap();
            rows.push((name, subject.name, sum, worst, seen.nested, other));
        }
    }
    text += "\nThe first clients, what they got and its scope:\n";
    for name in ground::NAMES {
        for subject in &subjects {
            let Some(answers) = subject.ask(name, &clients[..8]) else {
                continue;
            };
            for ((client, source), told) in clients.iter().zip(&answers) {
                let data = told.records.first().map(|(_, data)| data.clone());
                let scope = told.scope();
                writeln!(
                    text,
                    "{name} {} {client}/{source} {data:?} {scope:?}",
                    subject.name
                )
                .unwrap();
            }
        }
    }
    record("scopes", &text);
    for name in ground::NAMES {
        let of = |server: &str| rows.iter().find(|row| row.0 == name && row.1 == server);
        let (ours, gdnsd) = (of("Meridian").unwrap(), of("gdnsd").unwrap());
        assert_eq!((ours.3, ours.4), (0, 0), "{name}: {text}");
        assert_eq!(gdnsd.5, 0, "{name}: the rules are not the same");
        // By law where every rule has a target of its own: both merge equal neighbours.
        if name != "shared" {
            assert!(ours.2 <= gdnsd.2, "{name}: {text}");
        }
    }
}
