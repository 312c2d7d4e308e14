//! Class CH: which server this is, and what, if its operator wants that to be known (RFC 4892).

use crate::answer::Turn;
use crate::answer::respond::{Reply, Section};
use crate::stats::Outcome;
use crate::wire::ede;
use crate::wire::kind::{Kind, Rcode, class};
use crate::wire::query::Query;
use crate::wire::writer::{Full, QUESTION};

/// Octets of a record's owner, when it is a pointer, and of its type.
const BEFORE_CLASS: usize = 4;

impl Reply<'_, '_> {
    /// One TXT record that is not to be kept, or REFUSED: also for what is not said, so that silence tells nothing.
    #[cold]
    pub(super) fn chaos(&mut self, query: &Query<'_>, turn: &mut Turn<'_>) -> Outcome {
        self.authoritative = false;
        let badge = &self.world.badge;
        let said = match query.kind {
            Kind::TXT | Kind::ANY if turn.asked.read(query.name).is_ok() => {
                match turn.asked.wire() {
                    b"\x02id\x06server\0" | b"\x08hostname\x04bind\0" => badge.id.as_deref(),
                    b"\x07version\x06server\0" | b"\x07version\x04bind\0" => {
                        badge.version.as_deref()
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match said {
            Some(text) => {
                let done = self.text(text.as_bytes());
                self.settle(done, Outcome::Static)
            }
            None => self.refuse(Rcode::Refused, Outcome::Refused, Some(&ede::CLASS)),
        }
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Full> {
        let start = self.writer.len();
        self.writer.bytes(&QUESTION)?;
        let data = self.writer.fixed(Kind::TXT, 0)?;
        self.writer.bytes(&[text.len() as u8])?;
        self.writer.bytes(text)?;
        self.writer.finish(data);
        self.writer
            .patch(start + BEFORE_CLASS, &class::CH.to_be_bytes());
        self.count(Section::Answer, 1);
        Ok(())
    }
}
