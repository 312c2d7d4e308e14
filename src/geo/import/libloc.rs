//! The text of libloc (Debian: `location dump`): blocks of `key: value`, each block one network or one AS.

use std::ops::Range;
use std::sync::Arc;

use super::said::{Coded, Said, coded};
use super::{Import, Line};
use crate::diagnostic::Source;
use crate::prefix::{Prefix, PrefixError};

/// Whether a line begins a block.
pub(super) fn begins(line: &str) -> bool {
    matches!(pair(line), Some(("net" | "aut-num", value, _)) if !value.is_empty())
}

/// Key, value, and where the value stands.
fn pair(line: &str) -> Option<(&str, &str, Range<usize>)> {
    let (key, rest) = line.split_once(':')?;
    let value = rest.trim();
    let end = line.trim_end().len();
    Some((key, value, end - value.len()..end))
}

/// The block that is being read.
#[derive(Default)]
pub(super) struct Reader {
    open: Option<(Prefix, Said)>,
    /// Number and start of its first line.
    at: (usize, usize),
    kind: Block,
}

#[derive(Default, PartialEq)]
enum Block {
    /// Between blocks.
    #[default]
    None,
    /// A name for an AS number; it says nothing of networks.
    System,
    Network,
}

impl Reader {
    pub(super) fn line(&mut self, import: &mut Import, text: u16, line: &Line<'_>) {
        if line.text.starts_with('#') {
            return;
        }
        if line.text.is_empty() {
            self.close(import, text, line.source);
            return;
        }
        let Some((key, value, part)) = pair(line.text) else {
            import.wrong(
                line,
                line.whole(),
                "no `key: value`",
                "write what `location dump` writes",
            );
            return;
        };
        match (&self.kind, key) {
            (Block::None, "aut-num") => self.kind = Block::System,
            (Block::System, "name") => {}
            (_, "net") => {
                self.close(import, text, line.source);
                (self.kind, self.at) = (Block::Network, (line.number, line.start));
                match value.parse::<Prefix>() {
                    Ok(prefix) => self.open = Some((prefix, Said::default())),
                    Err(error) => {
                        import.wrong(line, part, not_network(value, error), advice(error))
                    }
                }
            }
            (Block::Network, "country") => {
                let (said, kind) = coded(value);
                if kind == Coded::Odd {
                    import.odd(value);
                }
                if let Some((_, open)) = &mut self.open {
                    (open.country, open.continent) = (said.country, said.continent);
                }
            }
            (Block::Network, "aut-num") => {
                let number = value.strip_prefix("AS").unwrap_or(value).parse().ok();
                if number.is_none() {
                    let message = format!("`{value}` is not an AS number");
                    import.wrong(line, part, message, "write a number from 1 to 4294967295");
                }
                if let Some((_, open)) = &mut self.open {
                    open.system = number.filter(|number| *number > 0);
                }
            }
            // What kind of network it is says nothing of where it is.
            (
                Block::Network,
                "is-anonymous-proxy" | "is-satellite-provider" | "is-anycast" | "drop",
            ) => {}
            _ => {
                let message = format!("`{key}` is not expected here");
                let advice =
                    "a block is `net` with `country` and `aut-num`, or `aut-num` with `name`";
                import.wrong(line, 0..key.len(), message, advice);
            }
        }
    }

    fn close(&mut self, import: &mut Import, text: u16, source: &Arc<Source>) {
        self.kind = Block::None;
        if let Some((prefix, said)) = self.open.take() {
            let (number, start) = self.at;
            let words = source.text.get(start..).unwrap_or_default();
            let end = words.iter().position(|octet| *octet == b'\n');
            let words = words.get(..end.unwrap_or(words.len())).unwrap_or_default();
            let line = Line {
                source,
                number,
                start,
                text: std::str::from_utf8(words).unwrap_or_default(),
            };
            import.network(text, &line, prefix, said);
        }
    }

    pub(super) fn end(&mut self, import: &mut Import, text: u16, source: &Arc<Source>) {
        self.close(import, text, source);
    }
}

/// What is wrong with a text that should be a network.
pub(super) fn not_network(text: &str, error: PrefixError) -> String {
    match error {
        PrefixError::Form => format!("`{text}` is not a network"),
        PrefixError::Length => format!("the length of `{text}` is beyond its family's"),
        PrefixError::Bits(prefix) => format!("`{text}` has bits set beyond /{}", prefix.len()),
    }
}

/// What to write instead.
pub(super) fn advice(error: PrefixError) -> String {
    match error {
        PrefixError::Bits(prefix) => format!("did you mean `{prefix}`?"),
        _ => "write `192.0.2.0/24` or `2001:db8::/32`".into(),
    }
}
