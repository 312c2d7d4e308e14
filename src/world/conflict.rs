//! Contradictions: what zone files and steering say against each other, and against what was served before.

use std::collections::HashMap;

use crate::config::estate::{Steered, Steering};
use crate::diagnostic::{Diagnostic, Source, Spot};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::estate::{Apexes, Estate};
use crate::world::link::{Locate, Read};
use crate::zone::{Found, Shown, Sought, Zone};

/// How much of the estate could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Every zone file: what is not there does not exist.
    Whole,
    /// Not every one: what seems to be missing may stand in a file with mistakes.
    Part,
}

/// The name and all above it, up to the root.
fn ancestors(name: &Name) -> impl Iterator<Item = Name> + use<> {
    std::iter::successors(Some(name.clone()), Name::parent)
}

/// The contradictions found so far.
pub(super) struct Conflicts<'a> {
    locate: &'a mut Locate<'a>,
    pub(super) found: Vec<Diagnostic>,
}

/// A host that an NS record names.
struct Server {
    host: Name,
    /// Whose NS record, of which zone of the list.
    owner: Name,
    zone: usize,
}

impl<'a> Conflicts<'a> {
    pub(super) fn new(locate: &'a mut Locate<'a>) -> Conflicts<'a> {
        Conflicts {
            locate,
            found: Vec::new(),
        }
    }

    /// Each zone once, sorted by apex, and where in the list of before it is.
    pub(super) fn single(
        &mut self,
        zones: Vec<Read>,
        reading: Reading,
        before: Option<&Estate>,
    ) -> (Vec<Read>, Vec<Option<usize>>) {
        let place = |zone: &Zone| before?.place(zone);
        let zones = zones.into_iter().map(|read| (place(&read.zone), read));
        let mut zones: Vec<(Option<usize>, Read)> = zones.collect();
        zones.sort_by(|(old, a), (other, b)| match (old, other) {
            // The list of before was sorted, and numbers compare faster than names.
            (Some(old), Some(other)) if old != other => old.cmp(other),
            _ => {
                let apexes = a.zone.apex().cmp(b.zone.apex());
                apexes.then_with(|| a.path.cmp(&b.path))
            }
        });
        if zones.is_empty() && reading == Reading::Whole {
            self.found.push(Diagnostic::whole(
                "there is no zone file here",
                "put at least one `*.zone` file into the folder; an empty folder is more often a mistake than a wish",
            ));
        }
        for pair in zones.windows(2) {
            if let [(_, a), (_, b)] = pair
                && a.zone.apex() == b.zone.apex()
            {
                let message = format!("two files hold the zone `{}`", b.zone.apex());
                let advice = "keep one of them, or give the other another $ORIGIN";
                let twice = Diagnostic::error(self.apex(b), message, advice);
                let other = self.apex(a);
                self.found.push(twice.and(other, "the other"));
            }
        }
        zones.dedup_by(|(_, b), (_, a)| a.zone.apex() == b.zone.apex());
        let (olds, zones) = zones.into_iter().unzip();
        (zones, olds)
    }

    fn spot(&mut self, read: &Read, sought: Sought<'_>) -> Spot {
        let spot = (self.locate)(&read.path, sought);
        // The file may have changed since it was read: then its path must do.
        spot.unwrap_or_else(|| Spot::new(&Source::new(&*read.path, ""), 0..0))
    }

    fn apex(&mut self, read: &Read) -> Spot {
        let sought = Sought {
            owner: read.zone.apex(),
            kind: Kind::SOA,
            rdata: None,
            shown: Shown::Owner,
        };
        self.spot(read, sought)
    }

    fn record(&mut self, read: &Read, owner: &Name, kind: Kind, rdata: Option<&[u8]>) -> Spot {
        let sought = Sought {
            owner,
            kind,
            rdata,
            shown: Shown::Record,
        };
        self.spot(read, sought)
    }

    /// The steered names of each zone: a name belongs to the deepest zone above it.
    pub(super) fn assign<'s>(
        &mut self,
        zones: &[Read],
        apexes: &Apexes,
        steering: &'s Steering,
        reading: Reading,
    ) -> Vec<Vec<&'s Steered>> {
        let mut asked = Asked::new(Seed::default());
        let mut by_zone: Vec<Vec<&Steered>> = vec![Vec::new(); zones.len()];
        for steered in &steering.names {
            let zone = holder(zones, apexes, &mut asked, &steered.name);
            match zone.and_then(|zone| by_zone.get_mut(zone)) {
                Some(names) => names.push(steered),
                // What could not be read may hold it, and without any zone there is nothing to name.
                None if reading == Reading::Part || zones.is_empty() => {}
                None => {
                    let message = format!("`{}` lies in no zone of this estate", steered.name);
                    let known = zones.iter().take(5);
                    let known: Vec<String> =
                        known.map(|z| format!("`{}`", z.zone.apex())).collect();
                    let advice = format!(
                        "the zones are {}; add a zone file that holds the name",
                        known.join(", ")
                    );
                    let spot = steered.spot.clone();
                    self.found.push(Diagnostic::error(spot, message, advice));
                }
            }
        }
        by_zone
    }

    /// What a zone file holds that a steered name cannot stand beside.
    pub(super) fn names(&mut self, read: &Read, names: &[&Steered]) {
        let (zone, apex) = (&read.zone, read.zone.apex());
        for steered in names {
            let name = &steered.name;
            for above in ancestors(name).take_while(|n| n.is_within(apex)) {
                let Some(node) = zone.node(above.wire()) else {
                    continue;
                };
                let dname = node.rrset(Kind::DNAME).is_some();
                if !dname && !node.is_cut() {
                    continue;
                }
                if dname && above == *name {
                    continue; // a DNAME leaves its own name alone (RFC 6672 §2.3)
                }
                let (kind, message, advice, words) = if dname {
                    (
                        Kind::DNAME,
                        format!("`{name}` lies below the DNAME of `{above}`"),
                        "steer the name that it leads to, or take the DNAME out",
                        "the DNAME",
                    )
                } else {
                    let message = if above == *name {
                        format!("`{name}` is delegated to other servers")
                    } else {
                        format!("`{name}` lies below the delegation of `{above}`")
                    };
                    let advice = "steer it there, or take the delegation out";
                    (Kind::NS, message, advice, "the delegation")
                };
                let spot = self.record(read, &above, kind, None);
                let error = Diagnostic::error(steered.spot.clone(), message, advice);
                self.found.push(error.and(spot, words));
            }
            let node = zone.node(name.wire());
            if node.is_some_and(|node| node.rrset(Kind::CNAME).is_some()) {
                let message = format!(
                    "`{name}` is a CNAME in the zone file, and a pool of addresses cannot stand beside it"
                );
                let advice = "take the CNAME out, or do not steer the name";
                let spot = self.record(read, name, Kind::CNAME, None);
                let error = Diagnostic::error(steered.spot.clone(), message, advice);
                self.found.push(error.and(spot, "the CNAME"));
            }
        }
    }

    /// Name servers that steering would answer for, whichever zone of the estate names them. The zones are steered.
    pub(super) fn servers(&mut self, zones: &[Read], apexes: &Apexes, by_zone: &[Vec<&Steered>]) {
        let mut asked = Asked::new(Seed::default());
        let names = by_zone.iter().flatten();
        let mut steered: HashMap<u64, Option<usize>> = names
            .clone()
            .map(|steered| (Zone::server_hash(&mut asked, &steered.name), None))
            .collect();
        if steered.is_empty() {
            return;
        }
        let wild = |names: &Vec<&Steered>| names.iter().any(|s| s.name.is_wildcard());
        let any_wild = by_zone.iter().any(wild);
        let mut others: HashMap<u64, usize> = HashMap::new();
        for (at, read) in zones.iter().enumerate() {
            for hash in read.zone.servers() {
                match steered.get_mut(hash) {
                    Some(first) => drop(first.get_or_insert(at)),
                    None if any_wild => drop(others.entry(*hash).or_insert(at)),
                    None => {}
                }
            }
        }
        for steered_name in names {
            let name = &steered_name.name;
            let hash = Zone::server_hash(&mut asked, name);
            let first = steered.remove(&hash).flatten();
            let Some(server) = first.and_then(|at| server(zones, at, hash)) else {
                continue;
            };
            let message = format!(
                "`{name}` is a name server, and resolvers must reach each one at its own address"
            );
            let advice = "give the NS record another name, with plain A and AAAA records";
            let error = Diagnostic::error(steered_name.spot.clone(), message, advice);
            self.named(zones, &server, error);
        }
        let mut left: Vec<(usize, Server)> = Vec::new();
        for (hash, at) in others {
            let Some(server) = server(zones, at, hash) else {
                continue;
            };
            let here = holder(zones, apexes, &mut asked, &server.host);
            if let Some(here) = here.filter(|at| by_zone.get(*at).is_some_and(wild)) {
                left.push((here, server));
            }
        }
        left.sort_by(|(_, a), (_, b)| a.host.cmp(&b.host));
        for (at, server) in left {
            if let Some((read, names)) = zones.get(at).zip(by_zone.get(at)) {
                self.wild(read, names, zones, &server);
            }
        }
    }

    /// An error that the NS record belongs to.
    fn named(&mut self, zones: &[Read], server: &Server, error: Diagnostic) {
        let Some(read) = zones.get(server.zone) else {
            return;
        };
        let rdata = Some(server.host.wire());
        let spot = self.record(read, &server.owner, Kind::NS, rdata);
        self.found.push(error.and(spot, "the NS record"));
    }

    /// A name server that has no records in its zone, so that a steered wildcard would stand for it.
    fn wild(&mut self, read: &Read, names: &[&Steered], zones: &[Read], server: &Server) {
        let host = &server.host;
        let asked = Asked::of(host, Seed::default());
        if read.zone.node_at(&asked, asked.labels()).is_some() {
            return;
        }
        let star = match read.zone.find(&asked, Kind::A) {
            Found::Records { node, .. } | Found::NoData { node, .. } => node.owner(),
            _ => return,
        };
        if let Some(steered) = names.iter().find(|steered| steered.name == star) {
            let star = &steered.name;
            let message = format!(
                "`{host}` is a name server without records of its own, so `{star}` would answer for it"
            );
            let advice = format!("write plain A and AAAA records for `{host}`");
            let error = Diagnostic::error(steered.spot.clone(), message, advice);
            self.named(zones, server, error);
        }
    }

    /// Content that changed under an unchanged serial is a warning: plain secondaries would not fetch it.
    pub(super) fn serial(&mut self, read: &Read, old: &Zone) {
        let zone = &read.zone;
        if zone.serial() == old.serial() && !zone.says_the_same(old) {
            let message = format!(
                "zone `{}` changed, but its serial is still {}",
                zone.apex(),
                zone.serial()
            );
            let spot = self.apex(read);
            let advice = "raise the serial in the SOA record";
            self.found.push(Diagnostic::warning(spot, message, advice));
        }
    }
}

/// The deepest zone that holds a name.
fn holder(zones: &[Read], apexes: &Apexes, asked: &mut Asked, name: &Name) -> Option<usize> {
    // A `Name` is always readable.
    let _ = asked.read(name.wire());
    apexes.find(asked, asked.labels(), |at, suffix| {
        let read = zones.get(at);
        read.is_some_and(|read| **read.zone.lower() == *suffix)
    })
}

/// The host of a hash that the zone at this place has.
fn server(zones: &[Read], at: usize, hash: u64) -> Option<Server> {
    let (host, owner) = zones.get(at)?.zone.server(hash)?;
    Some(Server {
        host,
        owner,
        zone: at,
    })
}
