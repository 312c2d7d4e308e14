//! A change of a line of a large file, through the loader: what is read, what comes of it, and what is told.

use super::*;

/// A zone of four hundred hosts, of which one says something else.
fn hosts(serial: u32, one: &str) -> String {
    let head = "$TTL 300\n@ SOA ns1 hostmaster";
    let servers = "@ NS ns1.elsewhere.net.\n@ NS ns2.elsewhere.net.\n";
    let lines = (0..400).map(|n| match n {
        217 => format!("{one}\n"),
        _ => format!("h{n} A 192.0.2.{}\n", n % 256),
    });
    let lines: String = lines.collect();
    format!("{head} {serial} 7200 900 1209600 300\n{servers}{lines}")
}

const FILE: &str = "a.example.zone";

impl Desk {
    fn edit(&mut self, text: &str) -> Loaded {
        self.write(FILE, text);
        self.load(&touched(&self.folder, &[FILE]), Asked::News)
    }

    /// Takes what was read, and holds it against a reading of everything by a loader that knows nothing. Whether only
    /// what changed was read.
    fn takes(&mut self, loaded: Loaded) -> bool {
        let effort = loaded.effort;
        assert_eq!((effort.zones_read, effort.zones_parsed), (1, 1));
        self.estate = loaded.estate.unwrap();
        let mut fresh = Desk::anew(&self.folder);
        let whole = fresh.first().estate.unwrap();
        let apex = "a.example.".parse().unwrap();
        let (one, other) = (self.zone("a"), &whole.held(&apex).unwrap().zone);
        assert_eq!(one.digest(), other.digest());
        assert!(one.says_the_same(other));
        assert_eq!(
            (one.names(), one.records(), one.serial()),
            (other.names(), other.records(), other.serial())
        );
        assert_eq!(self.estate.digest, whole.digest);
        for node in other.nodes() {
            let found = one.node(node.wire()).unwrap();
            let sets = |node: crate::zone::NodeRef<'_>| -> Vec<Vec<u8>> {
                node.rrsets().map(|set| set.block().to_vec()).collect()
            };
            assert_eq!(sets(found), sets(node));
        }
        effort.zones_followed == 1
    }
}

#[test]
fn a_changed_line_is_all_that_is_read() {
    let mut desk = Desk::new();
    let loaded = desk.edit(&hosts(1, "h217 A 192.0.2.217"));
    desk.takes(loaded);
    for (serial, one) in [
        (2, "h217 A 198.51.100.1"),
        (3, "h217 A 198.51.100.1\n  A 198.51.100.2"),
        (4, "new.h217 A 198.51.100.1\nh218 AAAA 2001:db8::1"),
        (5, "; nothing"),
        (6, "h217 CNAME elsewhere.net."),
    ] {
        let loaded = desk.edit(&hosts(serial, one));
        assert!(loaded.diagnostics.is_empty() && desk.takes(loaded), "{one}");
    }
    // What concerns other names is seen in the whole file only, and what follows is easy again.
    let loaded = desk.edit(&hosts(7, "*.h217 A 192.0.2.217"));
    assert!(!desk.takes(loaded));
    let loaded = desk.edit(&hosts(7, "*.h217 A 192.0.2.217"));
    assert_eq!((loaded.end, loaded.effort.zones_parsed), (End::Same, 0));
    let loaded = desk.edit(&hosts(8, "*.h217 A 192.0.2.217\nh9 TXT more"));
    assert!(desk.takes(loaded));
}

#[test]
fn a_bad_line_is_told_by_its_place_and_changes_nothing() {
    let mut desk = Desk::new();
    let loaded = desk.edit(&hosts(1, "h217 A 192.0.2.217"));
    desk.takes(loaded);
    let zone = desk.zone("a").clone();
    for (one, place, words) in [
        ("h217 A 192.0.2.256", "222:8: error: ", "192.0.2.256"),
        ("h9 CNAME x", "222:1: error: ", "CNAME"),
        ("h217 TXT (", "222:10: error: ", "parenthesis"),
        ("h217 IN SOA ns1 h 1 2 3 4 5", "222:1: error: ", "SOA"),
    ] {
        desk.write(FILE, &hosts(2, one));
        let error = desk.refused(&[FILE]);
        assert!(error.contains(&format!("{FILE}:{place}")), "{error}");
        assert!(error.contains(words), "{error}");
        assert!(Arc::ptr_eq(&zone, desk.zone("a")));
    }
    let loaded = desk.edit(&hosts(3, "h217 A 198.51.100.7"));
    assert!(!desk.takes(loaded), "after a mistake all of it is read");
    let loaded = desk.edit(&hosts(4, "h217 A 198.51.100.8"));
    assert!(desk.takes(loaded));
}

#[test]
fn a_serial_that_was_not_raised_is_told_by_its_place() {
    let mut desk = Desk::new();
    let loaded = desk.edit(&hosts(1, "h217 A 192.0.2.217"));
    desk.takes(loaded);
    let loaded = desk.edit(&hosts(1, "h217 A 198.51.100.1"));
    let lines: Vec<String> = loaded.diagnostics.iter().map(|d| d.line()).collect();
    let place = format!("{FILE}:2:1: warning: ");
    assert!(
        lines.len() == 1 && lines[0].contains(&place) && lines[0].contains("serial is still 1"),
        "{lines:?}"
    );
    assert!(desk.takes(loaded));
}
