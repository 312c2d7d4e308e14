//! Bounds of the operator's and the forwarders' HTTP.

/// Seconds by which the window of a load may end in the future: clocks differ by less.
pub const WINDOW_AHEAD: u64 = 60;

/// Requests a second of one holder of tokens (the language says so): a forwarder reports every few seconds, and a batch
/// holds all that it knows.
pub const TOKEN_RATE: u32 = 100;

/// The largest rate that can be asked for: beyond, there is none.
pub const TOKEN_RATE_MOST: u32 = 1_000_000;

/// Seconds of its rate that a holder who was silent may use at once: all reports again after a restart.
pub const TOKEN_BURST: u64 = 2;

/// Listeners to events at once: dashboards and a forwarder or two.
pub const EVENT_LISTENERS: usize = 64;

/// Milliseconds without an event after which a listener is shown that we are still here: proxies cut after a minute.
pub const EVENT_QUIET: u64 = 15_000;

/// Octets of a file of certificates or of a key: a hundred certificates.
pub const TLS_FILE: u64 = 256 << 10;
