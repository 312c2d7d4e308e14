//! A server's process, what it holds of memory, and a client that asks it.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::held;

/// A port that nobody has.
pub fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn filled(words: &[String], folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    words
        .iter()
        .map(|word| word.replace("{}", &folder))
        .collect()
}

/// Runs a command to its end.
pub fn run(words: &[String], folder: &Path) {
    let words = filled(words, folder);
    let done = Command::new(&words[0])
        .args(&words[1..])
        .env("PATH", path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // What it says does not matter: the answers tell.
    let mut child = done.unwrap();
    std::thread::spawn(move || child.wait());
}

fn path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin"
}

/// A server that ends with its owner.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it, on one core if the machine can do that.
    pub fn start(words: &[String], folder: &Path, core: Option<usize>) -> Process {
        let mut all = filled(words, folder);
        if let Some(core) = core {
            let mut front = vec!["taskset".into(), "-c".into(), core.to_string()];
            front.append(&mut all);
            all = front;
        }
        let child = Command::new(&all[0])
            .args(&all[1..])
            .env("PATH", path())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Process { child }
    }

    /// Whether it is gone.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Itself and all that it started.
    pub fn family(&self) -> Vec<u32> {
        held::family(self.child.id())
    }

    /// Resident and proportional MiB of the family.
    pub fn memory(&self) -> (f64, f64) {
        let (mut resident, mut proportional) = (0.0, 0.0);
        for pid in self.family() {
            resident += mebibytes(pid, "smaps_rollup", "Rss:");
            proportional += mebibytes(pid, "smaps_rollup", "Pss:");
        }
        (resident, proportional)
    }

    /// Seconds of processor time of the family, and of those of it that ended.
    pub fn cpu(&self) -> f64 {
        let ticks = |pid: &u32| -> Option<u64> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // Behind the name, which may have anything in it; the fields are counted from one (proc(5)).
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let times = fields.get(14 - 3..=17 - 3)?;
            Some(
                times
                    .iter()
                    .filter_map(|time| time.parse::<u64>().ok())
                    .sum(),
            )
        };
        let all: u64 = self.family().iter().filter_map(ticks).sum();
        // Linux tells a hundredth of a second, whatever its own clock is (USER_HZ).
        all as f64 / 100.0
    }

    /// Forgets the most that the first process held.
    pub fn forget_peak(&self) {
        let _ = fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// MiB: the most that the first process held since then. Servers that fork are looked at while they load, too.
    pub fn peak(&self) -> f64 {
        match self.family().len() {
            1 => mebibytes(self.child.id(), "status", "VmHWM:"),
            _ => 0.0,
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

/// MiB of a line of `/proc/PID/FILE`; none of a process that is gone.
fn mebibytes(pid: u32, file: &str, line: &str) -> f64 {
    held::kib(pid, file, line).unwrap_or(0) as f64 / 1024.0
}

impl Drop for Process {
    fn drop(&mut self) {
        let family = self.family();
        self.signal_quietly("TERM", &family[..1]);
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.signal_quietly("KILL", &family);
        let _ = self.child.wait();
    }
}

impl Process {
    fn signal_quietly(&self, name: &str, pids: &[u32]) {
        for pid in pids {
            let mut kill = Command::new("kill");
            kill.args([format!("-{name}"), pid.to_string()])
                .stderr(Stdio::null());
            let _ = kill.status();
        }
    }
}

/// A client over UDP.
pub struct Client {
    socket: UdpSocket,
    id: u16,
}

impl Client {
    /// A client of a server on this machine.
    pub fn new(port: u16) -> Client {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", port)).unwrap();
        Client { socket, id: 0 }
    }

    /// The A records of a name; `None` if nothing is said, or an error.
    pub fn ask(&mut self, name: &str, patience: Duration) -> Option<Vec<Ipv4Addr>> {
        self.id = self.id.wrapping_add(1);
        let mut query = Vec::from(self.id.to_be_bytes());
        query.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in name.split('.') {
            query.push(label.len() as u8);
            query.extend(label.as_bytes());
        }
        query.extend([0, 0, 1, 0, 1]);
        self.socket.set_read_timeout(Some(patience)).unwrap();
        self.socket.send(&query).ok()?;
        let mut answer = [0; 1_500];
        loop {
            let length = self.socket.recv(&mut answer).ok()?;
            if answer.get(..2)? == self.id.to_be_bytes() {
                return addresses(answer.get(..length)?, query.len());
            }
        }
    }
}

/// The addresses of an answer whose owners are pointers.
fn addresses(answer: &[u8], mut at: usize) -> Option<Vec<Ipv4Addr>> {
    if answer.get(3)? & 15 != 0 {
        return None;
    }
    let count = u16::from_be_bytes([*answer.get(6)?, *answer.get(7)?]);
    let mut all = Vec::new();
    for _ in 0..count {
        let head = answer.get(at..at + 12)?;
        let length = usize::from(u16::from_be_bytes([head[10], head[11]]));
        let data = answer.get(at + 12..at + 12 + length)?;
        if let (Ok(octets), [0, 1]) = (<[u8; 4]>::try_from(data), [head[2], head[3]]) {
            all.push(Ipv4Addr::from(octets));
        }
        at += 12 + length;
    }
    Some(all)
}
