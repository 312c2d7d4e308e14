//! Differential judge: NSD and Knot beside us, the same zones and questions, and no difference without a reason.
//!
//! `README.md` beside this file lists the reasons. `MERIDIAN_DIFFERENTIAL_PAIRS` and `MERIDIAN_DIFFERENTIAL_SEED` say how
//! many questions are asked, and of which zones.

mod compare;
mod datagram;
mod dice;
mod message;
mod name;
mod pair;
mod questions;
mod servers;
mod services;
mod shrink;
mod zones;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use compare::{Class, Verdict};
use dice::Dice;
use name::Name;
use questions::Ask;
use servers::Trio;
use zones::Case;

use crate::tool::{Judge, records};

/// Questions about one case.
const ASKED: usize = 100;

/// Cases served at once.
const SERVED: usize = 500;

/// Unexplained differences that are made small and shown, each of another sort; the rest is counted.
const SHOWN: usize = 5;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

/// The name under which a case lives; all are equally long.
fn root(number: usize) -> Name {
    Name::of(&format!("z{number:05}.test"))
}

/// A difference without a reason.
struct Unexplained {
    case: Case,
    ask: Ask,
    why: String,
}

#[derive(Default)]
struct Table {
    pairs: usize,
    /// Of them, how many were asked over UDP as well, and how many of those came back with TC.
    datagrams: usize,
    truncated: usize,
    zones: usize,
    equal: usize,
    classes: BTreeMap<(&'static str, Class), (usize, String)>,
    unexplained: Vec<Unexplained>,
}

impl Table {
    fn count(&mut self, who: &'static str, class: Class, example: impl FnOnce() -> String) {
        let entry = self.classes.entry((who, class));
        entry.or_insert_with(|| (0, example())).0 += 1;
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} pairs of zone and question ({} over UDP as well, {} of them truncated), {} zones, \
             {} equal in all three, {} unexplained\n",
            self.pairs,
            self.datagrams,
            self.truncated,
            self.zones,
            self.equal,
            self.unexplained.len()
        );
        for ((who, class), (count, example)) in &self.classes {
            text += &format!("{count:8} {who:5} {class:?}, first {example}\n");
        }
        text
    }
}

#[test]
fn nsd_and_knot_answer_alike() {
    let pairs = setting("MERIDIAN_DIFFERENTIAL_PAIRS", 100_000) as usize;
    let seed = setting("MERIDIAN_DIFFERENTIAL_SEED", 4);
    Judge::new("nsd", "nsd", "differential-nsd").run("-v");
    Judge::new("knotd", "knot", "differential-knot").run("-V");
    let mut raw = BufWriter::new(File::create(records().join("differential-answers.txt")).unwrap());
    let begun = Instant::now();
    let mut table = Table::default();
    let mut number = 0;
    while table.pairs < pairs {
        let left = (pairs - table.pairs).div_ceil(ASKED).min(SERVED);
        round(seed, number..number + left, &mut table, &mut raw);
        number += left;
    }
    let text = format!("seed {seed}, {:?}\n{}", begun.elapsed(), table.text());
    println!("{text}");
    std::fs::write(records().join("differential.txt"), &text).unwrap();
    // One of each sort: what differs, without the names.
    let mut sorts: BTreeMap<&str, &Unexplained> = BTreeMap::new();
    for found in &table.unexplained {
        let sort = found.why.split(" have ").next().unwrap_or_default();
        sorts.entry(sort).or_insert(found);
    }
    let small = sorts.values().take(SHOWN);
    let small: String = small
        .map(|found| shrink::shrink(&found.case, &found.ask, &found.why))
        .collect();
    std::fs::write(records().join("differential-unexplained.txt"), &small).unwrap();
    assert!(table.unexplained.is_empty(), "{text}\n{small}");
}

/// Serves the cases of these numbers, asks about them, and compares.
fn round(seed: u64, numbers: std::ops::Range<usize>, table: &mut Table, raw: &mut impl Write) {
    let mut cases = Vec::new();
    let mut asks = Vec::new();
    for number in numbers {
        let mut dice = Dice::new(seed, number as u64);
        let case = Case::generate(&mut dice);
        asks.push(questions::generate(&case, &root(number), ASKED, &mut dice));
        table.zones += case.zones.len();
        cases.push((root(number), case));
    }
    let trio = Trio::start(&cases);
    for ((root, case), asks) in cases.iter().zip(&asks) {
        let queries = asks.iter().enumerate();
        let queries: Vec<Vec<u8>> = queries
            .map(|(id, ask)| ask.query(id as u16, root))
            .collect();
        let datagrams: Vec<Vec<u8>> = queries
            .iter()
            .zip(asks)
            .filter(|(_, ask)| ask.datagram)
            .map(|(query, _)| query.clone())
            .collect();
        let mut datagrams = trio.ask_udp(&datagrams).into_iter();
        for (ask, answers) in asks.iter().zip(trio.ask(&queries)) {
            table.pairs += 1;
            let about = format!(
                "{} {}",
                name::shown(&ask.wire(root)),
                zones::mnemonic(ask.kind)
            );
            let verdict = compare::compare(case, root, ask, &answers);
            let equal = matches!(&verdict, Verdict::Explained(classes) if classes.is_empty());
            writeln!(raw, "{about}").unwrap();
            for octets in answers.iter().take(if equal { 1 } else { 3 }) {
                let hex: String = octets.iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(raw, "{hex}").unwrap();
            }
            settle(table, verdict, case, ask, &about);
            if let Some(cut) = ask.datagram.then(|| datagrams.next()).flatten() {
                table.datagrams += 1;
                let verdict = datagram::compare(root, ask, &answers, &cut, &mut table.truncated);
                // What is equal was counted above.
                if !matches!(&verdict, Verdict::Explained(classes) if classes.is_empty()) {
                    settle(table, verdict, case, ask, &about);
                }
            }
        }
    }
}

fn settle(table: &mut Table, verdict: Verdict, case: &Case, ask: &Ask, about: &str) {
    match verdict {
        Verdict::Explained(classes) if classes.is_empty() => table.equal += 1,
        Verdict::Explained(classes) => {
            for (who, class) in classes {
                table.count(who, class, || about.to_string());
            }
        }
        Verdict::Unexplained(why) => table.unexplained.push(Unexplained {
            case: case.clone(),
            ask: ask.clone(),
            why,
        }),
    }
}

/// Else the judge above would prove nothing.
#[test]
fn each_fault_is_caught() {
    let owner = |text: &str, kind: u16, data: &str| zones::Line {
        owner: Name::of(text),
        ttl: 300,
        kind,
        data: data.into(),
    };
    let lines = vec![
        owner("", zones::SOA, "ns1 Host.Master 1 3600 600 604800 60"),
        owner("", zones::NS, "ns1"),
        owner("ns1", zones::A, "192.0.2.53"),
        owner("mail", zones::MX, "10 ns1"),
    ];
    let apex = Name::default();
    let case = Case {
        zones: vec![zones::Zone { apex, lines }],
    };
    let (root, ask) = (root(0), Ask::plain(Name::of("mail"), zones::MX));
    let trio = Trio::start(&[(root.clone(), case.clone())]);
    let good = trio.ask(&[ask.query(1, &root)]).remove(0);
    let explained = |answers: &[Vec<u8>; 3]| {
        let verdict = compare::compare(&case, &root, &ask, answers);
        matches!(verdict, Verdict::Explained(_))
    };
    assert!(explained(&good));
    let end = good[0].len();
    // AA, the code, RA, a letter of the question, an octet of an address, one octet less.
    let faults: [fn(&mut Vec<u8>); 6] = [
        |m| m[2] ^= 4,
        |m| m[3] ^= 3,
        |m| m[3] ^= 0x80,
        |m| m[13] ^= 0x20,
        |m| *m.last_mut().unwrap() ^= 1,
        |m| m.truncate(m.len() - 1),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let mut bad = good.clone();
        fault(&mut bad[0]);
        assert!(
            !explained(&bad),
            "fault {number} of an answer of {end} octets"
        );
    }
}

/// The same for what is asked over UDP.
#[test]
fn each_fault_of_a_datagram_is_caught() {
    let owner = |owner: &str, kind: u16, data: String| zones::Line {
        owner: Name::of(owner),
        ttl: 300,
        kind,
        data,
    };
    let mut lines = vec![
        owner("", zones::SOA, "ns1 h 1 3600 600 604800 60".into()),
        owner("", zones::NS, "ns1".into()),
        owner("ns1", zones::A, "192.0.2.53".into()),
    ];
    let text = "t".repeat(100);
    lines.extend((0..9).map(|n| owner("big", zones::TXT, format!("{n}{text}"))));
    let apex = Name::default();
    let case = Case {
        zones: vec![zones::Zone { apex, lines }],
    };
    let root = root(0);
    let trio = Trio::start(&[(root.clone(), case)]);
    let explained = |name: &str, kind: u16, fault: fn(&mut Vec<u8>)| {
        let ask = Ask::plain(Name::of(name), kind);
        let query = [ask.query(1, &root)];
        let (full, mut cut) = (trio.ask(&query).remove(0), trio.ask_udp(&query).remove(0));
        fault(&mut cut[0]);
        let verdict = datagram::compare(&root, &ask, &full, &cut, &mut 0);
        matches!(verdict, Verdict::Explained(_))
    };
    for (name, kind) in [("big", zones::TXT), ("ns1", zones::A)] {
        assert!(explained(name, kind, |_| ()));
        // TC, the code, a letter of the question, an octet too many.
        let faults: [fn(&mut Vec<u8>); 4] = [
            |m| m[2] ^= 2,
            |m| m[3] ^= 3,
            |m| m[13] ^= 0x20,
            |m| m.push(0),
        ];
        for (number, fault) in faults.into_iter().enumerate() {
            assert!(!explained(name, kind, fault), "fault {number} of {name}");
        }
    }
}
