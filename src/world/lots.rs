//! Which names steer which zone: absolute ones belong to the deepest zone above them, those under a pattern come with
//! each zone whose file fits.

use std::collections::{BTreeMap, HashMap};

use crate::config::estate::{Behind, PoolId, Steered, Steering};
use crate::config::pattern::fits;
use crate::diagnostic::{Diagnostic, Spot};
use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::name::Name;
use crate::world::conflict::{Conflicts, Reading, holder};
use crate::world::estate::Apexes;
use crate::world::link::Read;

/// What `[names]` comes to for one zone.
#[derive(Clone, Debug, Default)]
pub(super) struct Lots {
    /// Those that a pool answers, each once.
    pub(super) steered: Vec<Lot>,
    /// Those that the zone file answers, whatever else is said of them.
    pub(super) kept: Vec<Name>,
}

/// A steered name.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    pub(super) name: Name,
    pub(super) pool: PoolId,
    pub(super) line: Line,
}

/// Where a name is written, as the steering counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Line {
    /// Of the absolute names.
    Absolute(usize),
    /// Of the patterns, and of its names.
    Below(usize, usize),
}

impl Line {
    fn of(self, steering: &Steering) -> Option<&Steered> {
        match self {
            Line::Absolute(nth) => steering.names.get(nth),
            Line::Below(pattern, nth) => steering.patterns.get(pattern)?.names.get(nth),
        }
    }

    /// Where it is written.
    pub(super) fn spot(self, steering: &Steering) -> Option<Spot> {
        self.of(steering).map(|steered| steered.spot.clone())
    }

    fn pattern(self, steering: &Steering) -> &str {
        match self {
            Line::Absolute(_) => "",
            Line::Below(pattern, _) => steering.patterns.get(pattern).map_or("", |p| &p.path),
        }
    }
}

impl Lots {
    /// Whether any steered name is a wildcard.
    pub(super) fn wild(&self) -> bool {
        self.steered.iter().any(|lot| lot.name.is_wildcard())
    }

    /// Whether a zone steers just these names, and leaves just those alone.
    pub(super) fn are(&self, steered: &[Name], kept: &[Name]) -> bool {
        steered.iter().eq(self.steered.iter().map(|lot| &lot.name)) && *kept == *self.kept
    }
}

/// A name for a zone, before it is known who else names it.
#[derive(Clone)]
struct Claim {
    name: Name,
    behind: Behind,
    line: Line,
}

/// What is wrong with a line of a pattern in some zones: it is told once, with the first of them.
struct Wrong {
    name: String,
    zone: usize,
    more: usize,
}

/// The names of all zones as they are put together.
struct Deal<'a> {
    zones: &'a [Read],
    apexes: &'a Apexes,
    steering: &'a Steering,
    asked: Asked,
    /// For each zone those under patterns.
    below: Vec<Vec<Claim>>,
    /// Names of patterns so far.
    made: usize,
    /// Lines of patterns that make a name too long.
    long: BTreeMap<Line, Wrong>,
    /// Lines of patterns that disagree.
    torn: BTreeMap<(Line, Line), Wrong>,
}

impl Conflicts<'_> {
    /// For each zone its names.
    pub(super) fn assign(
        &mut self,
        zones: &[Read],
        apexes: &Apexes,
        steering: &Steering,
        reading: Reading,
    ) -> Vec<Lots> {
        let mut deal = Deal {
            zones,
            apexes,
            steering,
            asked: Asked::new(Seed::default()),
            below: Vec::new(),
            made: 0,
            long: BTreeMap::new(),
            torn: BTreeMap::new(),
        };
        let mut lots = self.absolute(&mut deal, reading);
        if !steering.patterns.is_empty() {
            deal.below.resize_with(zones.len(), Vec::new);
            let idle = deal.patterns().unwrap_or_else(|nth| {
                self.endless(&deal, nth);
                Vec::new()
            });
            if reading == Reading::Whole && !zones.is_empty() {
                idle.into_iter().for_each(|nth| self.idle(&deal, nth));
            }
            let below = std::mem::take(&mut deal.below);
            for (at, (claims, lots)) in below.into_iter().zip(&mut lots).enumerate() {
                deal.merge(at, claims, lots);
            }
            self.wrong(&deal);
        }
        lots
    }

    /// Those that are written whole: each belongs to the deepest zone above it.
    fn absolute(&mut self, deal: &mut Deal<'_>, reading: Reading) -> Vec<Lots> {
        let (zones, steering) = (deal.zones, deal.steering);
        let mut lots = vec![Lots::default(); zones.len()];
        for (nth, steered) in steering.names.iter().enumerate() {
            let zone = holder(zones, deal.apexes, &mut deal.asked, &steered.name);
            match zone.and_then(|zone| lots.get_mut(zone)) {
                Some(lots) => lots.put(Claim {
                    name: steered.name.clone(),
                    behind: steered.behind,
                    line: Line::Absolute(nth),
                }),
                // What could not be read may hold it, and without any zone there is nothing to name.
                None if reading == Reading::Part || zones.is_empty() => {}
                None => self.homeless(zones, steered),
            }
        }
        lots
    }

    fn homeless(&mut self, zones: &[Read], steered: &Steered) {
        let (message, spot) = (
            format!("`{}` lies in no zone of this estate", steered.name),
            steered.spot.clone(),
        );
        if steered.behind == Behind::Zone {
            let advice = "nothing would steer it: drop the line, or add its zone file";
            self.found.push(Diagnostic::warning(spot, message, advice));
            return;
        }
        let known = zones.iter().take(5);
        let known: Vec<String> = known.map(|z| format!("`{}`", z.zone.apex())).collect();
        let advice = format!(
            "the zones are {}; add a zone file that holds the name",
            known.join(", ")
        );
        self.found.push(Diagnostic::error(spot, message, advice));
    }

    /// A pattern that makes one name too many.
    fn endless(&mut self, deal: &Deal<'_>, nth: usize) {
        if let Some(pattern) = deal.steering.patterns.get(nth) {
            let most = limits::PATTERN_NAMES;
            let message = format!("patterns make more than {most} names of the zones here");
            let advice = "steer wildcards, or fewer names in each zone";
            let spot = pattern.spot.clone();
            self.found.push(Diagnostic::error(spot, message, advice));
        }
    }

    /// A pattern that fits no file.
    fn idle(&mut self, deal: &Deal<'_>, nth: usize) {
        let Some(pattern) = deal.steering.patterns.get(nth) else {
            return;
        };
        let shorter = pattern.path.split_once('/').map(|(_, rest)| rest);
        let meant = shorter.filter(|rest| deal.zones.iter().any(|z| fits(rest, z.inside())));
        let advice = match meant {
            Some(rest) => format!("paths are seen from the folder of the zones: write `{rest}`"),
            None => {
                let known = deal.zones.iter().take(5);
                let known: Vec<String> = known.map(|z| format!("`{}`", z.inside())).collect();
                format!(
                    "its names are no names of any zone; there are {}",
                    known.join(", ")
                )
            }
        };
        let message = format!("the pattern `{}` fits no file", pattern.path);
        let spot = pattern.spot.clone();
        self.found.push(Diagnostic::warning(spot, message, advice));
    }

    /// What is wrong with lines of patterns.
    fn wrong(&mut self, deal: &Deal<'_>) {
        let zone = |wrong: &Wrong| match (deal.zones.get(wrong.zone), wrong.more) {
            (None, _) => String::new(),
            (Some(read), 0) => format!("zone `{}`", read.zone.apex()),
            (Some(read), 1) => format!("zone `{}` and one more", read.zone.apex()),
            (Some(read), more) => format!("zone `{}` and {more} more", read.zone.apex()),
        };
        for (line, wrong) in &deal.long {
            let Some(spot) = line.spot(deal.steering) else {
                continue;
            };
            let message = format!("the name would be too long in {}", zone(wrong));
            let advice =
                "a name has at most 255 octets: shorten it, or leave that zone out of the pattern";
            self.found.push(Diagnostic::error(spot, message, advice));
        }
        for ((first, second), wrong) in &deal.torn {
            let steering = deal.steering;
            let Some((spot, other)) = second.spot(steering).zip(first.spot(steering)) else {
                continue;
            };
            let (one, two) = (first.pattern(steering), second.pattern(steering));
            let which = if one == two {
                format!("two lines of the pattern `{one}`")
            } else {
                format!("the patterns `{one}` and `{two}`")
            };
            let message = format!("{which} disagree on `{}` of {}", wrong.name, zone(wrong));
            let advice = format!(
                "write `\"{}\"` by itself under `[names]`, or let one of the two pass by that file",
                wrong.name
            );
            let error = Diagnostic::error(spot, message, advice);
            self.found.push(error.and(other, "the other"));
        }
    }
}

impl Lots {
    fn put(&mut self, claim: Claim) {
        let Claim { name, behind, line } = claim;
        match behind {
            Behind::Pool(pool) => self.steered.push(Lot { name, pool, line }),
            Behind::Zone => self.kept.push(name),
        }
    }

    /// Whether an absolute name of the zone is this one. Those stand first, sorted.
    fn has(&self, absolute: [usize; 2], name: &Name) -> bool {
        let [steered, kept] = absolute;
        let steered = self.steered.get(..steered).unwrap_or_default();
        let kept = self.kept.get(..kept).unwrap_or_default();
        steered.binary_search_by(|lot| lot.name.cmp(name)).is_ok()
            || kept.binary_search(name).is_ok()
    }
}

impl Deal<'_> {
    /// The names of all patterns in all zones whose files fit; the patterns that fit none, or the one that makes one name
    /// too many.
    fn patterns(&mut self) -> Result<Vec<usize>, usize> {
        let (zones, steering) = (self.zones, self.steering);
        let all = steering.patterns.iter().enumerate();
        let (plain, starred): (Vec<_>, Vec<_>) = all.partition(|(_, pattern)| pattern.is_plain());
        let plain: HashMap<&str, usize> = plain
            .into_iter()
            .map(|(nth, pattern)| (pattern.path.as_str(), nth))
            .collect();
        let mut used = vec![false; steering.patterns.len()];
        for (at, read) in zones.iter().enumerate() {
            let inside = read.inside();
            let starred = starred.iter().filter(|(_, pattern)| pattern.fits(inside));
            let fitting = starred
                .map(|(nth, _)| *nth)
                .chain(plain.get(inside).copied());
            for nth in fitting {
                if let Some(used) = used.get_mut(nth) {
                    *used = true;
                }
                self.claims(at, nth);
                if self.made > limits::PATTERN_NAMES {
                    return Err(nth);
                }
            }
        }
        let idle = used.iter().enumerate().filter(|(_, used)| !**used);
        Ok(idle.map(|(nth, _)| nth).collect())
    }

    /// The names of one pattern in one zone. Where a deeper zone is loaded, they are that one's.
    fn claims(&mut self, at: usize, pattern: usize) {
        let (zones, steering) = (self.zones, self.steering);
        let (Some(read), Some(found)) = (zones.get(at), steering.patterns.get(pattern)) else {
            return;
        };
        self.made += found.names.len();
        for (nth, steered) in found.names.iter().enumerate() {
            let line = Line::Below(pattern, nth);
            let Ok(name) = steered.name.under(read.zone.apex()) else {
                let wrong = self.long.entry(line);
                wrong.and_modify(|wrong| wrong.more += 1).or_insert(Wrong {
                    name: String::new(),
                    zone: at,
                    more: 0,
                });
                continue;
            };
            let own = steered.name.is_root();
            let held = (!own).then(|| holder(zones, self.apexes, &mut self.asked, &name));
            let zone = held.flatten().unwrap_or(at);
            if let Some(claims) = self.below.get_mut(zone) {
                let behind = steered.behind;
                claims.push(Claim { name, behind, line });
            }
        }
    }

    /// Puts what patterns say of a zone to its absolute names, which beat them.
    fn merge(&mut self, at: usize, mut claims: Vec<Claim>, lots: &mut Lots) {
        let absolute = [lots.steered.len(), lots.kept.len()];
        claims.sort_by(|a, b| a.name.cmp(&b.name).then(a.line.cmp(&b.line)));
        for alike in claims.chunk_by(|a, b| a.name == b.name) {
            let Some(first) = alike.first().filter(|one| !lots.has(absolute, &one.name)) else {
                continue;
            };
            if let Some(other) = alike.iter().find(|other| other.behind != first.behind) {
                let wrong = self.torn.entry((first.line, other.line));
                wrong.and_modify(|wrong| wrong.more += 1).or_insert(Wrong {
                    name: first.name.to_string(),
                    zone: at,
                    more: 0,
                });
            }
            lots.put(first.clone());
        }
    }
}
