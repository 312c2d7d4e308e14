//! Fences: what is taken, and what is refused with which words.

use super::{clean, found, read, refused};
use crate::diagnostic::render;

/// Rule sets and pools below the head, with a name for each pool that is none's member.
const LAW: &str = "[regions]\neu = [\"DE\", \"FR\", \"203.0.113.0/24\", \"AS64500\"]\n[rules.eu-law]\neu = \"fra\"\n";

fn law(lines: &str) -> Vec<String> {
    found(&format!("{LAW}{lines}"))
}

#[test]
fn a_fence_is_a_list_of_rule_sets() {
    let text = |fence: &str| {
        format!(
            "{}{LAW}[rules.more]\nDE = [\"fra\", \"iad\"]\nKP = []\n[pools.web]\nmembers = [\"fra\", \"iad\"]\nfence = {fence}\n[names]\n\"w.\" = \"web\"\n\"b.\" = \"b\"\n",
            super::HEAD
        )
    };
    let fence = |value: &str| {
        let (steering, list) = read(&text(value));
        let steering = steering.unwrap_or_else(|| panic!("{}", render(&list, false)));
        let names = steering.pools.iter().find(|pool| pool.name == "web");
        let names = names.unwrap().fence.iter();
        names
            .map(|id| steering.rules[usize::from(id.0)].name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(fence("\"eu-law\""), ["eu-law"]);
    assert_eq!(fence("[\"more\", \"eu-law\"]"), ["more", "eu-law"]);
    let steering = clean(&text("[\"more\", \"eu-law\"]"));
    let (other, _) = read(&text("\"eu-law\""));
    assert!(!steering.same(&other.unwrap()), "another fence is a change");
}

#[test]
fn what_a_fence_must_not_be() {
    let pool = |lines: &str| {
        format!(
            "[pools.web]\nmembers = [\"fra\", \"iad\"]\n{lines}\n[names]\n\"w.\" = \"web\"\n\"b.\" = \"b\"\n"
        )
    };
    let table = [
        (
            "fence = []",
            "14:9: error: the fence of pool `web` has no rule set; name one, or drop the key",
        ),
        (
            "fence = 1",
            "14:9: error: `fence` is a list of names; write `[\"a\", \"b\"]`, or a single `\"a\"`",
        ),
        (
            "fence = \"eu-lwa\"",
            "14:9: error: no rule set is called `eu-lwa`; did you mean `eu-law` (10)?",
        ),
        (
            "fence = [\"eu-law\", \"eu-law\"]",
            "14:20: error: `eu-law` stands twice in the fence of pool `web`; write it once",
        ),
    ];
    for (line, expected) in table {
        let list = law(&pool(line));
        assert_eq!(list.first().map(String::as_str), Some(expected), "{list:?}");
    }
}

#[test]
fn sites_and_nothing_else() {
    refused(
        "[rules.law]\nDE = [\"fra\", \"fra-1\"]\nFR = \"b\"\nIT = \"all\"\n[pools.all]\nmembers = [\"fra\", \"iad\"]\n[pools.web]\nmembers = \"fra\"\nfence = \"law\"\n[names]\n\"w.\" = \"web\"\n",
        &[
            "9:14: error: `fra-1` is a VIP, and a fence lists sites only; write `fra`",
            "10:6: error: `b` is a VIP, and a fence lists sites only; name the sites inside",
            "11:6: error: `all` is a pool, and a fence lists sites only; name the sites inside",
        ],
    );
}

#[track_caller]
fn shown(text: &str, expected: &str) {
    let list = read(&format!("{}{LAW}{text}", super::HEAD)).1;
    assert_eq!(render(&list, false).trim(), expected.trim());
}

#[test]
fn a_fence_without_anybody_inside() {
    shown(
        "[pools.api]\nmembers = [\"iad\", \"b\"]\nfence = \"eu-law\"\n[names]\n\"a.\" = \"api\"\n",
        r#"
error: pool `api` has no VIP in `eu-law` for `eu`
  --> zones/steering.toml:14:9
   |
14 | fence = "eu-law"
   |         ^^^^^^^^ add one at `fra`, or drop the fence
   |
  ::: zones/steering.toml:11:1
   |
11 | eu = "fra"
   | -- keeps to `fra`
"#,
    );
}

#[test]
fn a_fenced_pool_as_a_member() {
    shown(
        "[pools.web]\nmembers = \"fra\"\nfence = \"eu-law\"\n[pools.all]\nmembers = { web = 1, b = 1 }\n[names]\n\"a.\" = \"all\"\n",
        r#"
error: the fence of `web` would not bind `all`
  --> zones/steering.toml:16:13
   |
16 | members = { web = 1, b = 1 }
   |             ^^^ put the fence on `all`
   |
  ::: zones/steering.toml:14:9
   |
14 | fence = "eu-law"
   |         -------- the fence
"#,
    );
}

#[test]
fn a_fenced_pool_in_a_rule_set() {
    shown(
        "[rules.near]\nDE = \"web\"\n[pools.web]\nmembers = \"fra\"\nfence = \"eu-law\"\n[pools.all]\nmembers = [\"b\", \"iad\"]\nprefer = \"near\"\n[names]\n\"a.\" = \"all\"\n",
        r#"
error: the fence of `web` would not bind rule set `near`
  --> zones/steering.toml:13:6
   |
13 | DE = "web"
   |      ^^^^^ name its sites here, and put the fence on the pools that have this rule set as `prefer`
   |
  ::: zones/steering.toml:16:9
   |
16 | fence = "eu-law"
   |         -------- the fence
"#,
    );
}

/// Each rule set is obeyed: places of one that lie in places of another, as far as words tell.
#[test]
fn several_fences_must_leave_somebody_together() {
    let pools = "[pools.web]\nmembers = [\"fra\", \"iad\"]\nfence = [\"one\", \"two\"]\n[names]\n\"w.\" = \"web\"\n\"b.\" = \"b\"\n";
    let both = |one: &str, two: &str| {
        let list = found(&format!("[rules.one]\n{one}\n[rules.two]\n{two}\n{pools}"));
        list.into_iter()
            .map(|line| line.split_once("error: ").unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    let words = |one: &str, two: &str| {
        format!(
            "pool `web` has no VIP that is in `one` for `{one}` and in `two` for `{two}`; add one at a site that all of them list, or write `[]` for: no answer"
        )
    };
    let clash = [
        ("DE", "DE"),
        ("DE", "europe"),
        ("DE-HE", "DE"),
        ("DE-HE", "europe"),
        ("\"DE/Hamburg\"", "DE"),
        ("\"DE-HH/Hamburg\"", "DE-HH"),
        ("\"10.1.0.0/16\"", "\"10.0.0.0/8\""),
        ("AS64500", "AS64500"),
        ("unknown", "unknown"),
    ];
    for (one, two) in clash {
        let expected = [words(one.trim_matches('"'), two.trim_matches('"'))];
        let list = both(&format!("{one} = \"fra\""), &format!("{two} = \"iad\""));
        assert_eq!(list, expected, "{one} {two}");
        let shared = both(
            &format!("{one} = [\"fra\", \"iad\"]"),
            &format!("{two} = \"iad\""),
        );
        assert!(shared.is_empty(), "{shared:?}");
        let none = both(&format!("{one} = []"), &format!("{two} = \"iad\""));
        assert!(none.is_empty(), "{none:?}");
    }
    for (one, two) in [
        ("DE", "FR"),
        ("DE", "asia"),
        ("AS64500", "DE"),
        ("\"10.0.0.0/8\"", "DE"),
        ("DE", "unknown"),
    ] {
        let list = both(&format!("{one} = \"fra\""), &format!("{two} = \"iad\""));
        assert!(list.is_empty(), "{list:?}");
    }
    // The nearer rule of the other set counts, and not the wider.
    let list = both("DE = \"fra\"", "DE = \"fra\"\neurope = \"iad\"");
    assert!(list.is_empty(), "{list:?}");
}

/// Regions hold whatever places hold clients: networks and systems, too.
#[test]
fn regions_share_no_network_and_no_system() {
    for place in ["203.0.113.0/24", "AS64500", "DE/Hamburg", "US-CA"] {
        let list = found(&format!(
            "[regions]\none = [\"KR\", \"{place}\"]\ntwo = [\"JP\", \"{place}\"]\n[rules.r]\none = \"fra\"\ntwo = \"iad\"\n[pools.web]\nmembers = [\"fra\", \"iad\"]\nprefer = \"r\"\n[names]\n\"w.\" = \"web\"\n\"b.\" = \"b\"\n"
        ));
        assert_eq!(
            list,
            [
                "13:1: error: regions `one` and `two` share a place in rule set `r`; drop one of the two, or write the place itself in the rule set"
            ]
        );
    }
}
