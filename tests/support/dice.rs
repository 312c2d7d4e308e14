//! Numbers by chance, which are the same each time.
#![allow(dead_code, reason = "each user takes its part")]

/// Numbers without end, the same from the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        ((u128::from(self.roll()) * u128::from(end.max(1))) >> 64) as u32
    }

    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// Mostly small, seldom large: twice as much is half as likely.
    pub(crate) fn steep(&mut self, doublings: u32) -> u32 {
        let size = 1 << self.roll().trailing_zeros().min(doublings);
        size + self.below(size)
    }
}
