//! The servers, each with the same rules in its own words, and questions to them.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::ground::{CONTINENTS, COUNTRIES, DEFAULT, NAMES, NETWORKS, RULED, sharing, targets};
use crate::mmdb::Mmdb;
use crate::server::{PATIENCE, Process, Server, free_port};
use crate::subnet::{self, Told};
use crate::tool::find;

/// Questions under way at once.
const WINDOW: usize = 64;

/// A server.
pub struct Subject {
    pub name: &'static str,
    port: u16,
    /// The names whose rules it can have.
    names: &'static [&'static str],
    _running: Running,
    _folder: TempDir,
}

/// What ends with its owner.
enum Running {
    Ours(Server),
    Theirs(Process),
}

fn folder(database: &Mmdb) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["run", "state", "zones", "db"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("geo.mmdb"), database.bytes()).unwrap();
    folder
}

/// The zone, with these lines for the names.
fn zone(line: impl Fn(&str) -> String) -> String {
    let head = "$TTL 60\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n";
    NAMES
        .iter()
        .fold(head.to_string(), |text, name| text + &line(name) + "\n")
}

impl Subject {
    pub fn ours(database: &Mmdb) -> Subject {
        let folder = folder(database);
        let at = folder.path();
        fs::write(at.join("zones/scope.test.zone"), zone(|_| String::new())).unwrap();
        fs::write(at.join("zones/steering.toml"), steering()).unwrap();
        let database = at.join("geo.mmdb");
        let options = ["--geoip", database.to_str().unwrap(), "--rate", "off"];
        let server = Server::with(&at.join("zones"), &options);
        Subject {
            name: "Meridian",
            port: server.port,
            names: &NAMES,
            _running: Running::Ours(server),
            _folder: folder,
        }
    }

    pub fn gdnsd(database: &Mmdb) -> Subject {
        let folder = folder(database);
        let (at, port) = (folder.path(), free_port());
        fs::write(
            at.join("zones/scope.test"),
            zone(|name| format!("{name} DYNA geoip!{name}")),
        )
        .unwrap();
        fs::write(at.join("config"), gdnsd(at, port)).unwrap();
        let mut command = Command::new(find("gdnsd", "gdnsd"));
        command.arg("-c").arg(at).arg("start");
        Subject::theirs("gdnsd", &NAMES, command, port, folder)
    }

    /// A module of Knot's has either places or networks.
    pub fn knot(database: &Mmdb) -> Subject {
        let folder = folder(database);
        let (at, port) = (folder.path(), free_port());
        let zone = zone(|name| format!("{name} A {DEFAULT}"));
        fs::write(at.join("zones/scope.test.zone"), zone).unwrap();
        for name in ["places", "networks", "shared"] {
            fs::write(at.join(format!("{name}.conf")), knot_rules(name)).unwrap();
        }
        fs::write(at.join("knot.conf"), knot(at, port)).unwrap();
        let missing = "the module geoip is missing: apt-get install knot-module-geoip";
        let modules = fs::read_dir("/usr/lib").unwrap().flatten();
        let mut modules = modules.filter_map(|entry| fs::read_dir(entry.path().join("knot")).ok());
        let found = modules.any(|knot| {
            let mut folders = knot.flatten();
            folders.any(|folder| folder.path().join("geoip.so").is_file())
        });
        assert!(found, "{missing}");
        let mut command = Command::new(find("knotd", "knot"));
        command.arg("-c").arg(at.join("knot.conf"));
        Subject::theirs(
            "Knot",
            &["places", "networks", "shared"],
            command,
            port,
            folder,
        )
    }

    fn theirs(
        name: &'static str,
        names: &'static [&'static str],
        mut command: Command,
        port: u16,
        folder: TempDir,
    ) -> Subject {
        let mut process = Process::start(command.current_dir(folder.path()));
        let socket = socket(port);
        let query = subnet::query(1, "ns1.scope.test.", subnet::A, None);
        process.wait(name, |line| {
            // A refusal tells only that nobody is there yet.
            let _ = socket.send(&query);
            let mut answer = [0; 512];
            let length = match line {
                None => socket.recv(&mut answer).unwrap_or(0),
                Some(_) => 0,
            };
            let told = subnet::read(&answer[..length]);
            told.is_some_and(|told| !told.records.is_empty())
        });
        Subject {
            name,
            port,
            names,
            _running: Running::Theirs(process),
            _folder: folder,
        }
    }

    /// What each client gets for a name; none if the server cannot have its rules.
    pub fn ask(&self, name: &str, clients: &[(IpAddr, u8)]) -> Option<Vec<Told>> {
        if !self.names.contains(&name) {
            return None;
        }
        let name = format!("{name}.scope.test.");
        let socket = socket(self.port);
        let mut answers: Vec<Option<Told>> = vec![None; clients.len()];
        let end = Instant::now() + 20 * PATIENCE;
        let mut buffer = [0; 2048];
        for begin in (0..clients.len()).step_by(WINDOW) {
            let window = begin..clients.len().min(begin + WINDOW);
            loop {
                let open: Vec<usize> = window.clone().filter(|at| answers[*at].is_none()).collect();
                if open.is_empty() {
                    break;
                }
                assert!(Instant::now() < end, "{} does not answer", self.name);
                for at in &open {
                    let query = subnet::query(*at as u16, &name, subnet::A, Some(clients[*at]));
                    let _ = socket.send(&query);
                }
                // What is lost is asked again; what comes late is known by its number.
                let mut missing = open.len();
                while missing > 0 {
                    let Ok(length) = socket.recv(&mut buffer) else {
                        break;
                    };
                    let told = subnet::read(&buffer[..length]).unwrap();
                    let at = open.iter().find(|at| **at as u16 == told.id);
                    if let Some(at) = at.filter(|at| answers[**at].is_none()) {
                        assert_eq!(told.rcode, 0, "{}: {told:?}", self.name);
                        answers[*at] = Some(told);
                        missing -= 1;
                    }
                }
            }
        }
        Some(answers.into_iter().flatten().collect())
    }
}

fn socket(port: u16) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    let wait = Some(Duration::from_millis(200));
    socket.set_read_timeout(wait).unwrap();
    socket
}

/// `c-eu` of `EU`.
fn of_continent(code: &str) -> String {
    format!("c-{}", code.to_lowercase())
}

fn steering() -> String {
    let mut text = String::from("[vips]\n");
    for (name, address) in targets() {
        writeln!(text, "{name} = {{ address = \"{address}\" }}").unwrap();
    }
    let mut networks = String::new();
    for (n, network) in NETWORKS.iter().enumerate() {
        writeln!(networks, "\"{network}\" = \"n-{n}\"").unwrap();
    }
    let mut places = String::new();
    let mut shared = String::new();
    for (code, word) in CONTINENTS {
        writeln!(places, "{word} = \"{}\"", of_continent(code)).unwrap();
        writeln!(shared, "{word} = \"{}\"", sharing(code)).unwrap();
    }
    for code in RULED {
        writeln!(places, "{code} = \"{}\"", code.to_lowercase()).unwrap();
    }
    let both = format!("{places}{networks}");
    let mut names = String::from("[names]\n");
    for (name, rules) in NAMES.iter().zip([places, networks, both, shared]) {
        writeln!(text, "[rules.{name}]\n{rules}").unwrap();
        writeln!(
            text,
            "[pools.{name}]\nmembers = [\"dflt\"]\npolicy = \"failover\"\nprefer = \"{name}\""
        )
        .unwrap();
        writeln!(names, "\"{name}.scope.test.\" = \"{name}\"").unwrap();
    }
    text + &names
}

fn gdnsd(at: &Path, port: u16) -> String {
    let here = at.display();
    // Where no rule is, the first of all stands.
    let mut centres: Vec<String> = targets().into_iter().map(|(name, _)| name).collect();
    centres.rotate_right(1);
    let centres = centres.join(", ");
    let addresses = targets()
        .into_iter()
        .map(|(name, address)| format!("{name} => {address}"));
    let addresses = addresses.collect::<Vec<_>>().join(", ");
    let nets = NETWORKS
        .iter()
        .enumerate()
        .map(|(n, net)| format!("{net} => [n-{n}]"));
    let nets = format!("nets => {{ {} }}\n", nets.collect::<Vec<_>>().join(", "));
    let mut places = String::new();
    let mut shared = String::new();
    for (continent, _) in CONTINENTS {
        let countries = COUNTRIES
            .iter()
            .filter(|(c, code)| *c == continent && RULED.contains(code));
        let countries = countries.map(|(_, code)| format!(", {code} => [{}]", code.to_lowercase()));
        let countries: String = countries.collect();
        let default = of_continent(continent);
        writeln!(
            places,
            "{continent} => {{ default => [{default}]{countries} }}"
        )
        .unwrap();
        writeln!(
            shared,
            "{continent} => {{ default => [{}] }}",
            sharing(continent)
        )
        .unwrap();
    }
    let map = |map: &str| {
        format!("geoip2_db = \"{here}/geo.mmdb\"\nmap => {{ default => [dflt]\n{map} }}\n")
    };
    let both = map(&places) + &nets;
    let maps = [map(&places), nets, both, map(&shared)];
    let mut text = format!(
        "options => {{\n listen => {{ 127.0.0.1:{port} => {{ udp_threads = 1, tcp_threads = 1 }} }}\n \
         run_dir = \"{here}/run\", state_dir = \"{here}/state\"\n}}\nplugins => {{ geoip => {{\nmaps => {{\n"
    );
    for (name, map) in NAMES.iter().zip(maps) {
        writeln!(text, "{name} => {{\ndatacenters => [{centres}]\n{map}}}").unwrap();
    }
    text += "}\nresources => {\n";
    for name in NAMES {
        writeln!(
            text,
            "{name} => {{ map = {name}, service_types = up, dcmap => {{ {addresses} }} }}"
        )
        .unwrap();
    }
    text + "} } }\n"
}

fn knot(at: &Path, port: u16) -> String {
    let here = at.display();
    format!(
        "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{here}/run\"\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\n  edns-client-subnet: on\n\
         log:\n  - target: stderr\n    any: warning\n\
         database:\n  storage: \"{here}/db\"\n\
         mod-geoip:\n\
         \x20 - id: places\n    config-file: \"{here}/places.conf\"\n    ttl: 60\n    mode: geodb\n    \
         geodb-file: \"{here}/geo.mmdb\"\n    geodb-key: [ continent/code, country/iso_code ]\n\
         \x20 - id: shared\n    config-file: \"{here}/shared.conf\"\n    ttl: 60\n    mode: geodb\n    \
         geodb-file: \"{here}/geo.mmdb\"\n    geodb-key: [ continent/code, country/iso_code ]\n\
         \x20 - id: networks\n    config-file: \"{here}/networks.conf\"\n    ttl: 60\n    mode: subnet\n\
         zone:\n  - domain: scope.test.\n    storage: \"{here}/zones\"\n    file: scope.test.zone\n    \
         zonefile-sync: -1\n    journal-content: none\n    semantic-checks: off\n    \
         module: [ mod-geoip/places, mod-geoip/networks, mod-geoip/shared ]\n"
    )
}

fn knot_rules(name: &str) -> String {
    let address = |target: &str| {
        let found = targets().into_iter().find(|(name, _)| name == target);
        found.unwrap().1
    };
    let mut text = format!("{name}.scope.test.:\n");
    let mut put = |key: &str, place: &str, target: &str| {
        writeln!(text, "  - {key}: \"{place}\"\n    A: {}", address(target)).unwrap();
    };
    match name {
        "networks" => {
            for (n, network) in NETWORKS.iter().enumerate() {
                put("net", network, &format!("n-{n}"));
            }
        }
        _ => {
            for (continent, code) in COUNTRIES {
                if RULED.contains(&code) && name == "places" {
                    put("geo", &format!("{continent};{code}"), &code.to_lowercase());
                }
            }
            for (code, _) in CONTINENTS {
                let target = match name {
                    "places" => of_continent(code),
                    _ => sharing(code).to_string(),
                };
                put("geo", &format!("{code};*"), &target);
            }
        }
    }
    text
}
