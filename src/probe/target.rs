//! Who is to be asked what: the targets that an estate and its probes make.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::config::estate::{Check, Probe, Steering, Vip};
use crate::health::damper::Damping;
use crate::health::verdict::Family;
use crate::probe::check::tls;

/// A target by the name of its VIP and the family that it speaks for; without one, for both.
pub(super) type Key = (Arc<str>, Option<Family>);

/// All that is needed to check a target.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// The VIP.
    pub(super) vip: Arc<str>,
    /// Which of its addresses; none: all.
    pub(super) family: Option<Family>,
    /// Where to connect.
    pub(super) address: IpAddr,
    /// The probe's name.
    pub(super) probe: Arc<str>,
    /// What to ask.
    pub(super) check: Check,
    /// Milliseconds from one check to the next.
    pub(super) every: u64,
    /// Milliseconds that a check may take.
    pub(super) timeout: u64,
    /// What results come to.
    pub(super) damping: Damping,
    /// How TLS is spoken, or why it cannot be; only for `https`.
    pub(super) tls: Option<Result<Arc<ClientConfig>, String>>,
    /// The folder of commands, if the machine allows any; only for `command`.
    pub(super) commands: Option<PathBuf>,
}

/// What a check takes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A socket.
    Network,
    /// A process.
    Command,
}

impl Spec {
    /// What its checks take.
    pub(super) fn way(&self) -> Way {
        match self.check {
            Check::Command { .. } => Way::Command,
            _ => Way::Network,
        }
    }

    /// When it is to be asked next.
    pub(super) fn after(&self, clock: u64) -> u64 {
        let (every, phase) = (self.every.max(1), self.phase());
        let next = clock - clock % every + phase;
        if next > clock { next } else { next + every }
    }

    /// Whether another one asks the same in the same way.
    pub(super) fn same(&self, other: &Spec) -> bool {
        let said = |spec: &Spec| (spec.address, spec.every, spec.timeout, spec.damping);
        said(self) == said(other) && self.probe == other.probe && self.check == other.check
    }

    /// Where in its interval a target is asked. It follows from the names alone, so targets lie apart, and a restart or a
    /// reload moves none of them.
    fn phase(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&*self.vip, self.family.map(Family::word), &*self.probe).hash(&mut hasher);
        hasher.finish() % self.every.max(1)
    }

    /// How long a report of it holds, in seconds: three checks may be missed.
    pub(super) fn lease(&self) -> u64 {
        (3 * self.every + self.timeout).div_ceil(1_000)
    }
}

/// The targets of an estate. `commands` is the machine's folder of programs.
pub(super) fn targets(steering: &Steering, commands: Option<&PathBuf>) -> HashMap<Key, Spec> {
    let mut made: HashMap<u16, Result<Arc<ClientConfig>, String>> = HashMap::new();
    let mut all = HashMap::new();
    for vip in &steering.vips {
        let (Some(probe), Some(id)) = (steering.probe(vip), vip.probe) else {
            continue;
        };
        let tls = match &probe.check {
            Check::Https { ca, .. } => {
                let config = made.entry(id.0);
                Some(config.or_insert_with(|| tls::config(ca.as_deref())).clone())
            }
            _ => None,
        };
        let name: Arc<str> = Arc::from(vip.name.as_str());
        for address in vip.probed() {
            let family = family(vip, address);
            let spec = Spec {
                tls: tls.clone(),
                commands: commands.cloned(),
                ..spec(name.clone(), family, address, probe)
            };
            all.insert((name.clone(), family), spec);
        }
    }
    all
}

/// One address of a VIP speaks for its family; what is probed in their stead speaks for both, as a lone address does.
fn family(vip: &Vip, address: IpAddr) -> Option<Family> {
    match address {
        _ if vip.probe_address.is_some() => None,
        _ if vip.address.is_none() || vip.address6.is_none() => None,
        IpAddr::V4(_) => Some(Family::V4),
        IpAddr::V6(_) => Some(Family::V6),
    }
}

fn spec(vip: Arc<str>, family: Option<Family>, address: IpAddr, probe: &Probe) -> Spec {
    Spec {
        vip,
        family,
        address,
        probe: Arc::from(probe.name.as_str()),
        check: probe.check.clone(),
        every: probe.every * 1_000,
        timeout: probe.timeout * 1_000,
        damping: Damping {
            fall: probe.fall,
            rise: probe.rise,
            clear: probe.clear,
            dwell: probe.dwell * 1_000,
        },
        tls: None,
        commands: None,
    }
}
