//! Why a client gets the answer it gets: the answering code, asked once, with all its reasons laid out.

mod client;
mod message;
mod moving;
mod question;
mod rdata;
mod reasons;
mod shape;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;
mod text;

use crate::answer::alias::leads;
use crate::answer::choose;
use crate::answer::hints::Hinted;
use crate::prefix::Prefix;
use crate::stats::{Counters, Outcome};
use crate::steer::reach::Gives;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::{Kind, Rcode};
use crate::wire::query::Subnet;
use crate::world::World;
use crate::world::estate::Held;
use crate::zone::{Found, Match, NodeRef};

pub use message::{Record, Reply, ask};
pub use question::Question;
pub use shape::{
    Class, Client, Correction, Explanation, Measured, Near, Order, Rule, Scope, Steered, Tried,
    Ttl, Vip, Zone,
};

/// Explains the answer to a question. `counter` is what a worker has drawn so far; it decides with the draw `query`.
pub fn explain(world: &World, question: &Question, now: u64, counter: u32) -> Explanation {
    let counters = Counters::default();
    let reply = ask(world, question, now, counter, &counters).unwrap_or_default();
    let mut outcomes = Outcome::ALL.into_iter();
    let outcome = outcomes.find(|o| counters.outcomes(*o) > 0);
    let asked = Asked::of(&question.name, Seed::default());
    let mut held = world.estate.zone(&asked);
    if question.kind == Kind::DS && held.is_some_and(|h| *h.lower == *asked.wire()) {
        held = world.estate.parent(&asked).or(held);
    }
    let found = held.map_or_else(
        || "no zone of this estate holds the name".into(),
        |held| found(world, held, &asked, question.kind),
    );
    let decided = held.and_then(|held| decided(world, held, question, &reply, (now, counter)));
    let [answer, authority, additional] = &reply.sections;
    let lines = |records: &[Record]| records.iter().map(ToString::to_string).collect();
    let refused = held.is_none() || reply.rcode == Rcode::Refused as u16;
    Explanation {
        name: question.name.to_string(),
        kind: question.kind.to_string(),
        resolver: question.resolver,
        subnet: question.subnet.map(shown),
        generation: world.generation,
        at: now,
        zone: held.map(|held| Zone {
            name: held.zone.apex().to_string(),
            serial: held.zone.serial(),
        }),
        outcome: outcome.map_or("dropped", Outcome::label).into(),
        found,
        scope: Scope {
            length: reply.scope.filter(|_| question.subnet.is_some()),
            why: match &decided {
                Some(decided) => decided.scope(),
                None if refused => "nothing is said of names that are not ours".into(),
                None => "not steered: the same for everyone".into(),
            },
        },
        ttl: reply.ttl().map(|seconds| Ttl {
            seconds,
            why: match &decided {
                Some(decided) => decided.ttl(&reply),
                None => "as the zone file says".into(),
            },
        }),
        rcode: rcode(reply.rcode),
        answer: lines(answer),
        authority: lines(authority),
        additional: lines(additional),
        steering: decided.map(|decided| decided.steered()),
    }
}

/// The last decision that the answer came from, if any: of a name asked, or of one that CNAMEs led to.
fn decided<'a>(
    world: &'a World,
    held: &'a Held,
    question: &'a Question,
    reply: &Reply,
    (now, counter): (u64, u32),
) -> Option<reasons::Decided<'a>> {
    let aliases = reply.sections.first()?.iter().filter_map(Record::target);
    let chain = std::iter::once(question.name.clone()).chain(aliases);
    let (mut last, mut hop) = (None, 0);
    for name in chain {
        let mut asked = Asked::of(&name, Seed::default());
        // A chain may lead out of the zone, and then its end is not ours to answer.
        let own = |zone: &Held| std::ptr::eq(zone, held);
        let own = world.estate.zone(&asked).is_some_and(own);
        // The parent's side of a cut has a name that is another zone's.
        if !own && name != question.name {
            break;
        }
        let Some((held, node)) = steered(world, held, &mut asked, question.kind) else {
            continue;
        };
        let root = *held.steered.get(node.steer()? as usize)?;
        let (sender, subnet) = (question.resolver, question.subnet);
        let lower = asked.wire();
        let decision = choose::decide(world, root, sender, subnet, lower, now, counter, hop)?;
        hop += u32::from(decision.root.gives == Gives::Alias);
        last = Some(reasons::Decided {
            world,
            decision,
            node,
            asked: question,
            now,
        });
    }
    last
}

/// What the zone has for the name, in words.
fn found(world: &World, held: &Held, asked: &Asked, kind: Kind) -> String {
    let own = |node: NodeRef<'_>, by| match by {
        Match::Exact => String::new(),
        Match::Wildcard => format!(" by the wildcard {}", node.owner()),
    };
    match held.zone.find(asked, kind) {
        Found::Records { node, by, .. }
        | Found::NoData { node, by }
        | Found::Any { node, by }
        | Found::Alias { node, by, .. }
            if leads(world, held, node) =>
        {
            format!("the name is steered{}, to a CNAME", own(node, by))
        }
        Found::Records { node, by, .. } | Found::NoData { node, by } | Found::Any { node, by }
            if node.steer().is_some() && matches!(kind, Kind::A | Kind::AAAA | Kind::ANY) =>
        {
            format!("the name is steered{}", own(node, by))
        }
        Found::Records { node, by, rrset } => match rrset.count() {
            1 => format!("a record of the zone file{}", own(node, by)),
            n => format!("{n} records of the zone file{}", own(node, by)),
        },
        Found::Any { node, by } => format!("the zone file has the name{}", own(node, by)),
        Found::Alias { node, by, .. } => format!("a CNAME of the zone file{}", own(node, by)),
        Found::Dname { node, .. } => format!("the DNAME at {}", node.owner()),
        Found::Referral { cut } => format!("delegated at {}: ask the servers there", cut.owner()),
        Found::NoData { node, by } => {
            format!("the name exists{}, the type does not", own(node, by))
        }
        Found::NoName { encloser } => {
            format!(
                "no such name; the closest that exists is {}",
                encloser.owner()
            )
        }
    }
}

/// The steered name that an answer depends on: the one asked, or for HTTPS and SVCB that of a target with hints, whose
/// name is then in `asked`.
fn steered<'w>(
    world: &'w World,
    held: &'w Held,
    asked: &mut Asked,
    kind: Kind,
) -> Option<(&'w Held, NodeRef<'w>)> {
    let (node, rrset) = match held.zone.find(asked, kind) {
        Found::Records { node, rrset, .. } => (node, Some(rrset)),
        Found::NoData { node, .. } | Found::Any { node, .. } | Found::Alias { node, .. } => {
            (node, None)
        }
        _ => return None,
    };
    match kind {
        _ if leads(world, held, node) => Some((held, node)),
        Kind::A | Kind::AAAA | Kind::ANY => node.steer().map(|_| (held, node)),
        Kind::HTTPS | Kind::SVCB => {
            let own = asked.clone();
            for hinted in rrset?.records().filter_map(Hinted::of) {
                if hinted.target == [0] {
                    *asked = own.clone();
                } else if asked.read(hinted.target).is_err() {
                    continue;
                }
                if let Some(held) = world.estate.zone(asked)
                    && let Found::Records { node, .. } | Found::NoData { node, .. } =
                        held.zone.find(asked, Kind::A)
                    && node.steer().is_some()
                {
                    return Some((held, node));
                }
            }
            None
        }
        _ => None,
    }
}

fn shown(subnet: Subnet) -> String {
    Prefix::around(subnet.addr, subnet.source).to_string()
}

fn rcode(code: u16) -> String {
    let name = match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        9 => "NOTAUTH",
        16 => "BADVERS",
        _ => return format!("RCODE{code}"),
    };
    name.into()
}
