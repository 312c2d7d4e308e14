//! `[rules]`: clients to sites, with the regions put in.

use std::collections::{BTreeMap, HashMap};

use crate::config::document::{At, Entry, Word};
use crate::config::estate::{Rule, RuleSet, Target};
use crate::config::findings::Findings;
use crate::config::steering::index::Index;
use crate::config::steering::regions::{self, Clients, Region, twice};
use crate::config::values;
use crate::diagnostic::{Diagnostic, Spot};
use crate::limits;
use crate::place::Place;

/// A line of a rule set as written.
pub(super) struct Line<'a> {
    pub(super) key: Word<'a>,
    pub(super) targets: Vec<(Target, Word<'a>)>,
    clients: Option<Clients>,
}

/// The lines of each rule set as written.
pub(super) fn lines<'a>(index: &Index<'a>, findings: &mut Findings) -> Vec<Vec<Line<'a>>> {
    index
        .rules
        .list
        .iter()
        .map(|entry| match entry.value.table() {
            Some(fields) => fields
                .into_iter()
                .map(|field| line(field, index, findings))
                .collect(),
            None => {
                let message = format!("rule set `{}` is a table", entry.key.text);
                findings.error(entry.value.at, message, "write `{ europe = \"fra\" }`");
                Vec::new()
            }
        })
        .collect()
}

impl Line<'_> {
    /// The region that it is for.
    pub(super) fn region(&self) -> Option<u16> {
        match self.clients {
            Some(Clients::Region(id)) => Some(id),
            Some(Clients::Place(_)) | None => None,
        }
    }
}

fn line<'a>(field: Entry<'a>, index: &Index<'a>, findings: &mut Findings) -> Line<'a> {
    let key = field.key;
    let clients = regions::clients(key, index, findings);
    let label = format!("`{}`", key.text);
    let mut first: HashMap<Target, At<'a>> = HashMap::new();
    let mut targets = Vec::new();
    for word in values::names(&label, field.value, findings).unwrap_or_default() {
        let Some(target) = index.target(word, findings) else {
            continue;
        };
        if let Some(first) = first.get(&target) {
            twice(
                &format!("`{}` stands twice under {label}", word.text),
                word.at,
                *first,
                findings,
            );
            continue;
        }
        first.insert(target, word.at);
        targets.push((target, word));
    }
    Line {
        key,
        targets,
        clients,
    }
}

/// The rule sets with a rule for each place, and where the places that only databases know are written.
pub(super) fn sets(
    index: &Index<'_>,
    lines: &[Vec<Line<'_>>],
    regions: &[Region<'_>],
    findings: &mut Findings,
) -> (Vec<RuleSet>, Vec<(Place, Spot)>) {
    let mut places: BTreeMap<Place, Spot> = BTreeMap::new();
    let mut steps = limits::RULES;
    let mut full = false;
    let mut sets = Vec::new();
    for (entry, lines) in index.rules.list.iter().zip(lines) {
        let name = entry.key.text;
        let set = Set {
            name,
            lines,
            regions,
        };
        let rules = set.rules(&mut steps, findings);
        if rules.is_none() && !full {
            full = true;
            let message = format!(
                "with rule set `{name}` the estate has more than {} rules",
                limits::RULES
            );
            findings.error(
                entry.key.at,
                message,
                "name larger places, or fewer regions",
            );
        }
        let mut list = Vec::new();
        for (rule, at) in rules.unwrap_or_default() {
            if !matches!(rule.place, Place::Network(_) | Place::Unknown) {
                let place = places.entry(rule.place.clone());
                place.or_insert_with(|| at.spot());
            }
            list.push(rule);
        }
        sets.push(RuleSet {
            name: name.to_owned(),
            rules: list,
        });
    }
    (sets, places.into_iter().collect())
}

struct Set<'s, 'a> {
    name: &'s str,
    lines: &'s [Line<'a>],
    regions: &'s [Region<'a>],
}

/// Where a place of a region stands in a rule set.
struct Origin<'s, 'a> {
    line: &'s Line<'a>,
    at: At<'a>,
}

impl<'s, 'a> Set<'s, 'a> {
    /// One rule for each place with where that is written, in the order of places; none if `steps` did not suffice.
    fn rules(&self, steps: &mut usize, findings: &mut Findings) -> Option<Vec<(Rule, At<'a>)>> {
        *steps = steps.checked_sub(self.lines.len())?;
        let own = self.own(findings);
        let mut through: BTreeMap<&Place, Origin<'s, 'a>> = BTreeMap::new();
        let mut sorted: Vec<&Line<'a>> = self.lines.iter().collect();
        sorted.sort_by_key(|line| line.key.text);
        for line in sorted {
            let Some(Clients::Region(region)) = line.clients else {
                continue;
            };
            let mut shared: BTreeMap<&str, (Vec<&Place>, At<'a>, &Origin<'s, 'a>)> =
                BTreeMap::new();
            let mut fresh = Vec::new();
            for (place, at) in regions::flatten(region, self.regions, steps)? {
                if own.contains_key(place) {
                    // What stands in the set itself beats what a region brings.
                    continue;
                }
                match through.get(place) {
                    Some(origin) => shared
                        .entry(origin.line.key.text)
                        .or_insert((Vec::new(), at, origin))
                        .0
                        .push(place),
                    None => fresh.push((place, Origin { line, at })),
                }
            }
            for (places, at, origin) in shared.into_values() {
                self.shared(line, &places, at, origin, findings);
            }
            through.extend(fresh);
        }
        let own = own
            .into_iter()
            .map(|(place, line)| (rule(place, line, None), line.key.at));
        let through = through.into_iter().map(|(place, origin)| {
            let rule = rule(place, origin.line, Some(origin.line.key.text));
            (rule, origin.at)
        });
        let mut rules: Vec<(Rule, At<'a>)> = own.chain(through).collect();
        rules.sort_by(|(a, _), (b, _)| a.place.cmp(&b.place));
        Some(rules)
    }

    /// The places that stand in the set itself.
    fn own(&self, findings: &mut Findings) -> BTreeMap<&'s Place, &'s Line<'a>> {
        let mut own: BTreeMap<&Place, &Line<'a>> = BTreeMap::new();
        for line in self.lines {
            let Some(Clients::Place(place)) = &line.clients else {
                continue;
            };
            if let Some(first) = own.get(place) {
                let message = format!(
                    "`{}` stands twice in rule set `{}`",
                    line.key.text, self.name
                );
                twice(&message, line.key.at, first.key.at, findings);
            } else {
                own.insert(place, line);
            }
        }
        own
    }

    fn shared(
        &self,
        line: &Line<'_>,
        places: &[&Place],
        at: At<'_>,
        origin: &Origin<'_, '_>,
        findings: &mut Findings,
    ) {
        let (one, other) = (origin.line.key.text, line.key.text);
        let more = match places.len() {
            0 | 1 => "a place".to_owned(),
            n => format!("{n} places"),
        };
        let message = format!(
            "regions `{one}` and `{other}` share {more} in rule set `{}`",
            self.name
        );
        findings.push(
            Diagnostic::error(
                line.key.at.spot(),
                message,
                "drop one of the two, or write the place itself in the rule set",
            )
            .and(origin.at.spot(), format!("in `{one}` through this"))
            .and(at.spot(), format!("in `{other}` through this")),
        );
    }
}

fn rule(place: &Place, line: &Line<'_>, region: Option<&str>) -> Rule {
    Rule {
        place: place.clone(),
        region: region.map(str::to_owned),
        targets: line.targets.iter().map(|(target, _)| *target).collect(),
    }
}
