//! Several observers, one verdict: groups of which so many must agree, feeds before own probes, the worst counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry::{Observation, Target};
use super::lease::Silence;
use crate::health::verdict::{Family, State};

/// The name under which Meridian's own probes report. No token has it.
pub const PROBE: &str = "probe";

/// Observers that speak with one voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// The names of their tokens. Nobody is in two groups.
    pub members: Vec<String>,
    /// So many must say something as bad, 1 to all of them.
    pub agree: usize,
}

/// Who votes with whom. An observer of no group speaks for itself.
///
/// # The rule
///
/// The opinion of a group is the state that is the `agree`-th worst of what its members say now; those that never spoke,
/// or whose leases ended, count as better than all. If fewer than `agree` speak, the group has none. Of the groups that
/// have one the worst counts; Meridian's own probe counts if none has. Down is the worst, then drain, then degraded by
/// falling quality, then up. If nobody has an opinion, nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    list: Arc<[Group]>,
    /// The place of each member's group.
    of: Arc<BTreeMap<String, usize>>,
}

/// What a group, or an observer of none, says of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion<'a> {
    /// The name of the group, or of the observer.
    pub of: &'a str,
    /// How many must agree.
    pub agree: usize,
    /// How many speak now.
    pub voices: usize,
    /// The opinion, if they have one.
    pub state: Option<State>,
}

impl Groups {
    /// Those of the machine's file.
    pub fn new(list: Vec<Group>) -> Groups {
        let members = |(at, group): (usize, &Group)| {
            let members = group.members.iter();
            members.map(|m| (m.clone(), at)).collect::<Vec<_>>()
        };
        Groups {
            of: Arc::new(list.iter().enumerate().flat_map(members).collect()),
            list: list.into(),
        }
    }

    /// All of them.
    pub fn list(&self) -> &[Group] {
        &self.list
    }

    /// The group of an observer.
    pub fn of(&self, who: &str) -> Option<&Group> {
        self.list.get(*self.of.get(who)?)
    }

    /// What the feeds say of a target, group by group; only those of which someone speaks.
    pub fn opinions<'a>(&'a self, target: &'a Target) -> Vec<Opinion<'a>> {
        let mut said: BTreeMap<&str, (usize, Vec<State>)> = BTreeMap::new();
        for one in target.voices().filter(|one| *one.who != *PROBE) {
            let group = self.of(&one.who);
            let (name, agree) = group.map_or((&*one.who, 1), |g| (g.name.as_str(), g.agree));
            let (_, states) = said.entry(name).or_insert((agree, Vec::new()));
            states.push(one.state);
        }
        let opinion = |(of, (agree, mut states)): (&'a str, (usize, Vec<State>))| {
            states.sort_unstable_by_key(|state| std::cmp::Reverse(state.badness()));
            Opinion {
                of,
                agree,
                voices: states.len(),
                state: states.get(agree.saturating_sub(1)).copied(),
            }
        };
        said.into_iter().map(opinion).collect()
    }
}

/// What all say together; none if nobody has an opinion.
pub(super) fn count(groups: &Groups, target: &Target) -> Option<State> {
    let opinions = groups.opinions(target);
    let worst = opinions.iter().filter_map(|one| one.state);
    let worst = worst.max_by_key(|state| state.badness());
    let probe = target.voices().find(|one| *one.who == *PROBE);
    worst.or(probe.map(|one| one.state))
}

/// Whether those that speak of a target say different things, whatever their groups.
pub fn disagree(target: &Target) -> bool {
    let mut words = target.voices().map(|one| one.state.word());
    let first = words.next();
    words.any(|word| Some(word) != first)
}

/// Why the state in force is not simply what this observer says, in words for it.
pub fn overruled(groups: &Groups, target: &Target, one: &Observation) -> Option<String> {
    if let Some(why) = target.silence.words() {
        return Some(why.to_owned());
    }
    if one.ended {
        return Some(
            "its lease ended, and others speak: it has no voice until it reports again".into(),
        );
    }
    if target.verdict.state == one.state {
        return None;
    }
    let opinions = groups.opinions(target);
    if *one.who == *PROBE {
        return Some("a feed speaks: own probes count only where none does".into());
    }
    let group = groups.of(&one.who);
    let name = group.map_or(&*one.who, |group| group.name.as_str());
    let own = opinions.iter().find(|opinion| opinion.of == name)?;
    let saying = |counts: &dyn Fn(u32) -> bool| {
        let ours = target.voices().filter(|other| *other.who != *PROBE);
        let ours = ours.filter(|other| match group {
            Some(group) => groups.of(&other.who) == Some(group),
            None => other.who == one.who,
        });
        ours.filter(|other| counts(other.state.badness())).count()
    };
    let (agree, bad) = (own.agree, one.state.badness());
    match own.state {
        None => Some(format!(
            "a vote: {agree} of `{name}` must agree; speaking: {}",
            own.voices
        )),
        Some(state) if state.badness() > bad => Some(format!(
            "a vote: {agree} of `{name}` suffice; saying worse: {}",
            saying(&|other| other > bad)
        )),
        Some(state) if state != one.state => Some(format!(
            "a vote: {agree} of `{name}` must say so or worse; saying so: {}",
            saying(&|other| other >= bad)
        )),
        Some(_) => {
            let worse = opinions
                .iter()
                .filter(|o| o.state == Some(target.verdict.state));
            let worse: Vec<&str> = worse.map(|opinion| opinion.of).collect();
            Some(format!(
                "`{}` says so, and the worst counts",
                worse.join("`, `")
            ))
        }
    }
}

/// Why what this observer said of these families is not in force as said, in words for it; of the first family of which
/// there is something to say.
pub(super) fn held_back(
    groups: &Groups,
    entry: &super::Entry,
    who: &str,
    families: &[Family],
) -> Option<String> {
    let mut targets = families.iter().map(|family| entry.of(*family));
    targets.find_map(|target| {
        let one = target.of(who)?;
        let silent = target.silence != Silence::Heard;
        let overruled = overruled(groups, target, one);
        match one.why.filter(|_| !silent) {
            Some(why) => {
                Some(overruled.map_or_else(|| why.into(), |more| format!("{why}; {more}")))
            }
            None => overruled,
        }
    })
}
