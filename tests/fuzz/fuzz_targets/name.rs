//! Any bytes as the text of a name: what is taken reads back as the same.
#![no_main]

#[path = "../../support/properties.rs"]
#[allow(dead_code, reason = "each target holds one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::name(bytes));
