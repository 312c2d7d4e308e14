//! Rate limiting of UDP answers: nobody is sent much more than was sent in its name.
//!
//! A datagram's sender can be forged, and then the answer goes to a victim. Small answers do the victim no more harm than
//! the forger could do by itself, so they are free: up to one and a half times the query's octets, headers of IP and UDP
//! included, and up to twice if steering made them. All others are charged, octet by octet, to the address and to two
//! networks around it, each with its own rate; what any of them cannot pay is limited. IPv6 addresses count as their /64. So what is sent to a network
//! is at most 1.5 times what came from it (2 times, steered), its rate, and one burst.
//!
//! Only what was sent is charged. Who has shown that the address is its own, by TCP or a cookie, is never limited.

mod allow;
mod family;
mod table;
#[cfg(test)]
mod tests;
mod worst;

use std::net::IpAddr;

use crate::limits;
use crate::prefix::Prefix;
use allow::Allow;
use family::Family;
use table::Table;
use worst::Worst;

/// Whether answers are limited, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Not at all.
    Off,
    /// So.
    On(Terms),
}

impl Default for Rate {
    fn default() -> Rate {
        Rate::On(Terms::default())
    }
}

/// The terms that clients get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Answers of full size (1,280 octets with headers) a second to one address; smaller ones count as less.
    pub per_second: u32,
    /// Every so many limited answers one is sent empty, with TC, so that a real client comes back over TCP. 0: none.
    pub slip: u32,
    /// Networks that are never limited.
    pub allow: Vec<Prefix>,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            per_second: limits::RATE,
            slip: limits::RATE_SLIP,
            allow: Vec::new(),
        }
    }
}

/// How far a client has shown that it is where it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    None,
    /// It knows cookies, and would take one of ours (RFC 7873 §5.4).
    Offered,
    /// It sent a cookie that only it can have from us.
    Valid,
}

/// Who chose what is in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The zone file, or nobody.
    Zone,
    /// Steering: a few addresses, which all of a public resolver's clients ask for.
    Steering,
}

/// A query and the answer that was made for it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// Where the answer would go.
    pub client: IpAddr,
    /// What is known of that.
    pub proof: Proof,
    /// Octets of the query.
    pub query: usize,
    /// Octets of the answer.
    pub answer: usize,
    /// Who chose it.
    pub source: Source,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent.
    Send,
    /// Nothing is sent.
    Drop,
    /// An empty one is sent, which tells a real client how to come back.
    Slip,
}

/// What one worker remembers of the networks that it sends to: a table of fixed size, and the worst of them.
#[derive(Debug)]
pub struct Limiter {
    table: Table,
    v4: Family<32>,
    v6: Family<64>,
    allow: Allow,
    slip: u32,
    until_slip: u32,
    seen: u64,
    worst: Worst,
}

/// Octets of the headers of IP and UDP.
const HEADERS_V4: usize = 28;
const HEADERS_V6: usize = 48;

impl Limiter {
    /// For one of `workers` workers among whom the kernel spreads the queries of a client. `seeds` are of the system's
    /// entropy.
    pub fn new(terms: &Terms, workers: usize, seeds: [u64; 2]) -> Limiter {
        // Up to one and a half times the even share, for no client's queries are spread evenly.
        let octets = u64::from(terms.per_second) * limits::RATE_UNIT * 3;
        let octets = octets / (workers.max(1) as u64 * 2 + 1);
        let octets = octets.max(limits::RATE_UNIT);
        let mut state = seeds;
        Limiter {
            v4: Family::new(octets, &mut state),
            v6: Family::new(octets, &mut state),
            table: Table::new(),
            allow: Allow::new(&terms.allow),
            slip: terms.slip,
            until_slip: terms.slip,
            seen: 0,
            worst: Worst::default(),
        }
    }

    /// Says how late it is, in microseconds of any clock. One that steps back stands still, as far as this goes.
    pub fn tick(&mut self, micros: u64) {
        let elapsed = micros.saturating_sub(self.seen);
        self.seen = micros;
        self.table.advance(elapsed);
    }

    /// What becomes of an answer, which is charged if it is sent: at most some 150 instructions (`cargo bench --bench rate`).
    #[inline]
    pub fn judge(&mut self, exchange: &Exchange) -> Verdict {
        let headers = match exchange.client {
            IpAddr::V4(_) => HEADERS_V4,
            IpAddr::V6(_) => HEADERS_V6,
        };
        // No message is so long that these could overflow.
        let came = exchange.query.wrapping_add(headers);
        let goes = exchange.answer.wrapping_add(headers);
        let free = match exchange.source {
            Source::Zone => came.wrapping_add(came >> 1),
            Source::Steering => came << 1,
        };
        if goes <= free || exchange.proof == Proof::Valid {
            return Verdict::Send;
        }
        let octets = goes as u64;
        match exchange.client {
            IpAddr::V4(a) => {
                let key = u64::from(u32::from(a));
                match self.table.charge(&self.v4, key, octets) {
                    Ok(()) => Verdict::Send,
                    Err(full) => self.limit(exchange.client, full),
                }
            }
            IpAddr::V6(a) => {
                let key = (u128::from(a) >> 64) as u64;
                match self.table.charge(&self.v6, key, octets) {
                    Ok(()) => Verdict::Send,
                    Err(full) => self.limit(exchange.client, full),
                }
            }
        }
    }

    /// Limits an answer to this client for its network of this level and number.
    #[inline]
    fn limit(&mut self, client: IpAddr, (level, network): (usize, u64)) -> Verdict {
        if self.allow.contains(client) {
            return Verdict::Send;
        }
        self.worst.count(&client, level, network);
        self.slip()
    }

    /// What becomes of a limited answer.
    #[inline]
    fn slip(&mut self) -> Verdict {
        self.until_slip = self.until_slip.wrapping_sub(1);
        if self.until_slip != 0 {
            return Verdict::Drop;
        }
        self.until_slip = self.slip;
        match self.slip {
            // It was counted once round all numbers.
            0 => Verdict::Drop,
            _ => Verdict::Slip,
        }
    }

    /// The network with the most limited answers since this was last asked, and how many there were in all; at most once
    /// in [`limits::RATE_REPORT`] seconds.
    #[inline]
    pub fn report(&mut self) -> Option<(Prefix, u64)> {
        let (client, level, limited) = self.worst.take(self.seen)?;
        let (length, _) = *family::around(client).get(level)?;
        Some((Prefix::around(client, length), limited))
    }

    /// Octets that the table holds, whatever comes.
    pub fn memory(&self) -> usize {
        self.table.memory()
    }
}

/// Spreads a number's bits over all 64.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
