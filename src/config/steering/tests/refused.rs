//! What is refused besides pools, one short example each, with the words and the place of its finding.

use super::{found, refused, web};

#[test]
fn unknown_tables_and_keys() {
    refused(
        "[pool.web]\n",
        &["8:2: error: unknown table `pool`; did you mean `pools`?"],
    );
    refused(
        "[zebra]\n",
        &[
            "8:2: error: unknown table `zebra`; the tables are `sites`, `vips`, `regions`, `networks`, `latency`, `probes`, `brake`, `rules`, `pools`, `names`",
        ],
    );
    refused(
        "[tokens.x]\n",
        &[
            "8:2: error: unknown table `tokens`; this belongs to the machine: write it in `meridian.toml`",
        ],
    );
    refused(
        "[[pools]]\n",
        &["8:3: error: `pools` is a table; write `[pools.NAME]` and its keys below it"],
    );
    refused(
        "c = \"192.0.2.9\"\n",
        &["8:5: error: VIP `c` is a table; write `fra-1 = { address = \"192.0.2.1\" }`"],
    );
    refused(
        "c = { addres = \"192.0.2.9\" }\n",
        &["8:7: error: unknown key `addres` in VIP `c`; did you mean `address`?"],
    );
    assert_eq!(
        web("members = \"b\"\nttl = { least = \"5s\" }"),
        ["15:9: error: unknown key `least` in `ttl`; the keys are `min`, `max`"]
    );
}

#[test]
fn names_are_kebab_case_and_of_one_space() {
    let form = "lower-case letters, digits and hyphens, a letter or digit at both ends";
    refused(
        "C_1 = { address = \"192.0.2.9\" }\n",
        &[&format!(
            "8:1: error: `C_1` is no name for a VIP; write `c-1`: {form}"
        )],
    );
    refused(
        "\"-\" = { address = \"192.0.2.9\" }\n",
        &[&format!("8:1: error: `-` is no name for a VIP; {form}")],
    );
    let long = "a".repeat(64);
    refused(
        &format!("{long} = {{ address = \"192.0.2.9\" }}\n"),
        &[&format!(
            "8:1: error: `{long}` is no name for a VIP; at most 63 characters, here are 64"
        )],
    );
    refused(
        "zone = { address = \"192.0.2.9\" }\n",
        &["8:1: error: `zone` is a reserved word, no name for a VIP; give the VIP another name"],
    );
    refused(
        "[regions]\neurope = \"DE\"\n",
        &[
            "9:1: error: `europe` is a reserved word, no name for a region; give the region another name",
        ],
    );
    refused(
        "fra = { address = \"192.0.2.9\" }\n",
        &["8:1: error: `fra` is a site and a VIP; sites, VIPs and pools share one space of names"],
    );
    refused(
        "[pools.b]\nmembers = \"fra\"\n",
        &["8:8: error: `b` is a VIP and a pool; sites, VIPs and pools share one space of names"],
    );
}

#[test]
fn vips_and_sites() {
    refused(
        "c = {}\n",
        &[
            "8:1: error: VIP `c` has no address; write `address = \"…\"`, `address6 = \"…\"` or both, or `cname = \"…\"`",
        ],
    );
    refused(
        "c = { address = \"192.0.2.10\" }\n",
        &["8:17: error: 192.0.2.10 stands in two VIPs; an address may stand in one VIP only"],
    );
    refused(
        "c = { address = \"2001:db8::1\" }\n",
        &["8:17: error: `2001:db8::1` is no IPv4 address; write `address6 = \"2001:db8::1\"`"],
    );
    refused(
        "c = { address6 = \"192.0.2.1\" }\n",
        &["8:18: error: `192.0.2.1` is no IPv6 address; write `address = \"192.0.2.1\"`"],
    );
    refused(
        "c = { address = \"192.0.2.9\", site = \"fr\" }\n",
        &["8:37: error: no site is called `fr`; did you mean `fra` (2)?"],
    );
    let weight = "error: `weight` is a whole number from 0 to 1000000";
    refused(
        "c = { address = \"192.0.2.9\", weight = 1_000_001 }\n",
        &[&format!("8:39: {weight}")],
    );
    refused(
        "c = { address = \"192.0.2.9\", weight = \"3\" }\n",
        &[&format!("8:39: {weight}; write `3`")],
    );
    refused(
        "c = { address = \"192.0.2.9\", weight = -1 }\n",
        &[&format!("8:39: {weight}")],
    );
    let globe = "error: `location` is a place on the globe; write `[latitude, longitude]` in degrees: `[50.11, 8.68]`";
    for location in [
        "50.11",
        "[50.11]",
        "[50.11, \"8\"]",
        "[nan, 1.0]",
        "[1, 2, 3]",
    ] {
        refused(
            &format!("[sites.x]\nlocation = {location}\n"),
            &[&format!("9:12: {globe}")],
        );
    }
    refused(
        "[sites.x]\nlocation = [1.0, -181]\n",
        &["9:18: error: longitude -181 is beyond -180; degrees from -180 to 180, east positive"],
    );
    refused(
        "[sites.x]\nbias = 300\n",
        &["9:8: error: `bias` is a distance; write `\"300km\"`"],
    );
    refused(
        "[sites.x]\nbias = \"300\"\n",
        &["9:8: error: `bias` is a distance; write `\"300km\"`"],
    );
    refused(
        "[sites.x]\nbias = \"far\"\n",
        &["9:8: error: `bias` is a distance; a whole number and `km`: `\"300km\"`"],
    );
    refused(
        "[sites.x]\nbias = \"-40001km\"\n",
        &["9:8: error: `bias` is -40000km to 40000km"],
    );
}

#[test]
fn rules_and_regions() {
    refused(
        "[rules.r]\nDE = \"fra\"\nFoo = \"fra\"\nasiaa = \"fra\"\n",
        &[
            "10:1: error: `Foo` is not a place; places look like `\"192.0.2.0/24\"`, `AS64500`, `\"DE/Hamburg\"`, `US-CA`, `DE`, `europe`",
            "11:1: error: no region and no continent is called `asiaa`; did you mean `asia`?",
        ],
    );
    refused(
        "[rules.r]\n\"2001:db8::/32\" = \"fra\"\n\"2001:DB8:0::/32\" = \"iad\"\n",
        &["10:1: error: `2001:DB8:0::/32` stands twice in rule set `r`; write it once"],
    );
    refused(
        "[rules.r]\nDE = [\"fra\", \"fra\"]\n",
        &["9:14: error: `fra` stands twice under `DE`; write it once"],
    );
    refused(
        "[regions]\nr = [\"DE\", \"FR\", \"DE\"]\n",
        &["9:18: error: `DE` stands twice in region `r`; write it once"],
    );
    refused(
        "[regions]\nr = []\n",
        &["9:5: error: region `r` is empty; name a place in it, or drop it"],
    );
    refused(
        "[regions]\ndach = [\"DE\", \"AT\", \"CH\"]\neu = [\"AT\", \"DE\", \"FR\"]\n[rules.r]\ndach = \"fra\"\neu = \"iad\"\n",
        &[
            "13:1: error: regions `dach` and `eu` share 2 places in rule set `r`; drop one of the two, or write the place itself in the rule set",
        ],
    );
}

#[test]
fn a_small_file_cannot_unfold_without_end() {
    let mut text = String::from("[regions]\n");
    let places: Vec<String> = (0..60)
        .flat_map(|a| (0..60).map(move |b| format!("\"10.{a}.{b}.0/24\"")))
        .collect();
    text.push_str(&format!("all = [{}]\n", places.join(", ")));
    for n in 0..300 {
        text.push_str(&format!("[rules.r{n}]\nall = \"fra\"\n"));
    }
    let list = found(&text);
    assert_eq!(list.len(), 1);
    assert!(
        list[0].contains("the estate has more than 1000000 rules"),
        "{list:?}"
    );
}

#[test]
fn names() {
    for (line, expected) in [
        ("\"a..b.\" = \"b\"", "9:1: error: a label is empty"),
        (
            "\"a.*.b.\" = \"b\"",
            "9:1: error: `*` is not the whole leftmost label; elsewhere it stands for nothing",
        ),
        (
            "\"*x.b.\" = \"b\"",
            "9:1: error: `*` is not the whole leftmost label; elsewhere it stands for nothing",
        ),
        (
            "\"bücher.example.\" = \"b\"",
            "9:1: error: the name is not ASCII; write the form that begins with `xn--`",
        ),
        (
            "\"x.\" = \"c\"",
            "9:8: error: no VIP, site or pool is called `c`; define it under `[vips]`, `[sites]` or `[pools]`",
        ),
        (
            "\"x.\" = [\"b\"]",
            "9:8: error: the name `x.` wants one name behind it; write the pool, site or VIP that answers it, or `\"zone\"`",
        ),
        (
            "\"x.\" = \"b\"\n\"X.\" = \"zone\"",
            "10:1: error: the name `x.` stands twice; write it once",
        ),
        (
            "www.example.com = \"b\"",
            "9:1: error: a name stands in quotes; write it in quotes and with the final dot: `\"www.example.com.\"`",
        ),
    ] {
        let list = found(&format!("[names]\n{line}\n"));
        assert_eq!(
            list.iter()
                .map(|l| l.replace("`X.`", "`x.`"))
                .collect::<Vec<_>>(),
            [expected],
            "{line}"
        );
    }
    refused(
        "[sites.void]\n[names]\n\"x.\" = \"void\"\n",
        &["10:8: error: site `void` has no VIP; give one this `site`"],
    );
    refused(
        "[sites.void]\n[pools.p]\nmembers = [\"void\"]\n",
        &[
            "9:8: error: pool `p` has no VIP; none of its sites has one: give a VIP its `site`, or name VIPs",
        ],
    );
}

#[test]
fn no_toml() {
    refused(
        "x = 5s\ny = \"\n\n[vips]\n",
        &[
            "8:5: error: a string stands in quotes; write `\"5s\"`",
            "9:6: error: invalid basic string, expected `\"`",
            "11:2: error: the key `vips` stands twice; a key or table is written once in a file",
        ],
    );
    let (steering, list) =
        super::steering(&[crate::diagnostic::Source::new("a.toml", b"# \xff".to_vec())]);
    assert!(steering.is_none());
    assert_eq!(
        list[0].line(),
        "a.toml:1:3: error: the file is not UTF-8; save it as UTF-8"
    );
}

#[test]
fn beside_a_file_that_is_no_toml_the_others_are_read() {
    use crate::diagnostic::Source;
    let broken = Source::new("a.toml", "[vips]\na = { address = 192.0.2.1 }\n");
    let other = Source::new(
        "b.toml",
        "[pools.p]\nmembers = [\"a\", \"A_1\"]\nprefer = \"r\"\nanswers = 99\n",
    );
    let (steering, list) = super::steering(&[broken, other]);
    assert!(steering.is_none());
    let lines: Vec<String> = list.iter().map(|d| d.line()).collect();
    assert_eq!(
        lines,
        [
            "a.toml:2:17: error: a string stands in quotes; write `\"192.0.2.1\"`",
            "b.toml:4:11: error: `answers` is a whole number from 1 to 16",
        ]
    );
}
