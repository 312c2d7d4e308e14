//! The mistakes found while reading, and the search for what was meant.

use crate::config::document::At;
use crate::config::suggest;
use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::place;

/// Collects; never stops.
#[derive(Default)]
pub(super) struct Findings {
    list: Vec<Diagnostic>,
    errors: usize,
    guessed: usize,
}

impl Findings {
    /// A mistake that refuses the file.
    pub(super) fn error(
        &mut self,
        at: At<'_>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(Diagnostic::error(at.spot(), message, advice));
    }

    /// Something that is probably not meant.
    pub(super) fn warning(
        &mut self,
        at: At<'_>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(Diagnostic::warning(at.spot(), message, advice));
    }

    /// Any of the two, with other places.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.is_error());
        self.list.push(diagnostic);
    }

    /// How many errors so far: whether a part was sound is seen by comparing before and after.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// What was probably meant by `word`.
    pub(super) fn guess<'c>(
        &mut self,
        word: &str,
        names: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        if self.guessed >= limits::GUESSES {
            return None;
        }
        self.guessed += 1;
        suggest::nearest(word, names)
    }

    /// The place that was probably meant by `word`: a country or continent by its name, or a code in small letters.
    pub(super) fn place(&mut self, word: &str) -> Option<String> {
        if self.guessed >= limits::GUESSES {
            return None;
        }
        self.guessed += 1;
        place::suggest(word)
    }

    /// All of them.
    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }
}
