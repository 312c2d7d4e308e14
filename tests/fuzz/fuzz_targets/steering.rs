//! Any bytes as a steering file, and as a list of networks: never a panic, and a refusal says why.
#![no_main]

#[path = "../../support/properties.rs"]
#[allow(dead_code, reason = "each target holds one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::steering(bytes);
    properties::networks(bytes);
});
