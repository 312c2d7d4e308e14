//! Bounds of what operators order.

/// Orders that stand at once, those of VIPs and sites that left the estate included: more than anybody can keep in mind.
pub const ORDERS: usize = 4_096;

/// Seconds of the longest order that must have an end (`up`, `hold`): who forgets a VIP that is said to be up whatever it
/// reports learns of it within a week.
pub const ORDER_BOLD: u64 = 7 * 86_400;

/// Seconds of the longest end that can be given to any other order: a year; longer is without an end.
pub const ORDER_LONG: u64 = 366 * 86_400;

/// Seconds of the longest staged drain: a day, as of the slowest ramp.
pub const DRAIN_OVER: u64 = 86_400;

/// Steps of a staged drain: three that leave less and less, and the drain itself.
pub const DRAIN_STEPS: u64 = 4;

/// Seconds between the end of the TTL that was given last and the time at which no cache is said to hold a VIP: one since
/// clocks count whole seconds here and in the cache, one for the way.
pub const CLEAR_MARGIN: u64 = 2;

/// Seconds after a change in which answers may still be under way that were made before it.
pub const CLEAR_WAY: u64 = 2;

/// Seconds that `ctl` waits for the reply to a reload: somewhat more than the server itself waits.
pub const CTL_RELOAD: u64 = 65;

/// Seconds at the most between two looks of `ctl --wait`: what ends the wait early is seen by then.
pub const CTL_LOOK: u64 = 10;

/// Servers that one `ctl` asks one after another.
pub const CTL_SERVERS: usize = 64;
