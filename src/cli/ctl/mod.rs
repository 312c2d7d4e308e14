//! `meridian ctl`: running servers asked and changed, one or several at once, through their API.

mod show;
mod wait;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::http::{self, Answer, Request, escape};
use super::{Exit, fail};
use crate::daemon;
use crate::limits;

pub(super) const ABOUT: &str = "\
Asks running servers how they stand, and changes that: orders of operators, returns, reloads.

An order wins over all that is reported. It has a reason, and an end by itself if --for says so, which `up` and \
`hold` must have. Servers do not know each other, so give --server once for each: they are asked one after \
another, and each says what came of it.

`drain` says from when on no cache that heeds TTLs holds the VIP, and --wait waits until then: the latest of all \
servers. Of a VIP that answers still hold, since nothing else is up, there is no such time yet.

Exit code: 0 done on all servers, 1 not on all, 2 the arguments are wrong.";

pub(super) const EXAMPLES: &str = "\
Examples:
  How do they stand?
    meridian ctl status --server http://127.0.0.1:8053 --server http://127.0.0.1:9053
  Maintenance of a site: its clients leave within half an hour; then the power may go
    meridian ctl drain site fra --why 'new switches' --over 30m --wait
    meridian ctl auto site fra --why 'switches are in'
  A VIP counts as up for an hour, whatever is reported
    meridian ctl up vip fra-1 --why 'the check is wrong, #4711' --for 1h
  Read the estate anew, with a database that moves much
    meridian ctl reload --force geoip";

#[derive(Args, Debug)]
pub(super) struct Ctl {
    /// A server's API; give it again for more [default: http://127.0.0.1:8053]
    #[arg(long, value_name = "ADDR", global = true)]
    server: Vec<String>,
    /// A file whose first line is an operator's token [default: state/token]
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// How the servers stand: generation, last reload, VIPs that are not up, orders
    Status,
    /// Every order, and when no cache holds any more what it drains
    Drains,
    /// New clients go elsewhere; alive if nothing else is
    Drain(Drain),
    /// Counts as down
    Down(Down),
    /// Counts as up whatever is reported, until its end
    Up(Bold),
    /// What is in force stays, until its end
    Hold(Bold),
    /// No order: what is observed counts
    Auto(Auto),
    /// Bring back what `failback` keeps out of a pool
    Return(Return),
    /// Read zones, steering and databases anew
    Reload(Reload),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Vip,
    Site,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Vip => "vip",
            Kind::Site => "site",
        }
    }
}

/// Of what, and why.
#[derive(Args, Debug)]
struct Subject {
    /// One VIP, or all of a site that have no order of their own
    #[arg(value_enum)]
    kind: Kind,
    /// Its name
    name: String,
    /// What others must know when they find it so
    #[arg(long)]
    why: String,
    /// Though it takes more than the brake allows
    #[arg(long)]
    force: bool,
}

#[derive(Args, Debug)]
struct Drain {
    #[command(flatten)]
    subject: Subject,
    /// When it ends by itself, as 1h [default: never]
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// In four equal steps that take so long together, as 30m [default: at once]
    #[arg(long, value_name = "DURATION")]
    over: Option<String>,
    /// Wait until no cache holds it
    #[arg(long)]
    wait: bool,
}

#[derive(Args, Debug)]
struct Down {
    #[command(flatten)]
    subject: Subject,
    /// When it ends by itself, as 1h [default: never]
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// Wait until no cache holds it
    #[arg(long)]
    wait: bool,
}

#[derive(Args, Debug)]
struct Bold {
    #[command(flatten)]
    subject: Subject,
    /// When it ends by itself, 7d at the most
    #[arg(long = "for", value_name = "DURATION")]
    lasts: String,
}

#[derive(Args, Debug)]
struct Auto {
    #[command(flatten)]
    subject: Subject,
}

#[derive(Args, Debug)]
struct Return {
    /// The pool
    pool: String,
    /// For the journal
    #[arg(long)]
    why: String,
}

#[derive(Args, Debug)]
struct Reload {
    /// Take what would be refused
    #[arg(long, value_name = "WHAT", value_enum)]
    force: Option<Forced>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Forced {
    /// Databases that are older, or move much
    Geoip,
    /// An estate that loses names or many records
    Estate,
}

/// An order as it goes to every server.
struct Order<'a> {
    subject: &'a Subject,
    body: String,
    wait: bool,
}

pub(super) fn run(args: &Ctl) -> Exit {
    let servers = match servers(&args.server) {
        Ok(servers) => servers,
        Err(why) => {
            fail(&why);
            return Exit::Usage;
        }
    };
    let token = match token(args) {
        Ok(token) => token,
        Err(why) => return fail(&why),
    };
    let token = token.as_deref();
    let each = |tell: &dyn Fn(&str) -> Result<String, String>| {
        let told = servers.iter().map(|server| match tell(server) {
            Ok(text) => {
                daemon::say(&text);
                Exit::Done
            }
            Err(why) => fail(&why),
        });
        // All of them are asked, whatever the first says.
        told.fold(
            Exit::Done,
            |all, one| if one == Exit::Done { all } else { one },
        )
    };
    match &args.act {
        Act::Status => each(&|server| show::status(server, token)),
        Act::Drains => {
            each(&|server| Ok(show::drains(server, &look(server, token, "/v1/drains")?)))
        }
        Act::Return(args) => {
            let path = format!("/v1/pools/{}/return", escape(&args.pool));
            let body = json!({ "why": args.why }).to_string();
            each(&|server| {
                Ok(show::returned(
                    server,
                    &put(server, token, "POST", &path, &body)?,
                ))
            })
        }
        Act::Reload(args) => each(&|server| reload(server, token, args.force)),
        Act::Drain(_) | Act::Down(_) | Act::Up(_) | Act::Hold(_) | Act::Auto(_) => {
            let Some(order) = order(&args.act) else {
                return Exit::Usage;
            };
            let path = path(order.subject);
            let done = each(&|server| {
                let placed = put(server, token, "PUT", &path, &order.body)?;
                Ok(show::placed(server, order.subject, &placed))
            });
            if !order.wait || done != Exit::Done {
                return done;
            }
            each(&|server| wait::until_clear(server, token, order.subject))
        }
    }
}

fn path(subject: &Subject) -> String {
    let (kind, name) = (subject.kind.word(), escape(&subject.name));
    format!("/v1/{kind}s/{name}/state")
}

/// What these arguments order.
fn order(act: &Act) -> Option<Order<'_>> {
    let (state, subject, lasts, over, wait) = match act {
        Act::Drain(a) => (
            "drain",
            &a.subject,
            a.lasts.as_ref(),
            a.over.as_ref(),
            a.wait,
        ),
        Act::Down(a) => ("down", &a.subject, a.lasts.as_ref(), None, a.wait),
        Act::Up(a) => ("up", &a.subject, Some(&a.lasts), None, false),
        Act::Hold(a) => ("hold", &a.subject, Some(&a.lasts), None, false),
        Act::Auto(a) => ("auto", &a.subject, None, None, false),
        Act::Status | Act::Drains | Act::Return(_) | Act::Reload(_) => return None,
    };
    let mut body = json!({ "state": state, "why": subject.why });
    for (key, value) in [("for", lasts), ("over", over)] {
        if let Some(value) = value {
            body[key] = value.as_str().into();
        }
    }
    if subject.force {
        body["force"] = true.into();
    }
    Some(Order {
        subject,
        body: body.to_string(),
        wait,
    })
}

/// The servers as URLs.
fn servers(given: &[String]) -> Result<Vec<String>, String> {
    if given.len() > limits::CTL_SERVERS {
        return Err(format!("more than {} servers", limits::CTL_SERVERS));
    }
    if given.is_empty() {
        return Ok(vec!["http://127.0.0.1:8053".to_owned()]);
    }
    let url = |server: &String| match server.contains("://") {
        true => server.clone(),
        false => format!("http://{server}"),
    };
    Ok(given.iter().map(url).collect())
}

/// The operator's token. Who only looks may have none.
fn token(args: &Ctl) -> Result<Option<String>, String> {
    let looks = matches!(args.act, Act::Status | Act::Drains);
    let usual = Path::new("state/token");
    let file = args.token_file.as_deref();
    if looks && file.is_none() && !usual.exists() {
        return Ok(None);
    }
    let file = file.unwrap_or(usual);
    let text = fs::read_to_string(file).map_err(|error| {
        format!(
            "{}: {error}; name the file of an operator's token: --token-file FILE",
            file.display()
        )
    })?;
    let token = text.lines().map(str::trim).find(|line| !line.is_empty());
    match token {
        Some(token) if token.bytes().all(|b| b.is_ascii_graphic()) => Ok(Some(token.to_owned())),
        _ => Err(format!("{}: its first line is no token", file.display())),
    }
}

/// What a server shows at a path.
fn look(server: &str, token: Option<&str>, path: &str) -> Result<Value, String> {
    let request = Request {
        path,
        token,
        ..Request::default()
    };
    value(server, &http::ask(server, &request)?)
}

fn put(
    server: &str,
    token: Option<&str>,
    method: &str,
    path: &str,
    body: &str,
) -> Result<Value, String> {
    let request = Request {
        method: Some(method),
        path,
        token,
        body: Some(body),
        // The server itself waits for its disk for as long.
        patience: Some(2 * limits::HTTP_PATIENCE),
        ..Request::default()
    };
    value(server, &http::ask(server, &request)?)
}

fn reload(server: &str, token: Option<&str>, force: Option<Forced>) -> Result<String, String> {
    let query: &[(&str, &str)] = match force {
        None => &[],
        Some(Forced::Geoip) => &[("force", "geoip")],
        Some(Forced::Estate) => &[("force", "estate")],
    };
    let request = Request {
        method: Some("POST"),
        path: "/v1/reload",
        query,
        token,
        patience: Some(limits::CTL_RELOAD),
        ..Request::default()
    };
    let reloaded = value(server, &http::ask(server, &request)?)?;
    Ok(show::reloaded(server, &reloaded))
}

/// The JSON of an answer; of one that is no success what is wrong, with every mistake.
fn value(server: &str, answer: &Answer) -> Result<Value, String> {
    let said = serde_json::from_slice::<Value>(&answer.body);
    if answer.is_ok() {
        return said.map_err(|error| format!("{server}: this is not our API: {error}"));
    }
    let text = String::from_utf8_lossy(&answer.body);
    let said = said.unwrap_or_default();
    let error = said["error"].as_str().unwrap_or(text.trim());
    let mut lines = vec![format!("{server}: {error} ({})", answer.status)];
    for mistake in said["mistakes"].as_array().into_iter().flatten() {
        let word = |key: &str| mistake[key].as_str().unwrap_or_default().to_owned();
        lines.push(format!(
            "  {}: {}; {}",
            word("at"),
            word("message"),
            word("advice")
        ));
    }
    Err(lines.join("\n"))
}
