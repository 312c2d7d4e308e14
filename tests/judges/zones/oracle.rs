//! Oracles: what others make of a zone file, as records on the wire. NSD and Knot are started on the files and asked for
//! whole zones, BIND writes its binary form of them, `domain` reads them in this process.

use std::fs;
use std::path::Path;
use std::process::Command;

use domain::base::ToName as _;
use domain::base::iana::Class;
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};

use super::wire::{Line, Records};
use crate::server::{Process, free_port};
use crate::tool::find;

/// A name server of others; it ends with its owner.
pub struct Daemon {
    _process: Process,
    pub port: u16,
}

/// Where the daemons and we find the file of a zone.
fn file(zone: &str) -> String {
    format!("{zone}.zone")
}

fn start(mut command: Command, name: &str, port: u16) -> Daemon {
    let mut process = Process::start(&mut command);
    process.wait(name, |line| line.is_none() && Line::open(port).is_ok());
    Daemon {
        _process: process,
        port,
    }
}

/// NSD over the files of `folder`; what it needs besides goes to `own`.
pub fn nsd(folder: &Path, own: &Path, zones: &[String]) -> Daemon {
    let (port, at) = (free_port(), own.display());
    let mut text = format!(
        "server:\n ip-address: 127.0.0.1@{port}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{}\"\n database: \"\"\n \
         pidfile: \"{at}/nsd.pid\"\n xfrdfile: \"{at}/xfrd.state\"\n zonelistfile: \"{at}/zone.list\"\n xfrdir: \"{at}\"\n \
         server-count: 1\n tcp-timeout: 60\nremote-control:\n control-enable: no\n",
        folder.display()
    );
    for zone in zones {
        let file = file(zone);
        text.push_str(&format!(
            "zone:\n name: \"{zone}\"\n zonefile: \"{file}\"\n provide-xfr: 127.0.0.1 NOKEY\n"
        ));
    }
    let conf = own.join("nsd.conf");
    fs::write(&conf, text).unwrap();
    let mut command = Command::new(find("nsd", "nsd"));
    command.arg("-d").arg("-c").arg(conf);
    start(command, "nsd", port)
}

/// Knot over the files of `folder`; what it needs besides goes to `own`.
pub fn knot(folder: &Path, own: &Path, zones: &[String]) -> Daemon {
    let (port, at) = (free_port(), own.display());
    let mut text = format!(
        "server:\n  rundir: \"{at}\"\n  listen: 127.0.0.1@{port}\n  tcp-idle-timeout: 60\ndatabase:\n  storage: \"{at}\"\n\
         log:\n  - target: stderr\n    any: warning\nacl:\n  - id: all\n    address: 127.0.0.1\n    action: transfer\n\
         template:\n  - id: default\n    storage: \"{}\"\n    acl: all\n    journal-content: none\n    zonefile-sync: -1\nzone:\n",
        folder.display()
    );
    for zone in zones {
        let file = file(zone);
        text.push_str(&format!("  - domain: \"{zone}\"\n    file: \"{file}\"\n"));
    }
    let conf = own.join("knot.conf");
    fs::write(&conf, text).unwrap();
    let mut command = Command::new(find("knotd", "knot"));
    command.arg("-c").arg(conf);
    start(command, "knotd", port)
}

/// What BIND makes of the file, if it takes it: its raw format, which has data as they are on the wire.
pub fn bind(folder: &Path, own: &Path, zone: &str) -> Option<Records> {
    let out = own.join("bind.raw");
    let mut command = Command::new(find("named-compilezone", "bind9-utils"));
    command
        .current_dir(folder)
        .args(["-i", "local", "-k", "ignore", "-F", "raw", "-o"]);
    let output = command
        .arg(&out)
        .arg(zone)
        .arg(file(zone))
        .output()
        .unwrap();
    if !output.status.success() {
        return None;
    }
    let raw = fs::read(out).unwrap();
    let long = |at: usize| u32::from_be_bytes(*raw[at..].first_chunk().unwrap());
    let short = |at: usize| u16::from_be_bytes(*raw[at..].first_chunk().unwrap());
    // A header of six numbers; then sets: total, class, type, covers, ttl, count, owner, data.
    let (mut records, mut at) = (Records::new(), 24);
    while at < raw.len() {
        let end = at + long(at) as usize;
        let (kind, ttl) = (short(at + 6), long(at + 10));
        let mut items = Vec::new();
        at += 18;
        while at < end {
            let length = usize::from(short(at));
            items.push(raw[at + 2..at + 2 + length].to_vec());
            at += 2 + length;
        }
        let mut owner = items.remove(0);
        owner.make_ascii_lowercase();
        let set = records.entry((owner, kind)).or_default();
        set.extend(items.into_iter().map(|rdata| (ttl, rdata)));
    }
    Some(records)
}

/// What the crate `domain` makes of the file, or what it cannot read.
pub fn domain(folder: &Path, zone: &str) -> Result<Records, String> {
    let bytes = fs::read(folder.join(file(zone))).unwrap();
    let mut reader = Zonefile::load(&mut bytes.as_slice()).map_err(|error| error.to_string())?;
    reader.set_origin(
        format!("{zone}.")
            .parse()
            .map_err(|_| "its name".to_owned())?,
    );
    reader.set_default_class(Class::IN);
    let mut records = Records::new();
    loop {
        let record = match reader.next_entry().map_err(|error| error.to_string())? {
            None => return Ok(records),
            Some(Entry::Include { .. }) => {
                return Err("$INCLUDE is for the caller to follow".to_owned());
            }
            Some(Entry::Record(record)) => record,
        };
        let mut owner = record.owner().to_vec().as_slice().to_vec();
        owner.make_ascii_lowercase();
        let mut rdata = Vec::new();
        let data: &ZoneRecordData<_, _> = record.data();
        domain::base::rdata::ComposeRecordData::compose_rdata(data, &mut rdata).unwrap();
        let kind = domain::base::rdata::RecordData::rtype(data).to_int();
        records
            .entry((owner, kind))
            .or_default()
            .insert((record.ttl().as_secs(), rdata));
    }
}
