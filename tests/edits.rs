//! Changes of a file of the size from which on they are followed: what comes of them is what the whole file says.

use std::hash::{BuildHasher, RandomState};

use meridian::diagnostic::Source;
use meridian::limits;
use meridian::wire::name::Name;
use meridian::zone::{Edited, Stretches, Texts, Zone, edit, read};

const HEAD: &str =
    "$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ NS ns2\nns1 A 192.0.2.53\nns2 A 192.0.2.54\n";

struct Desk {
    origin: Name,
    hasher: RandomState,
}

impl Desk {
    /// The whole text read, and what is kept of it.
    fn whole(&self, text: &str, before: Option<&Zone>) -> (Zone, Stretches) {
        let source = Source::new("z.zone", text);
        let reading = read(&source, &self.origin, &Texts::alone(), before);
        let zone = reading.zone.unwrap();
        let digest = |octets: &[u8]| self.hasher.hash_one(octets);
        let kept = reading
            .draft
            .unwrap()
            .finish(text.as_bytes(), &zone, &digest);
        (zone, kept)
    }

    fn edit(&self, text: &str, before: &Zone, kept: &Stretches) -> Edited {
        let digest = |octets: &[u8]| self.hasher.hash_one(octets);
        edit(
            &Source::new("z.zone", text),
            &self.origin,
            before,
            kept,
            &digest,
        )
    }
}

/// All names have the same records.
fn alike(one: &Zone, other: &Zone) {
    assert_eq!(
        (one.names(), one.records()),
        (other.names(), other.records())
    );
    assert_eq!(
        (one.serial(), one.digest()),
        (other.serial(), other.digest())
    );
    assert!(
        one.nodes()
            .map(|node| node.wire())
            .eq(other.nodes().map(|node| node.wire()))
    );
    let lost = other.nodes().find(|node| one.node(node.wire()).is_none());
    assert!(lost.is_none(), "{lost:?}");
}

#[test]
fn changes_of_a_large_file_are_followed() {
    let desk = Desk {
        origin: "example.com.".parse().unwrap(),
        hasher: RandomState::new(),
    };
    let mut lines: Vec<String> = vec![HEAD.to_owned()];
    lines.extend((0..20_000).map(|n| format!("host-{n} A 192.0.2.{}\n", n % 256)));
    assert!(lines.concat().len() > limits::STRETCHED);
    let (mut zone, mut kept) = desk.whole(&lines.concat(), None);
    // Some octets for each name, and no text.
    assert!(
        kept.memory() < lines.concat().len() / 4,
        "{}",
        kept.memory()
    );
    // Steps that meet each part of the file; nothing is drawn.
    for turn in 0..24_usize {
        let at = 1 + turn * 7_919 % (lines.len() - 1);
        match turn % 6 {
            0 => lines[at] = format!("host-{at} A 198.51.100.{turn}\n"),
            1 => drop(lines.remove(at)),
            2 => lines.insert(
                at,
                format!("new-{turn}.deep TXT \"( ;\" ( a\n b )\n  A 192.0.2.1\n"),
            ),
            3 => {
                let other = lines.len() - at;
                lines.swap(at, other);
            }
            4 => drop(lines.drain(at..(at + 40).min(lines.len()))),
            _ => {
                let more = (0..700).map(|n| format!("more-{turn}-{n} A 192.0.2.9\n"));
                drop(lines.splice(at..at, more));
            }
        }
        lines[0] = HEAD.replace(" 1 2 3", &format!(" {} 2 3", turn + 2));
        let text = lines.concat();
        let (whole, _) = desk.whole(&text, Some(&zone));
        let edited = desk.edit(&text, &zone, &kept);
        let Edited::Zone(now, still) = edited else {
            panic!("turn {turn}: {edited:?}");
        };
        alike(&now, &whole);
        (zone, kept) = (*now, still);
        assert!(matches!(desk.edit(&text, &zone, &kept), Edited::Same));
    }
}
