//! The law of edits: whatever changes in a file, following the change gives what reading the whole file gives.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;

use super::chunks::equal;
use super::{HEAD, name};
use crate::diagnostic::Source;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::zone::{Edited, Shown, Sought, Stretches, Texts, Zone, edit, locate, locate_in, read};

/// A file as it was last read: its lines, its zone, what is kept of it.
struct File {
    lines: Vec<String>,
    zone: Zone,
    kept: Option<Stretches>,
}

/// How changes were followed.
#[derive(Default)]
struct Tally {
    same: Cell<u32>,
    followed: Cell<u32>,
    whole: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// The whole file read, and what is wrong with it.
fn whole(
    lines: &[String],
    before: Option<&Zone>,
    hasher: &RandomState,
) -> Result<File, Vec<String>> {
    let source = Source::new("z.zone", lines.concat());
    let reading = read(&source, &name("example.com."), &Texts::alone(), before);
    let told: Vec<String> = reading.diagnostics.iter().map(|d| d.line()).collect();
    let Some(zone) = reading.zone else {
        return Err(told);
    };
    let digest = |octets: &[u8]| hasher.hash_one(octets);
    let kept = reading
        .draft
        .map(|draft| draft.finish(&source.text, &zone, &digest));
    assert!(kept.is_none() || told.is_empty(), "{told:?}");
    Ok(File {
        lines: lines.to_vec(),
        zone,
        kept,
    })
}

/// All names are found in the one as in the other, and no others.
fn alike(one: &Zone, other: &Zone) {
    assert!(
        equal(one, other),
        "{} names against {}",
        one.names(),
        other.names()
    );
    assert_eq!(one.serial(), other.serial());
    assert_eq!(one.digest(), other.digest());
    for node in other.nodes() {
        let found = one.node(node.wire());
        assert!(
            found.is_some_and(|found| found.wire() == node.wire()),
            "{node:?}"
        );
    }
    for host in other.servers() {
        assert_eq!(one.server(*host), other.server(*host));
    }
    for text in ["nowhere", "x.a", "b.b.b.b", "h1.h1", "w0"] {
        let absent = Name::parse(text.as_bytes(), Some(&name("example.com."))).unwrap();
        let [found, there] = [one, other].map(|zone| zone.node(absent.wire()).is_some());
        assert_eq!(found, there, "{absent}");
    }
}

impl File {
    /// Follows a change; false if the new text is refused.
    fn follow(&mut self, lines: Vec<String>, hasher: &RandomState, tally: &Tally) -> bool {
        let digest = |octets: &[u8]| hasher.hash_one(octets);
        let source = Source::new("z.zone", lines.concat());
        let origin = name("example.com.");
        let full = whole(&lines, Some(&self.zone), hasher);
        let edited = match &self.kept {
            Some(kept) => edit(&source, &origin, &self.zone, kept, &digest),
            None => Edited::Unclear,
        };
        match (edited, full) {
            (Edited::Unclear, full) => {
                count(&tally.whole);
                let taken = full.is_ok();
                if let Ok(full) = full {
                    *self = full;
                }
                taken
            }
            (Edited::Same, full) => {
                count(&tally.same);
                assert_eq!(self.lines.concat(), lines.concat());
                alike(&self.zone, &full.unwrap().zone);
                true
            }
            (Edited::Zone(zone, kept), full) => {
                count(&tally.followed);
                let full = full.unwrap_or_else(|told| panic!("{told:?}\n{}", lines.concat()));
                assert!(
                    full.kept.is_some(),
                    "there was something to tell:\n{}",
                    lines.concat()
                );
                alike(&zone, &full.zone);
                let known = self.zone.digest();
                assert_eq!(zone.digest_beside(&self.zone, known), zone.digest());
                let length: usize = kept.list.iter().map(|one| one.length).sum();
                assert_eq!(length, source.text.len());
                assert_eq!(kept.targets, full.kept.unwrap().targets);
                if lines.len().is_multiple_of(8) {
                    let sought = Sought {
                        owner: zone.apex(),
                        kind: Kind::SOA,
                        rdata: None,
                        shown: Shown::Owner,
                    };
                    let spot = locate(&source, &origin, &Texts::alone(), sought);
                    let found = locate_in(&source, &origin, &kept, &digest, sought);
                    // A stretch before any `$TTL` may take its TTL from a record above it, and is not read alone.
                    let alone = source.text.starts_with(b"$TTL");
                    assert!(
                        found == spot || found.is_none() && !alone,
                        "{found:?} {spot:?}"
                    );
                }
                (self.zone, self.kept, self.lines) = (*zone, Some(kept), lines);
                true
            }
        }
    }
}

/// A line of any kind, most of them plain.
fn line() -> impl Strategy<Value = String> {
    let owner = prop_oneof![
        8 => (0..60u8).prop_map(|n| format!("h{n}")),
        4 => (0..20u8, 0..4u8).prop_map(|(n, m)| format!("w{n}.h{m}")),
        2 => (0..4u8).prop_map(|n| format!("H{n}.b.a")),
        1 => Just("@".to_owned()),
        1 => (0..9u8).prop_map(|n| format!("h{n}.example.com.")),
        1 => (0..3u8).prop_map(|n| format!("*.h{n}")),
        2 => (0..3u8, 0..3u8).prop_map(|(n, m)| format!("x{n}.y{m}.deep")),
        1 => (0..9u8).prop_map(|n| format!("( h{n}.EXAMPLE.com. )")),
        1 => (0..9u8).prop_map(|n| format!("\\1040\\{n}")),
        1 => (0..3u8).prop_map(|n| format!("cut{n}")),
        1 => (0..3u8).prop_map(|n| format!("g.cut{n}")),
    ];
    let data = prop_oneof![
        12 => (0..9u8).prop_map(|n| format!("A 192.0.2.{n}")),
        4 => (0..9u8).prop_map(|n| format!("IN AAAA 2001:db8::{n}")),
        2 => (0..3u8).prop_map(|n| format!("TXT \"a ; ( {n}\" b")),
        2 => (0..3u8).prop_map(|n| format!("TXT ( a ; )\n  {n}\n\n\"x\" )")),
        1 => (0..3u8).prop_map(|n| format!("{}00 SRV 1 1 53 h{n}", n + 1)),
        1 => (0..3u8).prop_map(|n| format!("CNAME h{n}")),
        1 => (0..6u8).prop_map(|n| format!("MX 1 h{n}")),
        1 => Just("DNAME x.net.".to_owned()),
        3 => (0..60u8).prop_map(|n| format!("300 A 192.0.2.{n}")),
        1 => (0..9u8).prop_map(|n| format!("600 IN HINFO a \"{n}\"")),
        2 => (0..3u8).prop_map(|n| format!("NS ns{n}.cut{n}\n NS ns.elsewhere.net.")),
        1 => Just("DS \\# 4 00010801".to_owned()),
        1 => Just("A 192.0.2.256".to_owned()),
    ];
    prop_oneof![
        30 => (owner, data).prop_map(|(owner, data)| format!("{owner} {data}\n")),
        2 => (0..9u8).prop_map(|n| format!("  A 192.0.2.{n}\n")),
        1 => (0..9u8).prop_map(|n| format!("\tIN 300 A 192.0.2.{n}\r\n")),
        // A delegation that nobody complains about, with its glue; one to a host beside it; servers of mail.
        1 => (0..4u8).prop_map(|n| format!("cut{n} NS g.cut{n}\n NS ns.elsewhere.net.\ng.cut{n} A 192.0.2.{n}\n")),
        1 => (0..9u8).prop_map(|n| format!("cut{n}.h1 NS h{n}\n NS ns.elsewhere.net.\nh{n} A 192.0.2.{n}\n")),
        1 => (0..9u8).prop_map(|n| format!("*.w{n} A 192.0.2.{n}\n")),
        1 => Just("$ORIGIN b\n".to_owned()),
        1 => Just("$ORIGIN .\n".to_owned()),
        1 => Just("$TTL 300\n".to_owned()),
        1 => Just("; a comment ( \"\n".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("$ORIGIN a.example.com.\n".to_owned()),
        1 => Just("$ORIGIN example.com.\n".to_owned()),
        1 => Just("$TTL 600\n".to_owned()),
        1 => Just("$GENERATE 1-3 g$ A 192.0.2.$\n".to_owned()),
        1 => Just("$INCLUDE other\n".to_owned()),
        1 => Just("h5 TXT ( never closed\n".to_owned()),
    ]
}

/// One change: what, where, where else, and a new line.
type Change = (u8, usize, usize, String);

fn apply(lines: &mut Vec<String>, (what, at, to, line): &Change, serial: u32) {
    let (one, other) = (at % (lines.len() + 1), to % (lines.len() + 1));
    let (low, high) = (one.min(other), one.max(other));
    let soon = high.min(low + 6);
    let last = lines.len().saturating_sub(1);
    match what {
        0..=3 => lines.insert(one, line.clone()),
        4..=6 => drop((one < lines.len()).then(|| lines.remove(one))),
        7..=10 => lines[one.min(last)] = line.clone(),
        11 => {
            let moved = lines.remove(one.min(last));
            lines.insert(other.min(last), moved);
        }
        12 => lines[low..high].rotate_left((high - low) / 2),
        13 => drop(lines.drain(low..soon)),
        14 => {
            // Without a line feed at its end.
            let end = lines.last_mut().unwrap();
            end.truncate(end.trim_end().len());
        }
        15 => {
            let end = lines.last_mut().unwrap();
            end.push_str("5\n");
        }
        16 => lines.swap(one.min(last), other.min(last)),
        17 => lines[low..high].reverse(),
        18 => lines.insert(other, lines[one.min(last)].clone()),
        19 | 20 => octet(&mut lines[one.min(last)], *to, line.len()),
        21 => {
            // With the ends of lines of other machines, or no longer so.
            let line = &mut lines[one.min(last)];
            *line = match line.strip_suffix("\r\n") {
                Some(plain) => format!("{plain}\n"),
                None => line.replace('\n', "\r\n"),
            };
        }
        22 => {
            let more = (0..to % 40).map(|n| format!("n{serial}x{n} A 192.0.2.{n}\n"));
            drop(lines.splice(one..one, more));
        }
        23 => lines.retain(|line| !line.starts_with('n')),
        _ => {}
    }
    if what % 3 != 0 {
        for line in lines.iter_mut().filter(|line| line.starts_with("@ SOA")) {
            *line = format!("@ SOA ns1 hostmaster {serial} 2 3 4 5\n");
        }
    }
}

/// What a slip of the hand does: an octet less, or one more that means something.
fn octet(line: &mut String, at: usize, which: usize) {
    let at = at % line.len().max(1);
    const MEANING: &[u8] = b"();\"\n\r \t$@.\\*A6";
    match MEANING.get(which % (2 * MEANING.len())) {
        Some(octet) => line.insert(at, char::from(*octet)),
        None if at < line.len() => drop(line.remove(at)),
        None => {}
    }
}

fn change() -> impl Strategy<Value = Change> {
    (0..26u8, any::<usize>(), any::<usize>(), line())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Ten thousand changes, a hundred to each of a hundred files.
    #[test]
    fn following_a_change_is_reading_the_file(
        first in prop::collection::vec(line(), 40..120),
        changes in prop::collection::vec(change(), 100),
        steered in prop::collection::vec((0..70u8, any::<bool>()), 0..4),
    ) {
        let hasher = RandomState::new();
        let tally = Tally::default();
        let mut lines: Vec<String> = HEAD.lines().map(|line| format!("{line}\n")).collect();
        let mut file = whole(&lines, None, &hasher).unwrap();
        for line in first {
            lines.push(line);
            match whole(&lines, None, &hasher) {
                Ok(next) if next.kept.is_some() => file = next,
                _ => drop(lines.pop()),
            }
        }
        let steered: Vec<Name> = steered.iter().map(|(n, wild)| {
            let wild = if *wild { "*." } else { "" };
            let below = ["", "w1.", "deep."][usize::from(*n % 3)];
            name(&format!("{wild}{below}h{n}.example.com."))
        }).collect();
        file.zone = file.zone.steer_except(&steered, &[name("x.h1.example.com.")]);
        for (serial, change) in changes.iter().enumerate() {
            let mut lines = file.lines.clone();
            apply(&mut lines, change, serial as u32 + 10);
            let before = file.lines.clone();
            let taken = file.follow(lines, &hasher, &tally);
            if taken && file.kept.is_none() {
                // Nothing could be followed any more.
                let zone = file.zone.clone();
                file = whole(&before, Some(&zone), &hasher).unwrap();
            }
        }
        prop_assert!(tally.followed.get() > 5, "{} followed", tally.followed.get());
    }
}

/// What the rules see of a change from elsewhere in the zone is left to them.
#[test]
fn what_concerns_others_is_read_whole() {
    let hasher = RandomState::new();
    let digest = |octets: &[u8]| hasher.hash_one(octets);
    let lines: Vec<String> = (0..40).map(|n| format!("h{n} A 192.0.2.{n}\n")).collect();
    let more =
        "m MX 1 h5\nd NS h6\nd NS ns.elsewhere.net.\ng.d A 192.0.2.1\ne NS g.d\ne NS a.net.\n";
    let text = format!("{HEAD}{}{more}", lines.concat());
    let file = whole(std::slice::from_ref(&text), None, &hasher).unwrap();
    let kept = file.kept.unwrap();
    let follow = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let source = Source::new("z.zone", text.replace(from, to));
        edit(&source, &name("example.com."), &file.zone, &kept, &digest)
    };
    for (from, to) in [
        ("h5 A 192.0.2.5\n", "h5 CNAME x.net.\n"),
        ("h6 A 192.0.2.6\n", ""),
        ("h6 A 192.0.2.6\n", "h6 A 192.0.2.7\n"),
        ("m MX 1 h5\n", "m MX 1 h7\n"),
        ("d NS h6\n", ""),
        ("g.d A 192.0.2.1\n", "g.d A 192.0.2.2\n"),
        ("h7 A 192.0.2.7\n", "*.h7 A 192.0.2.7\n"),
        ("h7 A 192.0.2.7\n", "h7 DNAME x.net.\n"),
        ("h7 A 192.0.2.7\n", "h7 A 192.0.2.7\nh7 A 192.0.2.7\n"),
        ("h7 A 192.0.2.7\n", "$TTL 7\nh7 A 192.0.2.7\n"),
        ("$TTL 300\n", "$TTL 301\n"),
    ] {
        assert!(matches!(follow(from, to), Edited::Unclear), "{from} {to}");
    }
    for (from, to) in [
        ("h7 A 192.0.2.7\n", "h7 CNAME x.net.\n"),
        ("h7 A 192.0.2.7\n", ""),
        ("hostmaster 1 ", "hostmaster 2 "),
        ("h39 A", "new.h39 A 192.0.2.9\nh39 A"),
    ] {
        assert!(matches!(follow(from, to), Edited::Zone(..)), "{from} {to}");
    }
    assert!(matches!(follow("h7", "h7"), Edited::Same));
}

/// However much a zone grows or shrinks at once: the table of names takes another form.
#[test]
fn a_zone_that_grows_and_shrinks_is_followed() {
    let hasher = RandomState::new();
    let tally = Tally::default();
    let mut lines: Vec<String> = HEAD.lines().map(|line| format!("{line}\n")).collect();
    lines.extend((0..60).map(|n| format!("h{n} A 192.0.2.{n}\n")));
    let mut file = whole(&lines, None, &hasher).unwrap();
    for names in [3, 300, 5_000, 0, 40, 2_000, 1_999, 1] {
        let mut grown = lines.clone();
        let more = (0..names).map(|n| format!("n{n}.w{} A 192.0.2.1\n", n % 7));
        drop(grown.splice(30..30, more));
        assert!(file.follow(grown, &hasher, &tally));
    }
    assert_eq!(tally.followed.get(), 8);
}
