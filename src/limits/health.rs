//! Bounds of what is said of health.

/// Observers that speak of one VIP: each is a place in its entry, and no VIP is watched from more sides than that. One
/// whose lease ended makes room for another.
pub const OBSERVERS: usize = 16;

/// Groups of observers on a machine: more than there are tokens on any we know.
pub const OBSERVER_GROUPS: usize = 64;
