//! A disk that is full, and one that may only be read, as the kernel makes them (a small `tmpfs` in a mount namespace of
//! its own): reports are refused with the reason, queries are answered on, and all is well again without a restart.

use std::fs::{self, File};
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};

use super::server::{PATIENCE, Process, Server, ask};
use super::tool::{Judge, find, note};

/// Far more than a page of the file of health holds.
const VIPS: usize = 1_500;

fn estate(folder: &Path) -> PathBuf {
    let zones = folder.join("zones");
    fs::create_dir(&zones).unwrap();
    let zone = "$TTL 1h\n@ SOA ns1 hostmaster 1 2h 15m 2w 5m\n@ NS ns1\nns1 A 192.0.2.53\n";
    fs::write(zones.join("example.com.zone"), zone).unwrap();
    let mut steering = "[sites]\nlab = { location = [50.11, 8.68] }\n[vips]\n".to_owned();
    for n in 0..VIPS {
        let address = format!("192.0.{}.{}", n / 250 + 2, n % 250 + 1);
        steering += &format!("v{n} = {{ site = \"lab\", address = \"{address}\" }}\n");
    }
    steering += "[pools.one]\nmembers = [\"v0\"]\npolicy = \"weighted\"\non_all_down = \"nodata\"\n\
                 [names]\n\"www.example.com.\" = \"one\"\n";
    fs::write(zones.join("steering.toml"), steering).unwrap();
    zones
}

/// A mount namespace with a small file system at `folder`; it lives as long as this.
struct Disk {
    holder: Process,
    folder: PathBuf,
    user: bool,
}

impl Disk {
    fn new(folder: &Path, size: &str) -> Disk {
        // Whoever is not root becomes root of a namespace of users first.
        let user = !fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
        let mut command = Command::new(find("unshare", "util-linux"));
        command.arg(if user { "-rm" } else { "-m" });
        let words =
            "mount -t tmpfs -o mode=700,size=$0 tmpfs \"$1\" && echo mounted && exec sleep 3600";
        command.args(["sh", "-c", words, size]).arg(folder);
        let mut holder = Process::start(&mut command);
        holder.wait("mounted", |line| line == Some("mounted"));
        let folder = folder.to_owned();
        Disk {
            holder,
            folder,
            user,
        }
    }

    /// A command inside of it.
    fn enter(&self) -> Command {
        let mut command = Command::new(find("nsenter", "util-linux"));
        command.args(["-t", &self.holder.id().to_string(), "-m"]);
        if self.user {
            command.args(["-U", "--preserve-credentials"]);
        }
        command
    }

    /// The path of a file on it, seen from here.
    fn path(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root{}", self.holder.id(), self.folder.display());
        Path::new(&root).join(name)
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut file = File::create(self.path("filler")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }

    fn remount(&self, how: &str) {
        let mut command = self.enter();
        command
            .args(["mount", "-o", &format!("remount,{how}")])
            .arg(&self.folder);
        let output = command.stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn serve(&self, zones: &Path) -> Server {
        let mut program = self.enter();
        program.arg("--");
        Server::inside(program, zones, &self.folder, &self.path(""))
    }
}

fn batch(state: &str, seq: u64, vips: std::ops::Range<usize>) -> String {
    let one = |n| format!(r#"{{"vip":"v{n}","state":"{state}","epoch":1,"seq":{seq}}}"#);
    let all: Vec<String> = vips.map(one).collect();
    format!(r#"{{"reports":[{}]}}"#, all.join(","))
}

/// Whether `www.example.com.` has an address, which it has unless `v0` is down.
fn answers(server: &Server) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
        .connect(SocketAddr::from(([127, 0, 0, 1], server.port)))
        .unwrap();
    let mut message = Message::query();
    message.add_query(Query::query(
        Name::from_ascii("www.example.com.").unwrap(),
        RecordType::A,
    ));
    socket.send(&message.to_vec().unwrap()).unwrap();
    let mut answer = [0; 4096];
    let length = socket.recv(&mut answer).unwrap();
    let answer = Message::from_vec(&answer[..length]).unwrap();
    !answer.answers.is_empty()
}

fn states(server: &Server) -> Vec<String> {
    let vips: serde_json::Value = serde_json::from_str(&server.get("/v1/vips")).unwrap();
    let mut all: Vec<(usize, String)> = vips["vips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vip| {
            let name = vip["name"].as_str().unwrap();
            (
                name[1..].parse().unwrap(),
                vip["state"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, state)| state).collect()
}

/// A report is refused, says why, and changes nothing.
fn refused(server: &Server, body: &str, reason: &str) -> String {
    let before = states(server);
    let (status, reply) = ask(server, "POST /v1/health", body);
    assert_eq!(status, 503, "{reply}");
    assert!(reply.contains(reason), "{reply}");
    assert_eq!(states(server), before, "refused, and yet in force");
    reply
}

fn taken(server: &Server, body: &str) {
    let (status, reply) = ask(server, "POST /v1/health", body);
    assert_eq!(status, 200, "{reply}");
}

#[test]
fn a_full_disk_refuses_reports_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (zones, state) = (estate(folder.path()), folder.path().join("state"));
    fs::create_dir(&state).unwrap();
    let disk = Disk::new(&state, "4m");
    let mut server = disk.serve(&zones);
    taken(&server, &batch("down", 1, 0..1));
    assert!(!answers(&server));
    disk.fill();
    // What there is room for may still be taken; all of them at once need more.
    let reply = refused(&server, &batch("drain", 2, 0..VIPS), "No space left");
    for _ in 0..5 {
        refused(&server, &batch("drain", 2, 0..VIPS), "health.redb");
        assert!(!answers(&server));
    }
    // As a crash would find it: what was acknowledged is there, and it serves.
    server.kill();
    drop(server);
    let mut server = disk.serve(&zones);
    assert!(!answers(&server));
    assert_eq!(states(&server)[0], "down");
    refused(&server, &batch("drain", 2, 0..VIPS), "No space left");
    disk.empty();
    taken(&server, &batch("drain", 2, 0..VIPS));
    assert!(answers(&server));
    server.kill();
    drop(server);
    let server = disk.serve(&zones);
    assert!(states(&server).iter().all(|state| state == "drain"));
    note("full-disk", &format!("refused on a full disk: {reply}"));
}

#[test]
fn a_disk_that_may_only_be_read_is_no_reason_not_to_answer() {
    let mut judge = Judge::new("unshare", "util-linux", "read-only");
    let folder = tempfile::tempdir().unwrap();
    let (zones, state) = (estate(folder.path()), folder.path().join("state"));
    fs::create_dir(&state).unwrap();
    let disk = Disk::new(&state, "8m");
    let mut server = disk.serve(&zones);
    taken(&server, &batch("down", 1, 0..2));
    server.kill();
    drop(server);
    disk.remount("ro");
    let mut server = disk.serve(&zones);
    server.hear("ERROR");
    judge.note(&server.said.join("\n"));
    assert!(!answers(&server));
    assert_eq!(states(&server)[..3], ["down", "down", "unknown"]);
    let reply = refused(&server, &batch("up", 2, 0..1), "health.redb");
    judge.note(&reply);
    disk.remount("rw");
    taken(&server, &batch("up", 2, 0..1));
    assert!(answers(&server));
    server.kill();
    drop(server);
    let server = disk.serve(&zones);
    assert_eq!(states(&server)[..3], ["up", "down", "unknown"]);
}
