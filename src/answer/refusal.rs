//! What is asked for and never looked up: types that are no data, and whole zones.

use crate::answer::respond::Reply;
use crate::answer::{Transport, outcome_of};
use crate::stats::Outcome;
use crate::wire::asked::Asked;
use crate::wire::ede::{self, Ede};
use crate::wire::kind::{Kind, Rcode};

impl Reply<'_, '_> {
    /// No zone is handed out. Over UDP there is no AXFR (RFC 5936 §4.2); of what is no zone of ours we are no authority
    /// (§2.2.1).
    #[cold]
    pub(super) fn transfer(&mut self, kind: Kind, asked: &Asked) -> Outcome {
        let zone = self.world.estate.zone(asked);
        let ours = zone.is_some_and(|held| *held.lower == *asked.wire());
        let (rcode, why) = match (kind, self.client.transport) {
            (Kind::AXFR, Transport::Udp) => (Rcode::NotImp, &ede::TRANSFER),
            _ if ours => (Rcode::Refused, &ede::TRANSFER),
            _ => (Rcode::NotAuth, &ede::NO_ZONE),
        };
        self.refuse(rcode, outcome_of(rcode), Some(why))
    }
}

/// Types that no zone is looked up for.
#[inline]
pub(super) fn unfit(kind: Kind) -> Option<(Rcode, &'static Ede)> {
    match kind {
        // These stand in messages, never in questions (RFC 6891 §6.1.1, RFC 8945, RFC 2930), nor does NXNAME (RFC 9824 §3.5).
        Kind::OPT | Kind::TSIG | Kind::TKEY | Kind(128) => Some((Rcode::FormErr, &ede::NO_DATA)),
        _ => None,
    }
}
