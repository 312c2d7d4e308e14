//! Any bytes as a message: the laws of what may come back.
#![no_main]

#[path = "../../support/server.rs"]
#[allow(dead_code, reason = "of the tests' rooms only a part is wanted")]
mod server;
#[path = "../../support/hostile.rs"]
#[allow(dead_code, reason = "of the tests' rooms only a part is wanted")]
mod twisted;

#[path = "answering.rs"]
mod answering;

libfuzzer_sys::fuzz_target!(|message: &[u8]| answering::hold(message));
