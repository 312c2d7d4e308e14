//! Contradictions around names that pools of `cname` VIPs answer: what stands beside them, and what points to them.

use crate::config::estate::{PoolId, Steering, VipId};
use crate::diagnostic::{Diagnostic, Spot};
use crate::steer::reach::{self, Gives};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::conflict::{Conflicts, holder};
use crate::world::estate::Apexes;
use crate::world::link::Read;
use crate::world::lots::{Lot, Lots};
use crate::zone::{Found, has_hints};

/// Which pools give a CNAME.
pub(super) struct Aliases {
    /// For every pool the VIPs of which it gives one; empty for those that give addresses.
    pools: Vec<Vec<VipId>>,
    some: bool,
}

impl Aliases {
    pub(super) fn new(steering: &Steering, lots: &[Lots]) -> Aliases {
        if steering.vips.iter().all(|vip| vip.cname.is_none()) {
            return Aliases {
                pools: Vec::new(),
                some: false,
            };
        }
        let pools = (0..steering.pools.len()).map(|id| {
            let involved = reach::involved(steering, PoolId(id as u16));
            match reach::gives(steering, &involved) {
                Gives::Alias => involved,
                Gives::Addresses => Vec::new(),
            }
        });
        let mut aliases = Aliases {
            pools: pools.collect(),
            some: true,
        };
        aliases.some = lots.iter().any(|lots| aliases.any(lots));
        aliases
    }

    /// Whether any name gives a CNAME.
    pub(super) fn some(&self) -> bool {
        self.some
    }

    pub(super) fn any(&self, lots: &Lots) -> bool {
        self.some && lots.steered.iter().any(|lot| self.has(lot))
    }

    pub(super) fn has(&self, lot: &Lot) -> bool {
        !self.vips(lot).is_empty()
    }

    fn vips(&self, lot: &Lot) -> &[VipId] {
        let vips = self.pools.get(usize::from(lot.pool.0));
        vips.map_or(&[], Vec::as_slice)
    }
}

/// The steered names of an estate, to be found by what points to them.
struct Targets<'a> {
    zones: &'a [Read],
    apexes: &'a Apexes,
    lots: &'a [Lots],
    asked: Asked,
}

impl<'a> Targets<'a> {
    /// The steered name that answers for a name in wire form.
    fn find(&mut self, name: &[u8]) -> Option<&'a Lot> {
        let (name, _) = Name::read(name).ok()?;
        let at = holder(self.zones, self.apexes, &mut self.asked, &name)?;
        match self.zones.get(at)?.zone.find(&self.asked, Kind::A) {
            Found::Records { node, .. }
            | Found::NoData { node, .. }
            | Found::Alias { node, .. } => {
                let lots = self.lots.get(at)?;
                lots.steered.get(node.steer()? as usize)
            }
            _ => None,
        }
    }
}

impl Conflicts<'_> {
    /// What a zone file holds beside the CNAME of a pool: nothing may (RFC 1034 §3.6.2), but a CNAME as the last resort.
    pub(super) fn beside_alias(&mut self, read: &Read, name: &Name, here: &Spot) {
        if name == read.zone.apex() {
            let message = format!("`{name}` is the apex of its zone, where no CNAME can stand");
            let advice = "point it to a pool of addresses (RFC 1034 §3.6.2)";
            self.found
                .push(Diagnostic::error(here.clone(), message, advice));
            return;
        }
        let Some(node) = read.zone.node(name.wire()) else {
            return;
        };
        // A delegation has its own error.
        let kinds = node.rrsets().map(|set| set.kind());
        let kinds: Vec<Kind> = kinds.filter(|kind| *kind != Kind::CNAME).collect();
        for kind in kinds.into_iter().filter(|_| !node.is_cut()) {
            let message = format!(
                "`{name}` has {kind} records in the zone file, and nothing can stand beside the CNAME of its pool"
            );
            let advice = "take them out, or point the name to a pool of addresses";
            let spot = self.record(read, name, kind, None);
            let error = Diagnostic::error(here.clone(), message, advice);
            self.found
                .push(error.and(spot, format!("the {kind} record")));
        }
    }

    /// What points to a name that gives a CNAME and cannot: hints of which nobody knows the addresses, hosts of MX and
    /// SRV (RFC 2181 §10.3), and the CNAME itself. Only `fresh` zones are looked through.
    pub(super) fn pointing(
        &mut self,
        zones: &[Read],
        apexes: &Apexes,
        lots: &[Lots],
        steering: &Steering,
        aliases: &Aliases,
        fresh: &[bool],
    ) {
        let mut targets = Targets {
            zones,
            apexes,
            lots,
            asked: Asked::new(Seed::default()),
        };
        for ((read, own), _) in zones
            .iter()
            .zip(lots)
            .zip(fresh)
            .filter(|(_, fresh)| **fresh)
        {
            for lot in &own.steered {
                self.circles(&mut targets, lot, steering, aliases);
            }
            for node in read.zone.nodes() {
                for set in node.rrsets() {
                    let kind = set.kind();
                    let service = matches!(kind, Kind::HTTPS | Kind::SVCB);
                    if !service && !matches!(kind, Kind::MX | Kind::SRV) {
                        continue;
                    }
                    for (rdata, target) in set.records().zip(set.targets()) {
                        if service && (*target == [0] || !has_hints(rdata)) {
                            continue;
                        }
                        let lot = targets.find(target).filter(|lot| aliases.has(lot));
                        if let Some(lot) = lot {
                            let owner = node.owner();
                            let spot = self.record(read, &owner, kind, Some(rdata));
                            self.points((&owner, kind), spot, lot, steering);
                        }
                    }
                }
            }
        }
    }

    fn points(&mut self, (owner, kind): (&Name, Kind), spot: Spot, lot: &Lot, steering: &Steering) {
        let name = &lot.name;
        let finding = match kind {
            Kind::MX | Kind::SRV => Diagnostic::warning(
                spot,
                format!("the {kind} record of `{owner}` leads to `{name}`, which gives a CNAME"),
                "write the host's own name: no alias may stand there (RFC 2181 §10.3)",
            ),
            _ => Diagnostic::error(
                spot,
                format!(
                    "the {kind} record of `{owner}` has hints, but the addresses of `{name}` are somebody else's"
                ),
                "drop `ipv4hint` and `ipv6hint`: its pool gives a CNAME",
            ),
        };
        let finding = match lot.line.spot(steering) {
            Some(here) => finding.and(here, "it is steered here"),
            None => finding,
        };
        self.found.push(finding);
    }

    /// A CNAME that leads to the very name that gives it.
    fn circles(
        &mut self,
        targets: &mut Targets<'_>,
        lot: &Lot,
        steering: &Steering,
        aliases: &Aliases,
    ) {
        let vips = aliases.vips(lot).iter();
        for vip in vips.filter_map(|vip| steering.vips.get(usize::from(vip.0))) {
            let Some(cname) = &vip.cname else { continue };
            let found = targets.find(cname.wire());
            if found.is_some_and(|found| found.line == lot.line && found.name == lot.name)
                && let Some(here) = lot.line.spot(steering)
            {
                let message = format!("`{}` would be a CNAME to itself", lot.name);
                let advice = format!("give VIP `{}` another `cname`", vip.name);
                let error = Diagnostic::error(here, message, advice);
                self.found.push(error.and(vip.spot.clone(), "the VIP"));
            }
        }
    }
}
