//! Inclusion: in what part of the answers each VIP of a group is, when they hold several VIPs of different failure domains.
//!
//! VIPs lie side by side on a line, those of a failure domain next to each other, each on a stretch as long as it is to be
//! answered. An answer is whoever lies at a point and at each whole width behind it (systematic sampling). So a domain no
//! longer than a width is in it at most once, and one no shorter at least once: that is all that keeps domains apart.
//!
//! All lengths follow the masses but those that cannot. With as many domains as answers or more, a domain too heavy is held
//! at a width: it is in every answer. With fewer, a VIP too heavy is held at a width, and so is a domain too light. The
//! others share what remains by their masses. Integers only, so all nodes agree.

use std::collections::HashMap;

/// A VIP of a group. Masses are above 0 and at most 2⁶², a group has at most 65,536 VIPs, so nothing here overflows.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Its share beside the others.
    pub mass: u64,
    /// Equal for those that fail together.
    pub domain: usize,
}

/// A stretch of the line, which begins where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whose, by its place in the list.
    pub unit: usize,
    /// Where the next begins.
    pub end: u64,
}

/// A failure domain: its units with their masses, and those together.
struct Domain {
    mass: u128,
    units: Vec<(usize, u128)>,
}

/// The line for answers of `answers` of the units, of which there are more; it is `answers` times `width` long. Each stretch
/// is as long as it should be, to within a point.
pub fn line(units: &[Unit], answers: usize, width: u64) -> Vec<Stretch> {
    let domains = domains(units);
    let level = if domains.len() < answers {
        Level::every(&domains, answers as u128)
    } else {
        Level::apart(&domains, answers as u128)
    };
    let wide = u128::from(width);
    let mut line = Vec::with_capacity(units.len());
    // Held at a width so far, and the mass of the others: only the latter needs rounding, so what is held is held exactly.
    let (mut whole, mut free) = (0u128, 0u128);
    for domain in &domains {
        let held = level.holds(domain);
        let from = whole * wide + level.part(free, wide);
        let mut within = 0;
        for &(unit, mass) in &domain.units {
            let end = if held {
                within += mass;
                from + wide * within / domain.mass.max(1)
            } else {
                match mass >= level.heavy {
                    true => whole += 1,
                    false => free += mass,
                }
                whole * wide + level.part(free, wide)
            };
            let end = u64::try_from(end).unwrap_or(u64::MAX);
            line.push(Stretch { unit, end });
        }
        whole += u128::from(held);
    }
    line
}

/// In the order of their first units.
fn domains(units: &[Unit]) -> Vec<Domain> {
    let mut at: HashMap<usize, usize> = HashMap::new();
    let mut domains: Vec<Domain> = Vec::new();
    for (n, unit) in units.iter().enumerate() {
        let next = domains.len();
        let at = *at.entry(unit.domain).or_insert(next);
        if at == next {
            domains.push(Domain {
                mass: 0,
                units: Vec::new(),
            });
        }
        if let Some(domain) = domains.get_mut(at) {
            domain.mass += u128::from(unit.mass);
            domain.units.push((n, u128::from(unit.mass)));
        }
    }
    domains
}

/// Who is held at a width, and what the others share.
struct Level {
    /// Widths for those that are not held.
    left: u128,
    /// Their mass.
    rest: u128,
    /// Domains of this mass and more are held.
    above: u128,
    /// Domains of less mass are held.
    below: u128,
    /// Units of this mass and more are held, in domains that are not.
    heavy: u128,
}

impl Level {
    /// As many domains as answers, at least: none is longer than a width.
    fn apart(domains: &[Domain], answers: u128) -> Level {
        let mut masses: Vec<u128> = domains.iter().map(|domain| domain.mass).collect();
        masses.sort_unstable_by(|a, b| b.cmp(a));
        let mut level = Level {
            left: answers,
            rest: masses.iter().sum(),
            above: u128::MAX,
            below: 0,
            heavy: u128::MAX,
        };
        for mass in masses {
            if level.left == 0 || mass * level.left <= level.rest {
                break;
            }
            level.above = mass;
            level.left -= 1;
            level.rest -= mass;
        }
        level
    }

    /// Fewer domains than answers: none is shorter than a width, and no unit is longer. The more a mass of `x` gets, from
    /// nothing to a width, the longer is the whole line; the level is at the least `x` for which a width is not too much.
    fn every(domains: &[Domain], answers: u128) -> Level {
        let masses = |domain: &Domain| domain.units.iter().map(|u| u.1).collect::<Vec<_>>();
        let mut marks: Vec<u128> = domains.iter().flat_map(masses).collect();
        marks.extend(domains.iter().map(|domain| domain.mass));
        marks.sort_unstable();
        // The whole line, if a mass of x gets a width, in units of a width's x-th part.
        let length = |x: u128| -> u128 {
            let cut = |domain: &Domain| domain.units.iter().map(|u| u.1.min(x)).sum::<u128>();
            domains.iter().map(|domain| cut(domain).max(x)).sum()
        };
        let at = marks.partition_point(|x| length(*x) > answers * x);
        let mark = marks.get(at).copied().unwrap_or(u128::MAX);
        let mut level = Level {
            left: answers,
            rest: 0,
            above: u128::MAX,
            below: mark,
            heavy: mark,
        };
        for domain in domains {
            let held = level.holds(domain);
            level.left = level.left.saturating_sub(u128::from(held));
            for (_, mass) in domain.units.iter().filter(|_| !held) {
                match *mass >= mark {
                    true => level.left = level.left.saturating_sub(1),
                    false => level.rest += mass,
                }
            }
        }
        level
    }

    fn holds(&self, domain: &Domain) -> bool {
        domain.mass >= self.above || domain.mass < self.below
    }

    /// How long so much of the mass that is not held is together.
    fn part(&self, free: u128, wide: u128) -> u128 {
        self.left * wide * free / self.rest.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths of masses in domains, in the order of the units.
    fn lengths(units: &[(u64, usize)], answers: usize) -> Vec<u64> {
        let unit = |&(mass, domain): &(u64, usize)| Unit { mass, domain };
        let units: Vec<Unit> = units.iter().map(unit).collect();
        let mut lengths = vec![0; units.len()];
        let mut from = 0;
        for stretch in line(&units, answers, 600) {
            lengths[stretch.unit] = stretch.end - from;
            from = stretch.end;
        }
        assert_eq!(from, answers as u64 * 600);
        lengths
    }

    #[test]
    fn weights_are_honoured_where_they_can_be() {
        assert_eq!(lengths(&[(2, 0), (1, 1), (1, 1)], 2), [600, 300, 300]);
        assert_eq!(lengths(&[(1, 0), (1, 1), (2, 2)], 1), [150, 150, 300]);
        let six = [(1, 0), (1, 1), (1, 2), (1, 0), (1, 1), (1, 2)];
        assert_eq!(lengths(&six, 3), [300; 6]);
        // Fewer domains than answers: each has more than a fourth.
        let five = [(2, 0), (2, 0), (2, 1), (1, 1), (1, 1)];
        assert_eq!(lengths(&five, 4), [600, 600, 600, 300, 300]);
    }

    #[test]
    fn whoever_is_too_heavy_is_always_there_and_the_others_share() {
        assert_eq!(lengths(&[(7, 0), (1, 1), (2, 2)], 2), [600, 200, 400]);
        // A domain, and within it by weight; then another.
        assert_eq!(lengths(&[(6, 0), (3, 1), (3, 0)], 2), [400, 600, 200]);
        let two = [(9, 0), (9, 0), (8, 1), (1, 2), (1, 3)];
        assert_eq!(lengths(&two, 3), [300, 300, 600, 300, 300]);
        // A VIP among fewer domains than answers.
        let one = [(10, 0), (1, 0), (1, 0), (4, 1), (4, 1)];
        assert_eq!(lengths(&one, 3), [600, 120, 120, 480, 480]);
    }

    #[test]
    fn whoever_is_too_light_is_there_once_at_least() {
        let light = [(1, 0), (1, 0), (10, 1), (10, 1), (10, 1)];
        assert_eq!(lengths(&light, 3), [300, 300, 400, 400, 400]);
        // All places that are left are those of the heavy.
        let full = [(1, 0), (1, 0), (9, 1), (9, 1), (8, 1)];
        assert_eq!(lengths(&full, 4), [300, 300, 600, 600, 600]);
    }
}
