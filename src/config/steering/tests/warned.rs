//! What is probably not meant, and taken all the same.

use super::{HEAD, clean, refused};

#[test]
fn warnings_do_not_refuse() {
    let used = "[names]\n\"f.\" = \"fra\"\n\"i.\" = \"iad\"\n\"b.\" = \"b\"\n";
    clean(&format!("{}{used}", HEAD));
    for (text, expected) in [
        (
            "[vips.c]\naddress = \"192.0.2.9\"",
            "12:7: warning: nothing uses VIP `c`; no pool, rule set or name leads to it",
        ),
        (
            "[sites.c]",
            "12:8: warning: nothing uses site `c`; no VIP stands there",
        ),
        (
            "[regions]\nc = \"DE\"",
            "13:1: warning: nothing uses region `c`; no rule set and no other region names it",
        ),
        (
            "[rules.c]\nDE = \"fra\"",
            "12:8: warning: nothing uses rule set `c`; no pool has it as `prefer` or `fence`",
        ),
        (
            "[pools.c]\nmembers = \"b\"\nttl = \"9s\"",
            "12:8: warning: nothing uses pool `c`; no name, pool or rule set leads to it",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = { d = 1 }\n[pools.d]\nmembers = \"b\"\nttl = \"9s\"",
            "17:1: warning: `ttl` has no effect in pool `d`: no name points to it; write it in the pool that a name points to",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"v\"]\n[sites.v]",
            "14:17: warning: site `v` has no VIP; give one this `site`, or drop it here",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\"]\nprefer = \"r\"\n[rules.r]\nDE = \"fra\"\nFR = []",
            "17:1: warning: `DE` chooses nothing; no pool that uses `r` has a VIP at `fra`",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"s\"]\n[vips.s]\naddress6 = \"2001:db8::1\"",
            "7:1: warning: VIP `b` has no `address6`, but others of pool `c` have one; a client that is sent here gets no AAAA",
        ),
        (
            "\"x.\" = \"c\"\n[pools.c]\nmembers = [\"b\", \"s\"]\nanswers = 2\n[vips.s]\naddress = \"192.0.2.78\"\nweight = 3",
            "15:11: warning: the weights of the VIPs without a site are too uneven for 2 answers; no VIP should have more than 1/2 of the weight",
        ),
    ] {
        refused(&format!("{used}{text}\n"), &[expected]);
    }
}
