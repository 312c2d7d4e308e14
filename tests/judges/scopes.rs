//! What scopes cost and whether they are right: the answers that a resolver's cache must hold for clients at all borders
//! of a database, and the clients whom that cache gives another's answer. Beside gdnsd and Knot, with the same rules.

mod ground;
mod subject;

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;

use super::subnet::Told;
use super::tool::{record, records};
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

/// A line of the table, and what must hold of it.
struct Row {
    rules: &'static str,
    server: String,
    seen: Seen,
    /// Clients that directly get another answer than from ours.
    other: usize,
}

impl Row {
    fn sum(&self) -> usize {
        self.seen.entries.iter().sum()
    }

    fn text(&self) -> String {
        let Row {
            rules,
            server,
            seen,
            other,
        } = self;
        let ([v4, v6, everyone], (best, worst)) = (seen.entries, seen.wrong);
        format!(
            "| {rules} | {server} | {} | {v4} | {v6} | {everyone} | {} | {best} to {worst} | {other} |\n",
            self.sum(),
            seen.nested,
        )
    }
}

/// What one server said of the name: of all clients, and of those alone for whom it did not speak to everyone.
fn rows(
    rules: &'static str,
    server: &str,
    clients: &[(IpAddr, u8)],
    answers: &[Told],
    ours: &[Told],
) -> Vec<Row> {
    let apart = |at: &usize| answers[*at].scope() > Some(0);
    let some: Vec<usize> = (0..clients.len()).filter(apart).collect();
    let all = (0..clients.len()).collect();
    let mut parts = vec![(server.to_string(), all)];
    if some.len() < clients.len() {
        parts.push((format!("{server}, but for scope 0"), some));
    }
    let row = |(server, part): (String, Vec<usize>)| {
        let clients: Vec<_> = part.iter().map(|at| clients[*at]).collect();
        let told: Vec<Told> = part.iter().map(|at| answers[*at].clone()).collect();
        let differs = |at: &&usize| answers[**at].set() != ours[**at].set();
        Row {
            rules,
            server: format!("{server} ({} clients)", part.len()),
            seen: sweep(&clients, &told),
            other: part.iter().filter(differs).count(),
        }
    };
    parts.into_iter().map(row).collect()
}

/// Each client's answers: the last octet of the address, and the scope.
fn raw(clients: &[(IpAddr, u8)], columns: &[(String, Vec<Told>)]) -> String {
    let mut text = String::from("client");
    for (title, _) in columns {
        write!(text, "\t{title}").unwrap();
    }
    for (at, (client, source)) in clients.iter().enumerate() {
        write!(text, "\n{client}/{source}").unwrap();
        for (_, answers) in columns {
            let told = &answers[at];
            let data = told.records.first().and_then(|(_, data)| data.last());
            let (data, scope) = (data.copied().unwrap_or(0), told.scope().unwrap_or(0));
            write!(text, "\t.{data}/{scope}").unwrap();
        }
    }
    text + "\n"
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
    let (mut table, mut columns) = (Vec::new(), Vec::new());
    for name in ground::NAMES {
        let mut ours: Option<Vec<Told>> = None;
        for subject in &subjects {
            let Some(answers) = subject.ask(name, &clients) else {
                continue;
            };
            let ours = ours.get_or_insert_with(|| answers.clone());
            table.extend(rows(name, subject.name, &clients, &answers, ours));
            columns.push((format!("{name} {}", subject.name), answers));
        }
    }
    for row in &table {
        text += &row.text();
    }
    record("scopes", &text);
    fs::write(records().join("scopes-raw.txt"), raw(&clients, &columns)).unwrap();
    for name in ground::NAMES {
        let mut of = table.iter().filter(|row| row.rules == name);
        let (ours, gdnsd) = (of.next().unwrap(), of.next().unwrap());
        assert!(ours.server.starts_with("Meridian") && gdnsd.server.starts_with("gdnsd"));
        let Seen { wrong, nested, .. } = ours.seen;
        assert_eq!((wrong, nested), ((0, 0), 0), "{name}");
        assert_eq!(gdnsd.other, 0, "{name}: the rules are not the same");
        // Both merge neighbours that get the same.
        assert!(ours.sum() <= gdnsd.sum(), "{name}");
    }
}
