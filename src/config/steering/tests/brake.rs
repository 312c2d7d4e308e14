//! `[brake]`: what is taken, and what is refused or warned of with which words.

use super::{HEAD, clean, found, read, steering};
use crate::config::estate::{Bounds, Ground, SiteId, VipId};
use crate::diagnostic::{Diagnostic, Source};

const NAMES: &str =
    "[names]\n\"f.example.\" = \"fra\"\n\"i.example.\" = \"iad\"\n\"b.example.\" = \"b\"\n";

fn bounds(keys: &str) -> Option<Bounds> {
    clean(&format!("{HEAD}{NAMES}{keys}")).brake
}

/// The findings with `[brake]` in line 12.
fn told(keys: &str) -> Vec<String> {
    found(&format!("{NAMES}[brake]\n{keys}"))
}

#[test]
fn all_keys_and_what_they_are_without() {
    assert_eq!(bounds(""), None);
    assert_eq!(bounds("[brake]\n"), Some(Bounds::default()));
    assert_eq!(
        Bounds::default(),
        Bounds {
            window: 60,
            sites: 1,
            share: 500_000,
            min_sites: 1,
            min_capacity: 250_000
        }
    );
    let all = "[brake]\nwindow = \"5m\"\nsites = 2\nshare = \"12.5%\"\nmin_sites = 0\nmin_capacity = \"0%\"\n";
    let said = Bounds {
        window: 300,
        sites: 2,
        share: 125_000,
        min_sites: 0,
        min_capacity: 0,
    };
    assert_eq!(bounds(all), Some(said));
}

/// Sites with VIPs, and each VIP without a site; what counts is the capacity if all have one.
#[test]
fn what_is_lost_as_one() {
    let steering = clean(&format!("{HEAD}{NAMES}"));
    let grounds: Vec<(Ground, Vec<VipId>)> = steering.grounds().into_iter().collect();
    let site = |id| Ground::Site(SiteId(id));
    assert_eq!(
        grounds,
        [
            (site(0), vec![VipId(1)]),
            (site(1), vec![VipId(2)]),
            (Ground::Vip(VipId(0)), vec![VipId(0)])
        ]
    );
    assert_eq!(steering.sizes(), [1, 1, 1]);
    let vips = "[vips]\na = { address = \"192.0.2.1\", weight = 3, capacity = 70 }\n\
                b = { address = \"192.0.2.2\", weight = 2CAPACITY }\n[pools.p]\nmembers = [\"a\", \"b\"]\n\
                [names]\n\"a.example.\" = \"p\"\n";
    let some = clean(&vips.replace("CAPACITY", ""));
    assert_eq!(some.sizes(), [3, 2]);
    let all = clean(&vips.replace("CAPACITY", ", capacity = 30"));
    assert_eq!(all.sizes(), [70, 30]);
}

#[test]
fn mistakes_have_their_place_and_advice() {
    let table: [(&str, &[&str]); 9] = [
        (
            "window = 60\n",
            &["13:10: error: `window` is a duration; write `\"60s\"`"],
        ),
        (
            "window = \"0s\"\n",
            &[
                "13:10: error: `window` is 1s to 1d; write how long a loss counts against the next, as in `\"60s\"`",
            ],
        ),
        (
            "window = \"2d\"\n",
            &[
                "13:10: error: `window` is 1s to 1d; write how long a loss counts against the next, as in `\"60s\"`",
            ],
        ),
        (
            "sites = 0\nshare = 50\n",
            &[
                "13:9: error: `sites` is a whole number from 1 to 65535",
                "14:9: error: `share` is a share; write `\"50%\"`",
            ],
        ),
        (
            "share = \"101%\"\nmin_capacity = \"x\"\n",
            &[
                "13:9: error: `share` is more than 100%; a share is 0% to 100%",
                "14:16: error: `min_capacity` is a share; a number and `%`: `\"50%\"`",
            ],
        ),
        (
            "min_sites = 4\n",
            &[
                "13:13: error: `min_sites` is 4, and there are 3 sites with VIPs; write at most 2, so that one can be lost; \
                 a VIP without a site counts as one",
            ],
        ),
        (
            "min_sites = 3\n",
            &[
                "13:13: warning: `min_sites` is 3, and so many sites there are; no site is ever taken out of answers, dead or not; \
                 write less, or leave `[brake]` out",
            ],
        ),
        (
            "min_capacity = \"70%\"\n",
            &[
                "13:16: warning: `min_capacity` does not let go of `b`, `fra`, `iad`, even alone; what is left would be less; \
                 it stays in answers when it is down, unless an operator forces it",
            ],
        ),
        (
            "site = 1\n",
            &["13:1: error: unknown key `site` in `brake`; did you mean `sites`?"],
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(told(keys), expected, "{keys}");
    }
    let (_, list) = read(&format!("brake = 1\n{HEAD}{NAMES}"));
    let lines: Vec<String> = list.iter().map(Diagnostic::line).collect();
    assert_eq!(
        lines,
        ["zones/steering.toml:1:9: error: `brake` is a table; write `[brake]`"]
    );
    let file = |path, text: &str| Source::new(path, text);
    let whole = format!("{HEAD}{NAMES}[brake]\n");
    let files = [file("a.toml", &whole), file("b.toml", "[brake]\n")];
    let (_, list) = steering(&files);
    let lines: Vec<String> = list.iter().map(Diagnostic::line).collect();
    assert_eq!(
        lines,
        ["b.toml:1:2: error: `[brake]` is written twice; write it once"]
    );
}
