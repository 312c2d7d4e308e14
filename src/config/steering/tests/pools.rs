//! What is refused in pools, one short example each, with the words and the place of its finding.

use super::{found, refused, web};

#[test]
fn values_of_pools() {
    for (line, expected) in [
        (
            "min_up = 50",
            "15:10: error: `min_up` is a share; write `\"50%\"`",
        ),
        (
            "min_up = 0.5",
            "15:10: error: `min_up` is a share; write `\"50%\"` or, if that is meant, `\"0.5%\"`",
        ),
        (
            "min_up = \"101%\"",
            "15:10: error: `min_up` is more than 100%; a share is 0% to 100%",
        ),
        (
            "min_up = \"-1%\"",
            "15:10: error: `min_up` is a share; a number with at most four decimals and `%`: `\"0.5%\"`",
        ),
        (
            "answers = 0",
            "15:11: error: `answers` is a whole number from 1 to 16",
        ),
        (
            "answers = 17",
            "15:11: error: `answers` is a whole number from 1 to 16",
        ),
        (
            "draw = \"stiky\"",
            "15:8: error: `draw` is one of `query`, `client`, `sticky`, `name`; did you mean `\"sticky\"`?",
        ),
        (
            "ecs = \"false\"",
            "15:7: error: `ecs` is `true` or `false`; write `false` without quotes",
        ),
        (
            "on_all_down = \"none\"",
            "15:15: error: `on_all_down` is one of `zone`, `all`, `nodata`; did you mean `\"zone\"`?",
        ),
        (
            "ttl = \"60\"",
            "15:7: error: `ttl` is a duration; write `\"60s\"`",
        ),
        (
            "ttl = \"1.5m\"",
            "15:7: error: `ttl` is a duration; a whole number and `s`, `m`, `h` or `d`: `\"30s\"`",
        ),
        (
            "ttl = \"0s\"",
            "15:7: error: `ttl` is out of range; from `\"1s\"` to `\"1d\"`",
        ),
        (
            "ttl = \"2d\"",
            "15:7: error: `ttl` is out of range; from `\"1s\"` to `\"1d\"`",
        ),
        (
            "ttl = \"99999999999999999d\"",
            "15:7: error: `ttl` is a duration; a whole number and `s`, `m`, `h` or `d`: `\"30s\"`",
        ),
        (
            "ttl = { min = \"2m\" }",
            "15:7: error: `min` is longer than `max`; `min` is 120s and `max` is 60s",
        ),
        (
            "ttl = { min = 5 }",
            "15:15: error: `min` is a duration; write `\"5s\"`",
        ),
        (
            "tie = \"5km\"",
            "15:1: error: `tie` belongs to the policy `nearest`; remove it, or write `policy = \"nearest\"` in pool `web`",
        ),
        (
            "prefer = \"law\"",
            "15:10: error: no rule set is called `law`; define it under `[rules]`",
        ),
        (
            "prefer = [\"law\"]",
            "15:10: error: `prefer` is the name of a rule set, a string",
        ),
    ] {
        assert_eq!(
            web(&format!("members = \"b\"\n{line}")),
            [expected],
            "{line}"
        );
    }
    assert_eq!(
        web("members = \"fra\"\npolicy = \"nearest\"\ntie = \"-5km\""),
        ["16:7: error: `tie` is 0km to 40000km"]
    );
}

#[test]
fn members() {
    for (line, expected) in [
        (
            "",
            "13:8: error: pool `web` has no `members`; write `members = [\"a\", \"b\"]`",
        ),
        (
            "members = []",
            "14:11: error: pool `web` has no members; name at least one VIP, site or pool",
        ),
        (
            "members = {}",
            "14:11: error: pool `web` has no members; name at least one VIP, site or pool",
        ),
        (
            "members = [\"b\", \"fra\", \"b\"]",
            "14:24: error: `b` stands twice in pool `web`; write it once",
        ),
        (
            "members = [\"b\", 5]",
            "14:17: error: `members` is a list of names; a name is a string in quotes",
        ),
        (
            "members = { b = 1_000_001 }",
            "14:17: error: the weight of `b` is a whole number from 0 to 1000000",
        ),
        (
            "members = { fra = 1, b = 2 }\npolicy = \"failover\"",
            "14:1: error: a table of members belongs to the policy `weighted`; write the list `[\"b\", \"fra\"]`",
        ),
    ] {
        assert_eq!(web(line), [expected], "{line}");
    }
}

#[test]
fn nearest_needs_places() {
    let pools = "[pools.web]\npolicy = \"nearest\"\n";
    let nowhere = "nowhere-1 = { address = \"192.0.2.9\", site = \"nowhere\" }\n[sites.nowhere]\n";
    refused(
        &format!("{nowhere}{pools}members = [\"fra\", \"nowhere\"]\n"),
        &[
            "12:19: error: pool `web` needs the place of site `nowhere`; give `nowhere` a `location`",
        ],
    );
    refused(
        &format!("{nowhere}{pools}members = [\"fra\", \"nowhere-1\"]\n"),
        &[
            "12:19: error: pool `web` needs the place of VIP `nowhere-1`; give its site `nowhere` a `location`",
        ],
    );
    refused(
        &format!("{pools}members = [\"inner\"]\n[pools.inner]\nmembers = [\"b\", \"fra-1\"]\n"),
        &[
            "10:12: error: pool `web` needs the place of VIP `b`; give `b` a `site`, and that site a `location`",
        ],
    );
    refused(
        &format!("{pools}members = [\"inner\"]\n[pools.inner]\nmembers = [\"iad\", \"fra-1\"]\n"),
        &[
            "10:12: error: pool `inner` lies at 2 sites: `fra`, `iad`; under `nearest` a pool lies at one site: name its sites or VIPs here",
        ],
    );
    // What an error elsewhere leaves open is not held against the pool.
    refused(
        &format!("c = {{ address = \"192.0.2.9\", site = \"frb\" }}\n{pools}members = [\"c\"]\n"),
        &["8:37: error: no site is called `frb`; did you mean `fra` (2)?"],
    );
}

#[test]
fn cycles_and_depth() {
    refused(
        "[pools.a]\nmembers = \"b\"\nprefer = \"r\"\n[rules.r]\nDE = \"a\"\n",
        &["12:6: error: pools in a cycle: `a` → `a`; `a` contains `a`"],
    );
    refused(
        "[regions]\nx = [\"DE\", \"y\"]\ny = \"z\"\nz = [\"x\"]\n",
        &["9:12: error: regions in a cycle: `x` → `y` → `z` → `x`; `x` contains `y`"],
    );
    let chain = |pools: usize| {
        let links = (1..pools).map(|n| format!("[pools.p{}]\nmembers = {{ p{n} = 1 }}\n", n + 1));
        format!(
            "[pools.p1]\nmembers = [\"b\", \"fra\", \"iad\"]\n{}[names]\n\"x.\" = \"p{pools}\"\n",
            links.collect::<String>()
        )
    };
    refused(&chain(8), &[]);
    let path = "`p9` → `p8` → `p7` → `p6` → `p5` → `p4` → `p3` → `p2` → `p1`";
    refused(
        &chain(9),
        &[&format!(
            "25:13: error: pool `p9` is 9 deep: {path}; at most 8 pools, one in the other"
        )],
    );
    refused(
        &chain(12),
        &[&format!(
            "25:13: error: pool `p9` is 9 deep: {path}; at most 8 pools, one in the other"
        )],
    );
    // Long enough to end any stack that would walk it down.
    assert_eq!(found(&chain(5_000)).len(), 1);
}

#[test]
fn values_that_take_their_time() {
    let failover = "policy = \"failover\"\n";
    for (lines, expected) in [
        (
            "failback = 600",
            "16:12: error: `failback` is a duration; write `\"600s\"`",
        ),
        (
            "failback = \"600\"",
            "16:12: error: `failback` is a duration; write `\"600s\"`",
        ),
        (
            "failback = \"manul\"",
            "16:12: error: `failback` is a duration or `\"manual\"`; did you mean `\"manual\"`?",
        ),
        (
            "failback = \"never\"",
            "16:12: error: `failback` is a duration or `\"manual\"`; write `\"10m\"` or `\"manual\"`",
        ),
        (
            "failback = \"31d\"",
            "16:12: error: `failback` is out of range; at most `\"30d\"`; what may return later, a person brings back: `\"manual\"`",
        ),
        (
            "ramp = 10",
            "16:8: error: `ramp` is a share; write `\"10%\"`",
        ),
        (
            "ramp = \"0.05%\"",
            "16:8: error: `ramp` is out of range; from `\"0.1%\"` to `\"100%\"` of the clients in a minute; without the key all move at once",
        ),
        (
            "ramp = \"101%\"",
            "16:8: error: `ramp` is more than 100%; a share is 0% to 100%",
        ),
    ] {
        let list = web(&format!("members = \"b\"\n{failover}{lines}"));
        assert_eq!(list, [expected], "{lines}");
    }
    assert_eq!(
        web("members = \"b\"\nfailback = \"10m\""),
        [
            "15:1: error: `failback` belongs to the policy `failover`; remove it, or write `policy = \"failover\"` in pool `web`"
        ]
    );
}
