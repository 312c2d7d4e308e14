//! The digest of a probe: all that it asks and how its answers count.

use std::net::IpAddr;

use crate::config::estate::{Authority, Check, Page, Probe};
use crate::digest::{Digest, Writer};

impl Probe {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Probe {
            name,
            check,
            every,
            timeout,
            fall,
            rise,
            clear,
            dwell,
            spot: _,
        } = self;
        let mut all = Writer::new(11);
        all.text(name).text(check.word());
        match check {
            Check::Tcp { port } => drop(all.number(*port)),
            Check::Http { port, page: asked } => page(all.number(*port), asked),
            Check::Https {
                port,
                page: asked,
                ca,
            } => {
                page(all.number(*port), asked);
                let certificates = ca.as_deref().map(|Authority { certificates }| certificates);
                let certificates = certificates.map_or(&[][..], Vec::as_slice);
                all.count(certificates.len());
                for one in certificates {
                    all.octets(one);
                }
            }
            Check::Dns { port, name, expect } => {
                all.number(*port).octets(name.lower().wire());
                address(&mut all, *expect);
            }
            Check::Command { program } => drop(all.text(program)),
        }
        all.number(*every).number(*timeout).number(*dwell);
        all.number(*fall).number(*rise).number(*clear);
        all.end()
    }
}

fn page(all: &mut Writer, page: &Page) {
    let Page {
        host,
        path,
        status,
        body,
    } = page;
    all.text(host).text(path).count(status.len());
    for one in status {
        all.number(*one);
    }
    all.number(body.is_some());
    all.text(body.as_deref().unwrap_or_default());
}

/// An address, or that there is none.
pub(super) fn address(all: &mut Writer, address: Option<IpAddr>) {
    match address {
        None => all.octets(&[]),
        Some(IpAddr::V4(v4)) => all.octets(&v4.octets()),
        Some(IpAddr::V6(v6)) => all.octets(&v6.octets()),
    };
}
