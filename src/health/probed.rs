//! What Meridian's own checks have found of each target, for those who look.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::health::damper::Damper;
use crate::health::verdict::Family;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// As it should.
    Well,
    /// The port is closed.
    Refused,
    /// There was no way to the address.
    Unreachable,
    /// The time was up.
    Timeout,
    /// The connection broke off, or what came over it was no answer.
    Broken,
    /// TLS failed: for its certificate mostly.
    Tls,
    /// Another status of HTTP.
    Status,
    /// The text that should stand in the body does not.
    Body,
    /// Another answer of the name server.
    Answer,
    /// The command did not end with 0.
    Exit,
    /// It could not be made, for reasons of this machine: says nothing of the target.
    Unmade,
}

impl Ending {
    /// All of them.
    pub const ALL: [Ending; 11] = [
        Ending::Well,
        Ending::Refused,
        Ending::Unreachable,
        Ending::Timeout,
        Ending::Broken,
        Ending::Tls,
        Ending::Status,
        Ending::Body,
        Ending::Answer,
        Ending::Exit,
        Ending::Unmade,
    ];

    /// As metrics and replies write it.
    pub fn word(self) -> &'static str {
        match self {
            Ending::Well => "well",
            Ending::Refused => "refused",
            Ending::Unreachable => "unreachable",
            Ending::Timeout => "timeout",
            Ending::Broken => "broken",
            Ending::Tls => "tls",
            Ending::Status => "status",
            Ending::Body => "body",
            Ending::Answer => "answer",
            Ending::Exit => "exit",
            Ending::Unmade => "unmade",
        }
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it ended.
    pub ending: Ending,
    /// The same for people.
    pub words: String,
}

impl Finding {
    /// A result in words.
    pub fn new(ending: Ending, words: impl Into<String>) -> Finding {
        Finding {
            ending,
            words: words.into(),
        }
    }
}

/// A result and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Result {
    /// What was found.
    pub found: Finding,
    /// Seconds of the Unix epoch.
    pub at: u64,
    /// How long the check took, in microseconds.
    pub micros: u64,
}

/// What is known of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The probe's name.
    pub probe: Arc<str>,
    /// Where it connects.
    pub address: IpAddr,
    /// The last result; none before the first.
    pub last: Option<Result>,
    /// What is counted.
    pub damper: Damper,
    /// The time of the damper's clock when this was written down, milliseconds.
    pub clock: u64,
}

/// Everything that the checks of a server have found.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// By VIP and the family of its address; without one, for both.
    pub targets: BTreeMap<(Arc<str>, Option<Family>), Probed>,
    /// Results by probe, in the order of [`Ending::ALL`].
    pub results: BTreeMap<Arc<str>, [u64; Ending::ALL.len()]>,
    /// Checks that came later than they should, by more than their interval: more than can run at once.
    pub late: u64,
    /// Mistakes of our own that ended a check, or all of them until they began anew.
    pub panics: u64,
}
