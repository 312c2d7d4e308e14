//! `[pools]`: how a choice is made, and how the answer looks.

use std::ops::RangeInclusive;

use crate::config::document::{At, Entry, Value, Word};
use crate::config::estate::{AllDown, Draw, Failback, Members, Policy, Pool, RulesId, Target, Ttl};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::steering::capacity::{self, Followed};
use crate::config::steering::course::course;
use crate::config::steering::index::Index;
use crate::config::steering::members::{Written, members, weightless};
use crate::config::steering::regions::twice;
use crate::config::steering::sites::Grounds;
use crate::config::values;
use crate::diagnostic::Spot;
use crate::limits;

const POOL: Keys = Keys {
    known: &[
        "members",
        "policy",
        "prefer",
        "min_up",
        "tie",
        "spill",
        "adapt",
        "failback",
        "ramp",
        "answers",
        "draw",
        "ttl",
        "ecs",
        "on_all_down",
        "fence",
    ],
    later: &[],
    example: "[pools.web]",
};

/// The keys that are read from the pool that a name points to.
const ANSWER: [&str; 5] = ["answers", "draw", "ttl", "ecs", "on_all_down"];

const TTL: Keys = Keys {
    known: &["min", "max"],
    later: &[],
    example: "{ min = \"20s\", max = \"60s\" }",
};

/// A pool as read, and where its parts stand.
pub(super) struct Draft<'a> {
    pub(super) pool: Pool,
    pub(super) key: Word<'a>,
    pub(super) members: Vec<(Target, Word<'a>)>,
    /// The answer keys that it has.
    pub(super) answer: Vec<Word<'a>>,
    pub(super) answers: Option<At<'a>>,
    /// The rule sets that fence it.
    pub(super) fence: Vec<(RulesId, Word<'a>)>,
    /// Where `spill` and `adapt` stand.
    pub(super) followed: Followed<'a>,
    /// Something in it has an error: its gaps follow from it.
    pub(super) doubtful: bool,
}

/// A pool of all defaults.
pub(super) fn plain(name: &str, members: Members, spot: Spot) -> Pool {
    Pool {
        name: name.to_owned(),
        members,
        policy: Policy::Weighted,
        prefer: None,
        fence: Vec::new(),
        min_up: 500_000,
        tie: 0,
        spill: None,
        adapt: None,
        failback: Failback::After(0),
        ramp: None,
        answers: 1,
        draw: Draw::Query,
        ttl: Ttl { min: 20, max: 60 },
        ecs: true,
        on_all_down: AllDown::Zone,
        spot,
    }
}

/// All pools.
pub(super) fn read<'a>(
    index: &Index<'a>,
    grounds: &Grounds,
    findings: &mut Findings,
) -> Vec<Draft<'a>> {
    index
        .pools
        .list
        .iter()
        .map(|entry| draft(*entry, index, grounds, findings))
        .collect()
}

fn draft<'a>(
    entry: Entry<'a>,
    index: &Index<'a>,
    grounds: &Grounds,
    findings: &mut Findings,
) -> Draft<'a> {
    let name = entry.key.text;
    let what = format!("pool `{name}`");
    let before = findings.errors();
    let record = Record::open(entry, &what, &POOL, findings);
    let mut pool = plain(name, Members::List(Vec::new()), entry.key.at.spot());
    let policies = [
        ("weighted", Policy::Weighted),
        ("nearest", Policy::Nearest),
        ("failover", Policy::Failover),
    ];
    if let Some(policy) = record
        .get("policy")
        .and_then(|field| values::choice(field, &policies, findings))
    {
        pool.policy = policy;
    }
    let members = match record.get("members") {
        Some(field) => members(field, &what, pool.policy, index, findings),
        None => {
            if entry.value.table().is_some() {
                findings.error(
                    entry.key.at,
                    format!("{what} has no `members`"),
                    "write `members = [\"a\", \"b\"]`",
                );
            }
            Written::List(Vec::new())
        }
    };
    if let (Written::List(list), Policy::Weighted) = (&members, pool.policy) {
        weightless(list, grounds, findings);
    }
    let (written, members) = members.split();
    pool.members = members;
    choice(&mut pool, &record, index, findings);
    let followed = capacity::read(&mut pool, &record, findings);
    course(&mut pool, &record, findings);
    answer(&mut pool, &record, findings);
    let fence = record
        .get("fence")
        .map(|field| fence(field, &what, index, findings))
        .unwrap_or_default();
    pool.fence = fence.iter().map(|(id, _)| *id).collect();
    Draft {
        pool,
        key: entry.key,
        members: written,
        answer: ANSWER
            .iter()
            .filter_map(|key| record.get(key))
            .map(|field| field.key)
            .collect(),
        answers: record.get("answers").map(|field| field.value.at),
        fence,
        followed,
        doubtful: findings.errors() > before,
    }
}

/// The choice keys besides `members` and `policy`.
fn choice(pool: &mut Pool, record: &Record<'_>, index: &Index<'_>, findings: &mut Findings) {
    if let Some(field) = record.get("prefer") {
        let word = values::text(field, "the name of a rule set", findings);
        pool.prefer = word
            .and_then(|word| index.resolve(&index.rules, word, findings))
            .map(RulesId);
    }
    if let Some(share) = record
        .get("min_up")
        .and_then(|field| values::share(field, findings))
    {
        pool.min_up = share;
    }
    let Some(field) = record.get("tie") else {
        return;
    };
    if let Some(distance) = values::distance(field, values::AHEAD, findings) {
        pool.tie = distance.unsigned_abs();
    }
    if pool.policy != Policy::Nearest {
        let advice = format!(
            "remove it, or write `policy = \"nearest\"` in pool `{}`",
            pool.name
        );
        findings.error(
            field.key.at,
            "`tie` belongs to the policy `nearest`",
            advice,
        );
    }
}

/// The rule sets of a fence, in the order written.
fn fence<'a>(
    field: Entry<'a>,
    what: &str,
    index: &Index<'a>,
    findings: &mut Findings,
) -> Vec<(RulesId, Word<'a>)> {
    let words = values::names("`fence`", field.value, findings);
    if words.as_ref().is_some_and(Vec::is_empty) {
        findings.error(
            field.value.at,
            format!("the fence of {what} has no rule set"),
            "name one, or drop the key",
        );
    }
    let mut fence: Vec<(RulesId, Word<'a>)> = Vec::new();
    for word in words.unwrap_or_default() {
        let Some(id) = index.resolve(&index.rules, word, findings).map(RulesId) else {
            continue;
        };
        match fence.iter().find(|(known, _)| *known == id) {
            Some((_, first)) => {
                let message = format!("`{}` stands twice in the fence of {what}", word.text);
                twice(&message, word.at, first.at, findings);
            }
            None => fence.push((id, word)),
        }
    }
    fence
}

fn answer(pool: &mut Pool, record: &Record<'_>, findings: &mut Findings) {
    if let Some(field) = record.get("answers") {
        let range = 1..=u32::from(limits::ANSWERS);
        let answers = values::integer("`answers`", field.value, range, findings);
        pool.answers = answers.and_then(|n| u8::try_from(n).ok()).unwrap_or(1);
    }
    let draws = [
        ("query", Draw::Query),
        ("client", Draw::Client),
        ("sticky", Draw::Sticky),
        ("name", Draw::Name),
    ];
    if let Some(draw) = record
        .get("draw")
        .and_then(|field| values::choice(field, &draws, findings))
    {
        pool.draw = draw;
    }
    if let Some(ttl) = record
        .get("ttl")
        .and_then(|field| ttl(field, pool.ttl, findings))
    {
        pool.ttl = ttl;
    }
    if let Some(ecs) = record
        .get("ecs")
        .and_then(|field| values::boolean(field, findings))
    {
        pool.ecs = ecs;
    }
    let ends = [
        ("zone", AllDown::Zone),
        ("all", AllDown::All),
        ("nodata", AllDown::NoData),
    ];
    if let Some(end) = record
        .get("on_all_down")
        .and_then(|field| values::choice(field, &ends, findings))
    {
        pool.on_all_down = end;
    }
}

/// One duration is both bounds; of a table, what is left out keeps its default.
fn ttl(field: Entry<'_>, default: Ttl, findings: &mut Findings) -> Option<Ttl> {
    const RANGE: RangeInclusive<u64> = 1..=limits::STEERED_TTL as u64;
    let read = |label: &str, value: Value<'_>, findings: &mut Findings| {
        let seconds = values::duration(label, value, findings)?;
        if !RANGE.contains(&seconds) {
            findings.error(
                value.at,
                format!("`{label}` is out of range"),
                "from `\"1s\"` to `\"1d\"`",
            );
        }
        u32::try_from(seconds)
            .ok()
            .filter(|_| RANGE.contains(&seconds))
    };
    let Some(fields) = field.value.table() else {
        let both = read("ttl", field.value, findings)?;
        return Some(Ttl {
            min: both,
            max: both,
        });
    };
    let record = Record::check(fields, "`ttl`", &TTL, findings);
    let mut part = |key: &str, default: u32| match record.get(key) {
        Some(field) => read(key, field.value, findings),
        None => Some(default),
    };
    let (min, max) = (part("min", default.min), part("max", default.max));
    let (min, max) = (min?, max?);
    if min > max {
        let advice = format!("`min` is {min}s and `max` is {max}s");
        findings.error(field.value.at, "`min` is longer than `max`", advice);
        return None;
    }
    Some(Ttl { min, max })
}
