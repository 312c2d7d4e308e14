//! Values of options that are more than a number or a path.

use std::net::SocketAddr;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;

use crate::config::machine::door::{self, Admin};
use crate::config::machine::geoip;
use crate::limits;

/// What goes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> LevelFilter {
        match level {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        }
    }
}

/// Plain HTTP has tokens in it that anyone on the way could read, so it does not leave the machine.
pub(super) fn door(text: &str) -> Result<Admin, String> {
    if let Some(rest) = door::secure(text) {
        let address = rest.parse().map(Admin::Https);
        return address.map_err(|_| "write `https://192.0.2.53:8053`".to_owned());
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "write an address and a port: `127.0.0.1:8053`".to_owned())?;
    if address.ip().is_loopback() {
        Ok(Admin::Http(address))
    } else {
        Err(format!(
            "plain HTTP stays on loopback: write `127.0.0.1:{}`, or `https://{address}` and `[tls]` in the machine file",
            address.port()
        ))
    }
}

/// A duration, as in the machine file.
pub(super) fn age(text: &str) -> Result<u64, String> {
    geoip::age(text)
        .ok_or_else(|| "write a whole number and `s`, `m`, `h` or `d`: `90d`".to_owned())
}

/// A share, as in the machine file.
pub(super) fn moved(text: &str) -> Result<u32, String> {
    geoip::moved(text).ok_or_else(|| "write `0%` to `100%`, with at most four decimals".to_owned())
}

/// One character-string (RFC 1035 §3.3), as in the machine file.
pub(super) fn said(text: &str) -> Result<String, String> {
    if (1..=limits::IDENTITY).contains(&text.len()) && !text.contains(char::is_control) {
        Ok(text.to_owned())
    } else {
        let most = limits::IDENTITY;
        Err(format!(
            "write 1 to {most} octets without control characters"
        ))
    }
}

/// What readers take for the type of a database.
pub(super) fn kind(text: &str) -> Result<String, String> {
    let most = limits::DATABASE_TYPE;
    let plain = |octet: u8| octet.is_ascii_graphic();
    if (1..=most).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!("write 1 to {most} visible ASCII characters"))
    }
}
