//! What we believe of each VIP.

pub mod board;
pub mod load;
pub mod report;
pub mod verdict;
