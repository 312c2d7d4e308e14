//! The one integration binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests may"
)]

mod bombs;
mod bulk;
#[path = "support/cache.rs"]
mod cache;
mod canary;
#[path = "support/heap.rs"]
mod counting;
mod daemon;
#[path = "support/dice.rs"]
mod dice;
mod edits;
mod heap;
mod hostile;
#[path = "support/internet.rs"]
mod internet;
mod latency;
mod load;
#[path = "support/mmdb.rs"]
mod mmdb;
mod model;
mod pages;
#[path = "support/properties.rs"]
mod properties;
mod rate;
mod rcodes;
#[path = "properties.rs"]
mod readers;
#[path = "support/reading.rs"]
mod reading;
mod replay;
#[path = "support/sample.rs"]
mod sample;
#[path = "support/server.rs"]
mod server;
mod size;
#[path = "support/steered.rs"]
mod steered;
#[path = "support/subnet.rs"]
mod subnet;
mod sweep;
mod texts;
mod tidy;
#[path = "support/hostile.rs"]
mod twisted;

use meridian::geo::mmdb as writer;

#[global_allocator]
static HEAP: counting::Counting = counting::Counting;
