//! Who may sit at the table: how many connections are open, in all and for each client network.
//!
//! A newcomer always gets a seat. If there is none, the connection that has waited longest without a query gives way: of the
//! same network if that is full, else of all. So thousands of clients that hold half a message each cannot lock anyone out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;

use tokio::sync::oneshot;

use crate::limits;
use crate::prefix::Prefix;

/// How many are let in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    /// In all.
    pub(super) total: usize,
    /// From one client network.
    pub(super) network: usize,
}

/// The seats of one thread.
pub(super) struct Quota {
    caps: Caps,
    seats: RefCell<Seats>,
}

/// Every seat has the number of its last activity: it is its key, and its age among all.
#[derive(Default)]
struct Seats {
    last: u64,
    all: BTreeMap<u64, Sitter>,
    networks: HashMap<Prefix, BTreeSet<u64>>,
}

struct Sitter {
    network: Prefix,
    /// Dropped or used, it tells the connection to go.
    farewell: oneshot::Sender<()>,
}

impl Seats {
    fn put(&mut self, sitter: Sitter) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.networks
            .entry(sitter.network)
            .or_default()
            .insert(self.last);
        self.all.insert(self.last, sitter);
        self.last
    }

    fn take(&mut self, number: u64) -> Option<Sitter> {
        let sitter = self.all.remove(&number)?;
        if let Some(numbers) = self.networks.get_mut(&sitter.network) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.networks.remove(&sitter.network);
            }
        }
        Some(sitter)
    }

    fn of(&self, network: Prefix) -> usize {
        self.networks.get(&network).map_or(0, BTreeSet::len)
    }

    fn evict(&mut self, number: Option<u64>) -> Evicted {
        match number.and_then(|number| self.take(number)) {
            Some(sitter) => {
                // A connection that is just ending does not listen any more.
                let _ = sitter.farewell.send(());
                Evicted::One
            }
            None => Evicted::None,
        }
    }
}

/// Whether a seat was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evicted {
    /// Yes.
    One,
    /// There was no one to send away.
    None,
}

impl Quota {
    pub(super) fn new(caps: Caps) -> Rc<Quota> {
        Rc::new(Quota {
            caps,
            seats: RefCell::default(),
        })
    }

    /// A seat for a client, and the word that it must be left.
    pub(super) fn admit(self: &Rc<Quota>, client: IpAddr) -> (Seat, oneshot::Receiver<()>) {
        let network = match client {
            IpAddr::V4(_) => Prefix::around(client, limits::TCP_NETWORK_V4),
            IpAddr::V6(_) => Prefix::around(client, limits::TCP_NETWORK_V6),
        };
        let mut seats = self.seats.borrow_mut();
        if seats.of(network) >= self.caps.network {
            let oldest = seats
                .networks
                .get(&network)
                .and_then(|n| n.first().copied());
            seats.evict(oldest);
        } else if seats.all.len() >= self.caps.total {
            let oldest = seats.all.keys().next().copied();
            seats.evict(oldest);
        }
        let (farewell, word) = oneshot::channel();
        let number = Cell::new(seats.put(Sitter { network, farewell }));
        (
            Seat {
                quota: self.clone(),
                network,
                number,
            },
            word,
        )
    }

    /// Sends the longest idle away.
    pub(super) fn evict(&self) -> Evicted {
        let mut seats = self.seats.borrow_mut();
        let oldest = seats.all.keys().next().copied();
        seats.evict(oldest)
    }
}

/// A place at the table, free again when it is dropped.
pub(super) struct Seat {
    quota: Rc<Quota>,
    network: Prefix,
    number: Cell<u64>,
}

impl Seat {
    /// It was active: a query was answered. Octets alone are no activity, else trickling them would hold the seat.
    pub(super) fn touch(&self) {
        let mut seats = self.quota.seats.borrow_mut();
        if let Some(sitter) = seats.take(self.number.get()) {
            self.number.set(seats.put(sitter));
        }
    }

    /// Whether more than three quarters of all seats, or of those of its network, are taken.
    pub(super) fn is_crowded(&self) -> bool {
        let (seats, caps) = (self.quota.seats.borrow(), self.quota.caps);
        let most = |taken: usize, cap: usize| taken > cap - cap / 4;
        most(seats.all.len(), caps.total) || most(seats.of(self.network), caps.network)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.quota.seats.borrow_mut().take(self.number.get());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_idle_gives_way() {
        let quota = Quota::new(Caps {
            total: 3,
            network: 3,
        });
        let (a, mut a_word) = quota.admit(ip("192.0.2.1"));
        let (b, mut b_word) = quota.admit(ip("198.51.100.1"));
        let (_c, mut c_word) = quota.admit(ip("203.0.113.1"));
        a.touch();
        let (_d, _d_word) = quota.admit(ip("2001:db8::1"));
        assert!(a_word.try_recv().is_err() && c_word.try_recv().is_err());
        assert!(b_word.try_recv().is_ok());
        // Who was sent away does not come back by a late answer, and frees no second seat.
        b.touch();
        drop(b);
        assert_eq!(quota.seats.borrow().all.len(), 3);
    }

    #[test]
    fn a_full_network_makes_room_among_its_own() {
        let quota = Quota::new(Caps {
            total: 10,
            network: 2,
        });
        let (_old, mut old_word) = quota.admit(ip("2001:db8:0:100::1"));
        let (_a, mut a_word) = quota.admit(ip("2001:db8:0:200::1"));
        let (_b, mut b_word) = quota.admit(ip("2001:db8:0:2ff::1"));
        let (_c, _c_word) = quota.admit(ip("2001:db8:0:2aa::1"));
        assert!(old_word.try_recv().is_err() && b_word.try_recv().is_err());
        assert!(a_word.try_recv().is_ok());
    }

    #[test]
    fn seats_are_freed_and_networks_forgotten() {
        let quota = Quota::new(Caps {
            total: 2,
            network: 2,
        });
        let (seat, _word) = quota.admit(ip("192.0.2.1"));
        drop(seat);
        let seats = quota.seats.borrow();
        assert!(seats.all.is_empty() && seats.networks.is_empty());
    }

    #[test]
    fn crowded_is_more_than_three_quarters() {
        let quota = Quota::new(Caps {
            total: 100,
            network: 4,
        });
        let kept: Vec<_> = (0..3).map(|_| quota.admit(ip("192.0.2.1"))).collect();
        assert!(!kept[0].0.is_crowded());
        let (last, _word) = quota.admit(ip("192.0.2.200"));
        assert!(last.is_crowded());
        let (other, _word) = quota.admit(ip("198.51.100.1"));
        assert!(!other.is_crowded());
    }

    #[test]
    fn eviction_says_when_no_one_is_left() {
        let quota = Quota::new(Caps {
            total: 2,
            network: 2,
        });
        let (_seat, _word) = quota.admit(ip("192.0.2.1"));
        assert_eq!(quota.evict(), Evicted::One);
        assert_eq!(quota.evict(), Evicted::None);
    }
}
