//! What is wrong in a file, where, and what to do about it.
//!
//! Every parser returns what it understood plus a list of these; none stops at the first, logs or exits.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::limits;

/// A text that was read, under the path the operator knows it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// As the operator would type it: `zones/steering.toml`.
    pub path: String,
    /// The whole content. Zone files may hold bytes that are not UTF-8.
    pub text: Vec<u8>,
}

impl Source {
    /// A source of `path` with this text.
    pub fn new(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Arc<Source> {
        Arc::new(Source {
            path: path.into(),
            text: text.into(),
        })
    }

    /// Line and column (in characters), both from 1, of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |i| i + 1);
        (
            line,
            String::from_utf8_lossy(&before[start..]).chars().count() + 1,
        )
    }
}

/// A stretch of a source, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Where.
    pub source: Arc<Source>,
    /// From which byte to which.
    pub span: Range<usize>,
}

impl Spot {
    /// A stretch of `source`.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Spot {
        Spot {
            source: source.clone(),
            span,
        }
    }

    /// Its `file:line:column`.
    pub fn place(&self) -> String {
        let (line, column) = self.source.line_column(self.span.start);
        format!("{}:{line}:{column}", self.source.path)
    }

    /// Its `file:line`, as advice names another place.
    pub fn line(&self) -> String {
        format!(
            "{}:{}",
            self.source.path,
            self.source.line_column(self.span.start).0
        )
    }
}

/// Whether the file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The estate is refused, what was served goes on.
    Error,
    /// The estate is taken; `check --strict` refuses it.
    Warning,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where, if it has a place inside a file.
    pub spot: Option<Spot>,
    /// What to do, written under the mark. May be empty.
    pub advice: String,
    /// Other places that belong to it, each with a few words.
    pub also: Vec<(Spot, String)>,
}

impl Diagnostic {
    /// An error at a place, with advice (which may be empty).
    pub fn error(spot: Spot, message: impl Into<String>, advice: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            spot: Some(spot),
            advice: advice.into(),
            also: Vec::new(),
        }
    }

    /// A warning at a place, with advice (which may be empty).
    pub fn warning(
        spot: Spot,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(spot, message, advice)
        }
    }

    /// An error of a whole file or folder, which the message names.
    pub fn whole(message: impl Into<String>, advice: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            spot: None,
            advice: advice.into(),
            also: Vec::new(),
        }
    }

    /// The same with another place that belongs to it.
    #[must_use]
    pub fn and(mut self, spot: Spot, words: impl Into<String>) -> Diagnostic {
        self.also.push((spot, words.into()));
        self
    }

    /// Whether it refuses the estate.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// One line: `file:line:column: error: message; advice`.
    pub fn line(&self) -> String {
        let mut text = String::new();
        if let Some(spot) = &self.spot {
            let _ = write!(text, "{}: ", spot.place());
        }
        let _ = write!(text, "{}: {}", self.word(), self.message);
        if !self.advice.is_empty() {
            let _ = write!(text, "; {}", self.advice);
        }
        text
    }

    fn word(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Whether any of these refuses the estate.
pub fn any_error(list: &[Diagnostic]) -> bool {
    list.iter().any(Diagnostic::is_error)
}

/// The diagnostics as a compiler would show them: errors first, then by place, at most
/// [`limits::DIAGNOSTICS_SHOWN`] of them, the rest counted. Colours only if `colour`.
pub fn render(list: &[Diagnostic], colour: bool) -> String {
    let mut order: Vec<&Diagnostic> = list.iter().collect();
    order.sort_by_key(|d| {
        (
            d.severity,
            d.spot
                .as_ref()
                .map(|s| (s.source.path.clone(), s.span.start)),
        )
    });
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for diagnostic in order.iter().take(limits::DIAGNOSTICS_SHOWN) {
        text.push_str(&one(diagnostic, &renderer));
        text.push('\n');
    }
    if let Some(more) = order
        .len()
        .checked_sub(limits::DIAGNOSTICS_SHOWN)
        .filter(|n| *n > 0)
    {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = if diagnostic.is_error() {
        Level::ERROR
    } else {
        Level::WARNING
    };
    let Some(spot) = &diagnostic.spot else {
        let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
        if !diagnostic.advice.is_empty() {
            group = group.element(Level::HELP.message(diagnostic.advice.as_str()));
        }
        return renderer.render(&[group]) + "\n";
    };
    let cut = Excerpt::of(spot);
    let mut snippet = Snippet::source(cut.text.as_str())
        .line_start(cut.line)
        .path(spot.source.path.as_str());
    let mut mark = AnnotationKind::Primary.span(cut.mark.clone());
    if !diagnostic.advice.is_empty() {
        mark = mark.label(diagnostic.advice.as_str());
    }
    snippet = snippet.annotation(mark);
    let others: Vec<(Excerpt, &Spot, &str)> = diagnostic
        .also
        .iter()
        .map(|(s, w)| (Excerpt::of(s), s, w.as_str()))
        .collect();
    let mut group = level
        .primary_title(diagnostic.message.as_str())
        .element(snippet);
    for (cut, spot, words) in &others {
        group = group.element(
            Snippet::source(cut.text.as_str())
                .line_start(cut.line)
                .path(spot.source.path.as_str())
                .annotation(AnnotationKind::Context.span(cut.mark.clone()).label(*words)),
        );
    }
    renderer.render(&[group]) + "\n"
}

/// The line of a spot as text, since a source may be large, or not be text.
struct Excerpt {
    text: String,
    line: usize,
    mark: Range<usize>,
}

impl Excerpt {
    fn of(spot: &Spot) -> Excerpt {
        let all = &spot.source.text;
        let at = spot.span.start.min(all.len());
        let start = all[..at]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |i| i + 1);
        let end = all[at..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(all.len(), |i| at + i);
        // A line of megabytes is shown around the mark only.
        let start = start.max(at.saturating_sub(limits::EXCERPT / 2));
        let end = end.min(at + limits::EXCERPT / 2).max(at);
        let stop = spot.span.end.clamp(at, end);
        let clean = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(['\r', '\0'], "\u{fffd}");
        let (before, marked, after) = (
            clean(&all[start..at]),
            clean(&all[at..stop]),
            clean(&all[stop..end]),
        );
        let mark = before.len()..before.len() + marked.len();
        Excerpt {
            text: before + &marked + &after,
            line: spot.source.line_column(at).0,
            mark,
        }
    }
}
