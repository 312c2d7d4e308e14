//! DNS cookies: the server's half, made and checked as every other server of the same secret does (RFC 7873, RFC 9018).

use std::fmt;
use std::net::IpAddr;

use siphasher::sip::SipHasher24;

use crate::limits;

/// Octets of a secret.
pub const SECRET: usize = 16;
/// Octets of the client's half (RFC 7873 §4).
pub const CLIENT: usize = 8;
/// Octets of a server's half as we make it (RFC 9018 §4).
pub const SERVER: usize = 16;

/// The method of RFC 9018 §4.1.
const VERSION: u8 = 1;
/// Seconds for which a server's half is good, and by how many it may come from the future (RFC 9018 §4.3).
const OLD: i32 = 3_600;
const EARLY: i32 = 300;
/// Seconds after which a good one is replaced (RFC 9018 §4.3).
const STALE: i32 = 1_800;

/// A COOKIE option as it came; its length is a legal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie<'a> {
    /// The client's half.
    pub client: &'a [u8; CLIENT],
    /// The server's half, 8 to 32 octets; empty if the client knows none.
    pub server: &'a [u8],
}

impl<'a> Cookie<'a> {
    /// Reads the option's data. RFC 7873 §5.2.2: any other length is malformed.
    pub fn read(data: &'a [u8]) -> Option<Cookie<'a>> {
        let (client, server) = data.split_first_chunk()?;
        matches!(server.len(), 0 | 8..=32).then_some(Cookie { client, server })
    }
}

/// What a query's cookie says of its sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// There is none, or the server has no secrets.
    #[default]
    None,
    /// The client has not yet learned its server's half.
    New,
    /// The server's half is not ours, is of another address, or is too old.
    Wrong,
    /// We gave it to this address: the sender is not forged.
    Valid,
}

/// The secrets of the server: the first makes new cookies, all are accepted (RFC 9018 §5). Without any, cookies are
/// passed over as by a server that knows of none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<[u8; SECRET]>);

impl fmt::Debug for Secrets {
    /// Without the secrets, wherever it is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// These, of which [`limits::COOKIE_SECRETS`] count.
    pub fn new(mut secrets: Vec<[u8; SECRET]>) -> Secrets {
        secrets.truncate(limits::COOKIE_SECRETS);
        Secrets(secrets)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is known of the sender, and the server's half that goes back; nothing without secrets.
    pub fn judge(
        &self,
        cookie: &Cookie<'_>,
        sender: IpAddr,
        now: u64,
    ) -> Option<(Trust, [u8; SERVER])> {
        let first = self.0.first()?;
        // Seconds are counted in a circle (RFC 9018 §4.3, RFC 1982 §3.2).
        let now = now as u32;
        let mut trust = if cookie.server.is_empty() {
            Trust::New
        } else {
            Trust::Wrong
        };
        if let Some(server) = cookie.server.first_chunk::<SERVER>()
            && cookie.server.len() == SERVER
            && let [VERSION, a, b, c, t0, t1, t2, t3, hash @ ..] = server
        {
            let age = now.wrapping_sub(u32::from_be_bytes([*t0, *t1, *t2, *t3])) as i32;
            if (-EARLY..=OLD).contains(&age) {
                let input = Input::new(cookie.client, &server[..8], sender);
                let ours = self.0.iter().position(|s| input.hash(s) == *hash);
                // One that we would make today goes back as it came.
                if ours == Some(0) && [*a, *b, *c] == [0; 3] && (0..=STALE).contains(&age) {
                    return Some((Trust::Valid, *server));
                }
                if ours.is_some() {
                    trust = Trust::Valid;
                }
            }
        }
        Some((trust, make(first, cookie.client, sender, now)))
    }
}

/// A server's half (RFC 9018 §4).
fn make(secret: &[u8; SECRET], client: &[u8; CLIENT], sender: IpAddr, now: u32) -> [u8; SERVER] {
    let mut server = [0; SERVER];
    server[0] = VERSION;
    server[4..8].copy_from_slice(&now.to_be_bytes());
    let hash = Input::new(client, &server[..8], sender).hash(secret);
    server[8..].copy_from_slice(&hash);
    server
}

/// What is hashed (RFC 9018 §4.4): the client's half, the head of the server's, the client's address.
struct Input {
    octets: [u8; CLIENT + 8 + 16],
    length: usize,
}

impl Input {
    fn new(client: &[u8; CLIENT], head: &[u8], sender: IpAddr) -> Input {
        let mut octets = [0; CLIENT + 8 + 16];
        octets[..CLIENT].copy_from_slice(client);
        octets[CLIENT..16].copy_from_slice(head);
        let length = match sender.to_canonical() {
            IpAddr::V4(addr) => {
                octets[16..20].copy_from_slice(&addr.octets());
                20
            }
            IpAddr::V6(addr) => {
                octets[16..].copy_from_slice(&addr.octets());
                32
            }
        };
        Input { octets, length }
    }

    fn hash(&self, secret: &[u8; SECRET]) -> [u8; 8] {
        let hasher = SipHasher24::new_with_key(secret);
        hasher.hash(&self.octets[..self.length]).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "e5e973e5a6b2a43f48e7dc849e37bfcf";
    const NOW: u64 = 1_559_731_985;

    fn octets(hex: &str) -> Vec<u8> {
        let digit = |c: &u8| (*c as char).to_digit(16).unwrap() as u8;
        let pair = |p: &[u8]| digit(&p[0]) << 4 | digit(&p[1]);
        hex.as_bytes().chunks(2).map(pair).collect()
    }

    fn secrets(hex: &[&str]) -> Secrets {
        Secrets::new(hex.iter().map(|h| octets(h).try_into().unwrap()).collect())
    }

    /// The trust, and the server's half in hexadecimal.
    fn judge(hex: &[&str], cookie: &str, sender: &str, now: u64) -> (Trust, String) {
        let cookie = octets(cookie);
        let cookie = Cookie::read(&cookie).unwrap();
        let judged = secrets(hex).judge(&cookie, sender.parse().unwrap(), now);
        let (trust, server) = judged.unwrap();
        (trust, server.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// RFC 9018, appendix A.
    #[test]
    fn the_vectors_of_the_standard() {
        let old = "dd3bdf9344b678b185a6f5cb60fca715";
        let new = "445536bcd2513298075a5d379663c962";
        let (v4, six) = ("198.51.100.100", "2001:db8:220:1:59de:d0f4:8769:82b8");
        let table = [
            (
                &[ONE][..],
                "2464c4abcf10c957",
                v4,
                NOW,
                Trust::New,
                "010000005cf79f111f8130c3eee29480",
            ),
            (
                &[ONE][..],
                "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
                v4,
                NOW + 2_400,
                Trust::Valid,
                "010000005cf7a871d4a564a1442aca77",
            ),
            // By §4.3 it is too old after two hours; what goes back is the same.
            (
                &[ONE][..],
                "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
                "203.0.113.203",
                1_559_734_700,
                Trust::Wrong,
                "010000005cf7a9acf73a7810aca2381e",
            ),
            (
                &[new, old],
                "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
                six,
                1_559_741_961,
                Trust::Valid,
                "010000005cf7c609a6bb79d16625507a",
            ),
        ];
        for (secrets, cookie, sender, now, trust, server) in table {
            let got = judge(secrets, cookie, sender, now);
            assert_eq!(got, (trust, server.to_string()), "{cookie}");
        }
        // When it was new, its reserved octets were no hindrance; zeros come back.
        let reserved = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
        let (trust, server) = judge(&[ONE], reserved, "203.0.113.203", 1_559_727_985);
        assert_eq!((trust, &server[..16]), (Trust::Valid, "010000005cf78f71"));
    }

    #[test]
    fn ages_and_senders() {
        let client = "2464c4abcf10c957";
        let sender = "198.51.100.100";
        let (_, server) = judge(&[ONE], client, sender, NOW);
        let cookie = format!("{client}{server}");
        let at = |seconds: i64| judge(&[ONE], &cookie, sender, NOW.wrapping_add_signed(seconds));
        for (seconds, trust) in [
            (-301, Trust::Wrong),
            (-300, Trust::Valid),
            (0, Trust::Valid),
            (3_600, Trust::Valid),
            (3_601, Trust::Wrong),
            (1 << 31, Trust::Wrong),
            // The circle of seconds closes.
            (1 << 32, Trust::Valid),
        ] {
            assert_eq!(at(seconds).0, trust, "{seconds}");
        }
        // Kept for half an hour, then a fresh one; one of the future is replaced at once.
        for (seconds, kept) in [(0, true), (1_800, true), (1_801, false), (-1, false)] {
            assert_eq!(at(seconds).1 == server, kept, "{seconds}");
        }
        let elsewhere = judge(&[ONE], &cookie, "198.51.100.101", NOW);
        assert_eq!(elsewhere.0, Trust::Wrong);
        let mapped = judge(&[ONE], &cookie, "::ffff:198.51.100.100", NOW);
        assert_eq!(mapped, (Trust::Valid, server));
    }

    #[test]
    fn a_changed_octet_is_wrong() {
        let (_, server) = judge(&[ONE], "2464c4abcf10c957", "192.0.2.1", NOW);
        let good = octets(&format!("2464c4abcf10c957{server}"));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let cookie = Cookie::read(&bad).unwrap();
            let judged = secrets(&[ONE]).judge(&cookie, "192.0.2.1".parse().unwrap(), NOW);
            assert_eq!(judged.map(|j| j.0), Some(Trust::Wrong), "{at}");
        }
        // Lengths that are legal, but not of ours.
        for length in [8, 15, 17, 32] {
            let server = vec![1; length];
            let cookie = Cookie {
                client: &[0; 8],
                server: &server,
            };
            let judged = secrets(&[ONE]).judge(&cookie, "192.0.2.1".parse().unwrap(), NOW);
            assert_eq!(judged.map(|j| j.0), Some(Trust::Wrong), "{length}");
        }
    }

    #[test]
    fn secrets_roll_over() {
        let (a, b) = ("00112233445566778899aabbccddeeff", ONE);
        let sender = "192.0.2.1";
        let (_, server) = judge(&[a], "2464c4abcf10c957", sender, NOW);
        let cookie = format!("2464c4abcf10c957{server}");
        // Another server has the new secret in reserve, then first, then alone (RFC 9018 §5).
        let (trust, same) = judge(&[a, b], &cookie, sender, NOW);
        assert_eq!((trust, &same), (Trust::Valid, &server));
        let (trust, fresh) = judge(&[b, a], &cookie, sender, NOW);
        assert!(trust == Trust::Valid && fresh != server);
        assert_eq!(judge(&[b], &cookie, sender, NOW).0, Trust::Wrong);
        let renewed = format!("2464c4abcf10c957{fresh}");
        assert_eq!(judge(&[b], &renewed, sender, NOW).0, Trust::Valid);
    }

    #[test]
    fn without_secrets_there_are_no_cookies() {
        let cookie = Cookie {
            client: &[0; 8],
            server: &[],
        };
        assert_eq!(
            Secrets::default().judge(&cookie, "192.0.2.1".parse().unwrap(), NOW),
            None
        );
        assert_eq!(format!("{:?}", secrets(&[ONE])), "Secrets(1)");
    }

    #[test]
    fn lengths() {
        let legal = |n: usize| n == 8 || (16..=40).contains(&n);
        for length in 0..=64 {
            assert_eq!(
                Cookie::read(&vec![1; length]).is_some(),
                legal(length),
                "{length}"
            );
        }
    }
}
