//! One server of a ground: configured, started, asked whether it is right, and measured.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::case::{self, Case, Ground};
use super::geography::{self, Geography};
use super::peers::Peer;
use super::process::{self, Client, Process};
use super::questions::Questions;
use super::text;

/// How long a server may take until it answers; under callgrind it takes longer.
const PATIENCE: Duration = Duration::from_secs(180);
/// Questions that are looked at as a whole before anything is timed.
const CHECKED: u32 = 300;
/// What clients send as their half of a cookie.
const HALF: &[u8] = b"a client";

/// Who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Echo,
    /// With all that is on by default.
    Ours,
    /// Without the rate limiter.
    Free,
    /// One of the others.
    Other(&'static str),
}

impl Who {
    pub const ALL: [Who; 6] = [
        Who::Echo,
        Who::Ours,
        Who::Free,
        Who::Other("gdnsd"),
        Who::Other("nsd"),
        Who::Other("knotd"),
    ];

    pub fn label(self) -> &'static str {
        match self {
            Who::Echo => "echo",
            Who::Ours => "meridian",
            Who::Free => "meridian, rate off",
            Who::Other(name) => name,
        }
    }

    /// Whether it can do a case.
    pub fn can(self, case: &Case) -> bool {
        match self {
            Who::Other(name) => case.peers.contains(&name),
            // It has one thread for each family, and nothing to stir.
            Who::Echo => case.ground != Ground::Two && case.stir == case::Stir::Nothing,
            _ => true,
        }
    }
}

/// A server that runs.
pub struct Subject {
    pub who: Who,
    pub peer: Peer,
    pub process: Process,
    pub folder: TempDir,
    pub port: u16,
    pub admin: u16,
    pub workers: usize,
    /// Where its zone lies.
    pub zone: PathBuf,
}

/// Whether the machine has IPv6 on its loopback.
pub fn has_six() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}

fn edit(file: &Path, changes: &[(&str, String)]) {
    let mut text = fs::read_to_string(file).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {}", file.display());
        text = text.replace(from, to);
    }
    fs::write(file, text).unwrap();
}

impl Subject {
    /// Starts it and waits for its first answer. `front` are the words before its command.
    pub fn start(
        who: Who,
        ground: Ground,
        geography: Option<&Geography>,
        front: &[&str],
    ) -> Option<Subject> {
        let mut peer = match who {
            Who::Other(name) => Peer::all().into_iter().find(|peer| peer.name == name)?,
            _ => Peer::ours(),
        };
        let folder = tempfile::tempdir().unwrap();
        let port = process::free_port();
        let admin = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let zone = peer.prepare(folder.path(), port);
        let workers = if ground == Ground::Two { 2 } else { 1 };
        if who == Who::Echo {
            let exe = std::env::current_exe().unwrap().display().to_string();
            peer.command = vec![exe, "--echo".into(), port.to_string()];
        } else {
            write_zone(who, ground, &zone, 1, None);
            configure(who, ground, folder.path(), port, admin, geography);
        }
        // What is started takes over the generator's core, where nothing else is said.
        let everywhere = ["taskset", "-c", "0,1"];
        let front = if workers > 1 { &everywhere[..] } else { front };
        let words = front.iter().map(|word| word.to_string());
        let command: Vec<String> = words.chain(peer.command.clone()).collect();
        let core = if workers == 1 { Some(0) } else { None };
        let process = Process::start(&command, folder.path(), core);
        let mut subject = Subject {
            who,
            peer,
            process,
            folder,
            port,
            admin,
            workers,
            zone,
        };
        subject.ready().then_some(subject)
    }

    fn ready(&mut self) -> bool {
        let mut client = Client::new(self.port);
        let start = Instant::now();
        while start.elapsed() < PATIENCE && !self.process.ended() {
            let answer = client.ask("ns1.big.test", Duration::from_millis(100));
            let wanted = match self.who {
                Who::Echo => Vec::new(),
                _ => vec![Ipv4Addr::new(192, 0, 2, 1)],
            };
            if answer == Some(wanted) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!(
            "{} did not come to answer after {:?}",
            self.who.label(),
            start.elapsed()
        );
        false
    }

    /// Where a case asks it.
    pub fn address(&self, case: &Case) -> SocketAddr {
        match case.six {
            true => SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, self.port)),
            false => SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
        }
    }

    fn socket(&self, case: &Case) -> UdpSocket {
        let any = if case.six { "[::1]:0" } else { "127.0.0.1:0" };
        let socket = UdpSocket::bind(any).unwrap();
        socket.connect(self.address(case)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        socket
    }

    /// The questions as this server gets them: with its own cookie, if the case is about that, and for the echo without a
    /// word on what is right.
    pub fn questions(&self, case: &Case, plain: &Questions) -> Questions {
        let mut questions = plain.map(<[u8]>::to_vec);
        if case.ground == Ground::Cookies {
            let socket = self.socket(case);
            socket.send(&with_cookie(plain.message(0), HALF)).unwrap();
            let mut answer = [0; 2_048];
            let length = socket.recv(&mut answer).unwrap_or_default();
            let cookie = whole_cookie(&answer[..length]);
            if cookie.is_none() && self.who != Who::Echo {
                eprintln!("{} gives no cookie", self.who.label());
            }
            let cookie = cookie.unwrap_or_else(|| [HALF, &[0; 16]].concat());
            questions = plain.map(|message| with_cookie(message, &cookie));
        }
        match self.who {
            Who::Echo => questions.blind(),
            _ => questions,
        }
    }

    /// Looks at whole answers before anything is timed; what is wrong with how many.
    pub fn check(&self, case: &Case, questions: &Questions) -> Result<u32, String> {
        if self.who == Who::Echo {
            return Ok(0);
        }
        let socket = self.socket(case);
        let ask = |at: u32| {
            let mut question = questions.message(at).to_vec();
            question[..2].copy_from_slice(&(at as u16).to_be_bytes());
            socket.send(&question).map_err(|error| error.to_string())?;
            let mut answer = vec![0; 2_048];
            let length = socket
                .recv(&mut answer)
                .map_err(|error| error.to_string())?;
            answer.truncate(length);
            questions.judge(at, &answer).map(|()| answer)
        };
        let (mut wrong, mut first) = (0, String::new());
        let many = questions.len().min(CHECKED);
        for n in 0..many {
            let at = (u64::from(n) * u64::from(questions.len()) / u64::from(many)) as u32;
            let mut got = ask(at);
            // One client keeps its VIP.
            if case.name == "sticky" && got.is_ok() && ask(at) != got {
                got = Err("the same client came to another VIP".into());
            }
            if let Err(words) = got {
                wrong += 1;
                if first.is_empty() {
                    let _ = write!(first, "question {at}: {words}");
                }
            }
        }
        match wrong {
            0 => Ok(many),
            _ => Err(format!("{wrong} of {many} answers are wrong: {first}")),
        }
    }
}

/// A query with an OPT record without options at its end, and then with this cookie.
fn with_cookie(message: &[u8], cookie: &[u8]) -> Vec<u8> {
    let length = cookie.len() as u8;
    let (front, _) = message.split_at(message.len() - 2);
    [front, &[0, length + 4, 0, 10, 0, length], cookie].concat()
}

/// Both halves, if the server gave its own.
fn whole_cookie(answer: &[u8]) -> Option<Vec<u8>> {
    let at = answer.windows(HALF.len()).position(|part| part == HALF)?;
    let length = usize::from(*answer.get(at.checked_sub(1)?)?);
    let cookie = answer.get(at..at + length)?;
    (length > HALF.len()).then(|| cookie.to_vec())
}

/// The zone of a ground; `changed` is where its last host points to then.
pub fn write_zone(who: Who, ground: Ground, path: &Path, serial: u32, changed: Option<Ipv4Addr>) {
    let hosts = match ground {
        Ground::Places => 0,
        Ground::Large => case::LARGE,
        _ => case::HOSTS,
    };
    text::large(path, hosts, serial, changed);
    let mut more = String::new();
    match (ground, who) {
        (Ground::Places, Who::Other("gdnsd")) => {
            more += "country 60 DYNA geoip!country\nnearest 60 DYNA geoip!nearest\n";
        }
        // What it says to clients of nowhere.
        (Ground::Places, Who::Other(_)) => more += "country 60 A 192.0.2.1\n",
        (Ground::Places | Ground::Large, _) => {}
        _ => {
            for address in case::FOUR {
                let _ = writeln!(more, "four A {}", Ipv4Addr::from(address));
            }
            for host in 0..case::SIXES {
                let _ = writeln!(more, "{} AAAA {}", text::host(host), case::six(host));
            }
        }
    }
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(more.as_bytes()).unwrap();
}

/// Changes the least configuration into that of the ground.
fn configure(
    who: Who,
    ground: Ground,
    folder: &Path,
    port: u16,
    admin: u16,
    geography: Option<&Geography>,
) {
    let (six, two) = (has_six(), ground == Ground::Two);
    let database = geography
        .filter(|_| ground == Ground::Places)
        .map(|g| &g.file);
    let mut changes: Vec<(&str, String)> = Vec::new();
    let (v4, mut both);
    let file = match who {
        Who::Other("nsd") => {
            (v4, both) = (format!("ip-address: 127.0.0.1@{port}"), String::new());
            let _ = write!(both, "{v4}\n  ip-address: ::1@{port}");
            changes.push((
                "  rrl-ratelimit",
                "  minimal-responses: yes\n  rrl-ratelimit".into(),
            ));
            if ground == Ground::Cookies {
                changes.push((
                    "  rrl-ratelimit",
                    "  answer-cookie: yes\n  rrl-ratelimit".into(),
                ));
            }
            "nsd.conf"
        }
        Who::Other("knotd") => {
            (v4, both) = (format!("listen: 127.0.0.1@{port}"), String::new());
            let _ = write!(both, "listen: [ 127.0.0.1@{port}, ::1@{port} ]");
            let off = "semantic-checks: off\n";
            if let Some(database) = database {
                let (module, places) = geography::knot(folder, database);
                fs::write(folder.join("geo.conf"), places).unwrap();
                changes.push(("zone:\n", format!("{module}zone:\n")));
                changes.push((
                    "udp-workers",
                    "edns-client-subnet: on\n    udp-workers".into(),
                ));
                changes.push((off, format!("{off}    module: mod-geoip/geo\n")));
            }
            if ground == Ground::Cookies {
                changes.push((off, format!("{off}    module: mod-cookies\n")));
            }
            "knot.conf"
        }
        Who::Other(_) => {
            let threads = if two { 2 } else { 1 };
            v4 = format!("127.0.0.1:{port} => {{ udp_threads = 1, tcp_threads = 1 }}");
            both = v4.replace("udp_threads = 1", &format!("udp_threads = {threads}"));
            if six {
                both += &both.replace(&format!("127.0.0.1:{port}"), &format!(", \"[::1]:{port}\""));
            }
            changes.push((&v4, both.clone()));
            if let Some(database) = database {
                let config = folder.join("config");
                let mut file = fs::OpenOptions::new().append(true).open(config).unwrap();
                file.write_all(geography::gdnsd(database).as_bytes())
                    .unwrap();
            }
            "config"
        }
        _ => {
            (v4, both) = (format!("\"127.0.0.1:{port}\""), String::new());
            let _ = write!(both, "{v4}, \"[::1]:{port}\"");
            changes.push(("127.0.0.1:0", format!("127.0.0.1:{admin}")));
            if two {
                changes.push(("workers = 1", "workers = 2".into()));
            }
            let mut top = String::new();
            if who == Who::Free {
                top += "rate = \"off\"\n";
            }
            if let Some(database) = database {
                let _ = writeln!(top, "geoip = [\"{}\"]", database.display());
                fs::write(folder.join("zones/steering.toml"), geography::steering()).unwrap();
            }
            changes.push(("zones = ", format!("{top}zones = ")));
            "meridian.toml"
        }
    };
    if six && file != "config" {
        changes.insert(0, (&v4, both));
    }
    edit(&folder.join(file), &changes);
}
