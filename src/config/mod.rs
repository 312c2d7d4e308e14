//! The operator's files: the steering beside the zones, and the machine's own.

mod digest;
mod document;
pub mod estate;
mod findings;
pub mod inclusion;
pub mod machine;
pub mod pattern;
mod record;
pub mod stability;
pub mod steering;
pub mod suggest;
mod values;

pub use machine::machine;
pub use steering::{alone, steering};
