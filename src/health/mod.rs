//! What we believe of each VIP.

pub mod board;
pub mod damper;
pub mod load;
pub mod orders;
pub mod probed;
pub mod report;
pub mod verdict;
