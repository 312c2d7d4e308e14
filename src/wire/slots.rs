//! A compact table from hashes to places in a list: open addressing, four bytes a slot, built once.

/// Where the things of a list are, by their hashes. The list itself is kept by the owner, who says whether a place is the one meant.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// Zero is empty; else one more than the place in the low bits and some bits of the hash above them.
    entries: Box<[u32]>,
    /// The bits of an entry that are the place.
    place: u32,
}

/// See [`Slots::collect`].
const AT_ONCE: usize = 512;

impl Slots {
    /// A table for the `hashes` of a list, each by its place in it.
    pub fn build(hashes: &[u64]) -> Slots {
        let most = hashes.len().saturating_sub(1);
        let most = u32::try_from(most).unwrap_or(u32::MAX - 1);
        let places = (0..=most).zip(hashes);
        Slots::collect(
            hashes.len(),
            most,
            places.map(|(place, hash)| (*hash, place)),
        )
    }

    /// A table of so many things (no more), each with its hash and a place of at most `most`, which is below `u32::MAX`.
    pub fn collect(count: usize, most: u32, things: impl Iterator<Item = (u64, u32)>) -> Slots {
        let (size, place) = form(count, most);
        let mut slots = Slots {
            entries: vec![0; size].into(),
            place,
        };
        // Hashing and filling in turns: filling is waiting for memory, and many short waits at once are one.
        let mut things = things.take(count);
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            some.extend(things.by_ref().take(AT_ONCE));
            if some.is_empty() {
                break;
            }
            some.drain(..).for_each(|(hash, at)| slots.put(hash, at));
        }
        slots
    }

    /// Into the first empty slot from its home on.
    fn put(&mut self, hash: u64, place: u32) {
        let around = self.entries.len().wrapping_sub(1);
        let entry = self.entry(hash, place);
        let mut at = self.home(hash);
        while self.entries[at] != 0 {
            at = (at + 1) & around;
        }
        self.entries[at] = entry;
    }

    /// The table of a list that changed a little: the things at the places `gone` are taken out, `moved` says where each
    /// of the others is now, and `new` ones are added. `hash` tells the hash of what was at a place. None if a table of so
    /// many things has another form, and must be made of all of them.
    pub fn changed(
        &self,
        (count, most): (usize, u32),
        gone: &[u32],
        mut hash: impl FnMut(u32) -> u64,
        moved: impl Fn(u32) -> u32,
        new: &[(u64, u32)],
    ) -> Option<Slots> {
        if form(count, most) != (self.entries.len(), self.place) {
            return None;
        }
        let mut slots = self.clone();
        for &place in gone {
            slots.remove(place, &mut hash);
        }
        let bits = self.place;
        for entry in slots.entries.iter_mut().filter(|entry| **entry != 0) {
            let place = moved((*entry & bits).wrapping_sub(1));
            *entry = *entry & !bits | place.saturating_add(1) & bits;
        }
        new.iter()
            .for_each(|(hash, place)| slots.put(*hash, *place));
        Some(slots)
    }

    /// Takes a thing out, and closes the gap: whatever stands behind it must be found from its own home on.
    fn remove(&mut self, place: u32, mut hash: impl FnMut(u32) -> u64) {
        let around = self.entries.len().wrapping_sub(1);
        let mut hole = self.home(hash(place));
        while self.entries[hole] & self.place != place.saturating_add(1) & self.place {
            if self.entries[hole] == 0 {
                return;
            }
            hole = (hole + 1) & around;
        }
        let mut at = hole;
        loop {
            at = (at + 1) & around;
            let entry = self.entries[at];
            if entry == 0 {
                break;
            }
            let home = self.home(hash((entry & self.place).wrapping_sub(1)));
            if at.wrapping_sub(home) & around >= at.wrapping_sub(hole) & around {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole] = 0;
    }

    /// The places of all things whose hash may end in these bits.
    pub fn near(&self, low: u32) -> impl Iterator<Item = u32> + '_ {
        let mut at = self.home(u64::from(low));
        std::iter::from_fn(move || {
            let entry = *self.entries.get(at).filter(|entry| **entry != 0)?;
            at = (at + 1) & (self.entries.len() - 1);
            Some((entry & self.place).wrapping_sub(1))
        })
    }

    /// The place with this hash of which `is` says yes.
    #[inline(always)]
    pub fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let mark = self.mark(hash);
        let mut at = self.home(hash);
        loop {
            let entry = *self.entries.get(at)?;
            if entry == 0 {
                return None;
            }
            if entry & !self.place == mark {
                let place = (entry & self.place).wrapping_sub(1);
                if is(place) {
                    return Some(place);
                }
            }
            at = (at + 1) & (self.entries.len() - 1);
        }
    }

    /// Octets of memory that the table holds.
    pub fn memory(&self) -> usize {
        size_of_val(&*self.entries)
    }

    fn entry(&self, hash: u64, place: u32) -> u32 {
        (place.saturating_add(1) & self.place) | self.mark(hash)
    }

    fn home(&self, hash: u64) -> usize {
        hash as usize & self.entries.len().wrapping_sub(1)
    }

    /// The bits of the hash that an entry keeps: from its upper half, since the lower one says the home.
    fn mark(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.place
    }
}

/// How many slots, and which bits of an entry are the place: between a third and two thirds full, so a chain of full slots
/// stays short and always ends.
fn form(count: usize, most: u32) -> (usize, u32) {
    let size = (count + count / 2 + 1).next_power_of_two();
    let bits = u32::BITS - most.saturating_add(1).leading_zeros();
    (size, u32::MAX.checked_shr(u32::BITS - bits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_and_nothing_else() {
        for count in [0u64, 1, 2, 3, 7, 8, 1_000] {
            let list: Vec<u64> = (0..count).map(|n| n * 2).collect();
            let hash = |n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).rotate_left(31);
            let slots = Slots::build(&list.iter().map(|n| hash(*n)).collect::<Vec<_>>());
            for n in 0..2 * count {
                let found = slots.find(hash(n), |place| list[place as usize] == n);
                assert_eq!(
                    found.map(u64::from),
                    (n % 2 == 0).then_some(n / 2),
                    "{n} of {count}"
                );
            }
        }
    }

    #[test]
    fn equal_hashes_are_told_apart() {
        let slots = Slots::build(&[7; 100]);
        assert_eq!(slots.find(7, |place| place == 99), Some(99));
        assert_eq!(slots.find(7, |_| false), None);
        assert_eq!(Slots::default().find(7, |_| true), None);
    }
}
