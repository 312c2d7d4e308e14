//! Host identities: algorithm, tag, key, rendezvous servers (RFC 8005 §6).

use super::base::{self, Base, too_long};
use super::data::{Data, Line, Why};
use super::read::octet;
use crate::limits;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// Algorithm, tag and key in one word each, then names to the end.
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    // Lengths stand before the tag and the key.
    out.push(0);
    octet(words, "the algorithm", out)?;
    out.extend([0, 0]);
    base::word(Base::Hex, words, "the host identity tag", out)?;
    let tag = out.len() - start - 4;
    let Ok(tag_length) = u8::try_from(tag) else {
        let message = format!("the host identity tag has {tag} octets, and 255 is the most");
        let span = words.last().map_or(0..0, |word| word.span.clone());
        return Err(Fault::new(&span, message, "shorten it"));
    };
    base::word(Base::Base64, words, "the key", out)?;
    let span = words.last().map_or(0..0, |word| word.span.clone());
    let key = out.len() - start - 4 - tag;
    let [high, low] = u16::try_from(key)
        .map_err(|_| too_long(&span))?
        .to_be_bytes();
    if let Some(head) = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        let [_, algorithm, ..]: [u8; 4] = *head;
        *head = [tag_length, algorithm, high, low];
    }
    while let Some(word) = words.peek() {
        words.host_to("a rendezvous server", out)?;
        if out.len() - start > limits::RDATA {
            return Err(too_long(&word.span));
        }
    }
    Ok(())
}

/// Shows all of it.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let [tag, algorithm, high, low] = data.array("the algorithm")?;
    line.next(algorithm);
    let tag = data.take(usize::from(tag), "the host identity tag")?;
    let key = data.take(usize::from(u16::from_be_bytes([high, low])), "the key")?;
    line.digits(Base::Hex, tag);
    line.digits(Base::Base64, key);
    while !data.is_empty() {
        line.name(data.name("a rendezvous server")?);
    }
    Ok(())
}
