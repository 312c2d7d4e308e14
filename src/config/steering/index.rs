//! All names of an estate: which tables the files hold, who is called what, and what a name means.

use crate::config::document::{Document, Entry, Word};
use crate::config::estate::{PoolId, SiteId, Target, VipId};
use crate::config::findings::Findings;
use crate::config::record::listed;
use crate::config::values;
use crate::diagnostic::Diagnostic;
use crate::limits;

/// What can have a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Site,
    Vip,
    Region,
    Rules,
    Pool,
    Probe,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Site,
        Kind::Vip,
        Kind::Region,
        Kind::Rules,
        Kind::Pool,
        Kind::Probe,
    ];

    /// As messages call it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Site => "site",
            Kind::Vip => "VIP",
            Kind::Region => "region",
            Kind::Rules => "rule set",
            Kind::Pool => "pool",
            Kind::Probe => "probe",
        }
    }

    /// The table that holds it.
    pub(super) fn table(self) -> &'static str {
        match self {
            Kind::Site => "sites",
            Kind::Vip => "vips",
            Kind::Region => "regions",
            Kind::Rules => "rules",
            Kind::Pool => "pools",
            Kind::Probe => "probes",
        }
    }

    fn reserved(self) -> &'static [&'static str] {
        match self {
            Kind::Site | Kind::Vip | Kind::Pool => &["zone"],
            Kind::Region => &PLACES,
            Kind::Rules | Kind::Probe => &[],
        }
    }
}

/// The words that are places.
const PLACES: [&str; 8] = [
    "unknown",
    "africa",
    "antarctica",
    "asia",
    "europe",
    "north-america",
    "oceania",
    "south-america",
];

/// All of one kind, sorted by name, each name once.
pub(super) struct Space<'a> {
    pub(super) kind: Kind,
    pub(super) list: Vec<Entry<'a>>,
}

impl<'a> Space<'a> {
    /// Its number.
    pub(super) fn find(&self, name: &str) -> Option<u16> {
        let at = self
            .list
            .binary_search_by(|entry| entry.key.text.cmp(name))
            .ok()?;
        u16::try_from(at).ok()
    }

    fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.list.iter().map(|entry| entry.key.text)
    }
}

/// "did you mean `iad-1` (zones/steering.toml:4)?"
fn meant_at(meant: &str, spaces: &[&Space<'_>]) -> String {
    let place = spaces.iter().find_map(|space| {
        Some(
            space
                .list
                .get(usize::from(space.find(meant)?))?
                .key
                .at
                .spot()
                .line(),
        )
    });
    match place {
        Some(place) => format!("did you mean `{meant}` ({place})?"),
        None => format!("did you mean `{meant}`?"),
    }
}

/// Everything that the files say, by name.
pub(super) struct Index<'a> {
    pub(super) sites: Space<'a>,
    pub(super) vips: Space<'a>,
    pub(super) regions: Space<'a>,
    pub(super) rules: Space<'a>,
    pub(super) pools: Space<'a>,
    pub(super) probes: Space<'a>,
    /// `[names]` of all files.
    pub(super) names: Vec<Entry<'a>>,
    /// `[networks]` of all files.
    pub(super) networks: Vec<Entry<'a>>,
    /// `[latency]` of each file that has one.
    pub(super) latency: Vec<Entry<'a>>,
    /// `[brake]` of each file that has one.
    pub(super) brake: Vec<Entry<'a>>,
    /// Whether every file could be read. If not, a name that seems to be missing may stand in one of the others, so that
    /// is no finding.
    complete: bool,
}

impl<'a> Index<'a> {
    /// From all files. Names that are no names, that stand twice or that clash are findings.
    pub(super) fn new(
        documents: &'a [Document<'a>],
        complete: bool,
        findings: &mut Findings,
    ) -> Index<'a> {
        let mut lists: [Vec<Entry<'a>>; 6] = Default::default();
        let (mut names, mut networks) = (Vec::new(), Vec::new());
        let (mut latency, mut brake) = (Vec::new(), Vec::new());
        for entry in documents.iter().flat_map(Document::entries) {
            let kind = Kind::ALL
                .iter()
                .position(|kind| kind.table() == entry.key.text);
            match (kind, entry.key.text) {
                (Some(kind), _) => lists[kind].extend(table(entry, findings)),
                (None, "names") => names.extend(table(entry, findings)),
                (None, "networks") => networks.extend(table(entry, findings)),
                (None, "latency") => latency.push(entry),
                (None, "brake") => brake.push(entry),
                (None, _) => unknown(entry, findings),
            }
        }
        names.sort_by_key(|entry: &Entry<'_>| (entry.key.text, entry.key.at.rank()));
        let [sites, vips, regions, rules, pools, probes] = lists;
        let index = Index {
            sites: space(Kind::Site, sites, findings),
            vips: space(Kind::Vip, vips, findings),
            regions: space(Kind::Region, regions, findings),
            rules: space(Kind::Rules, rules, findings),
            pools: space(Kind::Pool, pools, findings),
            probes: space(Kind::Probe, probes, findings),
            names,
            networks,
            latency,
            brake,
            complete,
        };
        index.clashes(findings);
        index
    }

    /// Sites, VIPs and pools share one space of names.
    fn clashes(&self, findings: &mut Findings) {
        let shared = [&self.sites, &self.vips, &self.pools];
        for (nth, space) in shared.into_iter().enumerate() {
            for entry in &space.list {
                let name = entry.key.text;
                for before in shared.iter().take(nth) {
                    let Some(other) = before
                        .find(name)
                        .and_then(|at| before.list.get(usize::from(at)))
                    else {
                        continue;
                    };
                    let message = format!(
                        "`{name}` is a {} and a {}",
                        before.kind.word(),
                        space.kind.word()
                    );
                    findings.push(
                        Diagnostic::error(
                            entry.key.at.spot(),
                            message,
                            "sites, VIPs and pools share one space of names",
                        )
                        .and(other.key.at.spot(), format!("the {}", before.kind.word())),
                    );
                }
            }
        }
    }

    /// The number of the site or rule set that `word` names; if nothing, that is a finding.
    pub(super) fn resolve(
        &self,
        space: &Space<'a>,
        word: Word<'_>,
        findings: &mut Findings,
    ) -> Option<u16> {
        let found = space.find(word.text);
        if found.is_none()
            && let Some((message, advice)) = self.missing(space, word.text, findings)
        {
            findings.error(word.at, message, advice);
        }
        found
    }

    /// What is wrong with a name that nothing has, and what to do; nothing where a file could not be read.
    pub(super) fn missing(
        &self,
        space: &Space<'a>,
        name: &str,
        findings: &mut Findings,
    ) -> Option<(String, String)> {
        if !self.complete {
            return None;
        }
        let advice = match findings.guess(name, space.names()) {
            Some(meant) => meant_at(meant, &[space]),
            None => format!("define it under `[{}]`", space.kind.table()),
        };
        let message = format!("no {} is called `{name}`", space.kind.word());
        Some((message, advice))
    }

    /// What a member, a rule or a name points to; if nothing, that is a finding.
    pub(super) fn target(&self, word: Word<'_>, findings: &mut Findings) -> Option<Target> {
        let found = (self
            .sites
            .find(word.text)
            .map(|id| Target::Site(SiteId(id))))
        .or_else(|| self.vips.find(word.text).map(|id| Target::Vip(VipId(id))))
        .or_else(|| {
            self.pools
                .find(word.text)
                .map(|id| Target::Pool(PoolId(id)))
        });
        if found.is_none() && self.complete {
            let all = self
                .vips
                .names()
                .chain(self.sites.names())
                .chain(self.pools.names());
            let advice = match findings.guess(word.text, all) {
                Some(meant) => meant_at(meant, &[&self.vips, &self.sites, &self.pools]),
                None => "define it under `[vips]`, `[sites]` or `[pools]`".to_owned(),
            };
            findings.error(
                word.at,
                format!("no VIP, site or pool is called `{}`", word.text),
                advice,
            );
        }
        found
    }

    /// The region that `word` names; if none, that is a finding.
    pub(super) fn region(&self, word: Word<'_>, findings: &mut Findings) -> Option<u16> {
        let found = self.regions.find(word.text);
        if found.is_some() {
            return found;
        }
        let form = "places look like `\"192.0.2.0/24\"`, `AS64500`, `\"DE/Hamburg\"`, `US-CA`, `DE`, `europe`";
        if values::unkebab(word.text).is_some() {
            let advice = match findings.place(word.text) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => form.to_owned(),
            };
            findings.error(word.at, format!("`{}` is not a place", word.text), advice);
        } else if self.complete {
            let region = findings.guess(word.text, self.regions.names().chain(PLACES));
            let advice = match (region, findings.place(word.text)) {
                (Some(meant), _) => meant_at(meant, &[&self.regions]),
                (None, Some(meant)) => format!("did you mean `{meant}`?"),
                (None, None) => "define it under `[regions]`".to_owned(),
            };
            findings.error(
                word.at,
                format!("no region and no continent is called `{}`", word.text),
                advice,
            );
        }
        None
    }
}

/// What stands in one of our tables.
fn table<'a>(entry: Entry<'a>, findings: &mut Findings) -> Vec<Entry<'a>> {
    let name = entry.key.text;
    entry.value.table().unwrap_or_else(|| {
        let advice = match name {
            "names" | "networks" => format!("write `[{name}]` and what belongs there below it"),
            "rules" | "pools" | "probes" => format!("write `[{name}.NAME]` and its keys below it"),
            _ => format!("write `[{name}]` and the names below it"),
        };
        findings.error(entry.key.at, format!("`{name}` is a table"), advice);
        Vec::new()
    })
}

fn unknown(entry: Entry<'_>, findings: &mut Findings) {
    const MACHINE: [&str; 10] = [
        "zones", "geoip", "state", "listen", "admin", "workers", "id", "tls", "tokens", "commands",
    ];
    const TABLES: [&str; 10] = [
        "sites", "vips", "regions", "networks", "latency", "probes", "brake", "rules", "pools",
        "names",
    ];
    let name = entry.key.text;
    let advice = if MACHINE.contains(&name) {
        "this belongs to the machine: write it in `meridian.toml`".to_owned()
    } else if let Some(meant) = findings.guess(name, TABLES) {
        format!("did you mean `{meant}`?")
    } else {
        format!("the tables are {}", listed(&TABLES))
    };
    let what = if entry.value.table().is_some() {
        "table"
    } else {
        "key"
    };
    findings.error(entry.key.at, format!("unknown {what} `{name}`"), advice);
}

/// Sorted by name, each name once and fit to be one.
fn space<'a>(kind: Kind, mut list: Vec<Entry<'a>>, findings: &mut Findings) -> Space<'a> {
    list.sort_by_key(|entry| (entry.key.text, entry.key.at.rank()));
    list.dedup_by(|later, first| {
        let twice = later.key.text == first.key.text;
        if twice {
            let message = format!("{} `{}` is written twice", kind.word(), later.key.text);
            findings.push(
                Diagnostic::error(
                    later.key.at.spot(),
                    message,
                    format!("each {} is written whole in one place", kind.word()),
                )
                .and(first.key.at.spot(), "it is here as well"),
            );
        }
        twice
    });
    for entry in &list {
        fit(kind, entry.key, findings);
    }
    if let Some(entry) = list.get(limits::NAMED) {
        findings.error(
            entry.key.at,
            format!("more than {} {}s", limits::NAMED, kind.word()),
            "split the estate",
        );
        list.truncate(limits::NAMED);
    }
    Space { kind, list }
}

fn fit(kind: Kind, word: Word<'_>, findings: &mut Findings) {
    let what = kind.word();
    if kind.reserved().contains(&word.text) {
        let message = format!("`{}` is a reserved word, no name for a {what}", word.text);
        findings.error(word.at, message, format!("give the {what} another name"));
    } else if let Some(advice) = values::unkebab(word.text) {
        findings.error(
            word.at,
            format!("`{}` is no name for a {what}", word.text),
            advice,
        );
    }
}
