//! The damper against a plain account of all results, and what it promises of flapping.

use proptest::prelude::*;

use super::*;

const USUAL: Damping = Damping {
    fall: 3,
    rise: 5,
    clear: 5,
    dwell: 30_000,
};

fn feed(damper: &mut Damper, from: u64, step: u64, results: &str) -> Vec<(u64, Side)> {
    let results = (0..).zip(results.chars());
    let turned = results.filter_map(|(nth, c)| {
        let found = if c == '+' { Side::Up } else { Side::Down };
        let at = from + nth * step;
        damper.take(&USUAL, found, at).map(|side| (at, side))
    });
    turned.collect()
}

#[test]
fn the_first_result_decides_where_nothing_is_known() {
    for (result, side) in [("+", Side::Up), ("-", Side::Down)] {
        assert_eq!(feed(&mut Damper::new(None), 7, 1, result), [(7, side)]);
    }
    assert_eq!(feed(&mut Damper::new(Some(Side::Up)), 7, 1, "-"), []);
}

#[test]
fn slow_flapping_goes_down_too_and_only_a_run_of_successes_wipes_out() {
    let up = || Damper::new(Some(Side::Up));
    assert_eq!(feed(&mut up(), 0, 5_000, "--++++-"), [(30_000, Side::Down)]);
    assert_eq!(feed(&mut up(), 0, 5_000, "--+++++--"), []);
    assert_eq!(
        feed(&mut up(), 0, 5_000, "--+++++---"),
        [(45_000, Side::Down)]
    );
    let down = || Damper::new(Some(Side::Down));
    assert_eq!(
        feed(&mut down(), 0, 5_000, "++++-+++++"),
        [(45_000, Side::Up)]
    );
}

#[test]
fn each_fall_keeps_it_out_twice_as_long_and_time_forgets() {
    let mut damper = Damper::new(Some(Side::Up));
    let mut at = 0;
    let mut holds = Vec::new();
    for _ in 0..7 {
        // As fast as can be: it fails until it is out, and is well until it is back.
        let out = loop {
            at += 1_000;
            if damper.take(&USUAL, Side::Down, at).is_some() {
                break at;
            }
        };
        let back = loop {
            at += 1_000;
            if damper.take(&USUAL, Side::Up, at).is_some() {
                break at;
            }
        };
        holds.push((back - out) / 1_000);
    }
    assert_eq!(holds, [30, 60, 120, 240, 480, 600, 600]);
    assert!(damper.falls(at) > 3);
    assert_eq!(damper.falls(at + limits::PROBE_FORGET * 6), 0);
    // What was forgotten begins from the start.
    at += limits::PROBE_FORGET * 6;
    assert_eq!(feed(&mut damper, at, 1, "---"), [(at + 2, Side::Down)]);
    assert_eq!(damper.held(at + 2), 30_000);
}

/// The same by looking at all results each time: no counter, no state but what follows from them.
#[derive(Default)]
struct Account {
    /// Since the state came.
    results: Vec<Side>,
    side: Option<Side>,
    turned: Option<u64>,
    /// When it fell, each time, with how many falls counted before it and with it.
    falls: Vec<(u64, u64, u64)>,
}

impl Account {
    fn counted(&self, now: u64) -> u64 {
        let last = self.falls.last();
        last.map_or(0, |(at, _, many)| many.saturating_sub((now - at) / 600_000))
    }

    fn take(&mut self, damping: &Damping, found: Side, now: u64) -> Option<Side> {
        let Some(side) = self.side else {
            self.side = Some(found);
            return Some(found);
        };
        self.results.push(found);
        let runs: Vec<usize> = (0..self.results.len())
            .map(|end| {
                let until = self.results[..=end].iter().rev();
                until.take_while(|r| **r == Side::Up).count()
            })
            .collect();
        let enough = match side {
            Side::Up => {
                let wiped = runs.iter().rposition(|run| *run >= damping.clear as usize);
                let since = wiped.map_or(0, |at| at + 1);
                let failed = self.results[since..].iter().filter(|r| **r == Side::Down);
                failed.count() >= damping.fall as usize
            }
            Side::Down => runs.last().is_some_and(|run| *run >= damping.rise as usize),
        };
        let hold = match (self.turned, side) {
            (None, _) => 0,
            (Some(at), Side::Up) => at + damping.dwell,
            (Some(at), Side::Down) => {
                let before = self.falls.last().map_or(0, |(_, before, _)| *before);
                at + (damping.dwell * 2u64.pow(before as u32)).min(damping.dwell.max(600_000))
            }
        };
        if found == side || !enough || now < hold {
            return None;
        }
        if found == Side::Down {
            let before = self.counted(now);
            self.falls.push((now, before, (before + 1).min(6)));
        }
        (self.side, self.turned) = (Some(found), Some(now));
        self.results.clear();
        Some(found)
    }
}

fn damping() -> impl Strategy<Value = Damping> {
    let dwell = prop_oneof![Just(0), 1u64..100_000];
    (1u32..6, 1u32..6, 1u32..6, dwell).prop_map(|(fall, rise, clear, dwell)| Damping {
        fall,
        rise,
        clear,
        dwell,
    })
}

/// Mostly runs, so that states change; and the time since the result before.
fn results() -> impl Strategy<Value = Vec<(Side, u64)>> {
    let side = prop_oneof![Just(Side::Up), Just(Side::Down)];
    let gap = prop_oneof![6 => 0u64..20_000, 1 => 0u64..900_000];
    let run = (side, proptest::collection::vec(gap, 1..9));
    let all = proptest::collection::vec(run, 1..40);
    all.prop_map(|runs| {
        let each = |(side, gaps): (Side, Vec<u64>)| gaps.into_iter().map(move |gap| (side, gap));
        runs.into_iter().flat_map(each).collect()
    })
}

proptest! {
    #[test]
    fn it_does_as_a_plain_account_of_all_results(damping in damping(), results in results()) {
        let (mut damper, mut account, mut now) = (Damper::new(None), Account::default(), 0);
        for (found, gap) in results {
            now += gap;
            let said = damper.take(&damping, found, now);
            prop_assert_eq!(said, account.take(&damping, found, now), "at {}", now);
        }
    }

    #[test]
    fn flapping_ten_times_a_second_turns_at_most_once_in_a_hold(
        damping in damping(),
        pattern in proptest::collection::vec(any::<bool>(), 1..50),
    ) {
        let mut damper = Damper::new(Some(Side::Up));
        let mut free = 0;
        for nth in 0..20_000u64 {
            let now = nth * 100;
            let well = pattern[nth as usize % pattern.len()];
            let found = if well { Side::Up } else { Side::Down };
            if damper.take(&damping, found, now).is_some() {
                prop_assert!(now >= free, "turned at {} before {}", now, free);
                prop_assert!(damper.held(now) >= damping.dwell);
                free = now + damper.held(now);
            }
        }
    }
}
