//! `meridian geoip classes`: how the steering divides the address space, map by map.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::sync::Arc;

use serde_json::{Value, json};

use super::Classes;
use super::table::{self, FOUR, SIX, Size};
use super::words::{count, share, thousands};
use crate::cli::{Exit, fail, refuse, settings};
use crate::config::estate::{Policy, Pool, PoolId, RulesId, SiteId, Steering, Target};
use crate::daemon;
use crate::diagnostic::Diagnostic;
use crate::keeper::load::Loader;
use crate::steer::class::{Class, Map};
use crate::steer::reach::below;
use crate::wire::name::Name;
use crate::world::estate::{Estate, Root};

/// Classes of a map that are shown; JSON has all.
const SHOWN: usize = 60;
/// Names and sites shown in a line.
const LISTED: usize = 12;

pub(super) fn run(args: &Classes) -> Exit {
    let (paths, warnings) = match settings::paths(&args.place) {
        Ok(read) => read,
        Err(mistakes) => return refuse(&mistakes, Exit::Usage),
    };
    daemon::show(&warnings);
    let mut loaded = Loader::new(paths).first();
    let Some(estate) = loaded.estate else {
        loaded.diagnostics.retain(Diagnostic::is_error);
        return refuse(&loaded.diagnostics, Exit::Failed);
    };
    let maps = match maps(&estate, args.of.as_deref()) {
        Ok(maps) => maps,
        Err(why) => return fail(&why),
    };
    if args.prefixes {
        return prefixes(&maps);
    }
    let surveys: Vec<Survey<'_>> = maps.iter().map(|used| Survey::of(&estate, used)).collect();
    if args.json {
        let all: Vec<Value> = surveys.iter().map(Survey::json).collect();
        daemon::say(&format!("{:#}\n", Value::from(all)));
    } else {
        let all = surveys.iter().enumerate();
        let all: Vec<String> = all.map(|(at, survey)| survey.text(at + 1)).collect();
        daemon::say(&all.join("\n"));
    }
    Exit::Done
}

/// A map and the pools that use it.
struct Used<'a> {
    map: &'a Arc<Map>,
    /// Each with its number among the estate's roots.
    roots: Vec<(usize, &'a Root)>,
}

/// All maps, or that of a name or pool.
fn maps<'a>(estate: &'a Estate, of: Option<&str>) -> Result<Vec<Used<'a>>, String> {
    let mut maps: Vec<Used<'a>> = Vec::new();
    for root in estate.roots.iter().enumerate() {
        match maps
            .iter_mut()
            .find(|used| Arc::ptr_eq(used.map, &root.1.map))
        {
            Some(used) => used.roots.push(root),
            None => maps.push(Used {
                map: &root.1.map,
                roots: vec![root],
            }),
        }
    }
    let Some(of) = of else { return Ok(maps) };
    let name = Name::parse(of.as_bytes(), Some(&Name::root())).ok();
    let is = |(at, root): &(usize, &Root)| {
        let pool = estate.steering.pools.get(usize::from(root.pool.0));
        let named = name
            .iter()
            .any(|name| names(estate, *at).any(|other| other == name));
        named || pool.is_some_and(|pool| pool.name == of)
    };
    maps.retain(|used| used.roots.iter().any(is));
    if maps.is_empty() {
        let pools = estate.roots.iter().take(20);
        let pools: Vec<&str> = pools
            .map(|root| pool(&estate.steering, root.pool))
            .collect();
        return Err(format!(
            "`{of}` is neither a steered name nor a pool that names point to; those are {}",
            pools.join(", ")
        ));
    }
    Ok(maps)
}

/// The names that point to a root.
fn names(estate: &Estate, root: usize) -> impl Iterator<Item = &Name> {
    estate.zones.iter().flat_map(move |held| {
        let pairs = held.names.iter().zip(held.steered.iter());
        pairs
            .filter(move |(_, at)| **at as usize == root)
            .map(|(name, _)| name)
    })
}

fn pool(steering: &Steering, id: PoolId) -> &str {
    steering
        .pools
        .get(usize::from(id.0))
        .map_or("", |pool| &pool.name)
}

fn prefixes(maps: &[Used<'_>]) -> Exit {
    let [used] = maps else {
        fail(&format!(
            "there are {} maps: name a pool, to have its table",
            maps.len()
        ));
        return Exit::Usage;
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let write = |prefix, class| writeln!(out, "{prefix} {class}");
    // That nobody reads on is no reason to fail.
    let _ = table::walk(|addr| used.map.find(addr), write).and_then(|()| out.flush());
    Exit::Done
}

/// A map in words and figures.
struct Survey<'a> {
    /// Pools with their policies.
    pools: Vec<(&'a str, &'static str)>,
    names: Vec<String>,
    classes: Vec<(Size, Vec<Treated>)>,
}

/// What a class comes to in one pool.
struct Treated {
    pool: String,
    /// All sites that the pool's fence leaves, if it fences this class.
    inside: Option<Vec<String>>,
    /// The rule set, the place that fits if one does, and what is tried first.
    rules: Vec<(String, Option<String>, Vec<String>)>,
    /// The sites in order; those of one step are tried together.
    sites: Option<Vec<Vec<String>>>,
}

impl<'a> Survey<'a> {
    fn of(estate: &'a Estate, used: &Used<'_>) -> Survey<'a> {
        let steering = &*estate.steering;
        let policy = |pool: &Pool| match pool.policy {
            Policy::Weighted => "weighted",
            Policy::Nearest => "nearest",
            Policy::Failover => "failover",
        };
        let roots = used.roots.iter();
        let pools = roots.filter_map(|(_, root)| steering.pools.get(usize::from(root.pool.0)));
        let mut names: Vec<String> = used
            .roots
            .iter()
            .flat_map(|(at, _)| names(estate, *at).map(Name::to_string))
            .collect();
        names.sort();
        let classes = used.map.classes();
        let sizes = table::sizes(|addr| used.map.find(addr), classes.len());
        // All pools of a map see clients alike, and the first speaks for them.
        let first = used.roots.first().map(|(_, root)| *root);
        let treated =
            |class: &Class| first.map_or_else(Vec::new, |root| treat(steering, root, class));
        Survey {
            pools: pools
                .map(|pool| (pool.name.as_str(), policy(pool)))
                .collect(),
            names,
            classes: sizes.into_iter().zip(classes.iter().map(treated)).collect(),
        }
    }

    fn text(&self, number: usize) -> String {
        let networks = |of: fn(&Size) -> usize| self.classes.iter().map(|(size, _)| of(size)).sum();
        let (four, six): (usize, usize) = (networks(|s| s.networks.0), networks(|s| s.networks.1));
        let mut text = format!(
            "map {number}: {}, {} of IPv4 and {} of IPv6\n",
            count(self.classes.len(), "class", "classes"),
            count(four, "network", "networks"),
            thousands(six as u64)
        );
        let pools = self
            .pools
            .iter()
            .map(|(name, policy)| format!("{name} ({policy})"));
        let _ = writeln!(text, "  pools  {}", list(&pools.collect::<Vec<_>>()));
        let _ = writeln!(text, "  names  {}\n", list(&self.names));
        let head = [
            "class",
            "IPv4",
            "share",
            "IPv6",
            "share",
            "who, and what is tried first",
        ];
        let mut rows = vec![head.map(String::from)];
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        let size = |at: &usize| {
            self.classes
                .get(*at)
                .map_or(Size::default(), |class| class.0)
        };
        order.sort_by_key(|at| std::cmp::Reverse((size(at).four, size(at).six)));
        for at in order.iter().take(SHOWN) {
            let Some((size, treated)) = self.classes.get(*at) else {
                continue;
            };
            rows.push([
                at.to_string(),
                thousands(size.networks.0 as u64),
                share(size.four, FOUR),
                thousands(size.networks.1 as u64),
                share(size.six, SIX),
                words(treated),
            ]);
        }
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.len()).max().unwrap_or(0)
        };
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(width);
        for [class, four, part, six, part6, who] in &rows {
            let _ = writeln!(
                text,
                "  {class:>a$}  {four:>b$}  {part:>c$}  {six:>d$}  {part6:>e$}  {who}"
            );
        }
        if let Some(more) = order.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more; --json has all");
        }
        text
    }

    fn json(&self) -> Value {
        let classes = self
            .classes
            .iter()
            .enumerate()
            .map(|(number, (size, treated))| {
                let part = |of: u128, all: u128| of as f64 / all as f64;
                json!({
                    "class": number,
                    "networks4": size.networks.0,
                    "share4": part(size.four, FOUR),
                    "networks6": size.networks.1,
                    "share6": part(size.six, SIX),
                    "treated": treated.iter().map(Treated::json).collect::<Vec<Value>>(),
                })
            });
        let pools = self.pools.iter();
        json!({
            "pools": pools.map(|(name, policy)| json!({"pool": name, "policy": policy})).collect::<Vec<Value>>(),
            "names": self.names,
            "classes": classes.collect::<Vec<Value>>(),
        })
    }
}

impl Treated {
    fn json(&self) -> Value {
        let rules = self
            .rules
            .iter()
            .map(|(set, place, tried)| json!({ "rules": set, "place": place, "tried": tried }));
        json!({
            "pool": self.pool,
            "inside": self.inside,
            "rules": rules.collect::<Vec<Value>>(),
            "sites": self.sites,
        })
    }
}

/// What a class comes to in a root and all pools that it reaches.
fn treat(steering: &Steering, root: &Root, class: &Class) -> Vec<Treated> {
    let pools = below(steering, root.pool).into_iter();
    let treated = pools.filter_map(|id| {
        let pool = steering.pools.get(usize::from(id.0))?;
        let rules: Vec<_> = pool
            .prefer
            .iter()
            .filter_map(|set| rule(steering, root, class, *set))
            .collect();
        let sites = (pool.policy == Policy::Nearest).then(|| {
            let steps = class.steps(&root.needs, id);
            let names = |step: &Vec<SiteId>| step.iter().map(|id| site(steering, *id)).collect();
            steps.iter().map(names).collect::<Vec<Vec<String>>>()
        });
        let fence = class.fence().filter(|_| id == root.pool);
        let inside = fence.map(|f| f.sites().iter().map(|id| site(steering, *id)).collect());
        let says = !rules.is_empty() || sites.is_some() || fence.is_some();
        says.then(|| Treated {
            pool: pool.name.clone(),
            inside,
            rules,
            sites,
        })
    });
    treated.collect()
}

fn rule(
    steering: &Steering,
    root: &Root,
    class: &Class,
    id: RulesId,
) -> Option<(String, Option<String>, Vec<String>)> {
    let set = steering.rules.get(usize::from(id.0))?;
    let rule = class.rule(&root.needs, id).and_then(|at| set.rules.get(at));
    let Some(rule) = rule else {
        return Some((set.name.clone(), None, Vec::new()));
    };
    // Rules with the same targets are one to a class.
    let alike = set.rules.iter().filter(|one| one.targets == rule.targets);
    let places: Vec<String> = alike
        .map(|one| match &one.region {
            Some(region) => format!("{} (in {region})", one.place),
            None => one.place.to_string(),
        })
        .collect();
    let place = list(&places);
    let tried = rule.targets.iter().map(|target| match target {
        Target::Site(id) => site(steering, *id),
        Target::Vip(id) => {
            let vip = steering.vips.get(usize::from(id.0));
            vip.map_or_else(String::new, |vip| vip.name.clone())
        }
        Target::Pool(id) => pool(steering, *id).to_owned(),
    });
    Some((set.name.clone(), Some(place), tried.collect()))
}

fn site(steering: &Steering, id: SiteId) -> String {
    let site = steering.sites.get(usize::from(id.0));
    site.map_or_else(String::new, |site| site.name.clone())
}

/// A class in one line.
fn words(treated: &[Treated]) -> String {
    let mut parts = Vec::new();
    for one in treated {
        parts.extend(one.inside.iter().map(|inside| match &inside[..] {
            [] => "fenced: nothing".to_owned(),
            sites => format!("fenced: only {}", list(sites)),
        }));
        for (set, place, tried) in &one.rules {
            parts.push(match place {
                Some(place) if tried.is_empty() => format!("{set}: {place}, nothing first"),
                Some(place) => format!("{set}: {place}, {}", tried.join(", then ")),
                None => format!("{set}: no place fits"),
            });
        }
        if let Some(steps) = &one.sites {
            let steps: Vec<String> = steps.iter().map(|step| step.join(" + ")).collect();
            parts.push(format!("{}: {}", one.pool, list(&steps)));
        }
    }
    if parts.is_empty() {
        return "everyone".into();
    }
    parts.join("; ")
}

fn list(all: &[String]) -> String {
    let more = all.len().saturating_sub(LISTED);
    let shown: Vec<&str> = all.iter().take(LISTED).map(String::as_str).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
