//! What the lines of a zone's text leave to those behind them: origin, owner, TTLs.
//!
//! A record without a TTL has that of `$TTL`; without one, the last TTL that was written (RFC 1035 §5.1); without
//! one, the minimum of the SOA (as BIND does), with a warning, since RFC 2308 §4 gave that field another meaning.

use std::ops::Range;
use std::sync::Arc;

use super::generate::Template;
use super::report::{Fault, Findings};
use crate::limits;
use crate::wire::name::Name;

/// What the text before says to the text behind.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What relative names end in.
    pub origin: Arc<Name>,
    /// The TTL that `$TTL` said.
    pub default_ttl: Option<u32>,
    /// The TTL that was written last; it counts while there is no `$TTL`.
    pub last_ttl: Option<u32>,
    /// The minimum of the SOA, if it was met; it counts while there is no other TTL.
    pub minimum: Option<u32>,
    /// The entry whose first word is the owner of a line without one, and the origin in force there.
    pub owner: Option<(usize, Arc<Name>)>,
    /// What `$GENERATE` made so far.
    pub made: Tally,
}

/// What all `$GENERATE` of a zone make together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    records: usize,
    octets: usize,
}

impl Tally {
    /// Counts these too, if they are not too many.
    pub(super) fn admit(&mut self, template: &Template) -> bool {
        let records = self.records.saturating_add(template.steps.count());
        let octets = self.octets.saturating_add(template.size());
        let fits = records <= limits::GENERATED && octets <= limits::GENERATED_TEXT;
        if fits {
            *self = Tally { records, octets };
        }
        fits
    }
}

impl State {
    /// The TTL of a record that has this one written.
    pub(super) fn ttl(
        &mut self,
        written: Option<u32>,
        shown: &Range<usize>,
        findings: &mut Findings,
    ) -> Result<u32, Fault> {
        if let Some(ttl) = written.or(self.default_ttl).or(self.last_ttl) {
            return Ok(ttl);
        }
        let advice = "write `$TTL 3600` at the top of the file";
        let Some(minimum) = self.minimum else {
            // Said once: the file is refused anyway.
            self.last_ttl = Some(0);
            let message = "this record has no TTL, and there is none before it";
            return Err(Fault::new(shown, message, advice));
        };
        self.last_ttl = Some(minimum);
        let message = format!("no TTL is written; the SOA's minimum of {minimum} is taken");
        findings.warning(Fault::new(shown, message, advice));
        Ok(minimum)
    }
}
