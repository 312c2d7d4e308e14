//! Bounds of what moves: with load, and with time.

/// Units of load, target and capacity, not reached: a quadrillion is more than any of them counts, and sums stay exact.
pub const AMOUNT: u64 = 1_000_000_000_000_000;

/// Characters of the unit of a load.
pub const LOAD_UNIT: usize = 32;

/// Seconds for which a load counts, unless its lease is shorter: five minutes later it says nothing of now.
pub const LOAD_FRESH: u64 = 300;

/// The longest time between two reports of load that is taken for the sender's habit; beyond, it was away.
pub const LOAD_GAP: u64 = 300;

/// Seconds between two reports of load where none have been measured: what forwarders are told to keep.
pub const LOAD_EVERY: u64 = 10;

/// Seconds at the least between two steps of what follows load: each makes new plans, and no cache notices sooner.
pub const LOAD_TICK: u64 = 5;

/// Seconds that one step makes good at the most, however long nothing was heard.
pub const LOAD_STEP: u64 = 60;

/// The most that a site's load counts beside its capacity, in parts of a million: ten times. More is a wrong capacity.
pub const LOAD_USED: u64 = 10_000_000;

/// Part of a site's clients that go on to the next in a second at the most, in parts of a million: 5 % in ten seconds, so
/// that a wrong number can be seen before all have gone.
pub const SPILL_RATE: u64 = 5_000;

/// Parts of a million to which sheds and factors are rounded before they come in force: less would make new plans that no
/// client can tell from the old ones.
pub const LOAD_GRAIN: u64 = 1_000;

/// Parts of a million by which a shed or a factor moves in a step until the short TTL holds: one percent.
pub const LOAD_MOVES: u64 = 10_000;

/// How many times lighter than the heaviest `adapt` makes a VIP at the most: one that reports nonsense keeps some clients,
/// and is seen to be wrong.
pub const ADAPT_RANGE: u64 = 8;

/// Seconds of the longest `failback`: what stays out for longer than a month, a person should bring back.
pub const FAILBACK: u64 = 30 * 86_400;

/// Octets of the reason that is given for a return: a few lines of a journal.
pub const REASON: usize = 1_000;

/// The slowest `ramp`, in parts of a million a minute: a day for all clients. Slower is not a ramp but a mistake.
pub const RAMP: u32 = 1_000;

/// Seconds between two steps of a ramp. Each step plans the pool anew, and no resolver asks more often than a TTL.
pub const RAMP_STEP: u64 = 5;
