//! The laws of what moves: nothing jumps, nothing that must go stays, and nobody is kept out for ever.

mod courses;
mod holds;
mod ramps;
