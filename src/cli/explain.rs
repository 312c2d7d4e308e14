//! `meridian explain`: what a client gets and why, from the files or from a running server.

use std::sync::Arc;

use super::{Exit, Explain, fail, http, refuse, settings};
use crate::answer::explain::{Explanation, Question, explain};
use crate::daemon;
use crate::diagnostic;
use crate::health::verdict::{Both, State, Verdict};
use crate::keeper::load::Loader;
use crate::world::World;
use crate::world::estate::Estate;
use crate::world::situation::Standing;

pub(super) fn run(args: &Explain) -> Exit {
    let resolver = args.resolver.as_deref();
    let question = Question::parse(&args.name, &args.client, Some(&args.kind), resolver);
    let question = match question {
        Ok(question) => question,
        Err(why) => {
            fail(&why);
            return Exit::Usage;
        }
    };
    let explained = match &args.server {
        Some(server) => remote(server, args),
        None => local(&question, args),
    };
    let shown = explained.and_then(|explanation| show(&explanation, args.json));
    match shown {
        Ok(text) => {
            daemon::say(&text);
            Exit::Done
        }
        Err(exit) => exit,
    }
}

fn show(explanation: &Explanation, json: bool) -> Result<String, Exit> {
    if !json {
        return Ok(explanation.to_string());
    }
    let text = serde_json::to_string_pretty(explanation);
    text.map(|text| text + "\n")
        .map_err(|e| fail(&e.to_string()))
}

fn local(question: &Question, args: &Explain) -> Result<Explanation, Exit> {
    let (paths, warnings) =
        settings::paths(&args.place).map_err(|mistakes| refuse(&mistakes, Exit::Usage))?;
    daemon::show(&warnings);
    let loaded = Loader::new(paths).first();
    let Some(estate) = loaded.estate else {
        let mut mistakes = loaded.diagnostics;
        mistakes.retain(diagnostic::Diagnostic::is_error);
        return Err(refuse(&mistakes, Exit::Failed));
    };
    for vip in &args.down {
        known(&estate, vip).map_err(|why| {
            fail(&why);
            Exit::Usage
        })?;
    }
    let verdict = |name: &str| match args.down.iter().any(|vip| vip == name) {
        // Not since any time: what it would be like once nothing is in transition any more.
        true => Both::same(Verdict {
            state: State::Down,
            since: 0,
        }),
        false => Both::UNKNOWN,
    };
    let standing = Standing::calm(&estate, verdict);
    let world = World::new(Arc::new(estate), Arc::default(), standing, 1);
    Ok(explain(&world, question, daemon::now(), 0))
}

fn known(estate: &Estate, name: &str) -> Result<(), String> {
    let vips = &estate.steering.vips;
    if vips.iter().any(|vip| vip.name == name) {
        return Ok(());
    }
    let names: Vec<&str> = vips.iter().take(20).map(|vip| vip.name.as_str()).collect();
    Err(format!(
        "no VIP is called `{name}`; there are {}",
        names.join(", ")
    ))
}

fn remote(server: &str, args: &Explain) -> Result<Explanation, Exit> {
    let query = [
        ("name", args.name.as_str()),
        ("client", &args.client),
        ("type", &args.kind),
    ];
    let body = http::get(server, "/v1/explain", &query).map_err(|why| fail(&why))?;
    serde_json::from_slice(&body)
        .map_err(|error| fail(&format!("{server}: not an explanation: {error}")))
}
