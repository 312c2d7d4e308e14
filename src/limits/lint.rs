//! Bounds beyond which `check --lint` has a word. Nothing is refused by them.

/// Classes of a map: a resolver's cache holds a few hundred answers to one name with ease.
pub const LINT_CLASSES: usize = 300;

/// Seconds of a `ttl`: longer than anyone waits for a failed VIP to be left.
pub const LINT_TTL: u32 = 3_600;
