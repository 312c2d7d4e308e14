//! Any bytes as an MMDB file: never a panic, and look-ups in what is taken end.
#![no_main]

#[path = "../../support/properties.rs"]
#[allow(dead_code, reason = "each target holds one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::database(bytes));
