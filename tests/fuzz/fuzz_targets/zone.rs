//! Any bytes as a zone file: never a panic, and what is read prints and reads as the same.
#![no_main]

#[path = "../../support/reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Err(broken) = reading::law(text) {
        panic!("{broken}");
    }
});
