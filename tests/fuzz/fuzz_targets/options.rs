//! Any bytes as the data of an OPT record: the laws of what may come back.
#![no_main]

#[path = "../../support/server.rs"]
#[allow(dead_code, reason = "of the tests' rooms only a part is wanted")]
mod server;
#[path = "../../support/hostile.rs"]
#[allow(dead_code, reason = "of the tests' rooms only a part is wanted")]
mod twisted;

#[path = "answering.rs"]
mod answering;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.len() < 4_000 {
        let opt = Some((1_232, 0, data));
        answering::hold(&twisted::query(0x0100, "www.example.com.", 1, 1, opt));
    }
});
