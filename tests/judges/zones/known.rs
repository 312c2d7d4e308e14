//! Known differences: where we and others read a zone file otherwise, who, and why we do.

use std::collections::BTreeMap;
use std::fs;

use crate::tool::top;

/// Who differs, and the reason, by `good/NAME`, `broken/NAME` or `wire/NAME`.
pub struct Known(BTreeMap<String, (Vec<String>, String)>);

impl Known {
    /// Reads `differences.txt`: on each line the case, who differs (with commas), and the reason.
    pub fn read() -> Known {
        let text = fs::read_to_string(top().join("tests/judges/zones/differences.txt")).unwrap();
        let mut known = BTreeMap::new();
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let mut words = line.splitn(3, ' ').map(str::trim);
            let case = words.next().unwrap().to_owned();
            let mut who: Vec<String> = words
                .next()
                .expect(line)
                .split(',')
                .map(str::to_owned)
                .collect();
            who.sort();
            let reason = words.next().expect(line).to_owned();
            assert!(!reason.is_empty(), "{line}: no reason is given");
            assert!(
                known.insert(case, (who, reason)).is_none(),
                "{line}: listed twice"
            );
        }
        Known(known)
    }

    /// What is listed for a case: by its name, else by how its name begins.
    fn entry(&self, case: &str) -> Option<&(Vec<String>, String)> {
        let mut patterns = self.0.iter().filter(|(key, _)| fits(key, case));
        self.0
            .get(case)
            .or_else(|| patterns.next().map(|(_, entry)| entry))
    }

    /// What is wrong with the list for one case: `who` differs from us in fact, and of that `enough` must be listed.
    pub fn hold(&self, case: &str, who: &[&str], enough: usize) -> Option<String> {
        let mut who = who.to_vec();
        who.sort_unstable();
        match self.entry(case) {
            Some((listed, _)) if *listed == who => None,
            Some((listed, _)) => Some(format!(
                "{case}: differences.txt says that {} differ, but it is {}",
                listed.join(","),
                if who.is_empty() {
                    "none".to_owned()
                } else {
                    who.join(",")
                }
            )),
            None if who.len() >= enough => Some(format!(
                "{case}: {} differ, and differences.txt does not say why",
                who.join(",")
            )),
            None => None,
        }
    }

    /// Entries below `part` whose case is none of `cases`.
    pub fn stale(&self, part: &str, cases: &[&str]) -> Vec<String> {
        let below = self
            .0
            .keys()
            .filter_map(|key| Some((key, key.strip_prefix(part)?.strip_prefix('/')?)));
        let stale = below.filter(|(_, name)| !cases.iter().any(|case| fits(name, case)));
        stale
            .map(|(key, _)| format!("{key}: is in differences.txt, but there is no such case"))
            .collect()
    }
}

/// Whether an entry's name means the case: it is the same, or how it begins and a `*`.
fn fits(name: &str, case: &str) -> bool {
    name.strip_suffix('*')
        .map_or(name == case, |start| case.starts_with(start))
}
