//! Bounds for the API when all come at once.

use super::ADMIN_CONNECTIONS;

/// Bodies of one token that the API reads at once: no sender, however slow, has more than a quarter of the connections.
pub const ADMIN_SHARE: usize = ADMIN_CONNECTIONS / 4;

/// Milliseconds that the next connection waits at the most until all that have a seat were looked at.
pub const ADMIN_LOOKS: u32 = 200;
