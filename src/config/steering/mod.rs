//! The steering files of an estate: sites, VIPs, probes, regions, rule sets, pools and names.
//!
//! All files are read before any is judged, and every mistake in them is found at once. First the files become TOML, then
//! an index of all names, then each table is read with its names resolved, then what only the whole shows is checked.

use std::sync::Arc;

use crate::config::document::Document;
use crate::config::estate::{Pool, Steering};
use crate::config::findings::Findings;
use crate::diagnostic::{Diagnostic, Include, Refusal, Source, any_error};
use crate::limits;

mod aliases;
mod brake;
mod capacity;
mod course;
mod fences;
mod graph;
mod idle;
mod index;
mod latency;
mod lines;
mod list;
mod members;
mod names;
mod networks;
mod pools;
mod probes;
mod reach;
mod regions;
mod rules;
mod sites;
#[cfg(test)]
mod tests;
mod uneven;

/// For files that stand alone: there are no lists of networks.
pub fn alone(written: &str, _: &str) -> Result<Arc<Source>, Refusal> {
    Err(Refusal {
        message: format!("`{written}`: no other file can be read here"),
        advice: "write the networks into this file".to_owned(),
    })
}

/// The steering that these files say together, whatever their order; none if there is an error in any. `lists` gives the
/// lists that they name. All errors and warnings of all files come back.
pub fn steering(files: &[Arc<Source>], lists: &Include<'_>) -> (Option<Steering>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let total: usize = files.iter().map(|file| file.text.len()).sum();
    if total > limits::STEERING_TEXT {
        let message = format!("the `.toml` files hold {total} bytes together");
        return (
            None,
            vec![Diagnostic::whole(
                message,
                format!("at most {} can be read", limits::STEERING_TEXT),
            )],
        );
    }
    let documents: Vec<Document<'_>> = files
        .iter()
        .filter_map(|file| Document::parse(file, &mut findings))
        .collect();
    let complete = documents.len() == files.len();
    let steering = read(&documents, complete, lists, &mut findings);
    let list = findings.into_list();
    (steering.filter(|_| !any_error(&list)), list)
}

fn read(
    documents: &[Document<'_>],
    complete: bool,
    lists: &Include<'_>,
    findings: &mut Findings,
) -> Option<Steering> {
    let index = index::Index::new(documents, complete, findings);
    let grounds = sites::read(&index, findings);
    let networks = networks::read(&index, lists, findings);
    let latency = latency::read(&index, &grounds, lists, findings);
    let brake = brake::read(&index, &grounds, findings);
    let probes = probes::read(&index, lists, findings);
    let regions = regions::read(&index, findings);
    let lines = rules::lines(&index, findings);
    let (sets, places) = rules::sets(&index, &lines, &regions, findings);
    let drafts = pools::read(&index, &grounds, findings);
    let said = names::read(&index, findings);
    let pointers = said.pointers();
    if !complete {
        return None;
    }
    let estate = reach::Estate {
        index: &index,
        grounds: &grounds,
        lines: &lines,
        pools: &drafts,
    };
    let edges = estate.edges();
    let edges: Vec<&[graph::Edge<'_>]> = edges.iter().map(Vec::as_slice).collect();
    let depth = graph::order(&edges);
    for cycle in graph::cycles(&edges, &depth) {
        graph::report(index::Kind::Pool, &cycle, &index.pools, findings);
    }
    graph::too_deep(&edges, &depth, &index.pools, findings);
    estate.check(&pointers, findings);
    estate.fences(&sets, findings);
    estate.aliases(&edges, &pointers, findings);
    estate.capacities(&edges, &pointers, findings);
    if findings.errors() == 0 {
        estate.idle(&regions, &pointers, findings);
        estate.uneven(&edges, &pointers, findings);
    }
    let mut pools: Vec<Pool> = drafts.into_iter().map(|draft| draft.pool).collect();
    let (names, patterns) = names::steered(&said, &mut pools, &index);
    if pools.len() > limits::NAMED {
        let message = format!(
            "more than {} pools, with the sites and VIPs that names point to",
            limits::NAMED
        );
        findings.push(Diagnostic::whole(message, "split the estate"));
    }
    Some(Steering {
        sites: grounds.sites,
        vips: grounds.vips,
        networks,
        latency,
        brake,
        probes,
        rules: sets,
        places,
        pools,
        names,
        patterns,
    })
}
