//! The wheel with checks that do as the test wants: how many at once, mistakes of our own, and targets that leave.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::target::{Spec, targets};
use super::*;
use crate::config;
use crate::diagnostic::Source;
use crate::health::probed::Ending;
use crate::health::verdict::{Both, State};
use crate::keeper::clock::Clock;
use crate::keeper::clock::tests::Hands;
use crate::keeper::tests::{DEADLINE, House};
use crate::keeper::{Change, Force, Touched};

/// An estate of so many VIPs that are all probed every second.
fn steering(vips: usize) -> String {
    let mut text = String::from("[vips]\n");
    let mut all = Vec::new();
    for nth in 0..vips {
        let (high, low) = (nth / 250, nth % 250 + 1);
        text += &format!("v-{nth} = {{ address = \"10.0.{high}.{low}\", probe = \"p\" }}\n");
        all.push(format!("\"v-{nth}\""));
    }
    let all = all.join(", ");
    text + &format!(
        "[probes.p]\nkind = \"tcp\"\nport = 1\nevery = \"1s\"\n[pools.web]\nmembers = [{all}]\n[names]\n\"www.example.com.\" = \"web\"\n"
    )
}

fn well() -> Finding {
    Finding::new(Ending::Well, "")
}

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

fn begin<F>(
    house: &House,
    runtime: &Runtime,
    check: impl Fn(Arc<Spec>) -> F + Send + Sync + 'static,
) -> Probes
where
    F: Future<Output = Finding> + Send + 'static,
{
    let ground = Ground {
        cell: house.cell.clone(),
        keeper: house.keeper.clone(),
        commands: None,
    };
    let checker =
        move |spec| -> Pin<Box<dyn Future<Output = Finding> + Send>> { Box::pin(check(spec)) };
    start_with(runtime.handle(), ground, Arc::new(checker))
}

/// Waits until what the probes tell is so.
#[track_caller]
fn until(probes: &Probes, holds: impl Fn(&Book) -> bool) {
    let (book, begin) = (probes.book(), Instant::now());
    while !holds(&book()) {
        assert!(begin.elapsed() < DEADLINE, "{:?}", book());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn counted(book: &Book, ending: Ending) -> u64 {
    let at = Ending::ALL.iter().position(|e| *e == ending).unwrap();
    book.results.values().map(|counts| counts[at]).sum()
}

#[test]
fn no_more_run_at_once_than_may_and_no_target_twice() {
    let (house, runtime) = (House::steered(&steering(700)), runtime());
    let now = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let busy: Arc<Mutex<BTreeMap<Arc<str>, usize>>> = Arc::default();
    let (counts, each) = (now.clone(), busy.clone());
    let mut probes = begin(&house, &runtime, move |spec| {
        let (now, busy) = (counts.clone(), each.clone());
        async move {
            let running = now[0].fetch_add(1, Ordering::SeqCst) + 1;
            now[1].fetch_max(running, Ordering::SeqCst);
            *busy.lock().unwrap().entry(spec.vip.clone()).or_default() += 1;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let mine = busy.lock().unwrap().remove(&spec.vip);
            now[0].fetch_sub(1, Ordering::SeqCst);
            if mine == Some(1) {
                well()
            } else {
                Finding::new(Ending::Broken, "twice")
            }
        }
    });
    assert!(runtime.block_on(probes.first()));
    assert_eq!(now[1].load(Ordering::SeqCst), limits::PROBES_AT_ONCE);
    // The first round is in force: every VIP is up by the word of a probe.
    let world = house.cell.full();
    let up = world.estate.steering.vips.iter().zip(world.verdicts.iter());
    let up = up.filter(|(_, both)| both.best().state == State::Up);
    assert_eq!(up.count(), 700);
    until(&probes, |book| counted(book, Ending::Well) > 1_000);
    assert_eq!(counted(&probes.book()(), Ending::Broken), 0);
    probes.close(runtime.handle());
}

#[test]
fn the_keepers_clock_says_when() {
    let clock = Clock::by(Hands::at(1_000_000));
    let (house, runtime) = (House::clocked(&steering(1), clock), runtime());
    let mut probes = begin(&house, &runtime, |_| async { well() });
    assert!(runtime.block_on(probes.first()));
    let book = probes.book()();
    let last = book.targets.values().map(|t| t.last.as_ref().unwrap().at);
    assert_eq!(last.collect::<Vec<_>>(), [1_000_000]);
    let status = house.keeper.status();
    let entry = status.situation.board.entry("v-0").unwrap();
    let epoch = entry.all().map(|one| one.order.epoch).max();
    assert_eq!(epoch, Some(1_000_000));
    probes.close(runtime.handle());
}

#[test]
fn a_check_that_panics_is_counted_and_made_again() {
    let (house, runtime) = (House::steered(&steering(2)), runtime());
    let first = AtomicUsize::new(0);
    let probes = begin(&house, &runtime, move |spec| {
        let fails = &*spec.vip == "v-0" && first.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert!(!fails, "as the test wants");
            well()
        }
    });
    until(&probes, |book| {
        book.panics == 1 && counted(book, Ending::Unmade) == 1
    });
    until(&probes, |book| {
        let all = book.targets.values();
        all.filter_map(|t| t.last.as_ref())
            .filter(|l| l.found == well())
            .count()
            == 2
    });
    probes.close(runtime.handle());
}

#[test]
fn the_wheel_itself_begins_anew_after_a_panic() {
    let (house, runtime) = (House::steered(&steering(2)), runtime());
    let first = AtomicUsize::new(0);
    let probes = begin(&house, &runtime, move |_| {
        // Outside of the check: this takes the wheel down.
        assert!(
            first.fetch_add(1, Ordering::SeqCst) > 0,
            "as the test wants"
        );
        async { well() }
    });
    until(&probes, |book| {
        book.panics == 1 && counted(book, Ending::Well) >= 2
    });
    probes.close(runtime.handle());
}

#[test]
fn what_came_of_a_target_that_has_left_is_dropped() {
    let (house, runtime) = (House::steered(&steering(2)), runtime());
    let (asked, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (began, ended) = (asked.clone(), told.clone());
    let probes = begin(&house, &runtime, move |spec| {
        let (asked, told) = (began.clone(), ended.clone());
        async move {
            if &*spec.vip == "v-0" {
                asked.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(3)).await;
                told.fetch_add(1, Ordering::SeqCst);
            }
            Finding::new(Ending::Refused, "")
        }
    });
    while asked.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    let text = steering(2).replacen(", probe = \"p\"", "", 1);
    fs::write(house.zones().join("steering.toml"), text).unwrap();
    let (reply, answer) = oneshot::channel();
    let reload = Change::Reload {
        cause: Arc::from("test"),
        touched: Touched::Everything,
        force: Force::No,
        reply: Some(reply),
    };
    house.keeper.send(reload).unwrap();
    assert!(answer.blocking_recv().unwrap().taken);
    until(&probes, |book| book.targets.len() == 1);
    // It was ended, not waited for; and nothing stands on the board.
    until(&probes, |book| counted(book, Ending::Refused) >= 4);
    assert_eq!(
        (asked.load(Ordering::SeqCst), told.load(Ordering::SeqCst)),
        (1, 0)
    );
    let board = house.keeper.status().situation.board;
    assert_eq!(board.verdict("v-0"), Both::UNKNOWN);
    probes.close(runtime.handle());
}

#[test]
fn targets_lie_apart_and_where_they_lay_before() {
    let source = Source::new("a.toml", steering(1_000));
    let steering = config::steering(&[source], &config::alone).0.unwrap();
    let all = targets(&steering, None);
    let mut tenths = [0; 10];
    for spec in all.values() {
        let at = spec.after(10_000);
        assert!((10_001..=11_000).contains(&at), "{at}");
        // Each second at the same time, whenever one looks.
        assert_eq!(spec.after(at), at + 1_000);
        assert_eq!(spec.after(at - 1), at);
        tenths[(at % 1_000) as usize / 100] += 1;
    }
    assert!(
        tenths.iter().all(|many| (60..140).contains(many)),
        "{tenths:?}"
    );
    let spec = all.values().next().unwrap();
    assert_eq!(spec.lease(), 4);
}
