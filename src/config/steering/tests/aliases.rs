//! `cname` VIPs: what is taken, and what is refused with which words.

use super::{clean, found, read, refused};
use crate::diagnostic::render;

#[test]
fn two_cdns() {
    let steering = clean(include_str!(
        "../../../../zones/examples/08-cdns/steering.toml"
    ));
    let vips: Vec<(&str, Option<String>, u32)> = steering
        .vips
        .iter()
        .map(|vip| {
            let cname = vip.cname.as_ref().map(ToString::to_string);
            (vip.name.as_str(), cname, vip.weight)
        })
        .collect();
    let cname = |text: &str| Some(text.to_owned());
    assert_eq!(
        vips,
        [
            ("cdn-a", cname("acme.cdn-a.example."), 80),
            ("cdn-b", cname("acme.cdn-b.example."), 20),
            ("cdn-c", cname("acme.cdn-c.example."), 1),
        ]
    );
}

#[test]
fn the_name_behind_cname() {
    for (cname, expected) in [
        (
            "\"a.example\"",
            "8:15: error: the name has no final dot; write `\"a.example.\"`",
        ),
        ("\"a..example.\"", "8:15: error: a label is empty"),
        (
            "\".\"",
            "8:15: error: `.` is no name of a service; write the name that the other side gave you",
        ),
        (
            "\"*.cdn.example.\"",
            "8:15: error: `*.cdn.example.` is no name of a service; write the name that the other side gave you",
        ),
        (
            "\"bücher.example.\"",
            "8:15: error: the name is not ASCII; write the form that begins with `xn--`",
        ),
        (
            "\"a.example.\", address6 = \"2001:db8::1\"",
            "8:7: error: VIP `c` has a `cname` and an address; drop one of the two: a CNAME stands for all addresses (RFC 1034 §3.6.2)",
        ),
    ] {
        let list = found(&format!("c = {{ cname = {cname} }}\n"));
        assert_eq!(list, [expected], "{cname}");
    }
}

#[test]
fn a_pool_holds_addresses_or_cnames() {
    let list = read(
        "[vips]\na = { cname = \"a.cdn.example.\" }\nb = { address = \"192.0.2.1\" }\n\
         [pools.inner]\nmembers = [\"a\"]\n[pools.outer]\nmembers = { inner = 1, b = 1 }\n\
         [pools.top]\nmembers = [\"outer\"]\npolicy = \"failover\"\n[names]\n\"x.\" = \"top\"\n",
    );
    let expected = r#"
error: pool `outer` holds addresses and `cname` VIPs
 --> zones/steering.toml:6:8
  |
6 | [pools.outer]
  |        ^^^^^ a name gives the one or the other: part them, and point each name to one
  |
 ::: zones/steering.toml:3:1
  |
3 | b = { address = "192.0.2.1" }
  | - `b` has addresses
  |
 ::: zones/steering.toml:2:1
  |
2 | a = { cname = "a.cdn.example." }
  | - `a` has a `cname`
"#;
    assert_eq!(render(&list.1, false).trim(), expected.trim());
    let advice = "a name gives the one or the other: part them, and point each name to one";
    // Through a rule set, and at a site that a name points to.
    refused(
        "c = { cname = \"c.cdn.example.\" }\n[rules.r]\nDE = \"c\"\n[pools.p]\nmembers = \"b\"\nprefer = \"r\"\n",
        &[&format!(
            "11:8: error: pool `p` holds addresses and `cname` VIPs; {advice}"
        )],
    );
    refused(
        "c = { cname = \"c.cdn.example.\", site = \"fra\" }\n[names]\n\"x.\" = \"fra\"\n",
        &[&format!(
            "10:8: error: site `fra` holds addresses and `cname` VIPs; {advice}"
        )],
    );
}

#[test]
fn a_name_has_one_cname() {
    refused(
        "c = { cname = \"c.cdn.example.\" }\n[pools.p]\nmembers = \"c\"\nanswers = 2\n[names]\n\"x.\" = \"p\"\n",
        &[
            "11:11: error: a pool of `cname` VIPs has one answer; remove `answers`: a name has one CNAME (RFC 2181 §10.1)",
        ],
    );
}
