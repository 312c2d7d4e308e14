//! Bounds of how much is sent over UDP to one network.

/// Answers of full size a second to one address over UDP: Knot DNS's figure, and more than a resolver asks for that caches
/// what it gets. Smaller answers count as less, and small ones not at all.
pub const RATE: u32 = 50;

/// The largest rate that can be asked for: a core's whole day.
pub const RATE_MOST: u32 = 1_000_000;

/// Octets of an answer of full size with its headers: what every path takes in one piece.
pub const RATE_UNIT: u64 = 1_280;

/// Of limited answers every so many is sent empty: a real client comes through with its second try or third, and a victim
/// gets less than half of what was sent in its name.
pub const RATE_SLIP: u32 = 2;

/// The longest such interval: beyond, no client waits so long.
pub const RATE_SLIP_MOST: u32 = 100;

/// Networks that are exempt from the rate.
pub const RATE_ALLOWED: usize = 4_096;

/// Lines of a worker's table of addresses, of 16 octets and two debts each, and a quarter as many for each of the two shorter
/// lengths: 1.5 MiB. A worker that sends a million answers a second has at most 20,000 addresses above [`RATE`]: even then
/// only one in thirty meets two others in its line, and is held to what the networks around it may be sent.
pub const RATE_LINES: usize = 1 << 16;

/// Seconds between two lines in the log about limited answers.
pub const RATE_REPORT: u64 = 60;

/// Milliseconds between two looks whether a worker has limited answers.
pub const RATE_LOOK: u64 = 1_000;
