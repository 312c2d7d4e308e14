//! Geography at the size of the Internet: how long databases of 3.4 million networks take to read and to compile, what they
//! hold of memory, and what a look-up costs: `cargo bench --bench geo`.
//!
//! The databases are made up, the same each time; `GEO_FILES=DIR` keeps them there as `city.mmdb` and `systems.mmdb`, for
//! other programs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench is no part of the server, and takes what it needs of the tests' rooms"
)]

#[path = "../support/dice.rs"]
mod dice;
#[path = "../support/held.rs"]
mod held;
#[path = "../support/internet.rs"]
mod internet;
#[path = "../support/mmdb.rs"]
mod mmdb;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/steered.rs"]
mod steered;

use meridian::geo::mmdb as writer;

use std::fmt;
use std::fs;
use std::hint::black_box;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use dice::Dice;
use divan::Bencher;
use internet::{Family, Internet, Size};
use meridian::geo::atlas::Atlas;
use meridian::steer::class::Map;
use meridian::steer::distance::Globe;
use server::Server;

/// Addresses that are asked for in turn.
const MANY: usize = 1 << 20;

struct Stage {
    server: Server,
    /// Random addresses of each family.
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let internet = Internet::new(Size::WHOLE, 1);
    let files = [internet.city.bytes(), internet.systems.bytes()];
    let atlas = Atlas::read(&[("city", &files[0]), ("systems", &files[1])]).unwrap();
    let mut server = Server::default();
    if let Err(words) = server.load(&steered::estate(0), Arc::new(atlas)) {
        panic!("{words}");
    }
    let mut dice = Dice(5);
    let mut addresses = |family| {
        (0..MANY)
            .map(|_| internet.address(&mut dice, family))
            .collect()
    };
    Stage {
        v4: addresses(Family::V4),
        v6: addresses(Family::V6),
        server,
    }
});

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, files @ ..] = &arguments[..]
        && word == "load"
    {
        return load(files);
    }
    // What is listed or filtered needs no figures of loading.
    if arguments.iter().all(|word| word == "--bench") {
        figures();
    }
    divan::main();
}

/// Makes the databases, and lets a process of its own load them, so that its memory is that of loading alone.
fn figures() {
    let begun = Instant::now();
    let internet = Internet::new(Size::WHOLE, 1);
    let dealt = begun.elapsed();
    let kept = std::env::var_os("GEO_FILES").map(PathBuf::from);
    let folder = kept
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("geo-{}", std::process::id())));
    fs::create_dir_all(&folder).unwrap();
    for (name, database) in [("city", &internet.city), ("systems", &internet.systems)] {
        let begun = Instant::now();
        let bytes = database.bytes();
        println!(
            "{name}.mmdb: {} networks, {} records, {:.1} MiB, dealt in {dealt:.2?} and written in {:.2?}",
            database.many.len(),
            database.records.len(),
            mib(bytes.len()),
            begun.elapsed()
        );
        fs::write(folder.join(name).with_extension("mmdb"), bytes).unwrap();
    }
    drop(internet);
    for names in [&["city.mmdb"][..], &["city.mmdb", "systems.mmdb"]] {
        let files = names.iter().map(|name| folder.join(name));
        let exe = std::env::current_exe().unwrap();
        let status = Command::new(exe).arg("load").args(files).status().unwrap();
        assert!(status.success());
    }
    if kept.is_none() {
        fs::remove_dir_all(&folder).unwrap();
    }
}

fn mib(octets: usize) -> f64 {
    octets as f64 / f64::from(1 << 20)
}

/// Loads these databases with the estate, and says what it took: seconds of the processor, for others may be at work.
fn load(files: &[String]) {
    let names: Vec<&str> = files
        .iter()
        .filter_map(|f| Path::new(f).file_name()?.to_str())
        .collect();
    println!("\n{}:", names.join(" and "));
    let begun = worked();
    let bytes: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    println!("  read        {:>8.3} s", worked() - begun);
    let begun = worked();
    let databases: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&bytes)
        .map(|(name, bytes)| (*name, &bytes[..]))
        .collect();
    let atlas = Arc::new(Atlas::read(&databases).unwrap());
    println!("  flatten     {:>8.3} s", worked() - begun);
    drop(bytes);
    let (v4, v6) = atlas.ranges();
    println!(
        "  atlas       {v4} + {v6} ranges in {:.1} MiB, {} distinct facts",
        mib(atlas.memory()),
        atlas.len()
    );
    memory("with it");
    let mut server = Server::default();
    let begun = worked();
    if let Err(words) = server.load(&steered::estate(0), Arc::clone(&atlas)) {
        panic!("{words}");
    }
    println!("  estate      {:>8.3} s with all maps", worked() - begun);
    memory("with all maps");
    let roots = &server.world().estate.roots;
    for root in roots {
        let name = &server.world().estate.steering.pools[usize::from(root.pool.0)].name;
        let begun = worked();
        let map = Map::compile(
            &server.world().estate.steering,
            &atlas,
            root.needs.clone(),
            &Globe::new(),
        );
        let taken = worked() - begun;
        let table = map.table();
        let (v4, v6) = table.ranges();
        let shared = roots
            .iter()
            .filter(|other| Arc::ptr_eq(&other.map, &root.map))
            .count();
        println!(
            "  map {name:8}{taken:>8.3} s, {:>6} classes, {v4:>8} + {v6:>8} ranges in {:>5.1} MiB, of {shared}",
            map.classes().len(),
            mib(table.memory())
        );
    }
    let before: Vec<Arc<Map>> = roots.iter().map(|root| Arc::clone(&root.map)).collect();
    let begun = worked();
    if let Err(words) = server.load(&steered::estate(1), Arc::clone(&atlas)) {
        panic!("{words}");
    }
    let taken = worked() - begun;
    let kept = before
        .iter()
        .zip(&server.world().estate.roots)
        .filter(|(map, root)| Arc::ptr_eq(map, &root.map))
        .count();
    println!(
        "  reload      {taken:>8.3} s of other weights: {kept} of {} pools keep their map",
        before.len()
    );
}

/// Seconds that this thread has had of a processor.
fn worked() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: u64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds as f64 / 1e9
}

fn memory(when: &str) {
    let of = |line: &str| held::kib(std::process::id(), "status", line).unwrap_or_default() / 1_024;
    println!(
        "  memory      {when}: {} MiB resident, {} at most",
        of("VmRSS:"),
        of("VmHWM:")
    );
}

/// Which pool's map.
#[divan::bench(sample_size = 1 << 12, sample_count = 256, args = [Family::V4, Family::V6])]
fn lookup(bencher: Bencher<'_, '_>, family: Family) {
    let (table, addresses) = stage(family);
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % MANY;
        table.find(black_box(addresses[n]))
    });
}

/// One after the other: the next address is not known before the last class is.
#[divan::bench(sample_size = 1 << 12, sample_count = 256, args = [Family::V4, Family::V6])]
fn chained(bencher: Bencher<'_, '_>, family: Family) {
    let (table, addresses) = stage(family);
    let mut n = 0;
    bencher.bench_local(|| {
        let found = table.find(addresses[n % MANY]);
        n += 1 + usize::from(found.0 == u32::MAX);
        n += usize::from(black_box(found.1) > 128);
        found
    });
}

fn stage(family: Family) -> (&'static meridian::geo::table::Table, &'static [IpAddr]) {
    let stage = &*STAGE;
    let addresses = match family {
        Family::V4 => &stage.v4,
        Family::V6 => &stage.v6,
    };
    (stage.server.world().estate.roots[0].map.table(), addresses)
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
