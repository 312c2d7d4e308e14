//! The data of records as a zone file would say it.

use super::message::Reader;
use crate::answer::records::compressed;
use crate::wire::kind::Kind;
use crate::zone;

/// The text of data. `inside` reads them where they stand in the message, so that names in them can point to what came
/// before.
pub(super) fn text(kind: Kind, data: &[u8], inside: Reader<'_>) -> String {
    let whole = uncompressed(kind, inside);
    let mut text = String::new();
    zone::presentation(kind, whole.as_deref().unwrap_or(data), &mut text);
    text
}

/// Data with the names in them written out. `None` if they are of a type whose names are never compressed, or are none.
fn uncompressed(kind: Kind, mut inside: Reader<'_>) -> Option<Vec<u8>> {
    let (before, names) = compressed(kind)?;
    let mut data = inside.take(before)?.to_vec();
    for _ in 0..names {
        data.extend_from_slice(inside.name()?.wire());
    }
    data.extend_from_slice(inside.rest());
    Some(data)
}
