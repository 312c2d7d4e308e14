//! Zones of random valid records: one for each type, with all ways to write owners, TTLs and data.

use std::fmt::Write as _;

use super::corpus::Case;
use super::data::data;
use super::random::Random;

/// Sets in the zone of a type.
const SETS: u64 = 60;

/// All types that are written, with their numbers.
pub const TYPES: &[(&str, u16)] = &[
    ("A", 1),
    ("NS", 2),
    ("MD", 3),
    ("MF", 4),
    ("CNAME", 5),
    ("MB", 7),
    ("MG", 8),
    ("MR", 9),
    ("NULL", 10),
    ("WKS", 11),
    ("PTR", 12),
    ("HINFO", 13),
    ("MINFO", 14),
    ("MX", 15),
    ("TXT", 16),
    ("RP", 17),
    ("AFSDB", 18),
    ("X25", 19),
    ("ISDN", 20),
    ("RT", 21),
    ("NSAP", 22),
    ("NSAP-PTR", 23),
    ("PX", 26),
    ("GPOS", 27),
    ("AAAA", 28),
    ("LOC", 29),
    ("SRV", 33),
    ("NAPTR", 35),
    ("KX", 36),
    ("CERT", 37),
    ("DNAME", 39),
    ("APL", 42),
    ("DS", 43),
    ("SSHFP", 44),
    ("IPSECKEY", 45),
    ("DHCID", 49),
    ("TLSA", 52),
    ("SMIMEA", 53),
    ("HIP", 55),
    ("TALINK", 58),
    ("CDS", 59),
    ("CDNSKEY", 60),
    ("OPENPGPKEY", 61),
    ("CSYNC", 62),
    ("ZONEMD", 63),
    ("SVCB", 64),
    ("HTTPS", 65),
    ("SPF", 99),
    ("NID", 104),
    ("L32", 105),
    ("L64", 106),
    ("LP", 107),
    ("EUI48", 108),
    ("EUI64", 109),
    ("URI", 256),
    ("CAA", 257),
    ("AVC", 258),
    ("AMTRELAY", 260),
    ("TYPE65280", 65280),
];

/// How TTLs are written. None is the zone's default.
const SECONDS: &[&str] = &["", "0", "300", "005400", "1209600", "2147483647"];
const UNITS: &[&str] = &["1h30m", "2W", "1d", "90S", "1w1d1h1m1s", "5M10s"];

/// The zone `gen-TYPE.test` of each type, and `gen-units.test` of addresses whose TTLs have units.
pub fn cases(seed: u64) -> Vec<Case> {
    let mut random = Random(seed);
    let units = Case {
        name: "gen-units".to_owned(),
        what: format!("random TTLs with units, seed {seed}"),
        files: vec![(
            "gen-units.test.zone".to_owned(),
            zone("A", "gen-units", UNITS, &mut random).into_bytes(),
        )],
    };
    let all = TYPES.iter().map(|(kind, number)| {
        let mut random = Random(seed.wrapping_mul(0x1_0001).wrapping_add(u64::from(*number)));
        let name = format!("gen-{}", kind.to_ascii_lowercase());
        Case {
            what: format!("random {kind} records, seed {seed}"),
            files: vec![(
                format!("{name}.test.zone"),
                zone(kind, &name, SECONDS, &mut random).into_bytes(),
            )],
            name,
        }
    });
    all.chain([units]).collect()
}

fn zone(kind: &str, name: &str, ttls: &[&str], random: &mut Random) -> String {
    let mut out = String::from(
        "$TTL 3600\n@ IN SOA ns1.example.net. hostmaster 1 7200 3600 1209600 300\n@ NS ns1.example.net.\n NS ns2.example.net.\n",
    );
    let alone = matches!(kind, "CNAME" | "DNAME");
    for index in 0..SETS {
        let owner = owner(kind, name, index, random);
        let ttl = random.pick(ttls);
        let head = |random: &mut Random| match random.below(4) {
            0 => format!("{ttl} IN {kind}"),
            1 => format!("in {ttl} {}", kind.to_ascii_lowercase()),
            2 => format!("{ttl}\t{kind}"),
            _ => format!("\tIn {ttl}   {kind}"),
        };
        let count = if alone { 1 } else { 1 + random.below(3) };
        for at in 0..count {
            let shown = if at == 0 || random.one_in(2) {
                owner.as_str()
            } else {
                ""
            };
            let words = data(kind, random);
            let _ = writeln!(out, "{shown} {} {}", head(random), join(&words, random));
        }
        if kind == "DS" {
            // A DS stands at a delegation.
            let _ = writeln!(out, "{owner} NS ns.example.net.\n 3600 NS ns2.example.net.");
        }
    }
    out
}

/// A name of its own, relative or absolute; no other owner lies above or below it.
fn owner(kind: &str, zone: &str, index: u64, random: &mut Random) -> String {
    let wild = !matches!(kind, "NS" | "DNAME" | "DS" | "SOA");
    let mut out = match random.below(6) {
        0 if wild => "*.".to_owned(),
        1 => format!("{}.", random.label()),
        2 => format!("{}.{}.", random.label(), random.label()),
        _ => String::new(),
    };
    let _ = write!(out, "n{index}");
    if random.one_in(3) {
        let _ = write!(out, ".{zone}.test.");
    }
    out
}

/// The words of one record, in one line or over several.
fn join(words: &[String], random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("( {} )", words.join("\n  ")),
        1 => format!("(\n\t{} ; data\n)", words.join(" ; part\n\t")),
        2 => words.join("\t"),
        _ => format!("{} ; end", words.join("  ")),
    }
}
