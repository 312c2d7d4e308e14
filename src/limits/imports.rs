//! Bounds of the databases that are made of text files.

/// Octets of a text that is imported into a database, twice the largest list of cities that is given away.
pub const IMPORT_FILE: u64 = 1 << 30;

/// Networks of one import: three times those of the largest City database. Each takes 32 octets while it is read.
pub const IMPORT_NETWORKS: usize = 12_000_000;

/// Texts of one import: with one for each country of the world there is room left.
pub const IMPORT_TEXTS: usize = 1_000;

/// Mistakes kept of one import; all others are counted. Beyond, a generator repeats itself.
pub const IMPORT_MISTAKES: usize = 100;

/// Codes of an import that no country has, counted one by one: two letters make 676.
pub const IMPORT_CODES: usize = 1_000;

/// Lines of an import between two steps of its progress bar: some milliseconds.
pub const IMPORT_HEARD: usize = 8_192;

/// Times that the search tree of a database may be walked over in all, for equal parts of it may stand once. So a reader's
/// work, and what it keeps, stays a small multiple of the file. Our writer keeps to it.
pub const MMDB_SHARED: u64 = 8;
