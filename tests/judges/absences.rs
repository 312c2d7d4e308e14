//! What a thread that answers over UDP does not do: its system calls by strace, its calls within the process by callgrind.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::estate;
use super::server::{LOOK, Process, binary, free_port};
use super::tool::{find, note};

/// Queries that are sent at once; a batch of the server is no larger.
const BURST: usize = 32;

/// Our server with one worker and everything on that is on by default.
struct Subject {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Subject {
    /// Started by these words before its own.
    fn start(words: impl FnOnce(&Path) -> Vec<String>) -> Subject {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let mut words = words(folder.path());
        words.push(binary().display().to_string());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("serve");
        command.arg("--zones").arg(estate());
        command.arg("--state").arg(folder.path().join("state"));
        command.args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--admin", "127.0.0.1:0", "--workers", "1"]);
        let mut process = Process::start(command.current_dir(folder.path()));
        process.wait("meridian", |line| {
            line.is_some_and(|line| line.contains("over UDP"))
        });
        Subject {
            process,
            port,
            folder,
        }
    }

    /// Asks so often, for a record of the zone file and for a steered one in turn, each client subnet another one.
    fn ask(&self, times: usize) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", self.port)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut room = [0; 1_500];
        for burst in 0..times.div_ceil(BURST) {
            for n in 0..BURST {
                let n = burst * BURST + n;
                let name = [&b"\x06static"[..], b"\x03www"][n % 2];
                socket.send(&query(name, n as u32)).unwrap();
            }
            for _ in 0..BURST {
                let length = socket.recv(&mut room).unwrap();
                assert!(length > 12 && room[3] & 15 == 0, "{:?}", &room[..length]);
            }
        }
    }
}

/// A question for an address below `example.com`, with a cookie and a client subnet.
fn query(label: &[u8], n: u32) -> Vec<u8> {
    let net = Ipv4Addr::from(0x0b00_0000 + n.wrapping_mul(0x9e37) % 0x5900_0000).octets();
    [
        b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01",
        label,
        b"\x07example\x03com\0\0\x01\0\x01",
        b"\0\0\x29\x04\xd0\0\0\0\0\0\x17",
        b"\0\x0a\0\x08a client",
        b"\0\x08\0\x07\0\x01\x18\0",
        &net[..3],
    ]
    .concat()
}

/// The number of the process's thread of this name.
fn thread(process: u32, name: &str) -> i32 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut paths = threads.map(|thread| thread.unwrap().path());
    let is = |path: &std::path::PathBuf| {
        fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let path = paths.find(is).unwrap();
    path.file_name().unwrap().to_str().unwrap().parse().unwrap()
}

#[test]
fn the_thread_calls_the_system_to_receive_and_to_send() {
    let strace = find("strace", "strace").display().to_string();
    let subject = Subject::start(|_| Vec::new());
    subject.ask(BURST);
    let worker = thread(subject.process.id(), "udp-0").to_string();
    let file = subject.folder.path().join("strace");
    let mut command = Command::new(strace);
    command.arg("-c").arg("-o").arg(&file).args(["-p", &worker]);
    let mut process = Process::start(&mut command);
    process.wait("strace", |line| {
        line.is_some_and(|line| line.contains("attached"))
    });
    subject.ask(100_000);
    let pid = Pid::from_raw(process.id() as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let mut table = String::new();
    while !table.contains("total") {
        std::thread::sleep(LOOK);
        table = fs::read_to_string(&file).unwrap_or_default();
    }
    note("absences-strace", &table);
    let rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let first: Option<f64> = words.next().and_then(|word| word.parse().ok());
        first.and(words.next_back())
    });
    let mut calls: Vec<&str> = rows.filter(|call| *call != "total").collect();
    calls.sort_unstable();
    assert_eq!(calls, ["recvmmsg", "sendmmsg"], "{table}");
}

/// Functions of the C library that nothing on the way of an answer may call: memory, locks, files, other threads.
const BARRED: [&str; 14] = [
    "malloc",
    "calloc",
    "realloc",
    "free",
    "posix_memalign",
    "aligned_alloc",
    "pthread_mutex_lock",
    "pthread_rwlock_rdlock",
    "pthread_cond_signal",
    "syscall",
    "write",
    "read",
    "getrandom",
    "sched_yield",
];

/// How often each function was called, by a file of callgrind; and all that it counted.
fn calls(text: &str) -> (u64, BTreeMap<String, u64>) {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    let (mut callee, mut total) = ("", 0);
    for line in text.lines() {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        match key {
            "fn" | "cfn" => {
                let (number, name) = value.split_once(' ').unwrap_or((value, ""));
                if !name.is_empty() {
                    names.insert(number, name);
                }
                if key == "cfn" {
                    callee = names[number];
                }
            }
            "calls" => {
                let times: u64 = value.split(' ').next().unwrap().parse().unwrap();
                // Versions of symbols stand behind an @, turns of recursion behind an apostrophe.
                let name = callee.split(['@', '\'']).next().unwrap();
                *calls.entry(name.to_string()).or_default() += times;
            }
            _ => {
                let sum = line
                    .strip_prefix("totals: ")
                    .or(line.strip_prefix("summary: "));
                total = sum.map_or(total, |sum| sum.trim().parse().unwrap());
            }
        }
    }
    (total, calls)
}

#[test]
fn the_thread_asks_for_no_memory_takes_no_lock_and_reads_the_clock_once_a_batch() {
    let valgrind = find("valgrind", "valgrind").display().to_string();
    let control = find("callgrind_control", "valgrind");
    let subject = Subject::start(|folder| {
        let out = format!("--callgrind-out-file={}/calls", folder.display());
        let words = [
            "-q",
            "--tool=callgrind",
            "--separate-threads=yes",
            "--instr-atstart=no",
        ];
        let words = words.map(str::to_string);
        [vec![valgrind], words.to_vec(), vec![out]].concat()
    });
    let control = |words: &[&str]| {
        let pid = subject.process.id().to_string();
        let done = Command::new(&control)
            .args(words)
            .arg(pid)
            .output()
            .unwrap();
        assert!(done.status.success());
    };
    control(&["--instr=on"]);
    // What a thread does once in its life is behind it then.
    subject.ask(10 * BURST);
    control(&["--zero"]);
    subject.ask(20_000);
    control(&["--dump"]);
    let files = fs::read_dir(subject.folder.path()).unwrap();
    let paths = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file());
    let read = |path: std::path::PathBuf| calls(&fs::read_to_string(path).unwrap_or_default());
    // The thread that answers is the one with work.
    let (total, calls) = paths.map(read).max_by_key(|(total, _)| *total).unwrap();
    let of = |name: &str| calls.get(name).copied().unwrap_or(0);
    let (received, clock) = (of("recvmmsg"), of("clock_gettime"));
    let rows: Vec<String> = calls
        .iter()
        .map(|(name, times)| format!("{times:9} {name}"))
        .collect();
    note(
        "absences-calls",
        &format!("{total} instructions\n{}", rows.join("\n")),
    );
    assert!(received > 0 && of("sendmmsg") > 0);
    assert!(
        clock > 0 && clock <= received,
        "{clock} looks at the clock for {received} batches"
    );
    for barred in BARRED {
        assert_eq!(of(barred), 0, "{barred} is called");
    }
}
