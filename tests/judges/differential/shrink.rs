//! The smallest zones that still show a difference.

use super::compare::{Verdict, compare};
use super::datagram;
use super::message;
use super::name::{Name, shown};
use super::questions::Ask;
use super::root;
use super::servers::{NAMES, Trio};
use super::zones::{Case, FIXED, mnemonic};

/// Restarts of the three servers until what is left is taken for small enough.
const RESTARTS: usize = 12;

/// A line of a case: zone and number.
type Line = (usize, usize);

/// The case made small, the question and the three answers, as text.
pub fn shrink(case: &Case, ask: &Ask, why: &str) -> String {
    let mut case = case.clone();
    for _ in 0..RESTARTS {
        let lines = removable(&case);
        let single: Vec<Case> = lines.iter().map(|line| without(&case, &[*line])).collect();
        let needless: Vec<Line> = lines
            .iter()
            .zip(differ(&single, ask))
            .filter_map(|(line, still)| still.then_some(*line))
            .collect();
        if needless.is_empty() {
            break;
        }
        // Many at once, down to one: the first that still differs takes out most.
        let mut many: Vec<Case> = Vec::new();
        let mut count = needless.len();
        while count > 0 {
            for part in needless.chunks(count) {
                many.push(without(&case, part));
            }
            count /= 2;
        }
        let verdicts = differ(&many, ask);
        let Some(at) = verdicts.iter().position(|still| *still) else {
            break;
        };
        case = many.swap_remove(at);
    }
    report(&case, ask, why)
}

fn removable(case: &Case) -> Vec<Line> {
    let zones = case.zones.iter().enumerate();
    zones
        .flat_map(|(zone, of)| (FIXED..of.lines.len()).map(move |line| (zone, line)))
        .collect()
}

fn without(case: &Case, gone: &[Line]) -> Case {
    let mut case = case.clone();
    for (zone, of) in case.zones.iter_mut().enumerate() {
        let mut line = 0;
        of.lines.retain(|_| {
            line += 1;
            !gone.contains(&(zone, line - 1))
        });
    }
    case
}

/// Which of these cases still show a difference that has no reason.
fn differ(cases: &[Case], ask: &Ask) -> Vec<bool> {
    if cases.is_empty() {
        return Vec::new();
    }
    let rooted = cases.iter().enumerate();
    let rooted: Vec<_> = rooted.map(|(n, case)| (root(n), case.clone())).collect();
    let trio = Trio::start(&rooted);
    let still = rooted
        .iter()
        .map(|(root, case)| matches!(judged(&trio, case, root, ask).0, Verdict::Unexplained(_)));
    still.collect()
}

/// What comes of it, and the answers: those over TCP, then those over UDP if it is asked so.
fn judged(trio: &Trio, case: &Case, root: &Name, ask: &Ask) -> (Verdict, Vec<Vec<u8>>) {
    let query = [ask.query(1, root)];
    let answers = trio.ask(&query).remove(0);
    let verdict = compare(case, root, ask, &answers);
    if !ask.datagram {
        return (verdict, answers.into());
    }
    let cut = trio.ask_udp(&query).remove(0);
    let all = [answers.clone(), cut.clone()].concat();
    match verdict {
        Verdict::Unexplained(_) => (verdict, all),
        _ => (datagram::compare(root, ask, &answers, &cut, &mut 0), all),
    }
}

fn report(case: &Case, ask: &Ask, why: &str) -> String {
    let root = root(0);
    let trio = Trio::start(&[(root.clone(), case.clone())]);
    let (verdict, answers) = judged(&trio, case, &root, ask);
    let mut text = format!("at first: {why}\n");
    if let Verdict::Unexplained(why) = verdict {
        text += &format!("now: {why}\n");
    }
    for zone in &case.zones {
        text += &zone.text(&root);
    }
    let (name, kind) = (shown(&ask.wire(&root)), mnemonic(ask.kind));
    text += &format!("? {name} {kind} {:?}\n", ask.terms);
    for (name, octets) in NAMES.iter().cycle().zip(&answers) {
        let shown = message::decode(octets).map_or_else(|error| error, |answer| answer.text());
        text += &format!("{name}: {shown}");
    }
    text + "\n"
}
