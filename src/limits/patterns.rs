//! Bounds of names that stand under patterns of zone files.

/// Patterns of zone files with a `*`: each is held against the path of each zone file, ten million times for ten thousand.
pub const PATTERNS: usize = 1_000;

/// Names that patterns make of all zones together: a small file must not unfold without end. Some 200 MiB.
pub const PATTERN_NAMES: usize = 1_000_000;
