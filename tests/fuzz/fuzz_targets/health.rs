//! Any bytes as a body of the health feed: never a panic.
#![no_main]

#[path = "../../support/properties.rs"]
#[allow(dead_code, reason = "each target holds one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::health(bytes));
