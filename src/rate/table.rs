//! A table of debts by hash, of fixed size: each says when its network will have paid all that it was sent.
//!
//! A debt is kept as the time at which it is paid off, so it decays by itself, exactly and without being touched, and what
//! is long paid needs no space. A line of four lies in one line of the processor's cache. In a full line the smallest debt
//! gives way, and a newcomer begins with none: nobody inherits what others owe.

use crate::limits;

/// Ticks of a second. Fine enough that the smallest cost is of a few ticks, and coarse enough that 32 bits are minutes.
pub(super) const SECOND: u64 = 16_000_000;

/// The largest debt: what a network that was silent may be sent at once, in ticks. 2.5 seconds of its rate, as Knot DNS has it.
pub(super) const CAPACITY: u32 = 40_000_000;

/// Ticks in which every line is looked over once: so no end is ever so old that the clock comes round to it again.
const ROUND: u64 = 1 << 30;

/// Debts of a line.
const WAYS: usize = 4;

/// No hash makes this tag.
const FREE: u32 = 0;

#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Line {
    tags: [u32; WAYS],
    ends: [u32; WAYS],
}

const EMPTY: Line = Line {
    tags: [FREE; WAYS],
    ends: [0; WAYS],
};

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    lines: Box<[Line]>,
    now: u32,
    /// The line that is looked over next.
    hand: usize,
    /// Parts of a line that are due to be looked over.
    due: u64,
}

/// Where a key's debt belongs, and how it is told from others there.
#[inline]
fn place(hash: u64) -> (usize, u32) {
    let line = hash as usize & (limits::RATE_LINES - 1);
    (line, (hash >> 32) as u32 | 1)
}

impl Line {
    #[inline]
    fn find(&self, tag: u32) -> Option<usize> {
        self.tags.iter().position(|here| *here == tag)
    }

    /// The way with the smallest debt.
    #[inline]
    fn least(&self, now: u32) -> usize {
        let mut least = i32::MAX;
        for (way, end) in self.ends.iter().enumerate() {
            // The lowest bits are no loss: a quarter of a microsecond.
            let load = end.wrapping_sub(now) as i32 & !(WAYS as i32 - 1);
            least = least.min(load | way as i32);
        }
        least as usize & (WAYS - 1)
    }
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            lines: vec![EMPTY; limits::RATE_LINES].into(),
            now: 0,
            hand: 0,
            due: 0,
        }
    }

    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.lines)
    }

    /// Adds `cost`, if the debt does not come to more than [`CAPACITY`] by it.
    #[inline]
    pub(super) fn charge(&mut self, hash: u64, cost: u32) -> bool {
        let (at, tag) = place(hash);
        let Some(line) = self.lines.get_mut(at) else {
            return true;
        };
        let (way, owed) = match line.find(tag) {
            Some(way) => (way, (line.ends[way].wrapping_sub(self.now) as i32).max(0)),
            None => (line.least(self.now), 0),
        };
        let owes = (owed as u32).wrapping_add(cost);
        if owes > CAPACITY {
            return false;
        }
        line.tags[way] = tag;
        line.ends[way] = self.now.wrapping_add(owes);
        true
    }

    /// Takes a charge back.
    pub(super) fn refund(&mut self, hash: u64, cost: u32) {
        let (at, tag) = place(hash);
        if let Some(line) = self.lines.get_mut(at)
            && let Some(way) = line.find(tag)
        {
            line.ends[way] = line.ends[way].wrapping_sub(cost);
        }
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
        self.lines.fill(EMPTY);
        (self.now, self.hand, self.due) = (0, 0, 0);
    }

    /// Forgets what is paid in the next line.
    fn look_over(&mut self) {
        let now = self.now;
        if let Some(line) = self.lines.get_mut(self.hand) {
            for (tag, end) in line.tags.iter_mut().zip(&mut line.ends) {
                if end.wrapping_sub(now) as i32 <= 0 {
                    (*tag, *end) = (FREE, now);
                }
            }
        }
        self.hand = (self.hand + 1) & (limits::RATE_LINES - 1);
    }

    /// How many debts stand in it.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        let tags = self.lines.iter().flat_map(|line| &line.tags);
        tags.filter(|tag| **tag != FREE).count()
    }
}
