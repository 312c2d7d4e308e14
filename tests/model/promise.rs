//! The promise of a fence, asked of the server alone: whatever is nested in whatever, up or down, and whatever the zone file
//! has beside it, no fenced client ever sees an address of a VIP outside, or of none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::svcb::{SVCB, SvcParamKey, SvcParamValue};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use meridian::answer::Transport;
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::client::Client;
use super::estate::{Case, Estate};
use super::{cases, chain, judge, mmdb, served, text};
use crate::server::Server;

/// Addresses that stand in the zone file at names that are not steered.
const SERVERS: [&str; 2] = ["192.0.2.253", "192.0.2.252"];

/// A name that answers for a steered name: that one, or one below it if it is a wildcard.
fn concrete(name: &str) -> String {
    name.replace('*', "any")
}

/// All ways of a zone file to lead to its steered names, each with addresses of its own that no fence holds.
fn zone(estate: &Estate) -> String {
    let mut text = text::to_zone(estate);
    let hints = "ipv4hint=198.51.100.250 ipv6hint=2001:db8:a::fa";
    for (i, steered) in estate.names.iter().enumerate() {
        let (name, end) = (&steered.name, concrete(&steered.name));
        let _ = writeln!(text, "alias{i} 60 IN CNAME {end}");
        let _ = writeln!(text, "chain{i} 60 IN CNAME alias{i}");
        let _ = writeln!(text, "to{i} 60 IN MX 10 {end}\nto{i} 60 IN MX 20 alias{i}");
        let _ = writeln!(text, "to{i} 60 IN SRV 0 0 1 {end}");
        if let Some(above) = name.strip_prefix("*.") {
            let _ = writeln!(text, "tree{i} 60 IN DNAME {above}");
        }
        // Nothing stands beside a CNAME, and no hints lead to one.
        if chain::leads(estate, i) {
            continue;
        }
        let _ = writeln!(
            text,
            "{name} 60 IN SVCB 1 . mandatory=ipv4hint,ipv6hint,port port=1 {hints}"
        );
        let _ = writeln!(text, "{name} 60 IN SVCB 2 . mandatory=ipv6hint {hints}");
        let _ = writeln!(text, "{name} 60 IN SVCB 3 elsewhere.example.net. {hints}");
        let other = (i + 1) % estate.names.len();
        if !chain::leads(estate, other) {
            let other = concrete(&estate.names[other].name);
            let _ = writeln!(text, "{name} 60 IN SVCB 4 {other} {hints}");
        }
        let _ = writeln!(text, "to{i} 60 IN HTTPS 1 {end} {hints}");
        let _ = writeln!(
            text,
            "to{i} 60 IN HTTPS 2 chain{i} mandatory=ipv4hint {hints}"
        );
        if name.starts_with("*.") {
            let _ = writeln!(text, "to{i} 60 IN HTTPS 3 any.tree{i} {hints}");
        }
    }
    // A zone of our own below, of which the parent has more than it should.
    text.push_str("child IN NS ns.child\nns.child IN A 192.0.2.252\n");
    text.push_str("www.child 60 IN A 198.51.100.251\nwww.child 60 IN AAAA 2001:db8:a::fb\n");
    text.push_str("below 60 IN MX 10 www.child\nbelow 60 IN SRV 0 0 1 www.child\n");
    let _ = writeln!(
        text,
        "below 60 IN HTTPS 1 www.child {hints}\nbelow 60 IN CAA 0 issue \";\""
    );
    text
}

const CHILD: &str = "$TTL 60\n@ IN SOA ns hostmaster 1 7200 900 1209600 300\n@ IN NS ns\nns IN A 192.0.2.252\nwww 60 IN A 198.51.100.252\nwww 60 IN AAAA 2001:db8:a::fc\n";

/// The first name that gives addresses.
fn plain(estate: &Estate) -> Option<usize> {
    (0..estate.names.len()).find(|at| !chain::leads(estate, *at))
}

fn files(estate: &Estate) -> BTreeMap<String, String> {
    let target = plain(estate).map(|at| estate.name(estate.names[at].target));
    let line = format!(
        "[names]\n\"www.child.example.com.\" = {:?}\n",
        target.unwrap_or("zone")
    );
    let steering = text::to_toml(estate).replace("[names]\n", &line);
    BTreeMap::from([
        ("zones/steering.toml".to_string(), steering),
        ("zones/example.com.zone".to_string(), zone(estate)),
        (
            "zones/child.example.com.zone".to_string(),
            CHILD.to_string(),
        ),
        ("zones/corrections.csv".to_string(), text::to_csv(estate)),
        ("zones/rtt.csv".to_string(), text::to_rtt(estate)),
    ])
}

/// Every name through which this steered name can be come by.
fn ways(estate: &Estate, steered: usize) -> Vec<String> {
    let i = steered;
    let mut names = vec![concrete(&estate.names[i].name)];
    names.extend(["alias", "chain", "to"].map(|way| format!("{way}{i}.{}", text::ORIGIN)));
    if estate.names[i].name.starts_with("*.") {
        names.push(format!("any.tree{i}.{}", text::ORIGIN));
    }
    if Some(i) == plain(estate) {
        names.push("www.child.example.com.".into());
        names.push("below.example.com.".into());
    }
    names
}

/// Every address in a message, wherever it stands.
fn addresses(message: &Message) -> Vec<IpAddr> {
    let mut all = Vec::new();
    let sections = [&message.answers, &message.authorities, &message.additionals];
    for record in sections.into_iter().flatten() {
        match &record.data {
            RData::A(a) => all.push(IpAddr::V4(a.0)),
            RData::AAAA(a) => all.push(IpAddr::V6(a.0)),
            RData::HTTPS(https) => all.extend(hints(&https.0)),
            RData::SVCB(svcb) => all.extend(hints(svcb)),
            _ => {}
        }
    }
    all
}

/// Where the CNAMEs of a name lead.
fn aliases(message: &Message, owner: &str) -> Vec<String> {
    let own = |record: &&Record| record.name.to_ascii().eq_ignore_ascii_case(owner);
    let target = |record: &Record| match &record.data {
        RData::CNAME(name) => Some(name.0.to_ascii()),
        _ => None,
    };
    let own = message.answers.iter().filter(own);
    own.filter_map(target).collect()
}

fn hints(svcb: &SVCB) -> Vec<IpAddr> {
    let mut all = Vec::new();
    let has = |key: &SvcParamKey| svcb.svc_params.iter().any(|(known, _)| known == key);
    for (_, value) in &svcb.svc_params {
        match value {
            SvcParamValue::Ipv4Hint(hint) => all.extend(hint.0.iter().map(|a| IpAddr::V4(a.0))),
            SvcParamValue::Ipv6Hint(hint) => all.extend(hint.0.iter().map(|a| IpAddr::V6(a.0))),
            // RFC 9460 §8: a record without a mandatory key is of no use to anybody.
            SvcParamValue::Mandatory(keys) => {
                assert!(!keys.0.is_empty() && keys.0.iter().all(has), "{svcb}");
            }
            _ => {}
        }
    }
    all
}

fn query(name: &str, kind: RecordType, ecs: Option<(IpAddr, u8)>) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    let name = Name::from_ascii(name).unwrap();
    message.add_query(hickory_proto::op::Query::query(name, kind));
    message.set_edns(served::edns(ecs));
    message.to_vec().unwrap()
}

const KINDS: [RecordType; 9] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::HTTPS,
    RecordType::SVCB,
    RecordType::ANY,
    RecordType::MX,
    RecordType::SRV,
    RecordType::CNAME,
    RecordType::DNAME,
];

/// Asks everything of every client of a case; how many answers to fenced clients were looked through, and how many of
/// them had an address.
fn hold(case: &Case) -> Result<(usize, usize), TestCaseError> {
    let Case {
        estate, queries, ..
    } = case;
    let mut server = Server::default();
    let atlas = served::atlas(&mmdb::files(estate));
    server
        .load(&files(estate), atlas)
        .map_err(TestCaseError::fail)?;
    let (mut looked, mut had) = (0, 0);
    for query_of in queries {
        served::believe(&mut server, case, query_of.board);
        let pool = estate.root(estate.names[query_of.steered].target);
        let (address, _) = super::client_and_scope(estate, &pool, query_of);
        let Some(inside) = judge::inside(estate, &pool, &Client::at(estate, address)) else {
            continue;
        };
        let within = |vip: usize| {
            let site = estate.vips[vip].site;
            site.is_some_and(|site| inside.contains(&site))
        };
        let leads = chain::leads(estate, query_of.steered);
        let own = concrete(&estate.names[query_of.steered].name);
        let allowed: Vec<IpAddr> = (estate.vips.iter())
            .filter(|vip| vip.site.is_some_and(|site| inside.contains(&site)))
            .flat_map(|vip| [vip.v4.map(IpAddr::V4), vip.v6.map(IpAddr::V6)])
            .flatten()
            .chain(SERVERS.map(|text| text.parse().unwrap()))
            .collect();
        server.counter = query_of.counter;
        for name in ways(estate, query_of.steered) {
            for kind in KINDS {
                let from = (query_of.resolver, 53_000).into();
                let asked = query(&name, kind, query_of.ecs);
                let reply = server.ask(&asked, from, Transport::Tcp, query_of.now);
                let reply = Message::from_vec(&reply.unwrap()).unwrap();
                if leads {
                    // What a VIP leads to is bound by the fence of its own pool.
                    let led = aliases(&reply, &own);
                    let fit = |to: &String| {
                        (estate.cnames.iter()).any(|(vip, name)| name == to && within(*vip))
                    };
                    prop_assert!(
                        led.iter().all(fit),
                        "{name} {kind} leads to {led:?}, inside are {inside:?}\n{query_of:?}\n{reply}"
                    );
                    looked += 1;
                    had += usize::from(!led.is_empty());
                    continue;
                }
                let seen = addresses(&reply);
                let astray: Vec<_> = seen.iter().filter(|a| !allowed.contains(a)).collect();
                prop_assert!(
                    astray.is_empty(),
                    "{name} {kind} gives {astray:?}, inside are {inside:?}\n{query_of:?}\n{reply}\n{}\n{}",
                    files(estate)["zones/steering.toml"],
                    zone(estate)
                );
                prop_assert_eq!(reply.metadata.response_code, ResponseCode::NoError);
                looked += 1;
                had += usize::from(!seen.is_empty());
            }
        }
    }
    Ok((looked, had))
}

#[test]
fn no_path_leads_around_a_fence() {
    let cases = std::env::var("MERIDIAN_MODEL_CASES").ok();
    let config = Config {
        cases: cases.and_then(|n| n.parse().ok()).unwrap_or(200),
        failure_persistence: None,
        ..Config::default()
    };
    let total = std::cell::Cell::new((0, 0));
    let centroids = served::centroids();
    let result = proptest::test_runner::TestRunner::new(config).run(&cases::any_tapes(), |tapes| {
        let (looked, had) = hold(&cases::case(&tapes, &centroids))?;
        let before = total.get();
        total.set((before.0 + looked, before.1 + had));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let (looked, had) = total.get();
    println!("{looked} answers to fenced clients, {had} with addresses, and none from outside");
    assert!(looked > 10_000 && had > 1_000, "{looked} {had}");
}
