//! One machine's settings: the machine file, and the options over it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Off, Serve, Where};
use crate::admin::tls::Files;
use crate::config::machine::door::Admin;
use crate::config::machine::geoip::{Guard, Older};
use crate::config::machine::{self, Machine};
use crate::daemon::Settings;
use crate::diagnostic::{Diagnostic, Source};
use crate::keeper::load::Paths;
use crate::limits;
use crate::rate::Rate;

const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5300);
const ADMIN: Admin = Admin::Http(SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    8053,
));

/// The machine file with the folder that its paths are seen from, and warnings.
type Found = (Machine, PathBuf, Vec<Diagnostic>);

/// All settings of `serve`, and warnings about the machine file; or everything that is wrong with it.
pub(super) fn of(args: &Serve) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (machine, home, warnings) = read(args.place.config.as_deref())?;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.workers.and_then(|n| usize::try_from(n).ok());
    let listen = match (args.listen.as_slice(), machine.listen.as_slice()) {
        ([], []) => vec![LISTEN],
        ([], file) => file.to_vec(),
        (given, _) => given.to_vec(),
    };
    // A default is a path of the file like any other: seen from its folder.
    let state = home.join(machine.state.as_deref().unwrap_or("state"));
    let mut paths = over(&args.place, &machine, &home);
    paths.cookies = args.cookies.clone().or(paths.cookies);
    paths.max_dropped = args.max_dropped.unwrap_or(paths.max_dropped);
    let guard = &mut paths.guard;
    guard.max_moved = args.geoip_max_moved.unwrap_or(guard.max_moved);
    if args.geoip_older {
        guard.older = Older::Taken;
    }
    let admin = args.admin.or(machine.admin).unwrap_or(ADMIN);
    let tls = machine.tls.filter(|_| matches!(admin, Admin::Https(_)));
    if tls.is_none() && matches!(admin, Admin::Https(_)) {
        let advice = "write `[tls]` with `cert` and `key`, and `admin` too, into the machine file: `--config FILE`";
        return Err(vec![Diagnostic::whole(
            format!("{admin} needs a certificate"),
            advice,
        )]);
    }
    let settings = Settings {
        paths,
        state: args.state.clone().unwrap_or(state),
        listen,
        admin,
        tls: tls.map(|tls| Files {
            cert: home.join(tls.cert),
            key: home.join(tls.key),
            client_ca: tls.client_ca.map(|file| home.join(file)),
        }),
        workers: workers.or(machine.workers).unwrap_or_else(cores),
        rate: match args.rate {
            Some(Off::Off) => Rate::Off,
            None => machine.rate,
        },
        id: args.id.clone().or(machine.id),
        version: machine.version,
        tokens: machine.tokens,
        observers: machine.observers,
        commands: args
            .commands
            .clone()
            .or_else(|| machine.commands.map(|path| home.join(path))),
        home,
    };
    Ok((settings, warnings))
}

/// Where the estate is, for commands that only read it.
pub(super) fn paths(place: &Where) -> Result<(Paths, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (machine, home, warnings) = read(place.config.as_deref())?;
    Ok((over(place, &machine, &home), warnings))
}

fn over(place: &Where, machine: &Machine, home: &Path) -> Paths {
    let zones = home.join(machine.zones.as_deref().unwrap_or("zones"));
    let geoip = machine.geoip.files.iter().map(|path| home.join(path));
    Paths {
        zones: place.zones.clone().unwrap_or(zones),
        geoip: match place.geoip.as_slice() {
            [] => geoip.collect(),
            given => given.to_vec(),
        },
        guard: Guard {
            max_age: place.geoip_max_age.unwrap_or(machine.geoip.guard.max_age),
            ..machine.geoip.guard
        },
        cookies: machine.cookies.as_deref().map(|path| home.join(path)),
        max_dropped: machine.max_dropped.unwrap_or(limits::DROPPED),
    }
}

fn read(config: Option<&Path>) -> Result<Found, Vec<Diagnostic>> {
    let Some(path) = config else {
        return Ok((Machine::default(), PathBuf::new(), Vec::new()));
    };
    let text = fs::read(path).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        vec![Diagnostic::whole(
            message,
            "name the machine file: `--config FILE`",
        )]
    })?;
    let source = Source::new(path.display().to_string(), text);
    match machine::machine(&source) {
        (Some(machine), warnings) => {
            let home = path.parent().map(Path::to_path_buf).unwrap_or_default();
            Ok((machine, home, warnings))
        }
        (None, mistakes) => Err(mistakes),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Line;

    fn settings(args: &[&str]) -> Settings {
        let line = Line::try_parse_from(std::iter::once("meridian").chain(args.iter().copied()));
        let found = of(&line.unwrap_or_else(|e| panic!("{e}")).serve);
        found.unwrap_or_else(|e| panic!("{e:?}")).0
    }

    #[test]
    fn defaults_open_only_loopback() {
        let plain = settings(&[]);
        assert_eq!(plain.listen, [LISTEN]);
        assert_eq!(plain.admin, ADMIN);
        assert_eq!(plain.paths.zones, Path::new("zones"));
        assert_eq!(plain.state, Path::new("state"));
        assert!(plain.workers > 0 && plain.paths.geoip.is_empty());
        assert_eq!(plain.rate, Rate::default());
    }

    #[test]
    fn options_win_over_the_file_and_its_paths_are_seen_from_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("meridian.toml");
        let text = "zones = \"z\"\nstate = \"/var/lib/m\"\ngeoip = { files = \"a.mmdb\", max_age = \"9d\" }\nworkers = 3\n\
                    listen = [\"192.0.2.53:53\"]\n[tokens.ops]\nfile = \"t\"\n";
        fs::write(&file, text).unwrap();
        let config = file.to_str().unwrap();
        let read = settings(&["--config", config]);
        assert_eq!(read.paths.zones, folder.path().join("z"));
        assert_eq!(read.paths.geoip, [folder.path().join("a.mmdb")]);
        let guard = Guard {
            max_age: 9 * 86_400,
            ..Guard::default()
        };
        assert_eq!(read.paths.guard, guard);
        assert_eq!(read.state, Path::new("/var/lib/m"));
        assert_eq!((read.workers, read.tokens.len()), (3, 1));
        assert_eq!(read.home, folder.path());
        fs::write(&file, "workers = 3\n").unwrap();
        let read = settings(&["--config", config]);
        assert_eq!(read.paths.zones, folder.path().join("zones"));
        assert_eq!(read.state, folder.path().join("state"));
        let given = [
            "--config",
            config,
            "--zones",
            "y",
            "--state",
            "s",
            "--geoip",
            "b",
            "--geoip",
            "c",
            "--geoip-max-age",
            "1d",
            "--geoip-max-moved",
            "0.5%",
            "--geoip-older",
            "--listen",
            "127.0.0.1:0",
            "--workers",
            "1",
            "--rate",
            "off",
        ];
        let read = settings(&given);
        assert_eq!(read.paths.zones, Path::new("y"));
        assert_eq!(read.paths.geoip, [Path::new("b"), Path::new("c")]);
        let guard = Guard {
            max_age: 86_400,
            max_moved: 5_000,
            older: Older::Taken,
        };
        assert_eq!(read.paths.guard, guard);
        assert_eq!(read.state, Path::new("s"));
        assert_eq!(read.workers, 1);
        assert_eq!(read.listen.len(), 1);
        assert_eq!(read.rate, Rate::Off);
    }
}
