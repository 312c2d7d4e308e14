//! Contradictions: what zone files and steering say against each other, and against what was served before.

use std::collections::HashMap;

use crate::config::estate::Steering;
use crate::diagnostic::{Diagnostic, Source, Spot};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::alias::Aliases;
use crate::world::estate::{Apexes, Estate};
use crate::world::link::{Locate, Read};
use crate::world::lots::{Lot, Lots};
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

    pub(super) fn record(
        &mut self,
        read: &Read,
        owner: &Name,
        kind: Kind,
        rdata: Option<&[u8]>,
    ) -> Spot {
        let sought = Sought {
            owner,
            kind,
            rdata,
            shown: Shown::Record,
        };
        self.spot(read, sought)
    }

    /// What a zone file holds that a steered name cannot stand beside.
    pub(super) fn names(
        &mut self,
        read: &Read,
        lots: &Lots,
        steering: &Steering,
        aliases: &Aliases,
    ) {
        let (zone, apex) = (&read.zone, read.zone.apex());
        for lot in &lots.steered {
            let Some(here) = lot.line.spot(steering) else {
                continue;
            };
            let name = &lot.name;
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
                let error = Diagnostic::error(here.clone(), message, advice);
                self.found.push(error.and(spot, words));
            }
            if aliases.has(lot) {
                self.beside_alias(read, name, &here);
                continue;
            }
            let node = zone.node(name.wire());
            if node.is_some_and(|node| node.rrset(Kind::CNAME).is_some()) {
                let message = format!(
                    "`{name}` is a CNAME in the zone file, and a pool of addresses cannot stand beside it"
                );
                let advice = "take the CNAME out, or do not steer the name";
                let spot = self.record(read, name, Kind::CNAME, None);
                let error = Diagnostic::error(here, message, advice);
                self.found.push(error.and(spot, "the CNAME"));
            }
        }
    }

    /// Name servers that steering would answer for, whichever zone of the estate names them. The zones are steered.
    pub(super) fn servers(
        &mut self,
        zones: &[Read],
        apexes: &Apexes,
        by_zone: &[Lots],
        steering: &Steering,
    ) {
        let mut asked = Asked::new(Seed::default());
        let names = by_zone.iter().flat_map(|lots| &lots.steered);
        let mut steered: HashMap<u64, Option<usize>> = names
            .clone()
            .map(|steered| (Zone::server_hash(&mut asked, &steered.name), None))
            .collect();
        if steered.is_empty() {
            return;
        }
        let any_wild = by_zone.iter().any(Lots::wild);
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
        for lot in names {
            let name = &lot.name;
            let hash = Zone::server_hash(&mut asked, name);
            let first = steered.remove(&hash).flatten();
            let server = first.and_then(|at| server(zones, at, hash));
            let Some((server, here)) = server.zip(lot.line.spot(steering)) else {
                continue;
            };
            self.steered_server(zones, name, here, &server);
        }
        let mut left: Vec<(usize, Server)> = Vec::new();
        for (hash, at) in others {
            let Some(server) = server(zones, at, hash) else {
                continue;
            };
            let here = holder(zones, apexes, &mut asked, &server.host);
            if let Some(here) = here.filter(|at| by_zone.get(*at).is_some_and(Lots::wild)) {
                left.push((here, server));
            }
        }
        left.sort_by(|(_, a), (_, b)| a.host.cmp(&b.host));
        for (at, server) in left {
            if let Some((read, lots)) = zones.get(at).zip(by_zone.get(at)) {
                let star = self.wild(read, lots, &server);
                let spot = star.and_then(|lot| Some((lot, lot.line.spot(steering)?)));
                if let Some((lot, spot)) = spot {
                    self.stood_for(zones, lot, spot, &server);
                }
            }
        }
    }

    /// The same where only some zones are `fresh` and no name is: then only the NS records of those can name what is
    /// steered, unless one of them lost the records of a name under a steered wildcard.
    pub(super) fn new_servers(
        &mut self,
        zones: &[Read],
        apexes: &Apexes,
        by_zone: &[Lots],
        steering: &Steering,
        fresh: &[bool],
    ) {
        let mut asked = Asked::new(Seed::default());
        let fresh = zones.iter().enumerate().zip(fresh);
        for ((at, read), _) in fresh.filter(|(_, fresh)| **fresh) {
            for hash in read.zone.servers() {
                let Some(server) = server(zones, at, *hash) else {
                    continue;
                };
                let here = holder(zones, apexes, &mut asked, &server.host);
                let here = here.and_then(|here| zones.get(here).zip(by_zone.get(here)));
                let Some((read, lots)) = here else { continue };
                let exact = read.zone.node_at(&asked, asked.labels());
                let lot = match exact {
                    Some(node) => node.steer().and_then(|nth| lots.steered.get(nth as usize)),
                    None => self.wild(read, lots, &server),
                };
                let Some((lot, spot)) = lot.and_then(|l| Some((l, l.line.spot(steering)?))) else {
                    continue;
                };
                if exact.is_some() {
                    self.steered_server(zones, &lot.name, spot, &server);
                } else {
                    self.stood_for(zones, lot, spot, &server);
                }
            }
        }
    }

    fn steered_server(&mut self, zones: &[Read], name: &Name, spot: Spot, server: &Server) {
        let message = format!(
            "`{name}` is a name server, and resolvers must reach each one at its own address"
        );
        let advice = "give the NS record another name, with plain A and AAAA records";
        let error = Diagnostic::error(spot, message, advice);
        self.named(zones, server, error);
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

    /// The steered wildcard that would stand for a name server, which has no records in its zone.
    fn wild<'l>(&self, read: &Read, lots: &'l Lots, server: &Server) -> Option<&'l Lot> {
        let asked = Asked::of(&server.host, Seed::default());
        if read.zone.node_at(&asked, asked.labels()).is_some() {
            return None;
        }
        match read.zone.find(&asked, Kind::A) {
            Found::Records { node, .. } | Found::NoData { node, .. } => {
                lots.steered.get(node.steer()? as usize)
            }
            _ => None,
        }
    }

    fn stood_for(&mut self, zones: &[Read], lot: &Lot, spot: Spot, server: &Server) {
        let (host, star) = (&server.host, &lot.name);
        let message = format!(
            "`{host}` is a name server without records of its own, so `{star}` would answer for it"
        );
        let advice = format!("write plain A and AAAA records for `{host}`");
        let error = Diagnostic::error(spot, message, advice);
        self.named(zones, server, error);
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
pub(super) fn holder(
    zones: &[Read],
    apexes: &Apexes,
    asked: &mut Asked,
    name: &Name,
) -> Option<usize> {
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
