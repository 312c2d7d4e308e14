//! `meridian.toml`: what is read, and what is refused with which words.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use super::geoip::{Geoip, Guard, Older};
use super::*;
use crate::rate::Terms;

fn read(text: &str) -> Result<Machine, Vec<String>> {
    let (read, list) = machine(&Source::new("meridian.toml", text));
    let lines: Vec<String> = list
        .iter()
        .map(|d| d.line().replace("meridian.toml:", ""))
        .collect();
    assert_eq!(read.is_none(), !lines.is_empty());
    read.ok_or(lines)
}

#[test]
fn nothing_is_required() {
    assert_eq!(read(""), Ok(Machine::default()));
}

#[test]
fn everything() {
    let machine = read(
        r#"
zones = "/srv/zones"
geoip = ["geoip/City.mmdb", "geoip/ASN.mmdb"]
state = "state"
listen = ["192.0.2.53:53", "[2001:db8::53]:53"]
admin = "https://[2001:db8::53]:8053"
workers = 4
id = "fra1"
version = "Meridian, on a good day"
cookies = "cookies"
commands = "commands"
[tls]
cert = "tls/cert.pem"
key = "tls/key.pem"
client_ca = "tls/clients.pem"
[rate]
per_second = 200
slip = 1
allow = ["192.0.2.0/24", "2001:db8::1"]
[tokens.ops]
file = "tokens/ops"
role = "operator"
rate = 7
[tokens.fra-forwarders]
file = "tokens/fra"
sites = "fra"
"#,
    )
    .unwrap();
    assert_eq!(
        (
            machine.zones.as_deref(),
            machine.state.as_deref(),
            machine.workers
        ),
        (Some("/srv/zones"), Some("state"), Some(4))
    );
    assert_eq!(
        [&machine.id, &machine.version, &machine.cookies].map(Option::as_deref),
        [
            Some("fra1"),
            Some("Meridian, on a good day"),
            Some("cookies")
        ]
    );
    assert_eq!(machine.geoip.files, ["geoip/City.mmdb", "geoip/ASN.mmdb"]);
    assert_eq!(machine.geoip.guard, Guard::default());
    assert_eq!(
        machine.listen,
        ["192.0.2.53:53", "[2001:db8::53]:53"].map(|text| text.parse().unwrap())
    );
    let admin = machine.admin.unwrap();
    assert_eq!(admin, Admin::Https(admin.address()));
    assert_eq!(admin.to_string(), "https://[2001:db8::53]:8053");
    let tls = Tls {
        cert: "tls/cert.pem".to_owned(),
        key: "tls/key.pem".to_owned(),
        client_ca: Some("tls/clients.pem".to_owned()),
    };
    assert_eq!(machine.tls, Some(tls));
    let allow = ["192.0.2.0/24", "2001:db8::1/128"].map(|text| text.parse().unwrap());
    assert_eq!(
        machine.rate,
        Rate::On(Terms {
            per_second: 200,
            slip: 1,
            allow: allow.into(),
        })
    );
    assert_eq!(machine.commands.as_deref(), Some("commands"));
    let tokens: Vec<_> = machine
        .tokens
        .iter()
        .map(|t| {
            let names = (t.name.as_str(), t.file.as_str());
            (names, t.role, t.sites.clone(), t.rate)
        })
        .collect();
    let fra = (
        ("fra-forwarders", "tokens/fra"),
        Role::Feed,
        Some(vec!["fra".to_owned()]),
        limits::TOKEN_RATE,
    );
    let ops = (("ops", "tokens/ops"), Role::Operator, None, 7);
    assert_eq!(tokens, [fra, ops]);
    assert_eq!(machine.tokens[0].spot.place(), "meridian.toml:24:9");
}

/// Files alone, or a table of files and what guards them.
#[test]
fn databases_with_their_guard() {
    let of = |text: &str| read(text).unwrap().geoip;
    assert_eq!(of(""), Geoip::default());
    assert_eq!(of("geoip = \"a.mmdb\"").files, ["a.mmdb"]);
    let table = of("[geoip]\nfiles = [\"a.mmdb\"]");
    assert_eq!(
        (table.files, table.guard),
        (vec!["a.mmdb".to_owned()], Guard::default())
    );
    let days = 90 * 86_400;
    let plain = Guard {
        max_age: days,
        max_moved: 250_000,
        older: Older::Refused,
    };
    assert_eq!(Guard::default(), plain);
    let all = of("geoip = { max_age = \"30d\", max_moved = \"2.5%\", older = true }");
    let guard = Guard {
        max_age: 30 * 86_400,
        max_moved: 25_000,
        older: Older::Taken,
    };
    assert_eq!((all.files.len(), all.guard), (0, guard));
}

#[test]
fn the_rate_is_on_unless_off() {
    let of = |text: &str| read(text).unwrap().rate;
    assert_eq!(of(""), Rate::On(Terms::default()));
    assert_eq!(of("[rate]"), Rate::On(Terms::default()));
    assert_eq!(of("rate = \"off\""), Rate::Off);
    let Rate::On(terms) = of("rate = { slip = 0 }") else {
        panic!("off");
    };
    assert_eq!((terms.per_second, terms.slip), (limits::RATE, 0));
}

#[test]
fn observers_that_vote() {
    let text = "[tokens]\na = { file = \"a\" }\nb = { file = \"b\" }\n[observers.pair]\ntokens = [\"b\", \"a\"]\nagree = 2";
    let pair = observers::Observers {
        name: "pair".to_owned(),
        tokens: vec!["b".to_owned(), "a".to_owned()],
        agree: 2,
    };
    assert_eq!(read(text).unwrap().observers, [pair]);
}

#[test]
fn refused() {
    let plain = "remove it: this version of Meridian listens on plain addresses, UDP and TCP";
    let form = "an address and a port: `\"192.0.2.53:53\"`, `\"[2001:db8::53]:53\"`";
    for (text, expected) in [
        ("id = \"\"", "1:6: error: `id` has 1 to 255 octets; leave the key out to say nothing".to_owned()),
        ("version = \"a\\u0007\"", "1:11: error: `version` holds a control character; write what can be read".to_owned()),
        ("geoip = { file = [] }", "1:11: error: unknown key `file` in `geoip`; did you mean `files`?".to_owned()),
        ("geoip = { files = [\"\"] }", "1:20: error: `files` is an empty path; leave the key out for the default".to_owned()),
        ("geoip = { max_age = 90 }", "1:21: error: `max_age` is a duration; write `\"90s\"`".to_owned()),
        ("geoip = { max_moved = \"101%\" }", "1:23: error: `max_moved` is more than 100%; a share is 0% to 100%".to_owned()),
        ("geoip = { older = \"true\" }", "1:19: error: `older` is `true` or `false`; write `true` without quotes".to_owned()),
        ("cookies = \"\"", "1:11: error: `cookies` is an empty path; leave the key out for the default".to_owned()),
        (
            "[tls]\ncert = \"c\"\nkey = \"k\"",
            "1:2: error: `[tls]` is of no use: `admin` is plain HTTP; write `admin = \"https://ADDRESS:PORT\"`, or remove it".to_owned(),
        ),
        (
            "admin = \"https://[::1]:1\"\n[tls]\ncert = \"c\"",
            "2:2: error: `[tls]` has no `key`; write `key = \"…\"`, the path of a PEM file".to_owned(),
        ),
        (
            "admin = \"https://[::1]:1\"",
            "1:9: error: `https://` needs a certificate; write `[tls]` with `cert` and `key`".to_owned(),
        ),
        (
            "admin = \"https://192.0.2.1\"",
            "1:9: error: `https://192.0.2.1` is no listener; write `\"https://192.0.2.1:8053\"`".to_owned(),
        ),
        (
            "admin = \"https://localhost:8053\"",
            "1:9: error: `https://localhost:8053` is no listener; an address and a port: `\"https://192.0.2.53:8053\"`".to_owned(),
        ),
        ("listn = \"a\"", "1:1: error: unknown key `listn` in `meridian.toml`; did you mean `listen`?".to_owned()),
        ("listen = \"tls://192.0.2.1:853\"", format!("1:10: error: `tls://` listeners are not built yet; {plain}")),
        ("listen = [\"https://a/dns-query\"]", format!("1:11: error: `https://` listeners are not built yet; {plain}")),
        ("listen = \"quic://[::]:853\"", format!("1:10: error: `quic://` listeners are not built yet; {plain}")),
        ("listen = \"192.0.2.1\"", "1:10: error: `192.0.2.1` is no listener; write `\"192.0.2.1:53\"`".to_owned()),
        ("listen = \"[::1]\"", "1:10: error: `[::1]` is no listener; write `\"[::1]:53\"`".to_owned()),
        (
            "listen = \":5353\"",
            "1:10: error: `:5353` is no listener; write both families: `\"0.0.0.0:5353\"`, `\"[::]:5353\"`".to_owned(),
        ),
        ("listen = \"localhost:53\"", format!("1:10: error: `localhost:53` is no listener; {form}")),
        ("listen = []", "1:10: error: `listen` is empty; leave the key out for the default, `[\"127.0.0.1:5300\"]`".to_owned()),
        (
            "listen = [\"192.0.2.1:53\", \"192.0.2.1:53\"]",
            "1:27: error: `192.0.2.1:53` stands twice; write it once".to_owned(),
        ),
        (
            "admin = \"0.0.0.0:8053\"",
            "1:9: error: `admin` is plain HTTP and stays on loopback; write `\"127.0.0.1:8053\"`, or `\"https://0.0.0.0:8053\"` with `[tls]`".to_owned(),
        ),
        ("workers = 0", "1:11: error: `workers` is a whole number from 1 to 512".to_owned()),
        ("rate = \"on\"", "1:8: error: `rate` is a table; write `[rate]` or `rate = \"off\"`".to_owned()),
        ("[rate]\nper_secnd = 5", "2:1: error: unknown key `per_secnd` in `rate`; did you mean `per_second`?".to_owned()),
        ("[rate]\nper_second = 0", "2:14: error: `per_second` is a whole number from 1 to 1000000".to_owned()),
        ("[rate]\nslip = 101", "2:8: error: `slip` is a whole number from 0 to 100".to_owned()),
        (
            "[rate]\nallow = [\"192.0.2.1/24\"]",
            "2:10: error: `192.0.2.1/24` is no network; bits are set beyond its length: write `\"192.0.2.0/24\"`".to_owned(),
        ),
        (
            "[rate]\nallow = \"home\"",
            "2:9: error: `home` is no network; an address, or a network: `\"192.0.2.0/24\"`".to_owned(),
        ),
        (
            "[rate]\nallow = \"::/129\"",
            "2:9: error: `::/129` is no network; the length is at most 32 for IPv4, 128 for IPv6".to_owned(),
        ),
        ("observers = 3", "1:13: error: `observers` is a table; write `[observers.NAME]` and its keys below it".to_owned()),
        ("[tokens.probe]\nfile = \"f\"", "1:9: error: `probe` is what own probes report as; call the token otherwise".to_owned()),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.x]\nagree = 1",
            "3:12: error: observers `x` have no `tokens`; name them: `tokens = [\"a\", \"b\", \"c\"]`".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.x]\ntokens = \"a\"",
            "3:12: error: observers `x` have no `agree`; say how many must agree: `agree = 1`".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.x]\ntokens = \"a\"\nagree = 2",
            "5:9: error: `agree` is a whole number from 1 to 1".to_owned(),
        ),
        (
            "[tokens.fra-a]\nfile = \"f\"\n[observers.x]\ntokens = \"fra-b\"\nagree = 1",
            "4:10: error: no token is called `fra-b`; did you mean `fra-a`?".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.x]\ntokens = [\"a\", \"a\"]\nagree = 1",
            "4:16: error: `a` stands twice; write it once".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers]\nx = { tokens = \"a\", agree = 1 }\ny = { tokens = \"a\", agree = 1 }",
            "5:16: error: `a` is in `x` already; a token has one vote, in one group".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.a]\ntokens = \"a\"\nagree = 1",
            "3:12: error: `a` is the name of an observer already; call the group otherwise: replies name it beside observers of no group".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\n[observers.x]\ntoken = \"a\"\ntokens = \"a\"\nagree = 1",
            "4:1: error: unknown key `token` in observers `x`; did you mean `tokens`?".to_owned(),
        ),
        ("zones = \"\"", "1:9: error: `zones` is an empty path; leave the key out for the default".to_owned()),
        ("[tokens.a]", "1:9: error: token `a` has no `file`; write `file = \"…\"`: a token never stands in this file itself".to_owned()),
        (
            "[tokens.a]\nfile = \"f\"\nrate = 0",
            "3:8: error: `rate` is a whole number from 1 to 1000000".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\nrole = \"admin\"",
            "3:8: error: `role` is one of `reader`, `feed`, `operator`".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\nrole = \"reader\"\nsites = \"fra\"",
            "4:1: error: `sites` belongs to the role `feed`; remove it, or the role".to_owned(),
        ),
        (
            "[tokens.a]\nfile = \"f\"\nsites = \"Fra\"",
            "3:9: error: `Fra` is no name for a site; write `fra`: lower-case letters, digits and hyphens, a letter or digit at both ends"
                .to_owned(),
        ),
    ] {
        assert_eq!(read(text), Err(vec![expected]), "{text}");
    }
}
