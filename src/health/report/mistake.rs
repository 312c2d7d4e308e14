//! What is wrong in a body of the feed, where, and what to do about it.

use serde::Serialize;

use crate::limits;

/// One mistake of a body. A reply lists them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where, as a JSON path: `$.reports[3].quality`; `$` is the whole body.
    pub at: String,
    /// What was found and what was expected.
    pub message: String,
    /// What to do.
    pub advice: String,
}

/// The mistakes of one body: the first [`limits::DIAGNOSTICS_SHOWN`], the rest counted.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    list: Vec<Mistake>,
    more: usize,
}

impl Mistakes {
    pub(super) fn add(&mut self, at: &str, message: impl Into<String>, advice: impl Into<String>) {
        if self.full() {
            self.more += 1;
        } else {
            self.list.push(Mistake {
                at: at.to_owned(),
                message: message.into(),
                advice: advice.into(),
            });
        }
    }

    /// Whether further ones are only counted.
    pub(super) fn full(&self) -> bool {
        self.list.len() >= limits::DIAGNOSTICS_SHOWN
    }

    /// `value`, if nothing was wrong.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<Mistake>> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => {
                if self.more > 0 {
                    let message = format!("and {} more mistakes", self.more);
                    self.list.push(Mistake {
                        at: "$".to_owned(),
                        message,
                        advice: "mend the first, then send again".to_owned(),
                    });
                }
                Err(self.list)
            }
        }
    }
}

/// What the sender wrote, short and in one line whatever it is.
pub(super) fn quote(text: &str) -> String {
    let cut: String = text
        .chars()
        .take(limits::NAME_LETTERS)
        .flat_map(char::escape_debug)
        .collect();
    let rest = if text.chars().nth(limits::NAME_LETTERS).is_some() {
        "…"
    } else {
        ""
    };
    format!("\"{cut}{rest}\"")
}

/// The word of `known` that was probably meant.
pub(super) fn meant<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters: Vec<char> = word
        .chars()
        .take(limits::NAME_LETTERS)
        .flat_map(char::to_lowercase)
        .collect();
    let (distance, best) = known.iter().map(|k| (edits(&letters, k), *k)).min()?;
    (distance <= 1 + best.len() / 4).then_some(best)
}

/// How many letters must be put in, taken out or changed.
pub(super) fn edits(word: &[char], known: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (line, letter) in known.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row
            .iter_mut()
            .zip(std::iter::once(None).chain(word.iter().map(Some)))
        {
            let Some(other) = other else {
                *cell = left;
                continue;
            };
            let changed = diagonal + usize::from(*other != letter);
            diagonal = *cell;
            left = changed.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
