//! What the reader of a zone leaves to others: to fetch the texts that are included, and to read pieces at once.

use std::ops::Range;
use std::sync::Arc;

use super::parser::{Outcome, Parser};
use super::state::State;
use crate::diagnostic::{Include, Refusal, Source};

/// What the reader of a zone needs of others.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// The text that `$INCLUDE` names with this path, in the file of that path.
    pub include: &'a Include<'a>,
    /// Runs all jobs, perhaps at once, and gives back what became of them, in their order.
    pub run: &'a dyn Fn(Vec<Job>) -> Vec<Done>,
}

impl Texts<'_> {
    /// For a file that stands alone: nothing is included, and one thing is done after the other.
    pub fn alone() -> Texts<'static> {
        Texts {
            include: &|_, _| {
                Err(Refusal {
                    message: "$INCLUDE is not possible here".to_owned(),
                    advice: "put the records into this file".to_owned(),
                })
            },
            run: &|jobs| jobs.into_iter().map(Job::run).collect(),
        }
    }
}

/// A piece of a zone's text that waits to be read.
pub struct Job {
    pub(super) source: Arc<Source>,
    pub(super) base: usize,
    pub(super) span: Range<usize>,
    pub(super) apex: Arc<[u8]>,
    pub(super) state: State,
}

/// A piece that was read.
pub struct Done(pub(super) Outcome);

impl Job {
    /// Reads it.
    pub fn run(self) -> Done {
        let text = self.source.text.get(..self.span.end).unwrap_or_default();
        let parser = Parser::new(self.base, &self.apex, self.state);
        Done(parser.read(text, self.span.start))
    }

    /// Octets of its text.
    pub fn size(&self) -> usize {
        self.span.len()
    }
}
