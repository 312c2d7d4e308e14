//! What a pool comes to: the VIPs behind it, their places, and the pools through which they are reached.

use std::collections::{BTreeSet, HashSet};

use crate::config::document::Word;
use crate::config::estate::{Policy, Target};
use crate::config::findings::Findings;
use crate::config::steering::graph::Edge;
use crate::config::steering::index::Index;
use crate::config::steering::names::Pointer;
use crate::config::steering::pools::Draft;
use crate::config::steering::rules::Line;
use crate::config::steering::sites::Grounds;

/// The estate as read, names resolved, not yet known to be sound.
pub(super) struct Estate<'e, 'a> {
    pub(super) index: &'e Index<'a>,
    pub(super) grounds: &'e Grounds,
    pub(super) lines: &'e [Vec<Line<'a>>],
    pub(super) pools: &'e [Draft<'a>],
}

impl<'e, 'a> Estate<'e, 'a> {
    /// The pools that stand in each pool, as members or through its rule set.
    pub(super) fn edges(&self) -> Vec<Vec<Edge<'a>>> {
        let edge = |(target, word): &(Target, Word<'a>)| match target {
            Target::Pool(id) => Some(Edge {
                to: id.0,
                word: *word,
            }),
            Target::Site(_) | Target::Vip(_) => None,
        };
        let preferred = |draft: &Draft<'a>| {
            self.preferred(draft)
                .iter()
                .flat_map(|line| &line.targets)
                .filter_map(edge)
                .collect::<Vec<_>>()
        };
        self.pools
            .iter()
            .map(|draft| {
                draft
                    .members
                    .iter()
                    .filter_map(edge)
                    .chain(preferred(draft))
                    .collect()
            })
            .collect()
    }

    /// The lines of the pool's rule set.
    pub(super) fn preferred(&self, draft: &Draft<'a>) -> &'e [Line<'a>] {
        let rules = draft
            .pool
            .prefer
            .and_then(|id| self.lines.get(usize::from(id.0)));
        rules.map_or(&[], Vec::as_slice)
    }

    /// The VIPs at a site.
    pub(super) fn at_site(&self, site: u16) -> &'e [u16] {
        self.grounds
            .at_site
            .get(usize::from(site))
            .map_or(&[], Vec::as_slice)
    }

    /// Every VIP that a member reaches, ascending.
    pub(super) fn reach(&self, target: Target) -> BTreeSet<u16> {
        let mut vips = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut open = vec![target];
        while let Some(target) = open.pop() {
            match target {
                Target::Vip(vip) => {
                    vips.insert(vip.0);
                }
                Target::Site(site) => vips.extend(self.at_site(site.0)),
                Target::Pool(pool) => {
                    if let (true, Some(draft)) =
                        (seen.insert(pool), self.pools.get(usize::from(pool.0)))
                    {
                        open.extend(draft.members.iter().map(|(target, _)| *target));
                    }
                }
            }
        }
        vips
    }

    /// Whether anything that the pool reaches through members has an error of its own.
    pub(super) fn doubtful(&self, pool: u16) -> bool {
        let mut seen = HashSet::from([pool]);
        let mut open = vec![pool];
        while let Some(draft) = open.pop().and_then(|id| self.pools.get(usize::from(id))) {
            if draft.doubtful {
                return true;
            }
            let pools = draft.members.iter().filter_map(|(target, _)| match target {
                Target::Pool(id) => Some(id.0),
                Target::Site(_) | Target::Vip(_) => None,
            });
            open.extend(pools.filter(|id| seen.insert(*id)));
        }
        false
    }

    /// Members that come to nothing, and what `nearest` needs to know.
    pub(super) fn check(&self, pointers: &[Pointer<'a>], findings: &mut Findings) {
        let shaky = self.grounds.doubtful_vips.contains(&true);
        for (id, draft) in (0..).zip(self.pools) {
            if draft.pool.policy == Policy::Nearest {
                self.nearest(draft, findings);
            }
            if shaky || self.doubtful(id) {
                continue;
            }
            let void = |target: &Target| matches!(target, Target::Site(site) if self.at_site(site.0).is_empty());
            if draft.members.iter().all(|(target, _)| void(target)) {
                let advice = "none of its sites has one: give a VIP its `site`, or name VIPs";
                findings.error(
                    draft.key.at,
                    format!("pool `{}` has no VIP", draft.key.text),
                    advice,
                );
                continue;
            }
            for (_, word) in draft.members.iter().filter(|(target, _)| void(target)) {
                findings.warning(
                    word.at,
                    format!("site `{}` has no VIP", word.text),
                    "give one this `site`, or drop it here",
                );
            }
        }
        for pointer in pointers.iter().filter(|_| !shaky) {
            if self.reach(pointer.target).is_empty() && matches!(pointer.target, Target::Site(_)) {
                let word = pointer.word;
                findings.error(
                    word.at,
                    format!("site `{}` has no VIP", word.text),
                    "give one this `site`",
                );
            }
        }
    }

    fn nearest(&self, draft: &Draft<'a>, findings: &mut Findings) {
        let mut asked = Asked {
            pool: draft.key.text,
            vips: HashSet::new(),
            sites: HashSet::new(),
        };
        for (target, word) in &draft.members {
            match target {
                Target::Vip(vip) => {
                    self.placed(vip.0, *word, &mut asked, findings);
                }
                Target::Site(site) => self.located(site.0, *word, &mut asked, findings),
                Target::Pool(_) => {
                    let sites: BTreeSet<u16> = (self.reach(*target).into_iter())
                        .filter_map(|vip| self.placed(vip, *word, &mut asked, findings))
                        .collect();
                    if sites.len() > 1 {
                        let some: Vec<String> = sites
                            .iter()
                            .take(4)
                            .map(|site| format!("`{}`", self.site(*site)))
                            .collect();
                        let message = format!(
                            "pool `{}` lies at {} sites: {}",
                            word.text,
                            sites.len(),
                            some.join(", ")
                        );
                        findings.error(
                            word.at,
                            message,
                            "under `nearest` a pool lies at one site: name its sites or VIPs here",
                        );
                    }
                }
            }
        }
    }

    fn site(&self, site: u16) -> &'a str {
        self.index
            .sites
            .list
            .get(usize::from(site))
            .map_or("", |entry| entry.key.text)
    }

    /// The site of a VIP under `nearest`; that it or its location is missing is a finding.
    fn placed(
        &self,
        vip: u16,
        word: Word<'a>,
        asked: &mut Asked<'a>,
        findings: &mut Findings,
    ) -> Option<u16> {
        let id = usize::from(vip);
        let name = self.index.vips.list.get(id)?.key.text;
        let site = self.grounds.vips.get(id)?.site;
        let sound = self.grounds.doubtful_vips.get(id) == Some(&false);
        let Some(site) = site else {
            if sound && asked.vips.insert(vip) {
                let message = format!("pool `{}` needs the place of VIP `{name}`", asked.pool);
                findings.error(
                    word.at,
                    message,
                    format!("give `{name}` a `site`, and that site a `location`"),
                );
            }
            return None;
        };
        if self.unlocated(site.0) && asked.sites.insert(site.0) {
            let message = format!("pool `{}` needs the place of VIP `{name}`", asked.pool);
            findings.error(
                word.at,
                message,
                format!("give its site `{}` a `location`", self.site(site.0)),
            );
        }
        Some(site.0)
    }

    fn located(&self, site: u16, word: Word<'a>, asked: &mut Asked<'a>, findings: &mut Findings) {
        if self.unlocated(site) && asked.sites.insert(site) {
            let message = format!(
                "pool `{}` needs the place of site `{}`",
                asked.pool, word.text
            );
            findings.error(
                word.at,
                message,
                format!("give `{}` a `location`", word.text),
            );
        }
    }

    fn unlocated(&self, site: u16) -> bool {
        let id = usize::from(site);
        self.grounds
            .sites
            .get(id)
            .is_some_and(|site| site.location.is_none())
            && self.grounds.doubtful_sites.get(id) == Some(&false)
    }
}

/// What a pool has been asked to place already: each VIP and site once.
struct Asked<'a> {
    pool: &'a str,
    vips: HashSet<u16>,
    sites: HashSet<u16>,
}
