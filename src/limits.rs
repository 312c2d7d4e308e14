//! Every bound in the server, each with its reason.

mod brake;
mod crowds;
mod doors;
mod edit;
mod geography;
mod health;
mod imports;
mod lint;
mod load;
mod orders;
mod patterns;
mod probes;
mod rate;

pub use brake::*;
pub use crowds::*;
pub use doors::*;
pub use edit::*;
pub use geography::*;
pub use health::*;
pub use imports::*;
pub use lint::*;
pub use load::*;
pub use orders::*;
pub use patterns::*;
pub use probes::*;
pub use rate::*;

/// Diagnostics shown of one reading; the rest is counted. A screenful or two: a broken generator repeats itself.
pub const DIAGNOSTICS_SHOWN: usize = 100;

/// Bytes of a line that a diagnostic shows around its mark.
pub const EXCERPT: usize = 400;

/// Octets of a domain name on the wire, the root's included (RFC 1035 §3.1).
pub const NAME: usize = 255;

/// Octets of a label (RFC 1035 §3.1).
pub const LABEL: usize = 63;

/// Labels of a domain name without the root: 127 of one octet each and the root make 255.
pub const LABELS: usize = 127;

/// Slots for counting answers per VIP. A slot belongs to a name for the life of the process; names beyond share slot 0.
/// 128 KiB a worker, more VIP names than any estate we know has had.
pub const VIP_SLOTS: usize = 8_192;

/// Seconds after a change of a VIP's verdict in which answers that looked at it carry the short TTL: the time in which a
/// verdict most often turns back.
pub const TRANSITION: u64 = 240;

/// Sites of a `nearest` pool that are ordered for each class; all others follow as one set. More of them would multiply
/// the classes, and a client whose three nearest sites are down has no near site left.
pub const NEAREST: usize = 3;

/// Pools in pools (the language says so): deep enough for every estate, shallow enough to be read.
pub const POOL_DEPTH: usize = 8;

/// Addresses of one family in an answer (the language says so): 16 AAAA records still fit into 512 octets.
pub const ANSWERS: u8 = 16;

/// The largest weight.
pub const WEIGHT: u32 = 1_000_000;

/// What we send and advertise over UDP: no fragments on any path (RFC 9715 §3.1, DNS flag day 2020).
pub const UDP_PAYLOAD: usize = 1_232;

/// CNAME and DNAME steps followed in one answer: honest chains have two or three; a resolver follows the rest by itself.
pub const CHAIN: usize = 8;

/// Changes waiting for the keeper. It takes all that wait at once, so more would only mean that the disk hangs.
pub const KEEPER_QUEUE: usize = 1_024;

/// Milliseconds for which a reading of the estate begins again because files that it read changed, or git is at work:
/// longer than any checkout of an estate.
pub const LOAD_PATIENCE: u64 = 5_000;
/// Milliseconds between two such tries: a look for git's lock costs microseconds.
pub const LOAD_PAUSE: u64 = 20;

/// Milliseconds for which a changed file may change again unseen: some file systems keep times in ticks.
pub const SETTLED: u64 = 2_000;

/// Milliseconds of quiet after an event in the folder before it is read. It saves work, and need not make anything safe,
/// so it can be short: what git writes stands under its lock, and leaves another index; a file renamed into place is
/// whole; one that is written in place is waited for until it is closed; and what changes while it is read is read again.
/// 15 ms hold the handful of events of one save together, and are a third of what a change may take to be live.
pub const QUIET: u64 = 15;
/// Milliseconds after which it is read although events go on, or a file is not closed, or is empty still.
pub const QUIET_AT_MOST: u64 = 1_000;
/// Changed paths that are handed on by themselves. Beyond, to look at every file is not dearer.
pub const TOUCHED: usize = 1_024;

/// Folders within folders of an estate.
pub const FOLDER_DEPTH: usize = 16;

/// Octets of a zone file: twenty million records.
pub const ZONE_FILE: u64 = 1 << 30;

/// Octets of a zone file from which on its parts are read in parallel rather than it beside others: some milliseconds.
pub const ZONE_LARGE: u64 = 1 << 20;

/// Octets of an included file that is kept while other zones are read which may include it too.
pub const INCLUDE_KEPT: usize = 1 << 20;

/// Diagnostics kept of a reload beside the counts: the log and the API show [`DIAGNOSTICS_SHOWN`], `check` shows all.
pub const DIAGNOSTICS_KEPT: usize = 1_000;

/// Octets of a steering file: a hundred thousand lines.
pub const STEERING_FILE: u64 = 16 << 20;

/// Octets of a database: ten times the largest City database sold.
pub const GEOIP_FILE: u64 = 2 << 30;

/// Seconds after which the keeper looks up even if nothing is to be done: what it waits by stands still in a suspend, and
/// a jump of the wall clock makes no noise. A small part of the four minutes for which a change shortens the TTL.
pub const KEEPER_PATIENCE: u64 = 5;

/// Bytes of one word of a zone file: an RDATA of 65,535 octets, each of them written as `\DDD`.
pub const WORD: usize = 262_144;
/// Words of one record in a zone file: a TXT of 65,535 empty strings would have as many.
pub const WORDS: usize = 65_600;
/// How often a zone file is read on behind a parenthesis that is never closed. Each time costs a pass over the rest.
pub const UNCLOSED: usize = 10;
/// Errors, and warnings, kept of one zone; all others are counted. Beyond, a generator repeats itself, and nobody is shown
/// more ([`DIAGNOSTICS_SHOWN`]).
pub const ZONE_MISTAKES: usize = 100;
/// Files within files by `$INCLUDE`. Real zones have two or three; it also ends circles through links.
pub const INCLUDE_DEPTH: usize = 16;
/// Times that `$INCLUDE` is followed in one zone: files that include each other twice would double with every level.
pub const INCLUDES: usize = 10_000;
/// Octets of the path that `$INCLUDE` names: what file systems take.
pub const INCLUDE_PATH: usize = 4_096;
/// Records that all `$GENERATE` of a zone make together: a /12 of addresses. One line could ask for 2³¹ of them.
pub const GENERATED: usize = 1 << 20;
/// Octets of text that all `$GENERATE` of a zone make together: 256 for each record, where a hundred are many.
pub const GENERATED_TEXT: usize = 256 << 20;
/// Octets of a zone's text that are read by one job when a text is split. Below, starting jobs costs more than it saves.
pub const PIECE: usize = 1 << 20;
/// Octets of an RRset as records whose owner is a pointer: with header, question, OPT and a SOA it fits 65,535.
pub const RRSET: usize = 64_000;
/// Octets of a zone's names and records: offsets are 32 bits, and steered names need some of them too.
pub const ZONE: usize = 1 << 31;

/// UDP messages taken or sent by one system call. 16 already hide its cost; 32 keep the buffers of a worker in its cache.
pub const UDP_BATCH: usize = 32;

/// The longest query taken over UDP. We advertise 1,232 octets, but some clients send what others advertised, and 4,096 was
/// the widest habit. A longer message is answered FORMERR.
pub const UDP_QUERY: usize = 4_096;

/// Receive buffer of a UDP socket, in octets, as far as the kernel grants it: some 10,000 queries, 30 ms at full rate.
/// Longer queues would only give answers that nobody waits for any more.
pub const UDP_RECEIVE_BUFFER: usize = 4 << 20;

/// Send buffer of a UDP socket, in octets, as far as the kernel grants it: several batches may wait for the network card.
pub const UDP_SEND_BUFFER: usize = 1 << 20;

/// Milliseconds after which an idle UDP thread looks whether it should end. It costs busy threads no system call.
pub const UDP_WAKE: u64 = 100;

/// Batches that a UDP thread still answers when it is told to end: more than the receive buffer holds, so nothing that
/// was queued is lost, and a flood cannot keep the thread alive.
pub const UDP_DRAIN: usize = 512;

/// UDP threads for each address. Far more than cores in any machine: a larger number is a slip of the pen.
pub const WORKERS: u32 = 512;

/// Tries to find a port that is free for TCP and UDP when any port will do.
pub const BIND_TRIES: usize = 16;

/// Octets of a message behind its two-octet length (RFC 1035 §4.2.2).
pub const MESSAGE: usize = 65_535;

/// TCP connections that wait to be accepted: a burst of clients must not lose its first packets, for they come again only
/// after a second. The kernel cuts it to `net.core.somaxconn`.
pub const TCP_BACKLOG: i32 = 4_096;

/// TCP connections open at once. At the usual few KiB each, 16 to 32 MiB.
pub const TCP_CONNECTIONS: usize = 4_096;

/// TCP connections of one client network at once: an eighth of all, so that no single network fills the house.
pub const TCP_CONNECTIONS_NETWORK: usize = 512;

/// Length of an IPv4 client network: what one party is usually given.
pub const TCP_NETWORK_V4: u8 = 24;

/// Length of an IPv6 client network: what one party is usually given.
pub const TCP_NETWORK_V6: u8 = 56;

/// Open files kept for all but DNS over TCP (the API with all its connections, databases, UDP): a flood of TCP clients must not shut them out.
pub const FILES_RESERVED: usize = 1_280;

/// Milliseconds without a query after which a connection is closed (RFC 7766 §6.2.3: "on the order of a few seconds").
pub const TCP_IDLE: u64 = 10_000;

/// The same, while more than three quarters of the seats are taken (RFC 7766 §6.2.3 allows it under load).
pub const TCP_IDLE_CROWDED: u64 = 2_000;

/// Milliseconds from the first octet of a message to its last: several lost packets are forgiven, a held breath is not.
pub const TCP_READ: u64 = 5_000;

/// Milliseconds in which a client must take the answers that wait for it.
pub const TCP_WRITE: u64 = 10_000;

/// Octets of a connection's read buffer: some hundred queries. It grows only while a longer message really arrives.
pub const TCP_INPUT: usize = 4_096;

/// Octets of answers after which a connection writes before it answers more. With one largest message on top it stays
/// below 82 KiB.
pub const TCP_OUTPUT: usize = 16_384;

/// Queries of one connection answered before the others have their turn.
pub const TCP_ROUND: usize = 64;

/// Queries of one connection answered at once when it had been silent: what a resolver sends together. More waits in turn.
pub const TCP_FIRST: usize = 4;

/// Octets of answers after which that ends: four of the usual ones.
pub const TCP_FIRST_OUTPUT: usize = 2_048;

/// Octets not yet sent that the kernel takes from us for one connection: else a client that never reads fills megabytes.
pub const TCP_UNSENT: i32 = 16_384;

/// Milliseconds in which connections may still send queries once the server ends: one round trip around the world.
pub const TCP_GRACE: u64 = 300;

/// Milliseconds without a new connection after which the door is closed when the server ends: those who stood there are in.
pub const TCP_LAST_LOOK: u64 = 10;

/// Milliseconds that the end of all serving threads is waited for.
pub const SERVE_STOP: u64 = 3_000;
/// VIPs that left the estate and whose last report is kept for their return: a mistaken reload or a branch that is
/// switched back loses nothing, and an estate whose names are made up anew each day does not grow for ever.
pub const ABSENT: usize = 4_096;
/// Reports in one body of the feed: one for every VIP that has a counting slot.
pub const REPORTS: usize = VIP_SLOTS;
/// Seconds that a report may be valid for. Who is content with a week of silence needs no lease.
pub const LEASE: u64 = 7 * 86_400;
/// Letters of a name in the estate, and of one that a report may speak of (the language says so).
pub const NAME_LETTERS: usize = 63;
/// Damaged files of the state folder that are kept for someone to look at; the last one is written over.
pub const DAMAGED: u32 = 16;
/// Bytes that the file of health may hold in memory. 8 192 entries of 200 bytes fit twice.
pub const JOURNAL_CACHE: usize = 4 << 20;
/// Bytes of the file of health that are looked through for records when it is opened; it never gets a tenth as long.
pub const JOURNAL_SCAN: u64 = 256 << 20;

/// Subdivisions of one network in a database. ISO 3166-2 knows three levels at most.
pub const SUBDIVISIONS: usize = 8;

/// Bytes of a city's name in a database; longer ones are none. The longest name in use has under 200.
pub const CITY_NAME: usize = 256;

/// Characters of a database's type that are kept for display.
pub const DATABASE_TYPE: usize = 64;

/// Bytes of all `.toml` files of an estate together: room for 65,535 VIPs and some 200,000 names. The parser holds about
/// forty times as much while it reads.
pub const STEERING_TEXT: usize = 32 << 20;

/// Bytes of `meridian.toml`: hundreds of listeners and tokens.
pub const MACHINE_TEXT: usize = 1 << 20;

/// Sites, VIPs, regions, rule sets or pools of an estate, of each: their numbers have 16 bits.
pub const NAMED: usize = 65_535;

/// Rules of an estate after regions were put in: a few hundred rule sets that each name every country and a thousand
/// networks. A chain of regions in regions could otherwise multiply a small file without end.
pub const RULES: usize = 1_000_000;

/// Times that one reading looks for the name that was meant: each look goes over all names, and a screenful is read.
pub const GUESSES: usize = 200;

/// Characters of a word for which the one that was meant is looked up: names have at most 63.
pub const GUESS_LENGTH: usize = 64;

/// Kilometres of a distance: the way around the globe, twice what two points can be apart.
pub const DISTANCE: i32 = 40_000;

/// Seconds of a steered TTL: a day. Longer ones would hold clients at a dead VIP beyond any repair.
pub const STEERED_TTL: u32 = 86_400;

/// Steps of a cycle of pools or regions that are shown: a longer one is understood from its first.
pub const CYCLE_SHOWN: usize = 16;

/// Seconds until the estate is read again by itself when files would not come to rest: git ends in the meantime, and
/// a stale lock does not make us read for ever without a pause.
pub const LOAD_AGAIN: u64 = 5;

/// Octets of a `.git` file: one line with a path.
pub const GIT_FILE: u64 = 8_192;

/// Links followed on the way to the folder: as many as Linux follows itself.
pub const LINKS: usize = 40;

/// Octets of a body that the API takes: a report of each of 8 192 VIPs, in the longest words, needs less.
pub const ADMIN_BODY: usize = 1 << 20;

/// Octets of all bodies that the API holds at once: many large ones fit, and a crowd of senders does not fill the memory.
pub const ADMIN_BODIES: usize = 16 << 20;

/// Octets of a request before its body. Our own clients need some hundred, browsers a few thousand.
pub const ADMIN_HEAD: usize = 16 << 10;

/// Connections to the API at once: one for every forwarder of a large site, and with [`ADMIN_HEAD`] some 32 MiB at worst.
pub const ADMIN_CONNECTIONS: usize = 1_024;

/// Milliseconds for the head of a request, and for its body: a local sender needs few, and a held breath gets no longer.
/// So long may a connection also idle, and take its reply.
pub const ADMIN_READ: u64 = 10_000;

/// Milliseconds of silence after which one who has changed something may lose its seat to another, if all are taken.
pub const ADMIN_CROWDED: u64 = 1_000;

/// Milliseconds that the keeper's reply is waited for. It writes to the disk a few times a second at worst.
pub const ADMIN_REPLY: u64 = 5_000;

/// Milliseconds that the reply to a reload is waited for: large zones and databases take seconds, git gets five.
pub const ADMIN_RELOAD: u64 = 60_000;

/// Milliseconds in which the rest of a refused body is thrown away, so that its sender comes to read why.
pub const ADMIN_LINGER: u64 = 2_000;

/// Milliseconds between two tries to accept when no file or memory is left.
pub const ADMIN_STARVED: u64 = 100;

/// Milliseconds that requests may still take once the server ends.
pub const ADMIN_STOP: u64 = 3_000;

/// Characters of a token at the least (the language says so): 32 hexadecimal digits cannot be guessed.
pub const TOKEN_SHORT: usize = 32;

/// Characters of a token at the most: all are compared in this length, so that time does not tell theirs.
pub const TOKEN_LONG: usize = 256;

/// Octets of a token file: hundreds of tokens.
pub const TOKEN_FILE: u64 = 64 << 10;

/// Characters that are shown of what a request asked for.
pub const ADMIN_SHOWN: usize = 80;
/// Panics told of in a minute: each is a bug worth a line, and one query can cause thousands.
pub const PANICS_TOLD: u32 = 5;

/// Milliseconds between two looks whether the keeper has ended.
pub const STOP_PAUSE: u64 = 5;

/// Pools of which the banner tries one name each, and draws that it tries of each client: enough to see all of a pool's
/// VIPs that matter, and a few milliseconds.
pub const TRIAL_POOLS: usize = 32;
/// See [`TRIAL_POOLS`].
pub const TRIAL_DRAWS: u32 = 32;

/// Octets of an HTTP answer that `explain --server` reads: an explanation with every VIP of the largest estate.
pub const HTTP_ANSWER: u64 = 16 << 20;

/// Seconds that `explain --server` waits for the server.
pub const HTTP_PATIENCE: u64 = 5;
/// Names that an RRset points to whose addresses are added to an answer: nobody needs more servers than that in advance.
pub const TARGETS: usize = 32;

/// Octets of a record's data: their length has 16 bits (RFC 1035 §3.2.1).
pub const RDATA: usize = 65_535;
/// Milliseconds between two looks whether anyone still reads an estate that is no longer in force: its memory is given
/// back by the keeper, never by a thread that answers.
pub const RETIRED: u64 = 50;
/// Secrets of cookies that are accepted: a change needs two at a time, and a wrong cookie costs a hash for each.
pub const COOKIE_SECRETS: usize = 4;

/// Octets of a file of secrets: several, and what people write around them.
pub const COOKIE_FILE: u64 = 4 << 10;

/// Octets of what the server says of itself: one character-string (RFC 1035 §3.3).
pub const IDENTITY: usize = 255;

/// Octets of a block of memory that goes back to the system the moment it is freed, whatever was freed before: glibc
/// begins to keep blocks of up to 32 MiB for itself. What of it is never touched costs nothing.
pub const GIVEN_BACK: usize = 33 << 20;
