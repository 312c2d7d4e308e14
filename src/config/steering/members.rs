//! `members` of a pool: a list of names, or a table of names and weights.

use std::collections::HashMap;

use crate::config::document::{At, Entry, Word};
use crate::config::estate::{Members, Policy, PoolId, Target};
use crate::config::findings::Findings;
use crate::config::steering::index::Index;
use crate::config::steering::regions::twice;
use crate::config::steering::sites::Grounds;
use crate::config::values;
use crate::limits;

/// Members with the words that name them.
pub(super) enum Written<'a> {
    List(Vec<(Target, Word<'a>)>),
    Table(Vec<(Target, Word<'a>, u32)>),
}

impl<'a> Written<'a> {
    /// What was written, and what it means.
    pub(super) fn split(self) -> (Vec<(Target, Word<'a>)>, Members) {
        match self {
            Written::List(list) => {
                let members = Members::List(list.iter().map(|(target, _)| *target).collect());
                (list, members)
            }
            Written::Table(table) => {
                let members = Members::Table(
                    table
                        .iter()
                        .map(|(target, _, number)| (*target, *number))
                        .collect(),
                );
                (
                    table
                        .into_iter()
                        .map(|(target, word, _)| (target, word))
                        .collect(),
                    members,
                )
            }
        }
    }
}

/// The list or table behind `members`.
pub(super) fn members<'a>(
    field: Entry<'a>,
    what: &str,
    policy: Policy,
    index: &Index<'a>,
    findings: &mut Findings,
) -> Written<'a> {
    let empty = |findings: &mut Findings| {
        findings.error(
            field.value.at,
            format!("{what} has no members"),
            "name at least one VIP, site or pool",
        );
    };
    let Some(mut fields) = field.value.table() else {
        let mut list = Vec::new();
        let mut first: HashMap<Target, At<'a>> = HashMap::new();
        let words = values::names("`members`", field.value, findings);
        if words.as_ref().is_some_and(Vec::is_empty) {
            empty(findings);
        }
        for word in words.unwrap_or_default() {
            let Some(target) = index.target(word, findings) else {
                continue;
            };
            if let Some(first) = first.get(&target) {
                twice(
                    &format!("`{}` stands twice in {what}", word.text),
                    word.at,
                    *first,
                    findings,
                );
                continue;
            }
            first.insert(target, word.at);
            list.push((target, word));
        }
        return Written::List(list);
    };
    if fields.is_empty() {
        empty(findings);
    }
    fields.sort_by_key(|field| field.key.text);
    if policy != Policy::Weighted {
        let names: Vec<String> = fields
            .iter()
            .map(|field| format!("\"{}\"", field.key.text))
            .collect();
        let advice = match names.len() {
            0..=8 => format!("write the list `[{}]`", names.join(", ")),
            _ => "write a list of names".to_owned(),
        };
        findings.error(
            field.key.at,
            "a table of members belongs to the policy `weighted`",
            advice,
        );
    }
    let mut table = Vec::new();
    for field in fields {
        let label = format!("the weight of `{}`", field.key.text);
        let number = values::integer(&label, field.value, 0..=limits::WEIGHT, findings);
        if let Some(target) = index.target(field.key, findings) {
            table.push((target, field.key, number.unwrap_or(1)));
        }
    }
    Written::Table(table)
}

/// Pools in a list under `weighted`: nobody knows how much they should weigh.
pub(super) fn weightless(list: &[(Target, Word<'_>)], grounds: &Grounds, findings: &mut Findings) {
    let pools = list
        .iter()
        .filter(|(target, _)| matches!(target, Target::Pool(_)))
        .count() as u64;
    if pools == 0 {
        return;
    }
    let weight = |id: u16| {
        grounds
            .vips
            .get(usize::from(id))
            .map_or(0, |vip| u64::from(vip.weight))
    };
    let own = |target: &Target| match target {
        Target::Vip(vip) => Some(weight(vip.0)),
        Target::Site(site) => Some(
            grounds
                .at_site
                .get(usize::from(site.0))
                .map_or(0, |list| list.iter().map(|id| weight(*id)).sum()),
        ),
        Target::Pool(PoolId(_)) => None,
    };
    // VIPs keep the weights they have, and the pools share what is left of a hundred, so that the numbers read as percent.
    let taken: u64 = list.iter().filter_map(|(target, _)| own(target)).sum();
    let left = (100_u64.saturating_sub(taken) / pools).max(1);
    let table: Vec<String> = list
        .iter()
        .map(|(target, word)| format!("{} = {}", word.text, own(target).unwrap_or(left)))
        .collect();
    let advice = match list.len() {
        0..=8 => format!("write `{{ {} }}`", table.join(", ")),
        _ => "write a table `{ name = weight, … }`".to_owned(),
    };
    for (_, word) in list
        .iter()
        .filter(|(target, _)| matches!(target, Target::Pool(_)))
    {
        findings.error(
            word.at,
            format!("pool `{}` has no weight here", word.text),
            advice.clone(),
        );
    }
}
