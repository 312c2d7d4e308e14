//! `[probes]`: what is read with which defaults, and what is refused with which words.

use std::net::IpAddr;

use super::{HEAD, clean, found, refused};
use crate::config::estate::{Check, Page, Probe};
use crate::config::steering::steering;
use crate::diagnostic::{Refusal, Source};

const USED: &str = "[names]\n\"f.\" = \"fra\"\n\"i.\" = \"iad\"\n\"b.\" = \"b\"\n\"v.\" = \"v\"\n";

/// The probe `p` of these keys, which a VIP uses.
fn probe(keys: &str) -> Probe {
    let vip = "v = { address = \"192.0.2.5\", probe = \"p\" }\n";
    let steering = clean(&format!("{HEAD}{vip}{USED}[probes.p]\n{keys}\n"));
    steering.probes.into_iter().next().unwrap()
}

#[test]
fn every_kind_with_its_defaults() {
    let tcp = probe("kind = \"tcp\"\nport = 25");
    assert_eq!(tcp.check, Check::Tcp { port: 25 });
    assert_eq!((tcp.every, tcp.timeout, tcp.dwell), (5, 2, 30));
    assert_eq!((tcp.fall, tcp.rise, tcp.clear), (3, 5, 5));
    let page = Page {
        host: "www.example.com".into(),
        path: "/".into(),
        status: vec![200],
        body: None,
    };
    let http = probe("kind = \"http\"\nhost = \"www.example.com\"").check;
    let (port, first) = (80, page.clone());
    assert_eq!(http, Check::Http { port, page: first });
    let (port, ca) = (443, None);
    let https = probe("kind = \"https\"\nhost = \"www.example.com\"").check;
    assert_eq!(https, Check::Https { port, page, ca });
    let name = "a.example.".parse().unwrap();
    let (port, expect) = (53, None);
    let dns = probe("kind = \"dns\"\nname = \"a.example.\"").check;
    assert_eq!(dns, Check::Dns { port, name, expect });
    let program = "check-it.sh".into();
    let command = probe("kind = \"command\"\ncommand = \"check-it.sh\"").check;
    assert_eq!(command, Check::Command { program });
    // Of a short interval the usual timeout would be too long.
    assert_eq!(probe("kind = \"tcp\"\nport = 1\nevery = \"1s\"").timeout, 1);
}

#[test]
fn every_key() {
    let all = probe(
        "kind = \"http\"\nport = 8080\npath = \"/ready?x=%20\"\nstatus = [204, 200, 204]\nhost = \"a_b.example\"\n\
         body = \"ok\"\nevery = \"1m\"\ntimeout = \"60s\"\nfall = 1\nrise = 2\nclear = 4\ndwell = \"0s\"",
    );
    let page = Page {
        host: "a_b.example".into(),
        path: "/ready?x=%20".into(),
        status: vec![200, 204],
        body: Some("ok".into()),
    };
    assert_eq!(all.check, Check::Http { port: 8080, page });
    assert_eq!((all.every, all.timeout, all.dwell), (60, 60, 0));
    assert_eq!((all.fall, all.rise, all.clear), (1, 2, 4));
    let dns = probe("kind = \"dns\"\nname = \"a.\"\nexpect = \"2001:db8::1\"");
    assert!(matches!(
        dns.check,
        Check::Dns {
            expect: Some(IpAddr::V6(_)),
            ..
        }
    ));
}

#[test]
fn where_a_vip_is_probed() {
    let vips = "v = { address = \"192.0.2.5\", address6 = \"2001:db8::5\", probe = \"p\" }\n\
                w = { address = \"192.0.2.6\", address6 = \"2001:db8::6\", probe = \"p\", probe_address = \"10.0.0.6\" }\n\
                x = { cname = \"x.example.\", probe = \"p\", probe_address = \"10.0.0.7\" }\n";
    let names = "[names]\n\"f.\" = \"fra\"\n\"i.\" = \"iad\"\n\"b.\" = \"b\"\n\"v.\" = \"v\"\n\"w.\" = \"w\"\n\"x.example.\" = \"x\"\n";
    let text = format!("{HEAD}{vips}{names}[probes.p]\nkind = \"tcp\"\nport = 1\nevery = \"3s\"\n");
    let steering = clean(&text);
    let probed: Vec<_> = steering.vips.iter().filter(|v| v.probe.is_some()).collect();
    let at = |vip: usize| probed[vip].probed();
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(at(0), [address("192.0.2.5"), address("2001:db8::5")]);
    assert_eq!(at(1), [address("10.0.0.6")]);
    assert_eq!(at(2), [address("10.0.0.7")]);
    // Four addresses every three seconds, each VIP rounded up.
    assert_eq!(steering.checks(), 667 + 334 + 334);
    let other = clean(&text.replace("every = \"3s\"", "every = \"4s\""));
    assert!(!steering.same(&other) && steering.same(&clean(&text)));
    assert_ne!(steering.digest(), other.digest());
    let moved = clean(&text.replace("10.0.0.6", "10.0.0.8"));
    assert!(!steering.same(&moved));
    assert_ne!(steering.digest(), moved.digest());
}

#[test]
fn whatever_a_probe_says_is_in_the_digest() {
    let one = |keys: &str| probe(keys).digest();
    let http = "kind = \"http\"\nhost = \"a\"\n";
    let others = [
        "kind = \"https\"\nhost = \"a\"\n".to_owned(),
        http.replace("\"a\"", "\"b\""),
        format!("{http}port = 81"),
        format!("{http}path = \"/x\""),
        format!("{http}status = [200, 204]"),
        format!("{http}body = \"x\""),
        format!("{http}every = \"6s\""),
        format!("{http}timeout = \"1s\""),
        format!("{http}fall = 2"),
        format!("{http}rise = 2"),
        format!("{http}clear = 2"),
        format!("{http}dwell = \"1s\""),
    ];
    for other in others {
        assert_ne!(one(http), one(&other), "{other}");
    }
    let dns = "kind = \"dns\"\nname = \"a.\"\n";
    assert_ne!(one(dns), one(&dns.replace("a.", "b.")));
    assert_ne!(one(dns), one(&format!("{dns}expect = \"192.0.2.1\"")));
    let command = "kind = \"command\"\ncommand = \"a\"\n";
    assert_ne!(one(command), one(&command.replace("\"a\"", "\"b\"")));
}

#[test]
fn keys_that_do_not_fit_the_kind() {
    let table = [
        (
            "kind = \"tcp\"\nport = 1\npath = \"/\"",
            "11:1: error: `path` does not fit a probe of kind `tcp`; remove it: it belongs to `http`, `https`",
        ),
        (
            "kind = \"http\"\nhost = \"a\"\nca = \"f\"",
            "11:1: error: `ca` does not fit a probe of kind `http`; remove it: it belongs to `https`",
        ),
        (
            "kind = \"dns\"\nname = \"a.\"\ncommand = \"f\"",
            "11:1: error: `command` does not fit a probe of kind `dns`; remove it: it belongs to `command`",
        ),
        (
            "kind = \"command\"\ncommand = \"f\"\nport = 5",
            "11:1: error: `port` does not fit a probe of kind `command`; remove it: it belongs to `tcp`, `http`, `https`, `dns`",
        ),
    ];
    for (keys, expected) in table {
        refused(&format!("[probes.p]\n{keys}\n"), &[expected]);
    }
}

#[test]
fn what_is_refused() {
    let http = "kind = \"http\"\nhost = \"a\"\n";
    let table = [
        (
            "",
            "8:9: error: probe `p` has no `kind`; write `kind = \"http\"`, `\"https\"`, `\"tcp\"`, `\"dns\"` or `\"command\"`",
        ),
        (
            "kind = \"htp\"",
            "9:8: error: `kind` is one of `tcp`, `http`, `https`, `dns`, `command`; did you mean `\"http\"`?",
        ),
        (
            "kind = \"tcp\"",
            "8:9: error: probe `p` has no `port`; write `port = 443` in it",
        ),
        (
            "kind = \"tcp\"\nport = 0",
            "10:8: error: `port` is a whole number from 1 to 65535",
        ),
        (
            "kind = \"http\"",
            "8:9: error: probe `p` has no `host`; write `host = \"www.example.com\"` in it",
        ),
        (
            "kind = \"http\"\nhost = \"https://a\"",
            "10:8: error: `https://a` is no host name; a name alone, without scheme and port: `\"www.example.com\"`",
        ),
        (
            "kind = \"http\"\nhost = \"a.example.\"",
            "10:8: error: `a.example.` is no host name; write `\"a.example\"`",
        ),
        (
            "kind = \"http\"\nhost = \"192.0.2.1\"",
            "10:8: error: `192.0.2.1` is no host name; the name by which clients ask; the address is the VIP's",
        ),
        (
            "kind = \"dns\"",
            "8:9: error: probe `p` has no `name`; write `name = \"www.example.com.\"` in it",
        ),
        (
            "kind = \"dns\"\nname = \"a\"",
            "10:8: error: the name has no final dot; write `\"a.\"`",
        ),
        (
            "kind = \"dns\"\nname = \"a.\"\nexpect = \"b\"",
            "11:10: error: `b` is no address; write it as in `\"192.0.2.1\"` or `\"2001:db8::1\"`",
        ),
        (
            "kind = \"command\"",
            "8:9: error: probe `p` has no `command`; write `command = \"NAME\"` in it",
        ),
        (
            "kind = \"command\"\ncommand = \"../x\"",
            "10:11: error: `../x` is no name of a program; a file in the folder that `commands` of meridian.toml names: letters, digits, `-`, `_`, `.`",
        ),
        (
            "kind = \"command\"\ncommand = \"..\"",
            "10:11: error: `..` is no name of a program; a file in the folder that `commands` of meridian.toml names: letters, digits, `-`, `_`, `.`",
        ),
    ];
    for (keys, expected) in table {
        refused(&format!("[probes.p]\n{keys}\n"), &[expected]);
    }
    let more = [
        (
            "path = \"x\"",
            "11:8: error: `x` is no path; begin with `/`, and write all but visible ASCII as `%20`",
        ),
        (
            "path = \"/a b\"",
            "11:8: error: `/a b` is no path; begin with `/`, and write all but visible ASCII as `%20`",
        ),
        (
            "status = 99",
            "11:10: error: `status` is a whole number from 100 to 599",
        ),
        (
            "status = []",
            "11:10: error: `status` is one status, or a list of 1 to 32; write `200` or `[200, 204]`",
        ),
        ("body = \"\"", "11:8: error: `body` has 1 to 1024 octets"),
        (
            "every = 5",
            "11:9: error: `every` is a duration; write `\"5s\"`",
        ),
        ("every = \"0s\"", "11:9: error: `every` is 1s to 3600s"),
        ("every = \"2h\"", "11:9: error: `every` is 1s to 3600s"),
        (
            "timeout = \"6s\"",
            "11:11: error: `timeout` is longer than `every`, 5s; a check has ended before the next begins",
        ),
        (
            "fall = 0",
            "11:8: error: `fall` is a whole number from 1 to 1000",
        ),
        (
            "rise = \"5\"",
            "11:8: error: `rise` is a whole number from 1 to 1000; write `5`",
        ),
        (
            "clear = 1001",
            "11:9: error: `clear` is a whole number from 1 to 1000",
        ),
        ("dwell = \"2h\"", "11:9: error: `dwell` is 0s to 3600s"),
        (
            "evry = \"5s\"",
            "11:1: error: unknown key `evry` in probe `p`; did you mean `every`?",
        ),
    ];
    for (key, expected) in more {
        refused(&format!("[probes.p]\n{http}{key}\n"), &[expected]);
    }
}

#[test]
fn what_a_vip_says_wrongly_of_its_probe() {
    let probe = "[probes.web]\nkind = \"tcp\"\nport = 1\n";
    let table = [
        (
            "address = \"192.0.2.5\", probe = \"wbe\"",
            "8:38: error: no probe is called `wbe`; did you mean `web` (zones/steering.toml:9)?",
        ),
        (
            "address = \"192.0.2.5\", probe_address = \"192.0.2.6\"",
            "8:30: error: `probe_address` without a `probe`; write `probe = \"NAME\"` beside it, or remove it",
        ),
        (
            "address = \"192.0.2.5\", probe = \"web\", probe_address = \"a\"",
            "8:61: error: `a` is no address; write it as in `\"192.0.2.1\"` or `\"2001:db8::1\"`",
        ),
        (
            "cname = \"x.example.\", probe = \"web\"",
            "8:29: error: a `cname` VIP has no address that could be probed; write `probe_address = \"…\"` beside it: where the probe connects",
        ),
    ];
    for (keys, expected) in table {
        let expected = expected.replace("zones/steering.toml:", "");
        assert_eq!(
            found(&format!("v = {{ {keys} }}\n{probe}")),
            [expected],
            "{keys}"
        );
    }
}

#[test]
fn a_file_of_authorities_holds_certificates() {
    let text = format!("{HEAD}[probes.p]\nkind = \"https\"\nhost = \"a\"\nca = \"ca.pem\"\n");
    let with = |pem: Option<&[u8]>| {
        let files = |written: &str, _: &str| {
            let absent = Refusal {
                message: format!("`{written}`: no such file"),
                advice: String::new(),
            };
            pem.map(|pem| Source::new(format!("zones/{written}"), pem))
                .ok_or(absent)
        };
        let read = steering(&[Source::new("s.toml", text.as_bytes())], &files);
        let errors = read.1.iter().filter(|d| d.is_error());
        errors.map(|d| d.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(with(None), ["`ca.pem`: no such file"]);
    assert_eq!(
        with(Some(b"hello")),
        ["`zones/ca.pem`: it holds no certificate"]
    );
    let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(with(Some(key)), ["`zones/ca.pem`: it holds no certificate"]);
    let wrong = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let said = with(Some(wrong));
    assert!(
        said[0].contains("its certificate 1 cannot be trusted"),
        "{said:?}"
    );
    let cut = b"-----BEGIN CERTIFICATE-----\nAA";
    let said = with(Some(cut));
    assert!(said[0].contains("certificate 1 cannot be read"), "{said:?}");
    let large = vec![b'x'; crate::limits::PROBE_CA + 1];
    assert!(with(Some(&large))[0].contains("more than 1048576 octets"));
}
