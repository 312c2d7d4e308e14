//! What contains what: cycles, and how deep.

use std::collections::HashMap;

use crate::config::document::Word;
use crate::config::findings::Findings;
use crate::config::steering::index::{Kind, Space};
use crate::diagnostic::Diagnostic;
use crate::limits;

/// That one thing contains another, and where it says so.
#[derive(Clone, Copy)]
pub(super) struct Edge<'a> {
    pub(super) to: u16,
    pub(super) word: Word<'a>,
}

/// How deep each is, itself included; none for what is in a cycle or above one.
pub(super) fn order(edges: &[&[Edge<'_>]]) -> Vec<Option<usize>> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    let mut pending: Vec<usize> = Vec::with_capacity(edges.len());
    for (from, list) in edges.iter().enumerate() {
        pending.push(list.len());
        for edge in *list {
            if let Some(parents) = above.get_mut(usize::from(edge.to)) {
                parents.push(from);
            }
        }
    }
    let mut depth = vec![None; edges.len()];
    let mut ready: Vec<usize> = (0..edges.len()).filter(|id| pending[*id] == 0).collect();
    while let Some(id) = ready.pop() {
        let below = edges[id]
            .iter()
            .filter_map(|edge| depth[usize::from(edge.to)])
            .max();
        depth[id] = Some(below.unwrap_or(0) + 1);
        for parent in &above[id] {
            pending[*parent] -= 1;
            if pending[*parent] == 0 {
                ready.push(*parent);
            }
        }
    }
    depth
}

/// One step of a cycle: who contains whom, and where it says so.
pub(super) struct Step<'a> {
    from: u16,
    edge: Edge<'a>,
}

/// The cycles, each from the step that is written first; of several that share members at least one.
pub(super) fn cycles<'a>(edges: &[&[Edge<'a>]], depth: &[Option<usize>]) -> Vec<Vec<Step<'a>>> {
    let mut cycles = Vec::new();
    let mut seen = vec![false; edges.len()];
    let stuck = |id: usize| depth[id].is_none();
    for start in (0..edges.len()).filter(|id| stuck(*id)) {
        let mut path: Vec<Step<'a>> = Vec::new();
        let mut at: HashMap<usize, usize> = HashMap::new();
        let mut here = start;
        while !seen[here] {
            if let Some(from) = at.get(&here) {
                let mut cycle = path.split_off(*from);
                let first = (0..cycle.len())
                    .min_by_key(|nth| cycle[*nth].edge.word.at.rank())
                    .unwrap_or(0);
                cycle.rotate_left(first);
                cycles.push(cycle);
                break;
            }
            // Whoever is stuck waits for somebody who is stuck.
            let Some(edge) = edges[here].iter().find(|edge| stuck(usize::from(edge.to))) else {
                break;
            };
            at.insert(here, path.len());
            path.push(Step {
                from: u16::try_from(here).unwrap_or(u16::MAX),
                edge: *edge,
            });
            here = usize::from(edge.to);
        }
        for id in at.into_keys() {
            seen[id] = true;
        }
    }
    cycles
}

/// A cycle as one finding, each step with its place.
pub(super) fn report(kind: Kind, cycle: &[Step<'_>], space: &Space<'_>, findings: &mut Findings) {
    let name = |id: u16| {
        space
            .list
            .get(usize::from(id))
            .map_or("", |entry| entry.key.text)
    };
    let mut path = String::new();
    for step in cycle.iter().take(limits::CYCLE_SHOWN) {
        path.push_str(&format!("`{}` → ", name(step.from)));
    }
    if cycle.len() > limits::CYCLE_SHOWN {
        path.push_str("… → ");
    }
    let Some(first) = cycle.first() else { return };
    path.push_str(&format!("`{}`", name(first.from)));
    let words =
        |step: &Step<'_>| format!("`{}` contains `{}`", name(step.from), name(step.edge.to));
    let mut diagnostic = Diagnostic::error(
        first.edge.word.at.spot(),
        format!("{}s in a cycle: {path}", kind.word()),
        words(first),
    );
    for step in cycle.iter().skip(1).take(limits::CYCLE_SHOWN) {
        diagnostic = diagnostic.and(step.edge.word.at.spot(), words(step));
    }
    findings.push(diagnostic);
}

/// Those that are just deeper than allowed; what stands above them follows from it.
pub(super) fn too_deep(
    edges: &[&[Edge<'_>]],
    depth: &[Option<usize>],
    space: &Space<'_>,
    findings: &mut Findings,
) {
    let most = limits::POOL_DEPTH;
    let name = |id: usize| space.list.get(id).map_or("", |entry| entry.key.text);
    for from in (0..edges.len()).filter(|id| depth[*id] == Some(most + 1)) {
        let mut path = format!("`{}`", name(from));
        let (mut here, mut first) = (from, None);
        while let Some(edge) = edges[here]
            .iter()
            .max_by_key(|edge| depth[usize::from(edge.to)])
        {
            here = usize::from(edge.to);
            first = first.or(Some(edge.word.at));
            path.push_str(&format!(" → `{}`", name(here)));
        }
        if let Some(at) = first {
            findings.error(
                at,
                format!("pool `{}` is {} deep: {path}", name(from), most + 1),
                format!("at most {most} pools, one in the other"),
            );
        }
    }
}
