//! `[names]`: which names a pool answers.

use crate::config::document::{Entry, Word};
use crate::config::estate::{Members, Pool, PoolId, Steered, Target};
use crate::config::findings::Findings;
use crate::config::record::later;
use crate::config::steering::index::Index;
use crate::config::steering::pools::plain;
use crate::config::steering::regions::twice;
use crate::wire::name::{Name, NameError};

/// A name as written and what it points to.
pub(super) struct Pointer<'a> {
    pub(super) name: Name,
    pub(super) key: Word<'a>,
    pub(super) target: Target,
    pub(super) word: Word<'a>,
}

/// The names that are steered, sorted.
pub(super) fn read<'a>(index: &Index<'a>, findings: &mut Findings) -> Vec<Pointer<'a>> {
    let mut all: Vec<(Name, Entry<'a>)> = Vec::new();
    for entry in &index.names {
        if let Some(name) = name(*entry, findings) {
            all.push((name, *entry));
        }
    }
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
    let mut pointers = Vec::new();
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
        if word.text == "zone" {
            continue;
        }
        if let Some(target) = index.target(word, findings) {
            pointers.push(Pointer {
                name,
                key: entry.key,
                target,
                word,
            });
        }
    }
    pointers
}

/// The order of names (RFC 4034 §6.1), worked out once for each.
fn canonical(name: &Name) -> Vec<Vec<u8>> {
    let mut labels: Vec<Vec<u8>> = name.labels().map(<[u8]>::to_ascii_lowercase).collect();
    labels.reverse();
    labels
}

fn name(entry: Entry<'_>, findings: &mut Findings) -> Option<Name> {
    let key = entry.key;
    if key.text.ends_with(".zone") {
        later(key, "`[names]`", findings);
        return None;
    }
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
            let advice = format!(
                "write `\"{}.\"`; relative names stand under a `.zone` pattern",
                key.text
            );
            findings.error(key.at, NameError::Relative.to_string(), advice);
            return None;
        }
        Err(error) => {
            findings.error(key.at, error.to_string(), "");
            return None;
        }
    };
    if !key.text.is_ascii() {
        findings.error(
            key.at,
            "the name is not ASCII",
            "write the form that begins with `xn--`",
        );
        return None;
    }
    let starred = |label: &[u8]| label.contains(&b'*');
    if name
        .labels()
        .enumerate()
        .any(|(nth, label)| starred(label) && (nth > 0 || label.len() > 1))
    {
        findings.error(
            key.at,
            "`*` is not the whole leftmost label",
            "elsewhere it stands for nothing",
        );
        return None;
    }
    Some(name)
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

/// The names with their pools; a site or VIP behind a name becomes a pool of just that, behind all others.
pub(super) fn steered(
    pointers: &[Pointer<'_>],
    pools: &mut Vec<Pool>,
    index: &Index<'_>,
) -> Vec<Steered> {
    let mut single: Vec<Target> = pointers
        .iter()
        .map(|pointer| pointer.target)
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
    let steered = |pointer: &Pointer<'_>| {
        Some(Steered {
            name: pointer.name.clone(),
            pool: pool(pointer.target)?,
            spot: pointer.key.at.spot(),
        })
    };
    pointers.iter().filter_map(steered).collect()
}
