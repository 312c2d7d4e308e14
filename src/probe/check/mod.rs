//! One check of one target: what is asked, and what came of it in words.

pub(super) mod command;
mod dns;
mod http;
mod tcp;
pub(super) mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::config::estate::Check;
use crate::health::probed::{Ending, Finding};
use crate::probe::target::Spec;

/// What a check is waiting for, in case its time runs out.
#[derive(Debug, Default)]
struct Stage(AtomicU8);

/// In the order in which they come.
const STAGES: [&str; 6] = [
    "the connection",
    "the TLS handshake",
    "the head of the reply",
    "the body of the reply",
    "the answer",
    "the end of the command",
];
const CONNECT: u8 = 0;
const HANDSHAKE: u8 = 1;
const HEAD: u8 = 2;
const BODY: u8 = 3;
const ANSWER: u8 = 4;
const END: u8 = 5;

impl Stage {
    fn set(&self, stage: u8) {
        self.0.store(stage, Ordering::Relaxed);
    }

    fn words(&self) -> &'static str {
        let at = usize::from(self.0.load(Ordering::Relaxed));
        STAGES.get(at).copied().unwrap_or_default()
    }
}

/// Makes the check; ends within its timeout, whatever the other side does.
pub(super) async fn check(spec: Arc<Spec>) -> Finding {
    let stage = Stage::default();
    stage.set(CONNECT);
    let limit = Duration::from_millis(spec.timeout);
    match tokio::time::timeout(limit, ask(&spec, &stage)).await {
        Ok(finding) => finding,
        Err(_) => {
            let words = format!(
                "{} did not come within {} s",
                stage.words(),
                limit.as_secs()
            );
            Finding::new(Ending::Timeout, words)
        }
    }
}

async fn ask(spec: &Spec, stage: &Stage) -> Finding {
    let to = |port: u16| SocketAddr::new(spec.address, port);
    let found = match &spec.check {
        Check::Tcp { port } => tcp::check(to(*port)).await,
        Check::Http { port, page } => http::plain(to(*port), page, stage).await,
        Check::Https { port, page, .. } => match &spec.tls {
            Some(Ok(config)) => http::secure(to(*port), page, config, stage).await,
            Some(Err(why)) => Err(Finding::new(Ending::Unmade, why.clone())),
            None => Err(Finding::new(Ending::Unmade, "TLS was not prepared")),
        },
        Check::Dns { port, name, expect } => dns::check(to(*port), name, *expect, stage).await,
        Check::Command { program } => command::check(spec, program, stage).await,
    };
    found.unwrap_or_else(|finding| finding)
}

/// What an error of the system says of the target, or of this machine.
fn failed(error: &io::Error, what: &str) -> Finding {
    use io::ErrorKind as Kind;
    // Too many files, no memory, no right: nothing that the target has to do with.
    let own = matches!(
        error.raw_os_error(),
        Some(
            libc::EMFILE
                | libc::ENFILE
                | libc::ENOBUFS
                | libc::ENOMEM
                | libc::EACCES
                | libc::EPERM
                | libc::EADDRNOTAVAIL
                | libc::EAFNOSUPPORT
        )
    );
    if own {
        return Finding::new(Ending::Unmade, format!("{what}: {error}"));
    }
    let (ending, words) = match error.kind() {
        Kind::ConnectionRefused => (Ending::Refused, "refused".to_owned()),
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            (Ending::Unreachable, "no way to the address".to_owned())
        }
        Kind::TimedOut => (Ending::Timeout, "nobody answered".to_owned()),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            (Ending::Broken, "reset by the other side".to_owned())
        }
        Kind::UnexpectedEof => (Ending::Broken, "closed by the other side".to_owned()),
        _ => (Ending::Broken, error.to_string()),
    };
    Finding::new(ending, format!("{what}: {words}"))
}
