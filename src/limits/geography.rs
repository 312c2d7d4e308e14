//! Bounds of databases, and of what an estate says of them.

/// Corrections of an estate, in `[networks]` and its lists: as many networks as a country file has, and some 64 MiB.
pub const NETWORKS: usize = 1_000_000;

/// Octets of a list beside the steering: room for all [`NETWORKS`] or all [`LATENCY`] in one.
pub const NETWORKS_FILE: u64 = 64 << 20;

/// Mistakes that are told of one list beside the steering: after a wrong column each line has one, and a screenful is read.
pub const NETWORKS_TOLD: usize = 100;

/// Values of all records of a database, with all they point to, for each octet of its file: the names of a hundred-octet
/// record in eight languages are some hundred values.
pub const DATABASE_VALUES: u64 = 16;

/// Values that any database may have besides: half a second's work.
pub const DATABASE_GRACE: u64 = 1 << 20;

/// Pointers in a record that lead to pointers in what they point to: makers of databases need three.
pub const DATABASE_DEPTH: usize = 64;

/// Seconds after its build that a database is warned of, unless the machine says otherwise: makers bring a new one every
/// month, and a forgotten download is noticed after three.
pub const DATABASE_AGE: u64 = 90 * 86_400;

/// Parts of a million of the known address space that a new database may move to another class, unless the machine says
/// otherwise: from one month to the next it is some hundredths.
pub const DATABASE_MOVED: u32 = 250_000;

/// Places that no database knows of which the one that was meant is looked up: each look goes over all facts.
pub const NOWHERE_GUESSES: usize = 20;

/// Kilometres that the accuracy radius of a database widens a tie by at the most: makers write 1 000 where they know no more
/// than the country, and a larger one would make all sites of a continent one choice.
pub const RADIUS: u32 = 1_000;

/// Lines of the measured round trips of an estate: every autonomous system there is, to eight sites.
pub const LATENCY: usize = 1_000_000;

/// Milliseconds of a measured round trip: what takes longer was no answer to the same packet.
pub const LATENCY_MOST: u32 = 10_000;

/// Samples of a measured round trip: beyond, one of the distance's twenty shares has long been less than a microsecond.
pub const LATENCY_SAMPLES: u32 = 1_000_000_000;
