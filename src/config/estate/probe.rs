//! Checks that Meridian makes itself, and what each of them asks.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::estate::{Steering, Vip};
use crate::diagnostic::Spot;
use crate::wire::name::Name;

/// Index into [`Steering::probes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeId(pub u16);

/// What is asked of a VIP, how often, and what of the answers counts.
#[derive(Clone, Debug)]
pub struct Probe {
    /// As the operator calls it.
    pub name: String,
    /// What is asked.
    pub check: Check,
    /// Seconds from one check to the next.
    pub every: u64,
    /// Seconds after which a check has failed; at most `every`.
    pub timeout: u64,
    /// Failures until down.
    pub fall: u32,
    /// Successes in a row until up.
    pub rise: u32,
    /// Successes in a row after which earlier failures are forgotten.
    pub clear: u32,
    /// Seconds for which a state holds at least.
    pub dwell: u64,
    /// Where it is written.
    pub spot: Spot,
}

/// What a probe asks. Ports are above 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The connection opens.
    Tcp {
        /// Where.
        port: u16,
    },
    /// The server answers as it should.
    Http {
        /// Where.
        port: u16,
        /// What, and with what it is answered.
        page: Page,
    },
    /// The same over TLS, with a certificate for the host.
    Https {
        /// Where.
        port: u16,
        /// What, and with what it is answered.
        page: Page,
        /// Whose certificates are trusted; none: those that browsers trust.
        ca: Option<Arc<Authority>>,
    },
    /// The name server answers.
    Dns {
        /// Where.
        port: u16,
        /// For which name.
        name: Name,
        /// An address that is in the answer; none: NOERROR is enough.
        expect: Option<IpAddr>,
    },
    /// A program of the machine's folder of commands ends with exit code 0.
    Command {
        /// Its name in that folder.
        program: String,
    },
}

impl Check {
    /// As the file writes it.
    pub fn word(&self) -> &'static str {
        match self {
            Check::Tcp { .. } => "tcp",
            Check::Http { .. } => "http",
            Check::Https { .. } => "https",
            Check::Dns { .. } => "dns",
            Check::Command { .. } => "command",
        }
    }
}

/// What is asked of a web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The Host field, and with TLS the name that the certificate is for.
    pub host: String,
    /// What is asked for; begins with a slash.
    pub path: String,
    /// The statuses that are well, sorted; at least one.
    pub status: Vec<u16>,
    /// A text that the answer holds near its beginning.
    pub body: Option<String>,
}

/// Certificates of authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Each in DER; at least one, and all can be trusted.
    pub certificates: Vec<Vec<u8>>,
}

impl Probe {
    /// Whether both say the same, wherever that is written.
    fn like(&self, other: &Probe) -> bool {
        fn said(probe: &Probe) -> (&str, &Check, [u64; 3], [u32; 3]) {
            let times = [probe.every, probe.timeout, probe.dwell];
            let counts = [probe.fall, probe.rise, probe.clear];
            (&probe.name, &probe.check, times, counts)
        }
        said(self) == said(other)
    }
}

impl Steering {
    /// Whether both probe alike.
    pub fn probes_alike(&self, other: &Steering) -> bool {
        let (one, two) = (&self.probes, &other.probes);
        one.len() == two.len() && one.iter().zip(two).all(|(a, b)| a.like(b))
    }

    /// The probe of a VIP.
    pub fn probe(&self, vip: &Vip) -> Option<&Probe> {
        self.probes.get(usize::from(vip.probe?.0))
    }

    /// How many checks a second the probes of all VIPs make together, in thousandths, rounded up.
    pub fn checks(&self) -> u64 {
        let millis = self.vips.iter().filter_map(|vip| {
            let every = self.probe(vip)?.every.max(1);
            Some((vip.probed().len() as u64 * 1_000).div_ceil(every))
        });
        millis.sum()
    }
}

impl Vip {
    /// Where its probe connects: one address for both families, or each of its own.
    pub fn probed(&self) -> Vec<IpAddr> {
        if let Some(address) = self.probe_address {
            return vec![address];
        }
        let v4 = self.address.map(IpAddr::V4);
        let v6 = self.address6.map(IpAddr::V6);
        v4.into_iter().chain(v6).collect()
    }
}
