//! The answer for a client whose network was sent too much: nothing but the word to come back over TCP, or with a cookie.

use crate::answer::{Client, Turn, deny};
use crate::wire::cookie::Trust;
use crate::wire::edns::{Edns, Wishes};
use crate::wire::kind::Rcode;
use crate::wire::query::{self, Fault};
use crate::world::World;

/// An empty answer; its length, or 0 if the query cannot be read. Who knows cookies gets one with BADCOOKIE, and is never
/// limited when it comes again with that (RFC 7873 §5.2.3); all others get TC. Nothing is counted.
pub fn slip(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    message: &[u8],
    out: &mut [u8],
) -> usize {
    let Ok(query) = query::parse(message, turn.asked) else {
        return 0;
    };
    let (rcode, edns) = match turn.trust {
        Trust::New | Trust::Wrong => (Rcode::BadCookie, query.edns),
        Trust::None | Trust::Valid => {
            // What it asks of us can wait: this is to be short.
            let bare = |terms| Edns {
                cookie: None,
                wishes: Wishes::default(),
                ..terms
            };
            (Rcode::NoError, query.edns.map(bare))
        }
    };
    let fault = Fault {
        rcode,
        edns,
        why: None,
        key: None,
    };
    let length = deny(world, client, turn, (message, query.end), &fault, out);
    if let (Rcode::NoError, Some(flags)) = (rcode, out.get_mut(2)) {
        *flags |= 0x02;
    }
    length
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;
    use crate::answer::Transport;
    use crate::answer::tests::world;
    use crate::stats::Counters;
    use crate::wire::asked::{Asked, Seed};

    const QUERY: &[u8] =
        b"\x12\x34\x01\x10\x00\x01\x00\x00\x00\x00\x00\x00\x03wWw\x07example\x00\x00\x10\x00\x01";
    const OPT: &[u8] = b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00";

    fn slipped(message: &[u8]) -> Vec<u8> {
        let client = Client {
            addr: ([192, 0, 2, 1], 5_353).into(),
            transport: Transport::Udp,
        };
        let mut out = [0xAA; 512];
        let counters = Counters::default();
        let mut asked = Asked::new(Seed::default());
        let mut turn = Turn::new(0, &counters, &mut asked);
        let length = slip(&world(), client, &mut turn, message, &mut out);
        out[..length].to_vec()
    }

    #[test]
    fn tc_the_question_and_opt_are_all() {
        let plain = slipped(QUERY);
        assert_eq!(
            plain[..12],
            [0x12, 0x34, 0x83, 0x10, 0, 1, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(plain[12..], QUERY[12..]);
        let mut query = [QUERY, OPT].concat();
        query[11] = 1;
        let with = slipped(&query);
        assert_eq!(with.len(), query.len());
        assert_eq!((with[2], with[11]), (0x83, 1));
        assert_eq!(with[QUERY.len()..][..3], OPT[..3]);
    }

    #[test]
    fn what_cannot_be_read_is_not_answered() {
        for end in 0..QUERY.len() {
            assert!(slipped(&QUERY[..end]).is_empty(), "{end}");
        }
        let mut response = QUERY.to_vec();
        response[2] |= 0x80;
        assert!(slipped(&response).is_empty());
    }
}
