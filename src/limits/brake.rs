//! Bounds of the brake.

/// Seconds for which a loss may count against the next: a day. Whoever wants more wants a floor, and there are two.
pub const BRAKE_WINDOW: u64 = 86_400;

/// Records below which an estate may lose any part of them in a reload: in a small one each is a large part.
pub const DROP_FROM: usize = 20;

/// The part of all records that a reload may drop, in parts of a million, where `max_dropped` does not say.
pub const DROPPED: u32 = 500_000;

/// Seconds by which the wall clock may be off from the keeper's own before that is told and counted with: corrections of a
/// kept clock are far smaller, and leap seconds are one.
pub const CLOCK_SLACK: u64 = 2;

/// VIPs that one line of the log names: a site's; of a whole estate the first few and their number say as much.
pub const BRAKE_TOLD: usize = 32;
