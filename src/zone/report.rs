//! What was found wrong in one zone file, bounded.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity, Source, Spot};
use crate::limits;

/// One mistake, before it has a file.
#[derive(Debug)]
pub(super) struct Fault {
    /// The bytes it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl Fault {
    pub(super) fn new(
        span: &Range<usize>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Fault {
        Fault {
            span: span.clone(),
            message: message.into(),
            advice: advice.into(),
        }
    }
}

/// The mistakes of one file, at most [`limits::ZONE_MISTAKES`] of each severity.
pub(super) struct Report<'a> {
    source: &'a Arc<Source>,
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Report<'a> {
        Report {
            source,
            list: Vec::new(),
            errors: 0,
            warnings: 0,
        }
    }

    pub(super) fn text(&self) -> &'a [u8] {
        &self.source.text
    }

    pub(super) fn spot(&self, span: &Range<usize>) -> Spot {
        Spot::new(self.source, span.clone())
    }

    pub(super) fn error(&mut self, fault: Fault) {
        self.add(Diagnostic::error(
            self.spot(&fault.span),
            fault.message,
            fault.advice,
        ));
    }

    pub(super) fn warning(&mut self, fault: Fault) {
        self.add(Diagnostic::warning(
            self.spot(&fault.span),
            fault.message,
            fault.advice,
        ));
    }

    /// An error that another place belongs to.
    pub(super) fn error_and(&mut self, fault: Fault, other: &Range<usize>, words: &str) {
        let error = Diagnostic::error(self.spot(&fault.span), fault.message, fault.advice);
        self.add(error.and(self.spot(other), words));
    }

    /// A warning that another place belongs to.
    pub(super) fn warning_and(&mut self, fault: Fault, other: &Range<usize>, words: &str) {
        let warning = Diagnostic::warning(self.spot(&fault.span), fault.message, fault.advice);
        self.add(warning.and(self.spot(other), words));
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        let count = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= limits::ZONE_MISTAKES {
            self.list.push(diagnostic);
        }
    }

    /// How many were kept, to go back to with [`Report::forget`].
    pub(super) fn mark(&self) -> (usize, usize, usize) {
        (self.list.len(), self.errors, self.warnings)
    }

    /// Forget what came after a mark.
    pub(super) fn forget(&mut self, mark: (usize, usize, usize)) {
        self.list.truncate(mark.0);
        (self.errors, self.warnings) = (mark.1, mark.2);
    }

    /// Whether anything refuses the file.
    pub(super) fn failed(&self) -> bool {
        self.errors > 0
    }

    /// Whether more errors would not be kept, so that reading on is of no use.
    pub(super) fn full(&self) -> bool {
        self.errors >= limits::ZONE_MISTAKES
    }

    /// All of them in the order of the file, and a word if some were left out.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|d| d.spot.as_ref().map(|spot| spot.span.start));
        let end = self.source.text.len()..self.source.text.len();
        if self.full() {
            let advice = "mend these first";
            let message = "there are too many errors; the rest of the zone was not read";
            self.list
                .push(Diagnostic::error(self.spot(&end), message, advice));
        }
        if let Some(more) = self
            .warnings
            .checked_sub(limits::ZONE_MISTAKES)
            .filter(|n| *n > 0)
        {
            let message = format!("{more} more warnings were left out");
            self.list
                .push(Diagnostic::warning(self.spot(&end), message, ""));
        }
        self.list
    }
}

/// The text at a span as messages quote it: bounded, and without what would break a line.
pub(super) fn quote(text: &[u8], span: &Range<usize>) -> String {
    const SHOWN: usize = 60;
    let all = text.get(span.clone()).unwrap_or_default();
    let lossy = String::from_utf8_lossy(all.get(..SHOWN * 4).unwrap_or(all));
    let mut shown: String = lossy
        .chars()
        .take(SHOWN)
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect();
    if lossy.chars().count() > SHOWN || all.len() > SHOWN * 4 {
        shown.push('…');
    }
    format!("`{shown}`")
}
