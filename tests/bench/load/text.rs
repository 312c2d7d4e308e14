//! Zone files of the sizes that are measured.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

/// The first label of a host of the large zone.
pub fn host(number: usize) -> String {
    format!("h{number:07}")
}

/// Where it points to.
pub fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 | (number as u32 & 0x00ff_ffff))
}

fn head(out: &mut impl Write, serial: u32, ttl: u32) {
    let soa = format!("@ SOA ns1 hostmaster {serial} 7200 900 1209600 300");
    writeln!(
        out,
        "$TTL {ttl}\n{soa}\n@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 A 192.0.2.2"
    )
    .unwrap();
}

/// `big.test` with this many hosts; the last one elsewhere if `changed`.
pub fn large(path: &Path, names: usize, serial: u32, changed: Option<Ipv4Addr>) {
    lasting(path, names, (serial, 3600), changed);
}

/// The same with another TTL.
pub fn lasting(path: &Path, names: usize, (serial, ttl): (u32, u32), changed: Option<Ipv4Addr>) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "$ORIGIN big.test.").unwrap();
    head(&mut out, serial, ttl);
    for number in 0..names {
        let last = changed.filter(|_| number + 1 == names);
        let address = last.unwrap_or_else(|| address(number));
        writeln!(out, "{} A {address}", host(number)).unwrap();
    }
    out.into_inner().unwrap().sync_all().unwrap();
}

/// A zone of a hundred records, named by its file; `www` says which version it is.
pub fn small(path: &Path, serial: u32, version: u8) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    head(&mut out, serial, 3600);
    writeln!(out, "www A 203.0.113.{version}").unwrap();
    for number in 0..94 {
        writeln!(out, "{} A {}", host(number), address(number)).unwrap();
    }
    out.flush().unwrap();
}
