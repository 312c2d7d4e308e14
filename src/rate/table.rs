//! Debts by hash, in a table of fixed size for each length of prefixes: when a network will have paid all that it was sent.
//!
//! A debt is kept as the time at which it is paid off, so it decays by itself, exactly and without being touched, and what
//! is long paid needs no space. A line holds two. The smaller one gives way to a newcomer, which begins with none: nobody
//! inherits what others owe.

use super::family::Family;
use crate::limits;

/// Ticks of a second. Fine enough that the smallest cost is of a few ticks, and coarse enough that 32 bits are minutes.
pub(super) const SECOND: u64 = 16_000_000;

/// The largest debt: what a network that was silent may be sent at once, in ticks. 2.5 seconds of its rate, as Knot DNS has it.
const CAPACITY: u32 = 40_000_000;

/// Ticks in which every line is looked over once: so no end is ever so old that the clock comes round to it again.
const ROUND: u64 = 1 << 30;

/// What a network owes.
#[derive(Clone, Copy, Debug)]
struct Debt {
    tag: u32,
    /// When it is paid off.
    end: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
struct Line([Debt; 2]);

const EMPTY: Line = Line([Debt { tag: 0, end: 0 }; 2]);

/// The debts of networks of one length. An array, so that a masked hash needs no check against its length.
#[derive(Debug)]
struct Lines<const MANY: usize>(Box<[Line; MANY]>);

/// What is added to a debt, if all that an answer is added to can bear it.
struct Charge<'a> {
    debt: &'a mut Debt,
    end: u32,
}

impl Charge<'_> {
    #[inline]
    fn apply(self) {
        self.debt.end = self.end;
    }
}

impl<const MANY: usize> Lines<MANY> {
    fn new() -> Lines<MANY> {
        const { assert!(MANY.is_power_of_two()) };
        let lines = vec![EMPTY; MANY].into_boxed_slice();
        // It has as many: the other arm is there for the types alone.
        Lines(lines.try_into().unwrap_or_else(|_| Box::new([EMPTY; MANY])))
    }

    fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// What this network would owe with `cost` more; none if that is more than [`CAPACITY`].
    #[inline]
    fn charge(&mut self, hash: u64, cost: u32, now: u32) -> Option<Charge<'_>> {
        let Line([one, other]) = &mut self.0[hash as usize & (MANY - 1)];
        let tag = (hash >> 32) as u32;
        // The tag of an old debt or of none may be met here by chance: what is owed by then is nothing.
        let (debt, owed) = if one.tag == tag {
            let owed = one.left(now).max(0);
            (one, owed)
        } else if other.tag == tag {
            let owed = other.left(now).max(0);
            (other, owed)
        } else {
            let left = one.left(now);
            let debt = if left <= 0 || left <= other.left(now) {
                one
            } else {
                other
            };
            *debt = Debt { tag, end: now };
            (debt, 0)
        };
        let owes = (owed as u32).wrapping_add(cost);
        (owes <= CAPACITY).then(|| Charge {
            debt,
            end: now.wrapping_add(owes),
        })
    }

    /// Forgets since when the debts of a line are paid.
    #[inline]
    fn look_over(&mut self, line: usize, now: u32) {
        for debt in &mut self.0[line & (MANY - 1)].0 {
            if debt.left(now) <= 0 {
                debt.end = now;
            }
        }
    }

    /// How many debts seem to be unpaid.
    #[cfg(test)]
    fn taken(&self, now: u32) -> usize {
        let debts = self.0.iter().flat_map(|line| line.0);
        debts.filter(|debt| debt.left(now) > 0).count()
    }
}

impl Debt {
    /// Ticks until it is paid; not more than 0 if it is.
    #[inline]
    fn left(&self, now: u32) -> i32 {
        self.end.wrapping_sub(now) as i32
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    long: Lines<{ limits::RATE_LINES }>,
    middle: Lines<{ limits::RATE_LINES / 4 }>,
    short: Lines<{ limits::RATE_LINES / 4 }>,
    now: u32,
    /// The line that is looked over next.
    hand: usize,
    /// Parts of a line that are due to be looked over.
    due: u64,
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            long: Lines::new(),
            middle: Lines::new(),
            short: Lines::new(),
            now: 0,
            hand: 0,
            due: 0,
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.long.memory() + self.middle.memory() + self.short.memory()
    }

    /// Charges this client's networks, from the longest prefix to the shortest, or none of them.
    ///
    /// # Errors
    ///
    /// Which level and network could not bear it: the longest first, for most often it is one address that has had too much.
    #[inline]
    pub(super) fn charge<const BITS: u8>(
        &mut self,
        family: &Family<BITS>,
        key: u64,
        octets: u64,
    ) -> Result<(), (usize, u64)> {
        let now = self.now;
        let price = family.price(octets);
        let cost = |level| Family::<BITS>::cost(level, price);
        let Some(first) = self.long.charge(family.hash(0, key), cost(0), now) else {
            return Err((0, Family::<BITS>::network(0, key)));
        };
        let Some(second) = self.middle.charge(family.hash(1, key), cost(1), now) else {
            return Err((1, Family::<BITS>::network(1, key)));
        };
        let Some(third) = self.short.charge(family.hash(2, key), cost(2), now) else {
            return Err((2, Family::<BITS>::network(2, key)));
        };
        first.apply();
        second.apply();
        third.apply();
        Ok(())
    }

    /// So many microseconds went by.
    #[inline]
    pub(super) fn advance(&mut self, micros: u64) {
        let ticks = micros.saturating_mul(SECOND / 1_000_000);
        if ticks >= ROUND {
            self.clear();
            return;
        }
        self.now = self.now.wrapping_add(ticks as u32);
        self.due += ticks * limits::RATE_LINES as u64;
        while self.due >= ROUND {
            self.due -= ROUND;
            self.look_over();
        }
    }

    /// Everything is paid.
    #[cold]
    fn clear(&mut self) {
        self.long.0.fill(EMPTY);
        self.middle.0.fill(EMPTY);
        self.short.0.fill(EMPTY);
        (self.now, self.hand, self.due) = (0, 0, 0);
    }

    /// Forgets since when the debts of the next lines are paid. The smaller tables are gone round more often.
    fn look_over(&mut self) {
        self.long.look_over(self.hand, self.now);
        self.middle.look_over(self.hand, self.now);
        self.short.look_over(self.hand, self.now);
        self.hand = (self.hand + 1) & (limits::RATE_LINES - 1);
    }

    /// How many debts seem to be unpaid.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.long.taken(self.now) + self.middle.taken(self.now) + self.short.taken(self.now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_owes_nothing_of_what_it_takes_the_place_of() {
        let mut lines = Lines::<4>::new();
        let hash = |tag: u64| tag << 32 | 3;
        for (tag, cost) in [(1, CAPACITY), (2, CAPACITY - 1)] {
            lines.charge(hash(tag), cost, 9).unwrap().apply();
        }
        // It was limited for another length, so this was not added.
        assert!(lines.charge(hash(3), 1, 9).is_some());
        assert!(lines.charge(hash(3), CAPACITY, 9).is_some());
        // The larger debt stands.
        assert!(lines.charge(hash(1), 1, 9).is_none());
    }

    #[test]
    fn the_smallest_answer_costs_something() {
        let family = Family::<32>::new(
            u64::from(limits::RATE_MOST) * limits::RATE_UNIT,
            &mut [1; 2],
        );
        assert!((0..3).all(|level| Family::<32>::cost(level, family.price(1)) > 0));
    }
}
