//! Verdicts: what is in force for each VIP, and for each family of its addresses.

use std::sync::Arc;

/// The two families of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// A records.
    V4,
    /// AAAA records.
    V6,
}

impl Family {
    /// Both of them.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// As reports and replies write it.
    pub fn word(self) -> &'static str {
        match self {
            Family::V4 => "v4",
            Family::V6 => "v6",
        }
    }
}

/// What is in force for a VIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// How it counts.
    pub state: State,
    /// When that last changed, in seconds of the Unix epoch; 0 if nobody has ever spoken of it. Another quality of a
    /// degraded VIP is no such change: it comes with every report, and would keep the TTL short for ever.
    pub since: u64,
}

/// How a VIP counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has spoken of it: counts as up.
    Unknown,
    /// With its whole weight.
    Up,
    /// With this part of its weight, in parts of a million: 1 to 999 999.
    Degraded(u32),
    /// Alive, but to be left: only when nothing else is up.
    Drain,
    /// Not at all.
    Down,
}

impl State {
    /// As the feed and the replies write it.
    pub fn word(self) -> &'static str {
        match self {
            State::Unknown => "unknown",
            State::Up => "up",
            State::Degraded(_) => "degraded",
            State::Drain => "drain",
            State::Down => "down",
        }
    }

    /// How bad it is: 0 is as good as it gets. A quality less is worse.
    pub fn badness(self) -> u32 {
        match self {
            State::Unknown | State::Up => 0,
            State::Degraded(quality) => 1_000_000u32.saturating_sub(quality),
            State::Drain => 1_000_001,
            State::Down => 1_000_002,
        }
    }
}

impl Verdict {
    /// Nobody has spoken of it.
    pub const UNKNOWN: Verdict = Verdict {
        state: State::Unknown,
        since: 0,
    };

    /// The same with `state` in force from `now` on.
    pub fn becoming(self, state: State, now: u64) -> Verdict {
        let since = if self.state.word() == state.word() {
            self.since
        } else {
            now
        };
        Verdict { state, since }
    }
}

/// What is in force for the two addresses of a VIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Both {
    /// For its IPv4 address.
    pub v4: Verdict,
    /// For its IPv6 address.
    pub v6: Verdict,
}

impl Both {
    /// Nobody has spoken of it.
    pub const UNKNOWN: Both = Both::same(Verdict::UNKNOWN);

    /// The same for both.
    pub const fn same(verdict: Verdict) -> Both {
        Both {
            v4: verdict,
            v6: verdict,
        }
    }

    /// For one family.
    pub fn of(self, family: Family) -> Verdict {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// For one family, to be changed.
    pub fn of_mut(&mut self, family: Family) -> &mut Verdict {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// The better of the two: a VIP is lost only when both of its addresses are. Of two alike the later.
    pub fn best(self) -> Verdict {
        let (bad4, bad6) = (self.v4.state.badness(), self.v6.state.badness());
        let later = self.v6.since > self.v4.since;
        if bad6 < bad4 || bad6 == bad4 && later {
            self.v6
        } else {
            self.v4
        }
    }
}

/// What is in force for all VIPs of an estate, in its order. A copy is two counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    v4: Arc<[Verdict]>,
    /// The very same list as for IPv4 while no VIP has two verdicts.
    v6: Arc<[Verdict]>,
    best: Arc<[Verdict]>,
}

impl Verdicts {
    /// One after the other.
    pub fn new(all: &[Both]) -> Verdicts {
        let v4: Arc<[Verdict]> = all.iter().map(|both| both.v4).collect();
        if all.iter().all(|both| both.v4 == both.v6) {
            return Verdicts {
                v6: v4.clone(),
                best: v4.clone(),
                v4,
            };
        }
        Verdicts {
            v4,
            v6: all.iter().map(|both| both.v6).collect(),
            best: all.iter().map(|both| both.best()).collect(),
        }
    }

    /// By the addresses of one family.
    pub fn of(&self, family: Family) -> &[Verdict] {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// By the better of each VIP's addresses.
    pub fn best(&self) -> &[Verdict] {
        &self.best
    }

    /// Of one VIP, by its number; unknown if there is none.
    pub fn at(&self, vip: usize) -> Both {
        let of = |list: &[Verdict]| list.get(vip).copied().unwrap_or(Verdict::UNKNOWN);
        Both {
            v4: of(&self.v4),
            v6: of(&self.v6),
        }
    }

    /// All of them, by VIP.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Both> + '_ {
        let pairs = self.v4.iter().zip(self.v6.iter());
        pairs.map(|(v4, v6)| Both { v4: *v4, v6: *v6 })
    }

    /// How many VIPs there are.
    pub fn len(&self) -> usize {
        self.v4.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty()
    }
}
