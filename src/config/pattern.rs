//! Names under a pattern of zone files: the same few names in each zone whose file fits.

use crate::config::estate::{Behind, Steered};
use crate::diagnostic::Spot;
use crate::wire::name::Name;

/// A pattern with what stands under it.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Seen from the folder of the zones: `customers/*.zone`.
    pub path: String,
    /// What it says of each zone, sorted, each name once.
    pub names: Vec<Steered>,
    /// Where it is written first.
    pub spot: Spot,
}

impl Pattern {
    /// Whether a file fits, by its path seen from the folder of the zones.
    pub fn fits(&self, path: &str) -> bool {
        fits(&self.path, path)
    }

    /// Whether it is the path of just one file.
    pub fn is_plain(&self) -> bool {
        !self.path.contains('*')
    }

    /// What it says, wherever that is written.
    pub(super) fn said(&self) -> (&str, Vec<(&Name, Behind)>) {
        let names = self.names.iter().map(Steered::said);
        (&self.path, names.collect())
    }
}

/// Whether a path fits, part by part.
pub fn fits(wanted: &str, path: &str) -> bool {
    let (mut parts, mut wanted) = (path.split('/'), wanted.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if part_fits(wanted.as_bytes(), part.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// Whether a part of a path fits, where `*` stands for any characters. Only the last star is ever tried again, so the
/// time is at most the product of both lengths.
fn part_fits(wanted: &[u8], part: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Behind the last star, and where what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = part.get(from) {
        match wanted.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, from));
            }
            Some(other) if other == byte => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((behind, end)) = star else {
                    return false;
                };
                star = Some((behind, end + 1));
                (at, from) = (behind, end + 1);
            }
        }
    }
    wanted.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_characters_of_one_part() {
        for (wanted, path) in [
            ("*.zone", "a.zone"),
            ("*.zone", ".zone"),
            ("c/*.zone", "c/a.b.zone"),
            ("c/*-x*.zone", "c/a-xx-y.zone"),
            ("c/*/*.zone", "c/d/e.zone"),
            ("c*/a.zone", "customers/a.zone"),
            ("*a*a*b.zone", "aaaaab.zone"),
            ("a.zone", "a.zone"),
        ] {
            assert!(fits(wanted, path), "{wanted} {path}");
        }
        for (wanted, path) in [
            ("*.zone", "c/a.zone"),
            ("c/*.zone", "a.zone"),
            ("c/*.zone", "c/d/a.zone"),
            ("c/*-x*.zone", "c/a-y.zone"),
            ("c/*.zone", "d/a.zone"),
            ("a.zone", "b.zone"),
            ("a*.zone", "a.zone.zon"),
            ("*a*a*b.zone", "aaaaac.zone"),
        ] {
            assert!(!fits(wanted, path), "{wanted} {path}");
        }
    }
}
