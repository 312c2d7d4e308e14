//! Patterns of zone files and what stands under them: what is taken, and what is refused with which words.

use super::{clean, found};
use crate::config::estate::{Behind, PoolId};

const VIP: &str = "[vips]\nb = { address = \"192.0.2.77\" }\n[pools.web]\nmembers = [\"b\"]\n";

#[test]
fn names_under_a_pattern() {
    let text = "[names]\n\"www.customer-37.example.\" = \"zone\"\n\
        [names.\"customers/*.zone\"]\n\"@\" = \"web\"\nwww = \"b\"\n\"*.app\" = \"zone\"\n\"a.b\" = \"web\"\n\
        [names.\"example.zone\"]\nWWW = \"web\"\n";
    let steering = clean(&format!("{VIP}{text}"));
    assert_eq!(steering.names[0].behind, Behind::Zone);
    let said: Vec<(&str, Vec<(String, Behind)>)> = steering
        .patterns
        .iter()
        .map(|pattern| {
            let names = pattern.names.iter();
            let names = names.map(|n| (n.name.to_string(), n.behind)).collect();
            (pattern.path.as_str(), names)
        })
        .collect();
    let (web, b) = (Behind::Pool(PoolId(0)), Behind::Pool(PoolId(1)));
    let name = |name: &str, behind| (name.to_owned(), behind);
    assert_eq!(
        said,
        [
            (
                "customers/*.zone",
                vec![
                    name(".", web),
                    name("*.app.", Behind::Zone),
                    name("a.b.", web),
                    name("www.", b),
                ]
            ),
            ("example.zone", vec![name("WWW.", web)]),
        ]
    );
    assert_eq!(steering.pools[1].name, "b");
}

#[test]
fn mistakes_of_patterns() {
    for (text, expected) in [
        (
            "[names]\n\"customers/*.zone\" = \"b\"",
            "9:1: error: `customers/*.zone` is a pattern of zone files, and a table stands behind one; write `[names.\"customers/*.zone\"]` and lines like `\"@\" = \"web\"` below it",
        ),
        (
            "[names]\n\"www.example.zone\" = \"b\"",
            "9:1: error: `www.example.zone` is a pattern of zone files, and a table stands behind one; if a name is meant, write it with the final dot: `\"www.example.zone.\"`",
        ),
        (
            "[names]\n\"customers/*\" = \"b\"",
            "9:1: error: the name has no final dot; if a pattern of zone files is meant, it ends in `.zone`",
        ),
        (
            "[names.\"c/*.zone\"]",
            "8:8: error: no name stands under the pattern `c/*.zone`; write lines like `\"@\" = \"web\"` below it, or drop it",
        ),
        (
            "[names.\"/c/*.zone\"]\nwww = \"b\"",
            "8:8: error: `/c/*.zone` fits no path of a zone file; paths are seen from the folder of the zones: write it without the first `/`",
        ),
        (
            "[names.\"./c/*.zone\"]\nwww = \"b\"",
            "8:8: error: `./c/*.zone` fits no path of a zone file; write folders and files as they are called; what begins with a dot is skipped",
        ),
        (
            "[names.\"**/*.zone\"]\nwww = \"b\"",
            "8:8: error: `**/*.zone` fits no path of a zone file; `*` stands for any characters but `/`: write one for each folder, as in `*/*.zone`",
        ),
        (
            "[names.\"*.zone\"]\n\"www.example.com.\" = \"b\"",
            "9:1: error: under a pattern stand relative names; write it without the zone's own name and the final dot, or `\"www.example.com.\"` under `[names]` itself",
        ),
        (
            "[names.\"*.zone\"]\na.www = \"b\"",
            "9:1: error: a name of several labels stands in quotes; write `\"a.www\"`",
        ),
        (
            "[names.\"*.zone\"]\n\"a.*\" = \"b\"",
            "9:1: error: `*` is not the whole leftmost label; elsewhere it stands for nothing",
        ),
        (
            "[names.\"*.zone\"]\n\"bücher\" = \"b\"",
            "9:1: error: the name is not ASCII; write the form that begins with `xn--`",
        ),
        (
            "[names.\"*.zone\"]\n\"a..b\" = \"b\"",
            "9:1: error: a label is empty",
        ),
        (
            "[names.\"*.zone\"]\nwww = \"c\"",
            "9:7: error: no VIP, site or pool is called `c`; define it under `[vips]`, `[sites]` or `[pools]`",
        ),
        (
            "[names.\"*.zone\"]\nwww = [\"b\"]",
            "9:7: error: the name `www` wants one name behind it; write the pool, site or VIP that answers it, or `\"zone\"`",
        ),
        (
            "[names.\"*.zone\"]\nwww = \"b\"\nWww = \"zone\"",
            "10:1: error: the name `Www` stands twice; write it once",
        ),
    ] {
        assert_eq!(found(&format!("{text}\n")), [expected], "{text}");
    }
}

#[test]
fn what_only_patterns_name_is_used() {
    clean(&format!("{VIP}[names.\"*.zone\"]\nwww = \"web\"\n"));
}

#[test]
fn too_many_patterns_with_a_star() {
    let mut text = String::new();
    for n in 0..=crate::limits::PATTERNS {
        text.push_str(&format!("[names.\"{n:04}/*.zone\"]\nwww = \"b\"\n"));
    }
    let expected = "2008:8: error: more than 1000 patterns with a `*`; put files that are alike into one folder";
    assert_eq!(found(&text), [expected]);
}
