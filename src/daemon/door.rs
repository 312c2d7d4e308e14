//! The operator's door: the one place that hands the server's parts to the API.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Settings, now};
use crate::admin;
use crate::admin::tls::Locks;
use crate::admin::tokens::{self, Holder, Tokens};
use crate::answer::explain::{Question, explain};
use crate::config::machine::Role;
use crate::config::machine::observers::Observers;
use crate::diagnostic::Diagnostic;
use crate::health::board::{Group, Groups, PROBE};
use crate::keeper::Keeper;
use crate::serve::Running;
use crate::world::cell::Cell;

/// Who may come in.
pub(super) struct Keys {
    tokens: Tokens,
    /// Whose they are.
    names: Vec<String>,
    locks: Option<Locks>,
    /// A file with a token that may report every VIP.
    file: Option<PathBuf>,
}

impl Keys {
    /// Reads the machine's tokens; without any, one operator token is made in the state folder.
    pub(super) fn open(settings: &Settings) -> Result<Keys, Vec<Diagnostic>> {
        let holders = if settings.tokens.is_empty() {
            let (holder, _) = tokens::create(&settings.state).map_err(|wrong| vec![wrong])?;
            vec![holder]
        } else {
            let holder = |t: &crate::config::machine::TokenFile| Holder {
                name: t.name.clone(),
                role: t.role,
                sites: t.sites.clone(),
                rate: Some(t.rate),
                file: settings.home.join(&t.file),
            };
            settings.tokens.iter().map(holder).collect()
        };
        let reports =
            |h: &&Holder| h.role != Role::Reader && h.sites.is_none() && tokens::sendable(&h.file);
        let file = holders.iter().find(reports).map(|h| h.file.clone());
        let names: Vec<String> = holders.iter().map(|holder| holder.name.clone()).collect();
        let (tokens, locks) = (Tokens::open(holders), settings.tls.clone().map(Locks::open));
        match (tokens, locks.transpose()) {
            (Ok(tokens), Ok(locks)) => Ok(Keys {
                tokens,
                names,
                locks,
                file,
            }),
            (tokens, locks) => {
                let wrong = [tokens.err(), locks.err()].into_iter().flatten();
                Err(wrong.flatten().collect())
            }
        }
    }
}

impl Keys {
    /// Whether an observer of this name can report.
    pub(super) fn knows(&self, who: &str) -> bool {
        who == PROBE || self.names.iter().any(|name| name == who)
    }
}

/// Those who vote together, as the machine's file has them.
pub(super) fn groups(observers: &[Observers]) -> Groups {
    let group = |of: &Observers| Group {
        name: of.name.clone(),
        members: of.tokens.clone(),
        agree: of.agree,
    };
    Groups::new(observers.iter().map(group).collect())
}

/// The open door.
#[derive(Debug)]
pub(super) struct Door {
    /// Where it is, with the real port.
    pub(super) address: SocketAddr,
    /// A file whose first line is a token that may report every VIP; none if there is no such.
    pub(super) token: Option<PathBuf>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Opens it: from here on the API answers.
pub(super) fn open(
    runtime: &Runtime,
    listener: TcpListener,
    keys: Keys,
    (cell, keeper, running, probes): (Arc<Cell>, Keeper, &Running, admin::Probes),
) -> io::Result<Door> {
    let _inside = runtime.enter();
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let world = cell.clone();
    let explain = move |name: &str, client: &str, kind: Option<&str>| {
        let question = Question::parse(name, client, kind, None)?;
        let explanation = explain(&world.full(), &question, now(), 0);
        serde_json::to_value(explanation).map_err(|error| error.to_string())
    };
    let door = admin::Door {
        cell,
        keeper,
        counters: running.counters().to_vec(),
        tally: running.tally(),
        tokens: keys.tokens,
        locks: keys.locks,
        explain: Arc::new(explain),
        probes,
        started: now(),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        if let Err(error) = admin::serve(listener, Arc::new(door), stopped).await {
            tracing::error!(%error, "the API has ended; DNS goes on");
        }
    });
    Ok(Door {
        address,
        token: keys.file,
        stop,
        serving,
    })
}

impl Door {
    /// Lets nobody in any more, and waits for those who are inside, but not for ever.
    pub(super) fn close(self, runtime: &Handle) {
        let _ = self.stop.send(());
        let _ = runtime.block_on(self.serving);
    }
}
