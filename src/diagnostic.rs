//! What is wrong in a file, where, and what to do about it.
//!
//! Every parser returns what it understood plus a list of these; none stops at the first, logs or exits.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::limits;

/// A text that was read, under the path the operator knows it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// As the operator would type it: `zones/steering.toml`.
    pub path: String,
    /// The content, or the part of it that is still needed. Zone files may hold bytes that are not UTF-8.
    pub text: Vec<u8>,
    /// The number of its first line, from 1.
    pub first: usize,
    /// The column of its first character, from 1.
    pub column: usize,
}

impl Source {
    /// A source of `path` with this text.
    pub fn new(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Arc<Source> {
        Arc::new(Source {
            path: path.into(),
            text: text.into(),
            first: 1,
            column: 1,
        })
    }

    /// Line and column (in characters), both from 1, of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..offset.min(self.text.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() + self.first;
        (line, self.column(offset))
    }

    fn column(&self, offset: usize) -> usize {
        let before = &self.text[..offset.min(self.text.len())];
        let newline = before.iter().rposition(|b| *b == b'\n');
        let column = newline.map_or(self.column, |_| 1);
        let start = newline.map_or(0, |newline| newline + 1);
        String::from_utf8_lossy(&before[start..]).chars().count() + column
    }

    /// The part of a line that is shown of a mark at `at`: all of it, unless it is very long.
    fn excerpt(&self, at: usize) -> Range<usize> {
        let all = &self.text;
        let at = at.min(all.len());
        let start = all[..at].iter().rposition(|b| *b == b'\n');
        let start = start.map_or(0, |newline| newline + 1);
        let end = all[at..].iter().position(|b| *b == b'\n');
        let end = end.map_or(all.len(), |length| at + length);
        let mut from = start.max(at.saturating_sub(limits::EXCERPT / 2));
        // A character that began before would count, and show, as another one.
        while from > start && from < at && all[from] & 0xc0 == 0x80 {
            from += 1;
        }
        from..end.min(at + limits::EXCERPT / 2)
    }
}

/// What a file that names another means by that: the name as it is written, and the path of the file that has it.
pub type Include<'a> = dyn Fn(&str, &str) -> Result<Arc<Source>, Refusal> + 'a;

/// Why a file that another names cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as an error says it.
    pub message: String,
    /// What to do.
    pub advice: String,
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

    /// The same with only its first line kept of the text, and of a very long line the part that is shown, so that a
    /// diagnostic does not hold a whole zone file.
    #[must_use]
    pub fn cut(&self) -> Spot {
        self.cut_in(self.source.line_column(self.span.start).0)
    }

    /// The same, if the number of its line is known: to count lines takes time.
    #[must_use]
    pub fn cut_in(&self, first: usize) -> Spot {
        let at = self.span.start.min(self.source.text.len());
        let kept = self.source.excerpt(at);
        let column = self.source.column(kept.start);
        let source = Source {
            path: self.source.path.clone(),
            text: self.source.text[kept.clone()].to_vec(),
            first,
            column,
        };
        let end = self.span.end.clamp(at, kept.end.max(at));
        Spot {
            source: Arc::new(source),
            span: at - kept.start..end - kept.start,
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
    /// Other places that belong to it, each with a few words; those of `$INCLUDE` from the inside outwards.
    pub also: Vec<(Spot, String)>,
    /// How many mistakes this one stands for that were left out; 0 for one that is itself.
    pub more: usize,
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
            more: 0,
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
            more: 0,
        }
    }

    /// So many more of a severity, which are not told one by one. The spot says in which file.
    pub fn left_out(severity: Severity, more: usize, spot: Spot) -> Diagnostic {
        let plural = if more == 1 { "" } else { "s" };
        Diagnostic {
            severity,
            more,
            ..Diagnostic::error(
                spot,
                format!("{more} more {severity}{plural} left out"),
                "mend those before first",
            )
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
        let _ = write!(text, "{}: {}", self.severity, self.message);
        if !self.advice.is_empty() {
            let _ = write!(text, "; {}", self.advice);
        }
        text
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// How many errors and warnings there are, those included that were left out.
pub fn count(list: &[Diagnostic]) -> (usize, usize) {
    let of = |severity| {
        let of = list.iter().filter(|d| d.severity == severity);
        of.map(|d| d.more.max(1)).sum()
    };
    (of(Severity::Error), of(Severity::Warning))
}

/// Whether any of these refuses the estate.
pub fn any_error(list: &[Diagnostic]) -> bool {
    list.iter().any(Diagnostic::is_error)
}

/// The diagnostics as a compiler would show them: errors first, then by place, at most
/// [`limits::DIAGNOSTICS_SHOWN`] of them, the rest counted. Colours only if `colour`.
pub fn render(list: &[Diagnostic], colour: bool) -> String {
    let mut order: Vec<&Diagnostic> = list.iter().filter(|d| d.more == 0).collect();
    // Spots may be cut, so their octets say nothing.
    order.sort_by_cached_key(|d| {
        let place = |s: &Spot| (s.source.path.clone(), s.source.line_column(s.span.start));
        (d.severity, d.spot.as_ref().map(place))
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
    let left: usize = list.iter().map(|d| d.more).sum();
    let more = left + order.len().saturating_sub(limits::DIAGNOSTICS_SHOWN);
    if more > 0 {
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
        let Range { start, end } = spot.source.excerpt(at);
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

#[cfg(test)]
mod tests;
