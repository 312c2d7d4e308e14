//! Holds answers of the server against the model's, and prints the whole case where they differ.

use std::cell::Cell;
use std::fmt::Write as _;
use std::net::IpAddr;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::estate::{Case, Point, Query};
use super::{Expected, Source, cases, moving, text};

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    /// RCODE; 0 is NOERROR.
    pub(crate) rcode: u16,
    /// Targets of the CNAMEs in the answer section, and their TTLs.
    pub(crate) aliases: Vec<(String, u32)>,
    /// Of the answer section, in its order; of an HTTPS record its IPv4 hints, then its IPv6 hints.
    pub(crate) addresses: Vec<IpAddr>,
    /// Of the additional section, with their TTLs.
    pub(crate) beside: Vec<(IpAddr, u32)>,
    /// Of the other records of the answer section.
    pub(crate) ttl: Option<u32>,
    /// SCOPE PREFIX-LENGTH, if the response carries a client subnet.
    pub(crate) scope: Option<u8>,
}

/// How much was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: usize,
    pub(crate) answers: usize,
    pub(crate) ttls: usize,
    pub(crate) scopes: usize,
    pub(crate) steered: usize,
    pub(crate) fallbacks: usize,
    pub(crate) nodata: usize,
    pub(crate) chains: usize,
    /// With a CNAME in front.
    pub(crate) led: usize,
}

impl Tally {
    fn plus(self, other: Tally) -> Tally {
        Tally {
            cases: self.cases + other.cases,
            answers: self.answers + other.answers,
            ttls: self.ttls + other.ttls,
            scopes: self.scopes + other.scopes,
            steered: self.steered + other.steered,
            fallbacks: self.fallbacks + other.fallbacks,
            nodata: self.nodata + other.nodata,
            chains: self.chains + other.chains,
            led: self.led + other.led,
        }
    }
}

/// Asks everything that a case asks. The error is for people: what differs, and the case as texts.
pub(crate) fn check(case: &Case, ask: impl Fn(&Case, &Query) -> Observed) -> Result<Tally, String> {
    let mut tally = Tally {
        cases: 1,
        ..Tally::default()
    };
    for query in &case.queries {
        let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
        let expected = moving(&case.estate, board, motion, query);
        let observed = ask(case, query);
        if !differences(&expected, &observed).is_empty() {
            return Err(report(case, query, &expected, &observed));
        }
        tally.answers += 1;
        tally.ttls += usize::from(expected.ttl.is_some());
        tally.scopes += usize::from(expected.scope.is_some());
        match expected.source {
            Source::Steered => tally.steered += 1,
            Source::ZoneFallback => tally.fallbacks += 1,
            Source::NoData => tally.nodata += 1,
            Source::Chain => tally.chains += 1,
        }
        tally.led += usize::from(!expected.aliases.is_empty());
    }
    Ok(tally)
}

/// Compares this many random cases. A failing one is shrunk and printed.
pub(crate) fn run(
    cases: u32,
    centroids: &[(String, Point)],
    ask: impl Fn(&Case, &Query) -> Observed,
) -> Tally {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let total = Cell::new(Tally::default());
    let result = TestRunner::new(config).run(&cases::any_tapes(), |tapes| {
        let tally = check(&cases::case(&tapes, centroids), &ask).map_err(TestCaseError::fail)?;
        total.set(total.get().plus(tally));
        Ok(())
    });
    match result {
        Ok(()) => total.get(),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}

fn differences(expected: &Expected, observed: &Observed) -> Vec<&'static str> {
    // The order of a static RRset is the zone's affair, not steering's.
    let order = |mut addresses: Vec<IpAddr>| {
        if expected.source == Source::ZoneFallback {
            addresses.sort();
        }
        addresses
    };
    let addresses = order(expected.addresses.clone()) == order(observed.addresses.clone());
    let sorted = |mut beside: Vec<(IpAddr, u32)>| {
        if expected.source == Source::ZoneFallback {
            beside.sort();
        }
        beside
    };
    let beside = sorted(expected.beside.clone()) == sorted(observed.beside.clone());
    let parts = [
        ("rcode", observed.rcode == expected.rcode),
        ("aliases", observed.aliases == expected.aliases),
        ("addresses", addresses),
        ("beside", beside),
        ("ttl", observed.ttl == expected.ttl),
        ("scope", observed.scope == expected.scope),
    ];
    parts
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(part, _)| part)
        .collect()
}

fn report(case: &Case, query: &Query, expected: &Expected, observed: &Observed) -> String {
    let estate = &case.estate;
    let mut text = format!("differs in {:?}\n", differences(expected, observed));
    let _ = writeln!(
        text,
        "query    {query:?}\nexpected {expected:?}\nobserved {observed:?}"
    );
    let _ = writeln!(text, "because  {}", expected.why);
    let board = &case.boards[query.board];
    for (vip, said) in estate.vips.iter().zip(board.v4.iter().zip(&board.v6)) {
        let _ = writeln!(text, "state    {} {said:?}", vip.name);
    }
    for (pool, moving) in estate.pools.iter().zip(&case.motions[query.board]) {
        let _ = writeln!(text, "motion   {} {moving:?}", pool.name);
    }
    for (network, facts) in &estate.networks {
        let _ = writeln!(text, "network  {}/{} {facts:?}", network.addr, network.len);
    }
    let (toml, zone) = (text::to_toml(estate), text::to_zone(estate));
    let (csv, rtt) = (text::to_csv(estate), text::to_rtt(estate));
    let _ = writeln!(text, "{toml}\n{zone}\n{csv}\n{rtt}");
    text
}

#[test]
fn a_wrong_address_order_ttl_or_scope_is_found_and_shown() {
    let case = cases::case(&cases::tapes(1), &cases::centroids());
    type Spoil = fn(&mut Observed);
    let right = |case: &Case, query: &Query| {
        let Expected {
            rcode,
            aliases,
            addresses,
            beside,
            ttl,
            scope,
            ..
        } = moving(
            &case.estate,
            &case.boards[query.board],
            &case.motions[query.board],
            query,
        );
        Observed {
            rcode,
            aliases,
            addresses,
            beside,
            ttl,
            scope,
        }
    };
    let tally = check(&case, right).unwrap();
    assert_eq!(tally.answers, case.queries.len());
    let wrong: [(&str, Spoil); 6] = [
        ("aliases", |seen| seen.aliases.push(("x.".to_string(), 1))),
        ("rcode", |seen| seen.rcode = 2),
        ("addresses", |seen| {
            seen.addresses.push([192, 0, 2, 250].into())
        }),
        ("beside", |seen| {
            seen.beside.push(([192, 0, 2, 250].into(), 60))
        }),
        ("ttl", |seen| seen.ttl = seen.ttl.map(|ttl| ttl + 1)),
        ("scope", |seen| {
            seen.scope = seen.scope.map(|scope| scope ^ 1)
        }),
    ];
    for (what, spoil) in wrong {
        let spoiled = |case: &Case, query: &Query| {
            let mut seen = right(case, query);
            spoil(&mut seen);
            seen
        };
        let shown = check(&case, spoiled).unwrap_err();
        assert!(shown.contains(what) && shown.contains("[pools."), "{shown}");
    }
}
