//! What an operator wants of a VIP or a site: the JSON body of `/v1/vips/{vip}/state`, and every mistake in it.
//!
//! | field | kind | |
//! |---|---|---|
//! | `state` | `"up"`, `"down"`, `"drain"`, `"hold"` or `"auto"` | required; `auto` takes the order away |
//! | `why` | a line of text | required |
//! | `for` | `"30m"`, `"1h"`, `"2d"` | when the order ends; required for `up` and `hold`, there 7 days at most, else 366 |
//! | `over` | `"30m"` | with `drain` only: how long its four steps take together, 4 s to a day |
//! | `force` | `true` or `false` | whether the brake has no say |

use std::collections::BTreeMap;
use std::sync::Arc;

use super::field;
use super::mistake::{Mistakes, meant, quote};
use super::tree::Tree;
use super::{Mistake, fields, parse};
use crate::health::orders::{Order, Press, Want};
use crate::limits;

/// What an operator wants, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What is ordered; nothing takes an order away.
    pub want: Option<Want>,
    /// In the operator's words.
    pub why: Arc<str>,
    /// After how many seconds it ends.
    pub lasts: Option<u64>,
    /// In how many seconds a drain comes about; at once if 0.
    pub over: u64,
    /// Whether the brake has a say.
    pub press: Press,
}

impl Wish {
    /// The order that `who` gives at `now` by it; nothing if one is to be taken away.
    pub fn order(&self, who: &Arc<str>, now: u64) -> Option<Order> {
        Some(Order {
            want: self.want?,
            over: self.over,
            who: who.clone(),
            why: self.why.clone(),
            at: now,
            until: self.lasts.map(|lasts| now.saturating_add(lasts)),
            press: self.press,
            held: BTreeMap::new(),
        })
    }
}

const SHAPE: &str =
    r#"send {"state": "drain", "why": "...", "for": "1h", "over": "30m", "force": false}"#;

/// The body; the caller bounds its length. Errors: all mistakes, at least one.
pub fn wish(body: &[u8]) -> Result<Wish, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let tree = parse(body, &mut mistakes);
    let wish = tree.and_then(|tree| read(&tree, &mut mistakes));
    mistakes.finish(wish)
}

fn read(tree: &Tree, mistakes: &mut Mistakes) -> Option<Wish> {
    const KNOWN: [&str; 5] = ["state", "why", "for", "over", "force"];
    let [want, why, lasts, over, force] = fields(tree, "$", KNOWN, SHAPE, mistakes)?;
    let want = state(want, mistakes);
    let why = reason(why, mistakes);
    let lasts = end(lasts, want, mistakes);
    let over = steps(over, want, mistakes);
    if let (Some(Some(lasts)), Some(over)) = (lasts, over)
        && over > lasts
    {
        let advice = "let it take less time, or last longer";
        let message = "the order would end before the drain has come about";
        mistakes.add("$.over", message, advice);
    }
    let press = match force {
        None | Some(Tree::Truth(false)) => Some(Press::Heed),
        Some(Tree::Truth(true)) => Some(Press::Force),
        Some(other) => {
            let message = format!("expected true or false, found {}", other.kind());
            mistakes.add("$.force", message, "leave it out if the brake has a say");
            None
        }
    };
    Some(Wish {
        want: want?,
        why: why?,
        lasts: lasts?,
        over: over?,
        press: press?,
    })
}

fn state(tree: Option<&Tree>, mistakes: &mut Mistakes) -> Option<Option<Want>> {
    const WORDS: [&str; 5] = ["up", "down", "drain", "hold", "auto"];
    const ADVICE: &str = "one of \"up\", \"down\", \"drain\", \"hold\", \"auto\"";
    let said = match tree {
        Some(Tree::Text(word)) if word == "auto" => return Some(None),
        Some(Tree::Text(word)) => word,
        Some(other) => {
            let message = format!("expected a state, found {}", other.kind());
            mistakes.add("$.state", message, ADVICE);
            return None;
        }
        None => {
            mistakes.add("$", "`state` is missing", ADVICE);
            return None;
        }
    };
    let want = Want::of(said);
    if want.is_none() {
        let meant = meant(said, &WORDS);
        let advice = meant.map_or_else(|| ADVICE.to_owned(), |m| format!("did you mean \"{m}\"?"));
        let message = format!("{} cannot be ordered", quote(said));
        mistakes.add("$.state", message, advice);
    }
    want.map(Some)
}

fn reason(tree: Option<&Tree>, mistakes: &mut Mistakes) -> Option<Arc<str>> {
    let advice = format!(
        "say in one line, of at most {} octets, what others must know when they find it so",
        limits::REASON
    );
    let message = match tree {
        None => {
            mistakes.add("$", "`why` is missing", advice);
            return None;
        }
        Some(Tree::Text(text)) => {
            let line = text.trim();
            // It goes to logs and terminals.
            if !line.is_empty() && text.len() <= limits::REASON && !line.contains(char::is_control)
            {
                return Some(Arc::from(line));
            }
            if line.is_empty() {
                "it says nothing".to_owned()
            } else {
                format!("{} is too long, or no line of text", quote(line))
            }
        }
        Some(other) => format!("expected a reason, found {}", other.kind()),
    };
    mistakes.add("$.why", message, advice);
    None
}

/// After how many seconds the order ends.
fn end(
    tree: Option<&Tree>,
    want: Option<Option<Want>>,
    mistakes: &mut Mistakes,
) -> Option<Option<u64>> {
    let bold = matches!(want, Some(Some(Want::Up | Want::Hold)));
    let most = if bold {
        limits::ORDER_BOLD
    } else {
        limits::ORDER_LONG
    };
    let advice = format!("a duration from \"1s\" to \"{}d\"", most / 86_400);
    match (tree, want) {
        (None, Some(Some(want))) if bold => {
            let message = format!(
                "\"{}\" needs an end: `for` is missing, and what is reported would not count for ever",
                want.word()
            );
            mistakes.add("$", message, advice);
            None
        }
        (None, _) => Some(None),
        (Some(_), Some(None)) => {
            let message = "\"auto\" is no order, so it has no end";
            mistakes.add("$.for", message, "leave `for` out");
            None
        }
        (Some(tree), _) => seconds(tree, "$.for", 1..=most, advice, mistakes).map(Some),
    }
}

/// In how many seconds a drain comes about.
fn steps(tree: Option<&Tree>, want: Option<Option<Want>>, mistakes: &mut Mistakes) -> Option<u64> {
    let Some(tree) = tree else { return Some(0) };
    if matches!(want, Some(want) if want != Some(Want::Drain)) {
        let message = "only a \"drain\" takes its time";
        mistakes.add("$.over", message, "leave `over` out");
        return None;
    }
    let advice =
        "the time of its four steps together, from \"4s\" to \"1d\"; leave it out to drain at once";
    let range = limits::DRAIN_STEPS..=limits::DRAIN_OVER;
    seconds(tree, "$.over", range, advice.to_owned(), mistakes)
}

fn seconds(
    tree: &Tree,
    at: &str,
    range: std::ops::RangeInclusive<u64>,
    advice: String,
    mistakes: &mut Mistakes,
) -> Option<u64> {
    let message = match tree {
        Tree::Text(text) => {
            let seconds = field::seconds(text).filter(|seconds| range.contains(seconds));
            if seconds.is_some() {
                return seconds;
            }
            format!("{} is not such a duration", quote(text))
        }
        other => format!("expected a duration such as \"1h\", found {}", other.kind()),
    };
    mistakes.add(at, message, advice);
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        let read = |body: &str| wish(body.as_bytes()).unwrap();
        let drain =
            read(r#"{"state":"drain","why":" disks ","for":"1h","over":"30m","force":true}"#);
        let wanted = Wish {
            want: Some(Want::Drain),
            why: Arc::from("disks"),
            lasts: Some(3_600),
            over: 1_800,
            press: Press::Force,
        };
        assert_eq!(drain, wanted);
        let order = drain.order(&Arc::from("ops"), 100).unwrap();
        assert_eq!(
            (order.at, order.until, order.over),
            (100, Some(3_700), 1_800)
        );
        let auto = read(r#"{"state":"auto","why":"done","force":false}"#);
        assert_eq!((auto.want, auto.press), (None, Press::Heed));
        assert_eq!(auto.order(&Arc::from("ops"), 100), None);
        assert_eq!(
            read(r#"{"state":"hold","why":"x","for":"7d"}"#).lasts,
            Some(604_800)
        );
        assert_eq!(
            read(r#"{"state":"down","why":"x","for":"366d"}"#).lasts,
            Some(31_622_400)
        );
        assert_eq!(read(r#"{"state":"down","why":"x"}"#).lasts, None);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let long = format!(r#"{{"state":"down","why":"{}"}}"#, "x".repeat(1_001));
        let table: [(&str, &[(&str, &str)]); 13] = [
            ("", &[("$", "not JSON")]),
            ("[]", &[("$", "expected an object, found a list")]),
            (
                "{}",
                &[("$", "`state` is missing"), ("$", "`why` is missing")],
            ),
            (
                r#"{"state":"drian","why":"","for":"1","over":1,"force":"yes","until":3}"#,
                &[
                    ("$", "unknown field \"until\""),
                    ("$.state", "\"drian\" cannot be ordered"),
                    ("$.why", "it says nothing"),
                    ("$.for", "\"1\" is not such a duration"),
                    ("$.over", "found a number"),
                    ("$.force", "expected true or false, found a string"),
                ],
            ),
            (
                r#"{"state":"up","why":"x"}"#,
                &[("$", "\"up\" needs an end")],
            ),
            (
                r#"{"state":"hold","why":"x"}"#,
                &[("$", "\"hold\" needs an end")],
            ),
            (
                r#"{"state":"up","why":"x","for":"8d","over":"8s"}"#,
                &[
                    ("$.for", "\"8d\" is not such a duration"),
                    ("$.over", "only a \"drain\""),
                ],
            ),
            (
                r#"{"state":"auto","why":"x","for":"1d"}"#,
                &[("$.for", "no order, so it has no end")],
            ),
            (
                r#"{"state":"drain","why":"x","for":"10s","over":"11s"}"#,
                &[("$.over", "would end before")],
            ),
            (
                r#"{"state":"drain","why":"x","for":"0s","over":"3s"}"#,
                &[("$.for", "not such"), ("$.over", "not such")],
            ),
            (
                r#"{"state":"down","why":"a\nb"}"#,
                &[("$.why", "no line of text")],
            ),
            (
                r#"{"state":3,"why":4}"#,
                &[("$.state", "a number"), ("$.why", "a number")],
            ),
            (&long, &[("$.why", "too long")]),
        ];
        for (body, wanted) in table {
            let found = wish(body.as_bytes()).unwrap_err();
            assert_eq!(found.len(), wanted.len(), "{body}: {found:?}");
            for (mistake, (at, words)) in found.iter().zip(wanted) {
                assert_eq!(mistake.at, *at, "{body}: {mistake:?}");
                assert!(mistake.message.contains(words), "{body}: {mistake:?}");
                assert!(!mistake.advice.is_empty());
            }
        }
        let drian = wish(br#"{"state":"drian","why":"x"}"#).unwrap_err();
        assert_eq!(drian[0].advice, "did you mean \"drain\"?");
    }
}
