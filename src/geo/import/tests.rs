//! Imports of every form, read back by the code that serves; mistakes with their places.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use proptest::prelude::*;

use super::*;
use crate::geo::atlas::Atlas;

fn gather(texts: &[(&str, &str)]) -> Result<Imported, Vec<String>> {
    let mut import = Import::default();
    for (path, text) in texts {
        let format = Format::of(text.as_bytes()).unwrap_or(Format::Csv);
        import.read(&Source::new(*path, *text), format, &mut |_| {});
    }
    let lines = |found: Vec<Diagnostic>| found.iter().map(Diagnostic::line).collect();
    import.finish().map_err(lines)
}

fn atlas(texts: &[(&str, &str)]) -> Atlas {
    let made = gather(texts).unwrap_or_else(|e| panic!("{e:?}"));
    let (file, _, _) = made.file(None, 1_700_000_000).unwrap();
    Atlas::read(&[("made.mmdb", &file)]).unwrap()
}

/// What is known of an address, in a line: `NL europe 193.0.0.0/21`.
fn known(atlas: &Atlas, addr: &str) -> String {
    let (facts, network) = atlas.find(addr.parse().unwrap());
    let code = facts.country.map_or("-".into(), |c| c.code().to_string());
    let continent = facts.continent.map_or("-", Continent::word);
    let system = facts.system.map_or(String::new(), |n| format!(" AS{n}"));
    format!("{code} {continent}{system} {network}")
}

use crate::place::Continent;

fn errors(text: &str) -> Vec<String> {
    match gather(&[("in.txt", text)]) {
        Ok(_) => panic!("taken: {text}"),
        Err(lines) => lines,
    }
}

#[test]
fn forms_are_recognised() {
    let table: [(&[u8], Option<Format>); 12] = [
        (b"network,country\n", Some(Format::Csv)),
        (
            b"\xef\xbb\xbf# words\n\n\"first\", last ,asn\r\n",
            Some(Format::Csv),
        ),
        (b"16777216,16777471,AU\n", Some(Format::Tor)),
        (b"# words\n2001::,2001:0:ffff::,??\n", Some(Format::Tor)),
        (
            b"#\n# Location\n\naut-num:   AS1\nname: x\n",
            Some(Format::Libloc),
        ),
        (b"net: 1.0.0.0/8\n", Some(Format::Libloc)),
        (b"", None),
        (b"192.0.2.0/24,DE\n", None),
        (b"16777216,16777471\n", None),
        (b"16777216,16777471,AU,1\n", None),
        (b"net:\n", None),
        (b"\xff\xfe", None),
    ];
    for (text, format) in table {
        assert_eq!(
            Format::of(text),
            format,
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn every_column_of_a_csv() {
    let text = "\u{feff}network,country,subdivision,city,latitude,longitude,radius,asn\r\n\
        # words, with a comma\r\n\
        192.0.2.0/24, DE ,HH,\"Hamburg, \"\"H\"\"\",53.55,9.9937,20,AS64500\r\n\
        \r\n\
        2001:db8::/32,US,US-CA,San Jose,,,,64501\n\
        198.51.100.0/24,NA,,,,,,\n\
        203.0.113.0/24,ZZ,,,,,,64502";
    let made = atlas(&[("a.csv", text)]);
    let (facts, network) = made.find("192.0.2.9".parse().unwrap());
    assert_eq!(facts.continent, Some(Continent::Europe));
    assert_eq!(facts.country, crate::place::Country::from_code("DE"));
    assert_eq!(facts.subdivisions, ["HH"]);
    assert_eq!(facts.city.as_deref(), Some("Hamburg, \"H\""));
    assert_eq!(
        facts.location,
        crate::place::Point::from_degrees(53.55, 9.9937)
    );
    assert_eq!(
        (facts.system, network.to_string().as_str()),
        (Some(64500), "192.0.2.0/24")
    );
    let (facts, _) = made.find("2001:db8::1".parse().unwrap());
    assert_eq!(
        (facts.subdivisions.join(" "), facts.system),
        ("CA".into(), Some(64501))
    );
    assert_eq!(known(&made, "198.51.100.1"), "NA africa 198.51.100.0/24");
    assert_eq!(known(&made, "203.0.113.1"), "- - AS64502 203.0.113.0/24");
    assert_eq!(made.origins[0].database_type, "Meridian-City");
    let (file, ..) = gather(&[("a.csv", text)])
        .unwrap()
        .file(Some("X"), 7)
        .unwrap();
    let reader = maxminddb::Reader::from_source(&file[..]).unwrap();
    let found = reader.lookup("192.0.2.1".parse().unwrap()).unwrap();
    let record: serde_json::Value = found.decode().unwrap().unwrap();
    assert_eq!(record["location"]["accuracy_radius"], 20);
    assert_eq!(record["country"]["names"]["en"], "Germany");
    let metadata = reader.metadata();
    assert_eq!(
        (metadata.database_type.as_str(), metadata.build_epoch),
        ("X", 7)
    );
}

#[test]
fn ranges_and_nested_networks() {
    let text = "first,last,country\n192.0.2.1,192.0.2.6,DE\n198.51.100.0,198.51.100.255,FR\n";
    let more =
        "network,country\n198.51.100.128/25,IT\n198.51.100.192/26,\n::/0,JP\n2001:db8::/32,SE\n";
    let made = atlas(&[("a.csv", text), ("b.csv", more)]);
    for (addr, words) in [
        ("192.0.2.0", "- - 192.0.2.0/32"),
        ("192.0.2.1", "DE europe 192.0.2.1/32"),
        ("192.0.2.3", "DE europe 192.0.2.2/31"),
        ("192.0.2.6", "DE europe 192.0.2.6/32"),
        ("192.0.2.7", "- - 192.0.2.7/32"),
        ("198.51.100.1", "FR europe 198.51.100.0/25"),
        ("198.51.100.129", "IT europe 198.51.100.128/26"),
        ("198.51.100.255", "- - 198.51.100.192/26"),
        // A network of all IPv6 says nothing of IPv4.
        ("1.2.3.4", "- - 0.0.0.0/1"),
        ("2001:db9::", "JP asia 2001:db9::/32"),
        ("2001:db8::1", "SE europe 2001:db8::/32"),
    ] {
        assert_eq!(known(&made, addr), words, "{addr}");
    }
    let networks = gather(&[("a.csv", text), ("b.csv", more)])
        .unwrap()
        .networks;
    assert_eq!(networks, (4 + 1 + 2, 2));
    // The last address of IPv4 is not the one before IPv6.
    let made = atlas(&[("a.csv", "network,country\n255.0.0.0/8,SE\n::/0,JP\n")]);
    assert_eq!(known(&made, "255.255.255.255"), "SE europe 255.0.0.0/8");
    assert_eq!(known(&made, "::1:0:0"), "JP asia ::1:0:0/96");
    // Neither does a range of IPv6 that begins before or in ::/96.
    for first in ["::", "::1:0:0", "::9:9"] {
        let made = atlas(&[("a.csv", &format!("first,last,country\n{first},3fff::,JP\n"))]);
        assert_eq!(known(&made, "1.2.3.4"), "- - 0.0.0.0/0", "{first}");
        assert_eq!(known(&made, "2a00::1"), "JP asia 2000::/4", "{first}");
    }
}

#[test]
fn tor_and_its_codes() {
    let four = "# words\n\n16777216,16777471,AU\n16777472,16778239,??\n16778240,16779263,UK\n\
                16779264,16779519,EU\n16779520,16779775,AP\n16779776,16780031,SU\n";
    let six = "2001::,2001:0:ffff:ffff:ffff:ffff:ffff:ffff,DE\n2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n";
    let made = atlas(&[("geoip", four), ("geoip6", six)]);
    for (addr, words) in [
        ("1.0.0.1", "AU oceania 1.0.0.0/24"),
        ("1.0.1.1", "- - 1.0.1.0/24"),
        ("1.0.4.1", "GB europe 1.0.4.0/22"),
        ("1.0.8.1", "- europe 1.0.8.0/24"),
        ("1.0.9.1", "- asia 1.0.9.0/24"),
        ("2001:200::1", "JP asia 2001:200::/32"),
    ] {
        assert_eq!(known(&made, addr), words, "{addr}");
    }
    assert!(
        known(&made, "2001:0:1::").starts_with("- - "),
        "Teredo is looked up as IPv4"
    );
    let made = gather(&[("geoip", four), ("geoip6", six)]).unwrap();
    let codes: Vec<&str> = made.codes.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!((codes.join(" "), made.embedded), ("AP EU SU".into(), 1));
    assert_eq!(made.countries(), 3);
    assert_eq!(made.file(None, 0).unwrap().1, "Meridian-Country");
}

#[test]
fn libloc_and_its_blocks() {
    let text = "#\n# Location Database Export\n#\n\naut-num:                 AS7\nname:    The: \u{e9}\n\n\
        net:                     1.0.0.0/8\ncountry:                 AU\n\n\
        net:                     1.0.0.0/24\ncountry:                 AU\naut-num:                 13335\n\
        is-anycast:              yes\n\nnet:   1.0.5.0/24\naut-num: AS7\n\nnet: 2001:db8::/32\ncountry: A1\n";
    let made = atlas(&[("dump", text)]);
    assert_eq!(known(&made, "1.0.0.1"), "AU oceania AS13335 1.0.0.0/24");
    assert_eq!(known(&made, "1.9.0.1"), "AU oceania 1.8.0.0/13");
    assert_eq!(known(&made, "1.0.5.1"), "- - AS7 1.0.5.0/24");
    let codes = gather(&[("dump", text)]).unwrap().codes;
    assert_eq!(codes, [("A1".to_string(), 1)]);
}

/// Everything that can be wrong in a text, and what is said of it.
#[test]
fn mistakes_have_their_places() {
    let table: [(&str, &str); 32] = [
        (
            "network,land\n",
            "in.txt:1:9: error: no column is called `land`; take it out, or name it: network, first",
        ),
        (
            "network,country,country\n",
            "in.txt:1:17: error: the column `country` stands twice",
        ),
        (
            "country,first\n",
            "in.txt:1:1: error: the header does not say which column has the network",
        ),
        (
            "network,first,last\n",
            "in.txt:1:1: error: the header does not say which column has the network",
        ),
        (
            "network,latitude\n",
            "in.txt:1:1: error: one coordinate without the other",
        ),
        (
            "network,radius\n",
            "in.txt:1:1: error: a radius without coordinates",
        ),
        (
            "network,city\n",
            "in.txt:1:1: error: a part of a country without the country",
        ),
        (
            "network,country\n192.0.2.1/24,DE\n",
            "in.txt:2:1: error: `192.0.2.1/24` has bits set beyond /24; did you mean `192.0.2.0/24`?",
        ),
        (
            "network,country\n192.0.2.0,DE\n",
            "in.txt:2:1: error: `192.0.2.0` is not a network",
        ),
        (
            "network,country\n192.0.2.0/33,DE\n",
            "in.txt:2:1: error: the length of `192.0.2.0/33` is beyond its family's",
        ),
        (
            "network,country\n::1.2.3.0/120,DE\n",
            "in.txt:2:1: error: ::102:300/120 lies in ::/96, where a database has IPv4",
        ),
        (
            "network,country\n192.0.2.0/24,UK\n",
            "in.txt:2:14: error: no country has the code `UK`",
        ),
        (
            "network,country\n192.0.2.0/24\n",
            "in.txt:2:1: error: 1 fields below a header of 2",
        ),
        (
            "network,country\n,DE\n",
            "in.txt:2:1: error: a line without a network",
        ),
        (
            "network,country\n\"192.0.2.0/24,DE\n",
            "in.txt:2:1: error: a quote is not closed",
        ),
        (
            "network,country\n\"192.0.2.0/24\"x,DE\n",
            "in.txt:2:15: error: a quote is not closed, or stands within",
        ),
        (
            "network,country,subdivision\n192.0.2.0/24,DE,FR-75\n",
            "in.txt:2:17: error: `FR-75` is not in the country of this line",
        ),
        (
            "network,country,subdivision\n192.0.2.0/24,DE,Hamburg\n",
            "in.txt:2:17: error: `Hamburg` is not an ISO 3166-2 code",
        ),
        (
            "network,country,city\n192.0.2.0/24,,Hamburg\n",
            "in.txt:2:15: error: a city without a country",
        ),
        (
            "network,latitude,longitude\n192.0.2.0/24,91,0\n",
            "in.txt:2:14: error: `91` is not a number from -90 to 90",
        ),
        (
            "network,latitude,longitude\n192.0.2.0/24,,0\n",
            "in.txt:2:15: error: one coordinate without the other",
        ),
        (
            "network,latitude,longitude,radius\n192.0.2.0/24,1,2,x\n",
            "in.txt:2:18: error: `x` is not a number of kilometres",
        ),
        (
            "network,latitude,longitude,radius\n192.0.2.0/24,,,9\n",
            "in.txt:2:16: error: a radius without coordinates",
        ),
        (
            "network,asn\n192.0.2.0/24,AS0\n",
            "in.txt:2:14: error: `AS0` is not an AS number",
        ),
        (
            "first,last,asn\n192.0.2.9,192.0.2.1,1\n",
            "in.txt:2:1: error: the range ends before it begins",
        ),
        (
            "first,last,asn\n192.0.2.9,2001:db8::,1\n",
            "in.txt:2:1: error: the ends of the range are of different",
        ),
        (
            "1,2,DE\n4294967296,3,DE\n",
            "in.txt:2:1: error: `4294967296` is not an address",
        ),
        (
            "1,2,DE\n3,4\n",
            "in.txt:2:1: error: 2 fields, where three are expected",
        ),
        (
            "1,2,DE\n3,4,de\n",
            "in.txt:2:5: error: `de` is not a code of two letters",
        ),
        (
            "net: 1.0.0.0/8\nland: DE\n",
            "in.txt:2:1: error: `land` is not expected here",
        ),
        (
            "net: 1.0.0.0/8\n\nnet: 1.0.0.0\n",
            "in.txt:3:6: error: `1.0.0.0` is not a network",
        ),
        (
            "net: 1.0.0.0/8\naut-num: x\n",
            "in.txt:2:10: error: `x` is not an AS number",
        ),
    ];
    for (text, begin) in table {
        let lines = errors(text);
        assert_eq!(lines.len(), 1, "{text}: {lines:?}");
        assert!(
            lines[0].starts_with(begin),
            "{text}\n  {}\n  {begin}",
            lines[0]
        );
    }
    assert_eq!(errors("# nothing\n").len(), 1);
    assert!(errors("network,country\n")[0].contains("there are no networks"));
}

#[test]
fn not_utf_8() {
    let mut import = Import::default();
    let text = b"network,country,city\n192.0.2.0/24,DE,K\xf6ln\n".to_vec();
    import.read(&Source::new("in.txt", text), Format::Csv, &mut |_| {});
    let Err(found) = import.finish() else {
        panic!()
    };
    assert_eq!(
        found[0].line(),
        "in.txt:2:18: error: it is not UTF-8; save the file as UTF-8"
    );
}

/// All mistakes of all files, but no more than anyone reads; the rest is counted.
#[test]
fn all_mistakes_at_once() {
    let one = "network,country\nx,DE\n192.0.2.0/24,XX\n";
    let two = "network,country\n".to_string() + &"y,DE\n".repeat(500);
    let Err(lines) = gather(&[("a.csv", one), ("b.csv", &two)]) else {
        panic!()
    };
    assert_eq!(lines.len(), limits::IMPORT_MISTAKES + 1);
    assert!(lines[0].starts_with("a.csv:2:1") && lines[1].starts_with("a.csv:3:14"));
    assert!(lines[2].starts_with("b.csv:2:1") && lines[99].starts_with("b.csv:99:1"));
    assert!(
        lines[100].contains("402 more errors left out"),
        "{}",
        lines[100]
    );
}

#[test]
fn equal_networks_must_agree() {
    let one = "network,country\n192.0.2.0/24,DE\n192.0.2.0/24,DE\n2001:db8::/32,SE\n";
    assert_eq!(gather(&[("a.csv", one)]).unwrap().networks, (1, 1));
    let two = "first,last,country\n192.0.2.0,192.0.3.255,FR\n192.0.2.0,192.0.2.255,FR\n";
    let mut import = Import::default();
    import.read(&Source::new("a.csv", one), Format::Csv, &mut |_| {});
    import.read(&Source::new("b.csv", two), Format::Csv, &mut |_| {});
    let Err(found) = import.finish() else {
        panic!()
    };
    let [found] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        found.line(),
        "b.csv:3:1: error: 192.0.2.0/24 stands twice, and differs; keep one of the two"
    );
    let (there, words) = &found.also[0];
    assert!(["a.csv:2", "a.csv:3"].contains(&there.line().as_str()) && words == "here first");
}

#[test]
fn too_many_networks_are_refused() {
    // One line may ask for up to 254 networks.
    let mut text = String::from("first,last,asn\n");
    for n in 1..4_000 {
        text += &format!("{n:x}::1,{n:x}:ffff:ffff:ffff:ffff:ffff:ffff:fffe,{n}\n");
    }
    let made = gather(&[("a.csv", &text)]).unwrap();
    assert!(made.networks.1 > 3_998 * 110);
}

#[test]
fn the_same_input_makes_the_same_octets() {
    let text = "network,country\n192.0.2.0/24,DE\n198.51.100.0/24,FR\n2001:db8::/32,DE\n";
    let file = || gather(&[("a.csv", text)]).unwrap().file(None, 5).unwrap().0;
    assert_eq!(file(), file());
}

proptest! {
    /// The networks of a range hold it and nothing else, and no two neighbours could be one.
    #[test]
    fn a_range_is_the_fewest_networks(a in any::<u128>(), b in any::<u128>(), cut in 0u32..128) {
        let (a, b) = (a >> cut, b >> cut);
        let (first, last) = (a.min(b), a.max(b));
        let list: Vec<(u128, u8)> = networks(first, last).collect();
        let mut next = Some(first);
        for (bits, length) in &list {
            prop_assert_eq!(Some(*bits), next);
            prop_assert_eq!(bits & mask128(*length), *bits);
            next = (bits | !mask128(*length)).checked_add(1);
        }
        prop_assert_eq!(next, last.checked_add(1));
        for pair in list.windows(2) {
            let [(one, long), (other, same)] = pair else { unreachable!() };
            let shorter = mask128(long.saturating_sub(1));
            prop_assert!(long != same || one & shorter != other & shorter);
        }
    }

    /// Texts of any octets, and lines that are nearly right, are read or refused without a panic.
    #[test]
    fn nothing_panics(text in "(net|network|first|last|,|:|/|[0-9a-f]{1,4}|\\.|\"| |\n|DE|#|aut-num|country|AS){0,60}") {
        for format in [Format::Csv, Format::Tor, Format::Libloc] {
            let mut import = Import::default();
            import.read(&Source::new("any", text.as_bytes()), format, &mut |_| {});
            if let Ok(made) = import.finish() {
                made.file(None, 0).unwrap();
            }
        }
    }
}

#[test]
fn the_whole_space_is_one_network() {
    assert_eq!(networks(0, u128::MAX).collect::<Vec<_>>(), [(0, 0)]);
    assert_eq!(
        networks(u128::MAX, u128::MAX).collect::<Vec<_>>(),
        [(u128::MAX, 128)]
    );
    assert_eq!(networks(0, 0xffff_ffff).collect::<Vec<_>>(), [(0, 96)]);
}
