//! Judgement: which VIPs for this client. Compiled ahead, from the estate and the board, into flat tables.

pub mod brake;
pub mod class;
pub mod compass;
pub mod distance;
pub mod draw;
pub mod fence;
pub mod judge;
pub mod latency;
pub mod matcher;
pub mod motion;
pub mod moved;
pub mod outcome;
pub mod plan;
pub mod reach;
pub mod wheel;
