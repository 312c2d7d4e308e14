//! DNS messages as bytes: names, types, queries and answers (RFC 1035 §4).

pub mod asked;
pub mod cookie;
pub mod ede;
pub mod edns;
pub mod kind;
pub mod name;
pub mod query;
pub mod reply;
pub mod slots;
pub mod tsig;
pub mod writer;
