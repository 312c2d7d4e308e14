//! Bounds of what is kept of zone files, so that a change of a line need not be a reading of all.

/// Octets of a zone file from which on stretches of it are known, and that are read again in any case: smaller files are
/// read in a few milliseconds.
pub const STRETCHED: usize = 256 << 10;

/// What part of a file is read again at the most to follow a change: one of eight. Beyond, all of it is not much dearer.
pub const EDITED: usize = 8;
