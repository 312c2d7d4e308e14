//! Meridian: an authoritative DNS server that sends every client to the right VIP.
#![doc = include_str!("ARCHITECTURE.md")]

pub mod admin;
pub mod answer;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod diagnostic;
pub mod digest;
pub mod geo;
pub mod health;
pub mod keeper;
pub mod limits;
pub mod place;
pub mod prefix;
pub mod probe;
pub mod rate;
pub mod serve;
pub mod stats;
pub mod steer;
pub mod wire;
pub mod world;
pub mod zone;
