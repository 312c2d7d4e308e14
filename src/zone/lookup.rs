//! What a zone has for a question: the walk of RFC 1034 §4.3.2 with wildcards (RFC 4592) and DNAME (RFC 6672).
//!
//! A name that exists costs one probe. For others the closest encloser is found by halving, so a name of 127 labels
//! costs seven probes at most. Nothing here allocates.

use super::chunk::{ALIAS, DNAME, STAR};
use super::tree::{NodeRef, Rrset, Zone};
use crate::wire::asked::Asked;
use crate::wire::kind::Kind;

/// Whether the name itself exists, or a wildcard stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The node has the name asked for.
    Exact,
    /// The node is the wildcard `*` below the closest encloser (RFC 4592 §3.3.1).
    Wildcard,
}

/// What there is. Wherever a `node` answers, [`NodeRef::steer`] says whether it is steered: also with `NoData`, since a
/// steered name may have no records of its own.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// Records of the type asked for.
    Records {
        /// These.
        rrset: Rrset<'a>,
        /// Where.
        node: NodeRef<'a>,
        /// How the node was found.
        by: Match,
    },
    /// All types were asked for (ANY): what there is, is at the node.
    Any {
        /// Where; it may have no records.
        node: NodeRef<'a>,
        /// How the node was found.
        by: Match,
    },
    /// A CNAME, and another type was asked for.
    Alias {
        /// The CNAME.
        rrset: Rrset<'a>,
        /// Where.
        node: NodeRef<'a>,
        /// How the node was found.
        by: Match,
    },
    /// A DNAME above the name (RFC 6672 §3.2).
    Dname {
        /// The DNAME.
        rrset: Rrset<'a>,
        /// Where; its [`NodeRef::labels`] rightmost labels of the name asked for are replaced.
        node: NodeRef<'a>,
    },
    /// The name is delegated, or lies below a delegation: not ours to answer.
    Referral {
        /// Where the NS records are.
        cut: NodeRef<'a>,
    },
    /// The name exists without the type asked for.
    NoData {
        /// Where.
        node: NodeRef<'a>,
        /// How the node was found.
        by: Match,
    },
    /// The name does not exist.
    NoName {
        /// The longest existing name above it.
        encloser: NodeRef<'a>,
    },
}

impl Zone {
    /// What there is for a name at or below the apex, and a type.
    #[inline(always)]
    pub fn find(&self, asked: &Asked, kind: Kind) -> Found<'_> {
        debug_assert!(
            asked
                .suffix(self.apex_labels)
                .eq_ignore_ascii_case(self.apex.wire())
        );
        if let Some(apart) = &self.apart
            && let Some(found) = apart.find(self, asked, kind)
        {
            return found;
        }
        if let Some(node) = self.node_at(asked, asked.labels()) {
            return match node.covered() {
                // The parent's side of a cut answers for DS (RFC 4035 §3.1.4.1).
                Some(labels) if labels == node.labels() && kind == Kind::DS => {
                    answer(node, kind, Match::Exact)
                }
                Some(labels) => covered(self.node_at(asked, labels).unwrap_or(node)),
                None => answer(node, kind, Match::Exact),
            };
        }
        self.find_above(asked, kind)
    }

    /// The same for a name that does not exist. Apart from the other, which is asked far more often and is short.
    #[inline(never)]
    fn find_above(&self, asked: &Asked, kind: Kind) -> Found<'_> {
        let encloser = self.encloser(asked);
        if let Some(labels) = encloser.covered() {
            return covered(self.node_at(asked, labels).unwrap_or(encloser));
        }
        if encloser.has(DNAME) {
            return covered(encloser);
        }
        if encloser.has(STAR) {
            let depth = encloser.labels();
            let above = asked.suffix(depth);
            let is = |name: &[u8]| {
                name.strip_prefix(b"\x01*")
                    .is_some_and(|rest| rest.starts_with(above))
            };
            if let Some(node) = self.probe(asked.wildcard(depth), is) {
                return answer(node, kind, Match::Wildcard);
            }
        }
        Found::NoName { encloser }
    }

    /// The longest existing name above one that does not exist (RFC 4592 §3.3.1). With a name all those between it and
    /// the apex exist, so halving finds it.
    fn encloser(&self, asked: &Asked) -> NodeRef<'_> {
        let mut best = self.top();
        let mut low = self.apex_labels;
        let mut high = asked.labels().saturating_sub(1).min(self.deepest);
        while low < high {
            let middle = high - (high - low) / 2;
            match self.node_at(asked, middle) {
                Some(node) => {
                    best = node;
                    low = middle;
                }
                None => high = middle - 1,
            }
        }
        best
    }
}

/// A node that takes names away from this zone: a delegation, or a DNAME.
fn covered(cover: NodeRef<'_>) -> Found<'_> {
    match cover.rrset(Kind::DNAME) {
        Some(rrset) if !cover.is_cut() => Found::Dname { rrset, node: cover },
        _ => Found::Referral { cut: cover },
    }
}

/// A node that answers itself.
#[inline(always)]
fn answer(node: NodeRef<'_>, kind: Kind, by: Match) -> Found<'_> {
    if kind == Kind::ANY {
        return Found::Any { node, by };
    }
    if let Some(rrset) = node.rrset(kind) {
        return Found::Records { rrset, node, by };
    }
    if node.has(ALIAS)
        && let Some(rrset) = node.rrset(Kind::CNAME)
    {
        return Found::Alias { rrset, node, by };
    }
    Found::NoData { node, by }
}
