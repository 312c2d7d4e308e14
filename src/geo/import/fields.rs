//! The fields of a line of CSV, with or without quotes (RFC 4180 §2).

use std::borrow::Cow;
use std::ops::Range;

/// A field without its quotes, and where it stands in the line.
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) part: Range<usize>,
}

/// The fields of a line; or where a quote is wrong.
pub(super) fn fields(line: &str) -> Result<Vec<Field<'_>>, usize> {
    let mut list = Vec::new();
    let mut start = 0;
    loop {
        let rest = line.get(start..).unwrap_or_default();
        let lead = rest.len() - rest.trim_start().len();
        if rest.trim_start().starts_with('"') {
            let open = start + lead;
            let (text, end) = quoted(line, open).ok_or(open)?;
            let behind = line.get(end..).unwrap_or_default();
            let gap = behind.len() - behind.trim_start().len();
            let part = open..end;
            list.push(Field { text, part });
            match behind.trim_start().chars().next() {
                None => return Ok(list),
                Some(',') => start = end + gap + 1,
                Some(_) => return Err(end + gap),
            }
            continue;
        }
        let end = rest.find(',').map_or(line.len(), |comma| start + comma);
        let whole = line.get(start..end).unwrap_or_default();
        let text = whole.trim();
        let from = start + (whole.len() - whole.trim_start().len());
        let part = from..from + text.len();
        let text = Cow::Borrowed(text);
        list.push(Field { text, part });
        if end == line.len() {
            return Ok(list);
        }
        start = end + 1;
    }
}

/// The text between the quote at `open` and its other one, and where it ends. Two quotes within are one.
fn quoted(line: &str, open: usize) -> Option<(Cow<'_, str>, usize)> {
    let mut at = open + 1;
    loop {
        at += line.get(at..)?.find('"')?;
        if !line.get(at + 1..)?.starts_with('"') {
            break;
        }
        at += 2;
    }
    let text = line.get(open + 1..at)?;
    let text = if text.contains('"') {
        Cow::Owned(text.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(text)
    };
    Some((text, at + 1))
}
