//! The command line: what can be asked for, how, and what the exit code says.

mod check;
mod ctl;
mod explain;
mod geoip;
mod http;
mod print;
mod settings;
mod token;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::machine::door::Admin;
use crate::daemon::{self, Failed};
use crate::diagnostic::Diagnostic;
use crate::limits;
use values::Level;

/// How a command ended. All exit codes are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// What was asked for is done.
    Done,
    /// The estate is refused, the system refuses something, or the end was cut short.
    Failed,
    /// The arguments or the machine file are wrong; clap ends so too.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
        })
    }
}

const ABOUT: &str = "An authoritative DNS server that sends every client to the right VIP";

const LONG_ABOUT: &str = "\
An authoritative DNS server that sends every client to the right VIP.

It serves zone files as any DNS server does. Beside them, in `.toml` files of the same folder, stands \
which names are steered: by place, weight and health, for A, AAAA and HTTPS. Health comes through the \
HTTP API while it runs. Without a command it serves, with the options of `serve`.";

const EXAMPLES: &str = "\
Examples:
  Serve ./zones on 127.0.0.1:5300, with the API on 127.0.0.1:8053
    meridian
  Is the estate right? Before each commit, and in CI
    meridian check --strict
  What does this client get, and why?
    meridian explain www.example.com 193.0.6.9";

const SERVE: &str = "\
Serves the estate until SIGTERM or SIGINT; a second one ends at once. SIGHUP reads the estate anew, as \
every change of its files or of a database does. One with an error, or that loses much, is refused; the old serves on.

Each top-level key of the machine file but `version` is an option of the same name, and the option wins. No machine \
file is read but the one that --config names, so what is served never depends on where the server was started.

Exit code: 0 ended by a signal, 1 something is refused (the estate, an address, the state folder), 2 the \
arguments or the machine file are wrong.";

const SERVE_EXAMPLES: &str = "\
Examples:
  ./zones on 127.0.0.1:5300, places by the built-in map
    meridian serve
  Places by databases: each fact comes from the first that has it
    meridian serve --geoip City.mmdb ASN.mmdb
  Two addresses, both families
    meridian serve --listen 192.0.2.53:53 '[2001:db8::53]:53'
  As a service
    meridian serve --config /etc/meridian/meridian.toml";

const CHECK: &str = "\
Reads everything as `serve` does and reports all that is wrong, each with file, line, column and advice; \
then, in one line, what there is, and in another the digests by which it can be compared with that of a server or \
another machine. It opens no socket and changes nothing.

With --lint it also warns of names that can end up with an empty answer, of pools that fall with one site, of \
more classes of clients than caches like, of long TTLs, and of hints that may differ from the addresses.

Exit code: 0 all is well, 1 there are errors (with --strict: or warnings), 2 the arguments or the machine \
file are wrong.";

const CHECK_EXAMPLES: &str = "\
Examples:
  In CI, warnings are errors
    meridian check --strict
  What may surprise some day?
    meridian check --lint
  As annotations of a pull request, or for a program
    meridian check --format github
    meridian check --format json
  Before each commit
    echo 'meridian check --zones zones' >> .git/hooks/pre-commit";

const EXPLAIN: &str = "\
Shows what a client gets for a name, and why, by the code that answers queries.

CLIENT is an address or a network. It asks with itself as the client subnet (ECS), through a resolver \
beside it, or the one of --resolver. A private or documentation address has no place on the Internet; it \
asks as the resolver itself.

Health is not in the files: without --server every VIP counts as up but those of --down.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  What a network gets, over IPv4 and IPv6
    meridian explain www.example.com 193.0.6.0/24
    meridian explain www.example.com 2a00:1450::/56 --type AAAA
  The same client behind a public resolver
    meridian explain www.example.com 193.0.6.9 --resolver 8.8.8.8
  What if a VIP were down?
    meridian explain www.example.com 193.0.6.9 --down fra-1
  As a running server sees it, for a program
    meridian explain www.example.com 193.0.6.9 --server http://127.0.0.1:8053 --json";

#[derive(Debug, Parser)]
#[command(name = "meridian", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_long_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the estate (what `meridian` alone does)
    #[command(long_about = SERVE, after_long_help = SERVE_EXAMPLES)]
    Serve(Serve),
    /// Check the estate, for CI and pre-commit
    #[command(long_about = CHECK, after_long_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Print zones, one record on a line
    #[command(long_about = print::ABOUT, after_long_help = print::EXAMPLES)]
    Print(Print),
    /// Explain what a client gets for a name
    #[command(long_about = EXPLAIN, after_long_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Ask and change running servers: health, orders, reloads
    #[command(long_about = ctl::ABOUT, after_long_help = ctl::EXAMPLES)]
    Ctl(ctl::Ctl),
    /// Make a token for the API, and the line of a token file that knows it
    #[command(long_about = token::ABOUT)]
    Token,
    /// Make, ask and survey databases of where addresses are
    #[command(subcommand)]
    Geoip(geoip::Geoip),
}

/// Where the estate is; all commands take these.
#[derive(Args, Debug, Default)]
struct Where {
    /// The machine file (meridian.toml); its paths are seen from its folder [default: none is read]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of zone and steering files [default: zones]
    #[arg(long, value_name = "DIR")]
    zones: Option<PathBuf>,
    /// MMDB files, one or more; the first that has a fact counts [default: the built-in map]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    geoip: Vec<PathBuf>,
    /// The age from which a database is warned of [default: 90d]
    #[arg(long, value_name = "DURATION", value_parser = values::age)]
    geoip_max_age: Option<u64>,
}

#[derive(Args, Debug)]
struct Serve {
    #[command(flatten)]
    place: Where,
    /// The share of the known addresses that a new database may move to another class [default: 25%]
    #[arg(long, value_name = "SHARE", value_parser = values::moved)]
    geoip_max_moved: Option<u32>,
    /// Take databases that are older than those in force
    #[arg(long)]
    geoip_older: bool,
    /// Where to answer DNS over UDP and TCP; one or more [default: 127.0.0.1:5300]
    #[arg(long, value_name = "ADDR:PORT", num_args = 1..)]
    listen: Vec<SocketAddr>,
    /// Where the API is: on loopback, or https://ADDR:PORT [default: 127.0.0.1:8053]
    #[arg(long, value_name = "ADDR:PORT", value_parser = values::door)]
    admin: Option<Admin>,
    /// The folder of health, journal and the first token; one server each [default: state]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// UDP threads for each address [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::WORKERS)))]
    workers: Option<u32>,
    /// Limit nothing over UDP, for load tests; [rate] of the machine file has the rest [default: on]
    #[arg(long, value_name = "off", value_enum)]
    rate: Option<Off>,
    /// What it says to NSID and id.server queries [default: nothing]
    #[arg(long, value_name = "TEXT", value_parser = values::said)]
    id: Option<String>,
    /// The file with the secrets of DNS cookies [default: one secret, made in the state folder]
    #[arg(long, value_name = "FILE")]
    cookies: Option<PathBuf>,
    /// The share of all records that a reload may drop [default: 50%]
    #[arg(long, value_name = "SHARE", value_parser = values::moved)]
    max_dropped: Option<u32>,
    /// The folder of programs that probes of kind `command` may run [default: they may run none]
    #[arg(long, value_name = "DIR")]
    commands: Option<PathBuf>,
    /// What goes to the log on stderr
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Level::Info)]
    log: Level,
}

#[derive(Args, Debug)]
struct Check {
    #[command(flatten)]
    place: Where,
    /// Warnings are errors
    #[arg(long)]
    strict: bool,
    /// Warn of what is no mistake, but likely to surprise some day
    #[arg(long)]
    lint: bool,
    /// How to show what is wrong
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Args, Debug)]
struct Print {
    /// The zones to print [default: all]
    #[arg(value_name = "ZONE")]
    names: Vec<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Args, Debug)]
struct Explain {
    /// The name asked; the final dot may be left out
    name: String,
    /// The client: an address or a network
    client: String,
    /// The type asked
    #[arg(long = "type", value_name = "TYPE", default_value = "A")]
    kind: String,
    /// The address that the query comes from [default: the client's own]
    #[arg(long, value_name = "ADDR", conflicts_with = "server")]
    resolver: Option<String>,
    /// A VIP that is down; give it again for more
    #[arg(long, value_name = "VIP", conflicts_with = "server")]
    down: Vec<String>,
    /// As JSON, with everything
    #[arg(long)]
    json: bool,
    /// Ask a running server's API, with the health that it knows of
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "zones", "geoip", "geoip_max_age"])]
    server: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// What can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Off {
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// Workflow commands of GitHub Actions
    Github,
    /// One document with everything, for editors and scripts
    Json,
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let line = Line::parse();
    let exit = match line.command.unwrap_or(Command::Serve(line.serve)) {
        Command::Serve(args) => serve(&args),
        Command::Check(args) => check::run(&args),
        Command::Print(args) => print::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Ctl(args) => ctl::run(&args),
        Command::Token => token::run(),
        Command::Geoip(args) => geoip::run(&args),
    };
    exit.into()
}

fn serve(args: &Serve) -> Exit {
    daemon::log::start(args.log.into());
    let settings = match settings::of(args) {
        Ok((settings, warnings)) => {
            daemon::show(&warnings);
            settings
        }
        Err(mistakes) => return refuse(&mistakes, Exit::Usage),
    };
    match daemon::run(&settings) {
        Ok(()) => Exit::Done,
        Err(Failed::Refused(mistakes)) => refuse(&mistakes, Exit::Failed),
        Err(Failed::System(why)) => fail(&why),
        Err(Failed::Cut) => fail("ended at once by a second signal"),
    }
}

fn refuse(mistakes: &[Diagnostic], exit: Exit) -> Exit {
    daemon::show(mistakes);
    exit
}

fn fail(why: &str) -> Exit {
    for line in why.lines() {
        eprintln!("error: {line}");
    }
    Exit::Failed
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests;
