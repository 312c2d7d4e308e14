//! Fences: sites only, on pools that stand in no other, and with somebody inside for every place.

use std::collections::{BTreeSet, HashSet};

use crate::config::document::Word;
use crate::config::estate::{PoolId, Rule, RuleSet, RulesId, Target};
use crate::config::findings::Findings;
use crate::config::steering::pools::Draft;
use crate::config::steering::reach::Estate;
use crate::config::steering::rules::Line;
use crate::diagnostic::Diagnostic;
use crate::place::{Country, Place, Subdivision};

impl<'a> Estate<'_, 'a> {
    /// All that a fence must not be.
    pub(super) fn fences(&self, sets: &[RuleSet], findings: &mut Findings) {
        if self.pools.iter().all(|draft| draft.fence.is_empty()) {
            return;
        }
        self.around(findings);
        let sound = self.sites_only(findings);
        let shaky = self.grounds.doubtful_vips.contains(&true);
        for (id, draft) in (0..).zip(self.pools) {
            let whole = draft.fence.iter().all(|(set, _)| sound.contains(&set.0));
            if whole && !draft.fence.is_empty() && !shaky && !self.doubtful(id) {
                self.inside(id, draft, sets, findings);
            }
        }
    }

    fn fence(&self, target: Target) -> Option<Word<'a>> {
        let Target::Pool(PoolId(id)) = target else {
            return None;
        };
        let draft = self.pools.get(usize::from(id))?;
        draft.fence.first().map(|(_, word)| *word)
    }

    /// Pools with a fence that stand in others: a path that leads around it.
    fn around(&self, findings: &mut Findings) {
        for draft in self.pools {
            for (target, word) in &draft.members {
                let Some(fence) = self.fence(*target) else {
                    continue;
                };
                let outer = draft.key.text;
                let message = format!("the fence of `{}` would not bind `{outer}`", word.text);
                let advice = format!("put the fence on `{outer}`");
                findings.push(
                    Diagnostic::error(word.at.spot(), message, advice)
                        .and(fence.at.spot(), "the fence"),
                );
            }
        }
        for (entry, lines) in self.index.rules.list.iter().zip(self.lines) {
            for (target, word) in lines.iter().flat_map(|line| &line.targets) {
                let Some(fence) = self.fence(*target) else {
                    continue;
                };
                let set = entry.key.text;
                let message = format!(
                    "the fence of `{}` would not bind rule set `{set}`",
                    word.text
                );
                let advice = "name its sites here, and put the fence on the pools that have this rule set as `prefer`";
                findings.push(
                    Diagnostic::error(word.at.spot(), message, advice)
                        .and(fence.at.spot(), "the fence"),
                );
            }
        }
    }

    /// The rule sets of fences that list sites and nothing else; what the others list is a finding.
    fn sites_only(&self, findings: &mut Findings) -> HashSet<u16> {
        let mut seen = HashSet::new();
        let mut sound = HashSet::new();
        let fences = self.pools.iter().flat_map(|draft| &draft.fence);
        for (RulesId(set), fence) in fences {
            if !seen.insert(*set) {
                continue;
            }
            let before = findings.errors();
            let lines = self.lines.get(usize::from(*set));
            let targets = lines.into_iter().flatten().flat_map(|line| &line.targets);
            for (target, word) in targets {
                let kind = match target {
                    Target::Site(_) => continue,
                    Target::Vip(_) => "VIP",
                    Target::Pool(_) => "pool",
                };
                let message = format!("`{}` is a {kind}, and a fence lists sites only", word.text);
                let site = self.site_of(*target);
                let advice = match site {
                    Some(site) => format!("write `{site}`"),
                    None => "name the sites inside".to_owned(),
                };
                findings.push(
                    Diagnostic::error(word.at.spot(), message, advice)
                        .and(fence.at.spot(), "here it is a fence"),
                );
            }
            if findings.errors() == before {
                sound.insert(*set);
            }
        }
        sound
    }

    /// The one site of all its VIPs.
    fn site_of(&self, target: Target) -> Option<&'a str> {
        let vips = self.reach(target);
        let site = |vip: &u16| Some(self.grounds.vips.get(usize::from(*vip))?.site?.0);
        let sites: BTreeSet<Option<u16>> = vips.iter().map(site).collect();
        let mut sites = sites.into_iter();
        match (sites.next().flatten(), sites.next()) {
            (Some(site), None) => Some(self.index.sites.list.get(usize::from(site))?.key.text),
            _ => None,
        }
    }

    /// Every place of a fence must have a VIP of the pool inside, unless it has an empty list on purpose.
    fn inside(&self, id: u16, draft: &Draft<'a>, sets: &[RuleSet], findings: &mut Findings) {
        let here: BTreeSet<u16> = (self.reach(Target::Pool(PoolId(id))).iter())
            .filter_map(|vip| Some(self.grounds.vips.get(usize::from(*vip))?.site?.0))
            .collect();
        let fences: Vec<(&RuleSet, &[Line<'a>], Word<'a>)> = (draft.fence.iter())
            .filter_map(|(set, word)| {
                let at = usize::from(set.0);
                Some((sets.get(at)?, self.lines.get(at)?.as_slice(), *word))
            })
            .collect();
        let mut told: HashSet<Vec<Option<String>>> = HashSet::new();
        for rule in fences.iter().flat_map(|(set, ..)| &set.rules) {
            // What each of the rule sets has for whoever is there: the most specific place that holds this one.
            let places = around(&rule.place);
            let hits: Vec<Option<&Rule>> = (fences.iter())
                .map(|(set, ..)| places.iter().find_map(|place| find(set, place)))
                .collect();
            let lists = || hits.iter().flatten().map(|rule| &rule.targets);
            let held = |site: &u16| {
                let target = |target: &Target| matches!(target, Target::Site(id) if id.0 == *site);
                lists().all(|list| list.iter().any(target))
            };
            if here.iter().any(held) || lists().any(Vec::is_empty) {
                continue;
            }
            // Of a region's places one is told.
            let key = |rule: &Rule| {
                rule.region
                    .clone()
                    .unwrap_or_else(|| rule.place.to_string())
            };
            if told.insert(hits.iter().map(|hit| hit.map(key)).collect()) {
                self.nobody(draft, &fences, &hits, findings);
            }
        }
    }

    fn nobody(
        &self,
        draft: &Draft<'a>,
        fences: &[(&RuleSet, &[Line<'a>], Word<'a>)],
        hits: &[Option<&Rule>],
        findings: &mut Findings,
    ) {
        let found = fences
            .iter()
            .zip(hits)
            .filter_map(|((set, lines, word), hit)| {
                Some((set.name.as_str(), line((*hit)?, lines)?, *word))
            });
        let found: Vec<(&str, &Line<'a>, Word<'a>)> = found.collect();
        let Some((set, first, fence)) = found.first() else {
            return;
        };
        let pool = draft.key.text;
        let sites = |line: &Line<'a>| {
            let names = line
                .targets
                .iter()
                .map(|(_, word)| format!("`{}`", word.text));
            names.collect::<Vec<_>>().join(" or ")
        };
        let (message, advice) = match found.as_slice() {
            [_] => (
                format!(
                    "pool `{pool}` has no VIP in `{set}` for `{}`",
                    first.key.text
                ),
                format!("add one at {}, or drop the fence", sites(first)),
            ),
            several => {
                let each = |(set, line, _): &(&str, &Line<'a>, Word<'a>)| {
                    format!("in `{set}` for `{}`", line.key.text)
                };
                let each: Vec<String> = several.iter().map(each).collect();
                let message = format!("pool `{pool}` has no VIP that is {}", each.join(" and "));
                let advice =
                    "add one at a site that all of them list, or write `[]` for: no answer";
                (message, advice.to_owned())
            }
        };
        let mut error = Diagnostic::error(fence.at.spot(), message, advice);
        for (_, line, _) in &found {
            error = error.and(line.key.at.spot(), format!("keeps to {}", sites(line)));
        }
        findings.push(error);
    }
}

fn find<'s>(set: &'s RuleSet, place: &Place) -> Option<&'s Rule> {
    let at = set.rules.binary_search_by(|rule| rule.place.cmp(place));
    set.rules.get(at.ok()?)
}

/// The line that brought the rule.
fn line<'l, 'a>(rule: &Rule, lines: &'l [Line<'a>]) -> Option<&'l Line<'a>> {
    lines.iter().find(|line| match &rule.region {
        Some(region) => line.key.text == region,
        None => Place::parse(line.key.text).as_ref() == Ok(&rule.place),
    })
}

/// The place and all that hold it whole, the most specific first: as far as words tell.
fn around(place: &Place) -> Vec<Place> {
    let mut places = vec![place.clone()];
    let country = match place {
        Place::Network(prefix) => {
            let wider = (0..prefix.len()).rev();
            let wider = wider.map(|len| crate::prefix::Prefix::around(prefix.addr(), len));
            places.extend(wider.map(Place::Network));
            None
        }
        Place::City(area, _) => {
            if area.contains('-') {
                places.push(Place::Subdivision(Subdivision(area.clone())));
            }
            Country::from_code(area.split('-').next().unwrap_or_default())
        }
        Place::Subdivision(part) => {
            Country::from_code(part.0.split('-').next().unwrap_or_default())
        }
        Place::Country(country) => Some(*country),
        Place::System(_) | Place::Continent(_) | Place::Unknown => None,
    };
    if let Some(country) = country {
        if !matches!(place, Place::Country(_)) {
            places.push(Place::Country(country));
        }
        places.push(Place::Continent(country.continent()));
    }
    places
}
