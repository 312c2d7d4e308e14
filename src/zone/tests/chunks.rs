//! Laws of what zones share: equal content is equal bytes, and a change costs the chunks that it touches.

use proptest::prelude::*;

use super::model::{absolute, line, readable};
use super::{HEAD, name};
use crate::diagnostic::Source;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::zone::chunk::Chunk;
use crate::zone::{Texts, Zone, read};

fn zone(text: &str, before: Option<&Zone>) -> Zone {
    let source = Source::new("z.zone", text);
    let reading = read(&source, &name("example.com."), &Texts::alone(), before);
    let lines = || reading.diagnostics.iter().map(|d| d.line());
    let words: Vec<String> = lines().collect();
    reading.zone.unwrap_or_else(|| panic!("{words:?}"))
}

/// Whether two zones are the same but for where they stand in memory.
pub(super) fn equal(one: &Zone, other: &Zone) -> bool {
    let same =
        |(a, b): (&Chunk, &Chunk)| a.nodes == b.nodes && a.sets == b.sets && a.arena == b.arena;
    one.chunks.len() == other.chunks.len()
        && one.chunks.iter().zip(&other.chunks).all(same)
        && (one.names(), one.records(), one.deepest)
            == (other.names(), other.records(), other.deepest)
        && one.servers() == other.servers()
        && one.steered() == other.steered()
        && one.denial().record() == other.denial().record()
}

/// Chunks of the second zone that are not those of the first.
fn fresh(old: &Zone, new: &Zone) -> usize {
    let known: Vec<usize> = old.chunks.iter().map(Chunk::id).collect();
    let new = new.chunks.iter();
    new.filter(|chunk| !known.contains(&chunk.id())).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn all_ways_lead_to_the_same_zone(
        lines in prop::collection::vec(line(), 0..30),
        other in prop::collection::vec(line(), 0..30),
        steered in prop::collection::vec(absolute(), 0..4),
        others in prop::collection::vec(absolute(), 0..4),
    ) {
        let parsed = readable(&lines);
        let text = std::str::from_utf8(&parsed.source.text).unwrap();
        let plain = zone(text, None);
        let again = plain.steer(&[]);
        prop_assert!(equal(&plain, &again));
        prop_assert_eq!(fresh(&plain, &again), 0);
        // Steered, otherwise steered, no more steered.
        let there = plain.steer(&steered);
        prop_assert!(equal(&there, &plain.steer(&others).steer(&steered)));
        prop_assert!(equal(&plain, &there.steer(&[])));
        // From the text with a zone before, whatever that was.
        let before = zone(std::str::from_utf8(&readable(&other).source.text).unwrap(), None);
        prop_assert!(equal(&there, &zone(text, Some(&before.steer(&steered)))));
        prop_assert_eq!(fresh(&there, &zone(text, Some(&there))), 0);
        prop_assert!(plain.same_reading(&there) && !plain.same_reading(&before));
        // They say the same, and another zone something else.
        prop_assert_eq!(plain.digest(), there.digest());
        prop_assert!(zone(text, None).says_the_same(&there));
        let records = |zone: &Zone| {
            let mut list = Vec::new();
            for node in zone.nodes() {
                for set in node.rrsets() {
                    list.extend(set.whole().map(|record| (node.wire().to_vec(), record.to_vec())));
                }
            }
            list.sort();
            list
        };
        let same = records(&plain) == records(&before);
        prop_assert_eq!(plain.digest() == before.digest(), same);
        prop_assert_eq!(plain.says_the_same(&before), same);
    }
}

/// Lines that come in no order, for names that are and are not there.
fn hosts(count: usize) -> Vec<String> {
    let host = |n: usize| n * 7_919 % count;
    (0..count)
        .map(|n| format!("h{} A 10.1.{}.{}\n", host(n), n / 250 % 250, n % 250))
        .collect()
}

#[test]
fn a_change_costs_what_it_touches() {
    let mut lines = hosts(20_000);
    let text = |lines: &[String]| format!("{HEAD}{}", lines.concat());
    let steered = [name("h77.example.com."), name("*.h5.example.com.")];
    let old = zone(&text(&lines), None).steer(&steered);
    assert!(old.chunks.len() > 1_000, "{}", old.chunks.len());
    let largest = old.chunks.iter().map(|chunk| chunk.nodes.len()).max();
    assert!(largest < Some(200), "{largest:?}");
    let new = zone(&text(&lines), Some(&old));
    assert_eq!((fresh(&old, &new), new.steered().len()), (0, 2));
    lines[9_999] = "h8888 A 10.2.3.4\n".to_owned();
    lines.remove(500);
    lines.push("new.h12345 TXT x\n".to_owned());
    let new = zone(&text(&lines), Some(&old));
    let changed = fresh(&old, &new);
    assert!((1..20).contains(&changed), "{changed}");
    assert!(equal(&new, &zone(&text(&lines), None).steer(&steered)));
    assert!(new.memory_beside(&old) < new.memory() / 4);
    assert_eq!(
        new.memory_beside(&new.clone()),
        new.memory() - old_chunks(&new)
    );
    assert!(!new.says_the_same(&old) && new.digest() != old.digest());
    // One more steered name.
    let more = new.steer(&[&steered[..], &[name("h9000.example.com.")]].concat());
    assert_eq!(fresh(&new, &more), 1);
}

fn old_chunks(zone: &Zone) -> usize {
    let chunk =
        |c: &Chunk| size_of::<Chunk>() + c.nodes.len() * 16 + c.sets.len() * 16 + c.arena.len();
    zone.chunks.iter().map(chunk).sum()
}

#[test]
fn nothing_but_content_says_what_a_zone_says() {
    let digest = |lines: &str| zone(&format!("{HEAD}{lines}"), None).digest();
    let base = digest("a A 192.0.2.1\na A 192.0.2.2\nb 60 TXT x\n");
    assert_eq!(base, digest("B 60 TXT x\na A 192.0.2.2\nA A 192.0.2.1\n"));
    for other in [
        "a A 192.0.2.1\na A 192.0.2.3\nb 60 TXT x\n",
        "a A 192.0.2.1\na A 192.0.2.2\nb 61 TXT x\n",
        "a A 192.0.2.1\na A 192.0.2.2\nc 60 TXT x\n",
        "a A 192.0.2.1\na A 192.0.2.2\nb 60 SPF \\# 2 0178\n",
        "a A 192.0.2.1\na A 192.0.2.2\n",
        "a A 192.0.2.1\na A 192.0.2.2\nb 60 TXT X\n",
        "a A 192.0.2.1\nb A 192.0.2.2\nb 60 TXT x\n",
    ] {
        assert_ne!(base, digest(other), "{other}");
    }
}

#[test]
fn name_servers_are_found_by_their_hash() {
    let zone = zone(
        &format!(
            "{HEAD}sub NS a.sub\nsub NS NS1.elsewhere.net.\na.sub A 192.0.2.1\nb.sub NS b.net.\nx TXT x\n"
        ),
        None,
    );
    let mut asked = crate::wire::asked::Asked::new(Default::default());
    let mut named = |host: &str| zone.server(Zone::server_hash(&mut asked, &name(host)));
    let apex = name("example.com.");
    assert_eq!(
        named("ns1.Elsewhere.net."),
        Some((name("ns1.elsewhere.net."), apex))
    );
    assert_eq!(
        named("a.sub.example.com.").unwrap().1,
        name("sub.example.com.")
    );
    assert_eq!(named("b.net.").unwrap().1, name("b.sub.example.com."));
    assert_eq!(named("x.example.com."), None);
    assert_eq!(zone.servers().len(), 4);
    assert!(zone.servers().is_sorted());
}

#[test]
fn a_record_is_found_again_in_its_text() {
    use crate::zone::{Shown, Sought, Texts, locate, locate_in, read};
    let text = format!("{HEAD}www 60 A 192.0.2.1\n    60 A 192.0.2.2 ; second\nWWW TXT (a\n b)\n");
    let source = Source::new("z.zone", text);
    // The same is told of what is kept of the text.
    let digest = |octets: &[u8]| octets.iter().map(|octet| u64::from(*octet)).sum();
    let reading = read(&source, &name("example.com."), &Texts::alone(), None);
    let zone = reading.zone.unwrap();
    let kept = reading.draft.unwrap().finish(&source.text, &zone, &digest);
    let find = |owner: &str, kind: Kind, rdata: Option<&[u8]>, shown: Shown| {
        let owner: Name = name(owner);
        let sought = Sought {
            owner: &owner,
            kind,
            rdata,
            shown,
        };
        let origin = name("example.com.");
        let spot = locate(&source, &origin, &Texts::alone(), sought);
        assert_eq!(locate_in(&source, &origin, &kept, &digest, sought), spot);
        let spot = spot?;
        Some(String::from_utf8_lossy(&spot.source.text[spot.span]).into_owned())
    };
    let www = "www.example.com.";
    let found = |kind, rdata, shown| find(www, kind, rdata, shown).unwrap();
    assert_eq!(found(Kind::A, None, Shown::Record), "www 60 A 192.0.2.1");
    assert_eq!(found(Kind::A, None, Shown::Owner), "www");
    assert_eq!(
        found(Kind::A, Some(&[192, 0, 2, 2]), Shown::Owner),
        "60 A 192.0.2.2"
    );
    assert_eq!(found(Kind::TXT, None, Shown::Record), "WWW TXT (a");
    assert_eq!(find(www, Kind::MX, None, Shown::Record), None);
    assert_eq!(find("w.example.com.", Kind::A, None, Shown::Record), None);
}
