//! Bounds of the checks that Meridian makes itself.

/// Seconds from one check of a target to the next: what is asked less often than once an hour is not watched.
pub const PROBE_EVERY: u64 = 3_600;

/// Results that `fall`, `rise` and `clear` may ask for.
pub const PROBE_RESULTS: u32 = 1_000;

/// Seconds for which a state may have to hold at least.
pub const PROBE_DWELL: u64 = 3_600;

/// Statuses that count as well.
pub const PROBE_STATUSES: usize = 32;

/// Octets of a path, a text to be found or the name of a command.
pub const PROBE_TEXT: usize = 1_024;

/// Octets of a file of authorities: more than all that browsers trust.
pub const PROBE_CA: usize = 1 << 20;

/// Certificates in it.
pub const PROBE_AUTHORITIES: usize = 1_000;

/// Milliseconds that a VIP which falls again and again stays out at the most, unless its `dwell` is longer.
pub const PROBE_HOLD: u64 = 600_000;

/// Milliseconds after which one fall is forgotten.
pub const PROBE_FORGET: u64 = 600_000;

/// Falls that are remembered: with the shortest `dwell` of a second these make more than a minute, with the usual one
/// [`PROBE_HOLD`], and all of them are forgotten within an hour.
pub const PROBE_FALLS: u32 = 6;

/// Checks over the network that run at once: with the usual timeout of two seconds 256 a second may all end in silence,
/// and 1,000 targets at five seconds are 200.
pub const PROBES_AT_ONCE: usize = 512;

/// Commands that run at once: each is a process.
pub const COMMANDS_AT_ONCE: usize = 32;

/// Octets of the head of an HTTP answer.
pub const PROBE_HEAD: usize = 64 << 10;

/// Octets of its body in which a text is looked for.
pub const PROBE_BODY: usize = 64 << 10;

/// Octets that a command may write; then nobody reads any more.
pub const PROBE_OUTPUT: usize = 64 << 10;

/// Octets of what a command wrote that are shown.
pub const PROBE_SHOWN: usize = 200;

/// Files that a command may have open.
pub const COMMAND_FILES: u64 = 256;

/// Octets that a command may allocate.
pub const COMMAND_MEMORY: u64 = 512 << 20;

/// Octets of a file that a command may write.
pub const COMMAND_FILE: u64 = 1 << 20;

/// Octets of a DNS answer over UDP: what we ask for, and what a server may send unasked.
pub const PROBE_DATAGRAM: usize = 4_096;

/// Milliseconds that the first round of checks may delay the start.
pub const PROBE_FIRST: u64 = 5_000;

/// Milliseconds from one look at the estate to the next: so long a target that has left may still be asked.
pub const PROBE_LOOK: u64 = 500;

/// Milliseconds for which results that change nothing are gathered before they are reported together.
pub const PROBE_GATHER: u64 = 1_000;

/// Milliseconds to wait for the keeper before the reports are sent again.
pub const PROBE_REPLY: u64 = 10_000;

/// Milliseconds until the probes begin anew after a mistake of our own.
pub const PROBE_AGAIN: u64 = 1_000;
