//! Explanations of corrections and fences: which applied, where they are written, and what they leave.

use super::*;

const FENCED: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
iad-1 = { site = "iad", address = "198.51.100.10" }
[networks]
"193.0.0.0/16" = { place = "KP" }
"193.0.6.0/24" = { place = "NL", location = [52.37, 4.89] }
[regions]
eu = ["DE", "NL"]
[rules.law]
eu = ["fra"]
KP = []
[rules.partners]
"193.0.6.0/25" = ["fra", "iad"]
[pools.web]
members = ["iad", "fra"]
policy = "failover"
fence = ["law", "partners"]
[names]
"www.example.com." = "web"
"#;

fn shown(client: &str) -> (Steered, String) {
    let world = steered_by(FENCED, quiet);
    let said = asked(&world, "www.example.com", client, "A");
    let text = said.to_string();
    (said.steering.unwrap(), text)
}

#[test]
fn a_fence_with_its_rules_and_what_they_leave() {
    let (steering, text) = shown("193.0.6.9");
    has(
        &text,
        &[
            "place     Netherlands (NL), europe, by the built-in map (coarse), as all of 193.0.6.0/24",
            "corrected 193.0.0.0/16 is KP (steering.toml:9)",
            "193.0.6.0/24 is NL at [52.37, 4.89] (steering.toml:10)",
            "fence     law: NL (in eu) keeps to fra",
            "fence     partners: 193.0.6.0/25 keeps to fra and iad",
            "all of them: fra",
            "tried     fra: 100.0 % up, taken",
            "outside: iad-1",
        ],
    );
    assert_eq!(steering.inside.as_deref(), Some(&["fra".to_owned()][..]));
    assert_eq!(steering.outside, ["iad-1"]);
    assert!(steering.spared.is_empty());
    let correction = &steering.client.corrections[1];
    assert_eq!(correction.location, Some([52.37, 4.89]));
    assert_eq!(steering.client.position, Some([52.37, 4.89]));
}

#[test]
fn who_gets_nothing_and_who_is_not_fenced() {
    let (steering, text) = shown("193.0.7.9");
    has(
        &text,
        &[
            "corrected 193.0.0.0/16 is KP (steering.toml:9)",
            "fence     law: KP keeps to nothing",
            "fence     partners: no place fits",
            "the fence leaves nothing: no answer",
        ],
    );
    assert_eq!(
        (steering.tier.as_str(), steering.inside),
        ("fenced", Some(Vec::new()))
    );
    assert_eq!(steering.outside, ["fra-1", "iad-1"]);
    let (steering, text) = shown("193.1.0.9");
    has(
        &text,
        &["fence     law: no place fits", "not needed: fra-1"],
    );
    assert_eq!((steering.inside, steering.outside.len()), (None, 0));
}
