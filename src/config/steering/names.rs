//! `[names]`: which names a pool answers, absolute ones and those under a pattern of zone files.

use crate::config::document::{Entry, Word};
use crate::config::estate::{Behind, Members, Pool, PoolId, Steered, Target};
use crate::config::findings::Findings;
use crate::config::pattern::Pattern;
use crate::config::steering::index::Index;
use crate::config::steering::pools::plain;
use crate::config::steering::regions::twice;
use crate::limits;
use crate::wire::name::{Name, NameError};

/// What a name points to, and the word that says so.
#[derive(Clone, Copy)]
pub(super) struct Pointer<'a> {
    pub(super) target: Target,
    pub(super) word: Word<'a>,
}

/// A name as written.
struct Said<'a> {
    name: Name,
    key: Word<'a>,
    /// None: the zone file answers.
    pointer: Option<Pointer<'a>>,
}

/// All of `[names]`.
pub(super) struct Names<'a> {
    absolute: Vec<Said<'a>>,
    patterns: Vec<(Word<'a>, Vec<Said<'a>>)>,
}

impl<'a> Names<'a> {
    /// Every pool, site and VIP that a name points to.
    pub(super) fn pointers(&self) -> Vec<Pointer<'a>> {
        let below = self.patterns.iter().flat_map(|(_, said)| said);
        let all = self.absolute.iter().chain(below);
        all.filter_map(|said| said.pointer).collect()
    }
}

/// All names, sorted, each once. A pattern may be spread over files as `[names]` may.
pub(super) fn read<'a>(index: &Index<'a>, findings: &mut Findings) -> Names<'a> {
    let is_pattern = |entry: &&Entry<'a>| entry.key.text.ends_with(".zone");
    let (below, above): (Vec<&Entry<'a>>, Vec<&Entry<'a>>) =
        index.names.iter().partition(is_pattern);
    let above = above.into_iter().copied();
    let absolute: Vec<_> = above
        .filter_map(|entry| Some((absolute(entry, findings)?, entry)))
        .collect();
    let mut names = Names {
        absolute: said(absolute, index, findings),
        patterns: Vec::new(),
    };
    for entries in below.chunk_by(|a, b| a.key.text == b.key.text) {
        let Some(first) = entries.first() else {
            continue;
        };
        let sound = path(first.key, findings);
        let inner: Vec<Entry<'a>> = entries
            .iter()
            .filter_map(|entry| table(**entry, findings))
            .flatten()
            .collect();
        let inner: Vec<_> = inner
            .into_iter()
            .filter_map(|entry| Some((relative(entry, findings)?, entry)))
            .collect();
        let inner = said(inner, index, findings);
        if sound {
            names.patterns.push((first.key, inner));
        }
    }
    let starred = names
        .patterns
        .iter()
        .filter(|(key, _)| key.text.contains('*'));
    if let Some((key, _)) = starred.clone().nth(limits::PATTERNS) {
        let message = format!("more than {} patterns with a `*`", limits::PATTERNS);
        let advice = "put files that are alike into one folder";
        findings.error(key.at, message, advice);
    }
    names
}

/// What is said of some names, each once.
fn said<'a>(
    mut all: Vec<(Name, Entry<'a>)>,
    index: &Index<'a>,
    findings: &mut Findings,
) -> Vec<Said<'a>> {
    all.sort_by_cached_key(|(name, entry)| (canonical(name), entry.key.at.rank()));
    all.dedup_by(|(name, later), (first_name, first)| {
        let same = name == first_name;
        if same {
            twice(
                &format!("the name `{}` stands twice", later.key.text),
                later.key.at,
                first.key.at,
                findings,
            );
        }
        same
    });
    let mut list = Vec::new();
    for (name, entry) in all {
        let Some(word) = entry.value.string() else {
            let advice = "write the pool, site or VIP that answers it, or `\"zone\"`";
            findings.error(
                entry.value.at,
                format!("the name `{}` wants one name behind it", entry.key.text),
                advice,
            );
            continue;
        };
        let key = entry.key;
        if word.text == "zone" {
            let pointer = None;
            list.push(Said { name, key, pointer });
        } else if let Some(target) = index.target(word, findings) {
            let pointer = Some(Pointer { target, word });
            list.push(Said { name, key, pointer });
        }
    }
    list
}

/// The order of names (RFC 4034 §6.1), worked out once for each.
fn canonical(name: &Name) -> Vec<Vec<u8>> {
    let mut labels: Vec<Vec<u8>> = name.labels().map(<[u8]>::to_ascii_lowercase).collect();
    labels.reverse();
    labels
}

/// What stands under a pattern.
fn table<'a>(entry: Entry<'a>, findings: &mut Findings) -> Option<Vec<Entry<'a>>> {
    let text = entry.key.text;
    let Some(inner) = entry.value.table() else {
        let message = format!("`{text}` is a pattern of zone files, and a table stands behind one");
        let advice = match text.contains(['*', '/']) {
            true => format!("write `[names.\"{text}\"]` and lines like `\"@\" = \"web\"` below it"),
            false => format!("if a name is meant, write it with the final dot: `\"{text}.\"`"),
        };
        findings.error(entry.key.at, message, advice);
        return None;
    };
    if inner.is_empty() {
        let message = format!("no name stands under the pattern `{text}`");
        let advice = "write lines like `\"@\" = \"web\"` below it, or drop it";
        findings.error(entry.key.at, message, advice);
    }
    Some(inner)
}

/// Whether a pattern can fit a path at all.
fn path(key: Word<'_>, findings: &mut Findings) -> bool {
    let text = key.text;
    let hidden = |part: &str| part.is_empty() || part.starts_with('.');
    let advice = if text.starts_with('/') {
        "paths are seen from the folder of the zones: write it without the first `/`"
    } else if text.split('/').any(hidden) {
        "write folders and files as they are called; what begins with a dot is skipped"
    } else if text.contains("**") {
        "`*` stands for any characters but `/`: write one for each folder, as in `*/*.zone`"
    } else {
        return true;
    };
    let message = format!("`{text}` fits no path of a zone file");
    findings.error(key.at, message, advice);
    false
}

fn absolute(entry: Entry<'_>, findings: &mut Findings) -> Option<Name> {
    let key = entry.key;
    if let (Some(inner), false) = (entry.value.table(), key.text.ends_with('.')) {
        // A bare www.example.com is a table in a table in a table to TOML.
        let whole = spelled(key.text, inner);
        let advice = format!("write it in quotes and with the final dot: `\"{whole}.\"`");
        findings.error(key.at, "a name stands in quotes", advice);
        return None;
    }
    let name = match key.text.parse::<Name>() {
        Ok(name) => name,
        Err(NameError::Relative) => {
            let advice = if key.text.contains('/') {
                "if a pattern of zone files is meant, it ends in `.zone`".to_owned()
            } else {
                format!(
                    "write `\"{}.\"`; relative names stand under a `.zone` pattern",
                    key.text
                )
            };
            findings.error(key.at, NameError::Relative.to_string(), advice);
            return None;
        }
        Err(error) => {
            findings.error(key.at, error.to_string(), "");
            return None;
        }
    };
    fit(key, &name, findings).then_some(name)
}

/// A name under a pattern, the root in place of the apex.
fn relative(entry: Entry<'_>, findings: &mut Findings) -> Option<Name> {
    let key = entry.key;
    if let Some(inner) = entry.value.table() {
        let whole = spelled(key.text, inner);
        let advice = format!("write `\"{whole}\"`");
        findings.error(key.at, "a name of several labels stands in quotes", advice);
        return None;
    }
    if key.text.parse::<Name>().is_ok() {
        let advice = format!(
            "write it without the zone's own name and the final dot, or `\"{}\"` under `[names]` itself",
            key.text
        );
        findings.error(key.at, "under a pattern stand relative names", advice);
        return None;
    }
    match Name::parse(key.text.as_bytes(), Some(&Name::root())) {
        Ok(name) => fit(key, &name, findings).then_some(name),
        Err(error) => {
            findings.error(key.at, error.to_string(), "");
            None
        }
    }
}

/// What no steered name may look like.
fn fit(key: Word<'_>, name: &Name, findings: &mut Findings) -> bool {
    if !key.text.is_ascii() {
        findings.error(
            key.at,
            "the name is not ASCII",
            "write the form that begins with `xn--`",
        );
        return false;
    }
    let starred = |label: &[u8]| label.contains(&b'*');
    let astray = |(nth, label): (usize, &[u8])| starred(label) && (nth > 0 || label.len() > 1);
    let sound = !name.labels().enumerate().any(astray);
    if !sound {
        findings.error(
            key.at,
            "`*` is not the whole leftmost label",
            "elsewhere it stands for nothing",
        );
    }
    sound
}

fn spelled<'a>(first: &'a str, mut inner: Vec<Entry<'a>>) -> String {
    let mut whole = first.to_owned();
    while let Some(entry) = inner.first() {
        whole.push('.');
        whole.push_str(entry.key.text);
        inner = entry.value.table().unwrap_or_default();
    }
    whole
}

/// The names with their pools, and the patterns with theirs; a site or VIP behind a name becomes a pool of just that,
/// behind all others.
pub(super) fn steered(
    names: &Names<'_>,
    pools: &mut Vec<Pool>,
    index: &Index<'_>,
) -> (Vec<Steered>, Vec<Pattern>) {
    let pointers = names.pointers();
    let targets = pointers.iter().map(|pointer| pointer.target);
    let mut single: Vec<Target> = targets
        .filter(|target| !matches!(target, Target::Pool(_)))
        .collect();
    let entry = |target: &Target| match target {
        Target::Site(id) => index.sites.list.get(usize::from(id.0)),
        Target::Vip(id) => index.vips.list.get(usize::from(id.0)),
        Target::Pool(id) => index.pools.list.get(usize::from(id.0)),
    };
    let called = |target: &Target| entry(target).map_or("", |entry| entry.key.text);
    single.sort_by_key(|target| called(target));
    single.dedup();
    let behind = pools.len();
    for target in &single {
        if let Some(entry) = entry(target) {
            pools.push(plain(
                entry.key.text,
                Members::List(vec![*target]),
                entry.key.at.spot(),
            ));
        }
    }
    let pool = |target: Target| match target {
        Target::Pool(id) => Some(id),
        other => {
            let nth = single
                .binary_search_by_key(&called(&other), |target| called(target))
                .ok()?;
            u16::try_from(behind + nth).ok().map(PoolId)
        }
    };
    let steered = |said: &Said<'_>| {
        let behind = match said.pointer {
            Some(pointer) => Behind::Pool(pool(pointer.target)?),
            None => Behind::Zone,
        };
        Some(Steered {
            name: said.name.clone(),
            behind,
            spot: said.key.at.spot(),
        })
    };
    let pattern = |(key, said): &(Word<'_>, Vec<Said<'_>>)| Pattern {
        path: key.text.to_owned(),
        names: said.iter().filter_map(steered).collect(),
        spot: key.at.spot(),
    };
    (
        names.absolute.iter().filter_map(steered).collect(),
        names.patterns.iter().map(pattern).collect(),
    )
}
