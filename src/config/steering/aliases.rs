//! Pools of `cname` VIPs: one name gives addresses or a CNAME, never both.

use std::collections::{BTreeSet, HashSet};

use crate::config::document::Entry;
use crate::config::estate::{Target, Vip};
use crate::config::findings::Findings;
use crate::config::steering::graph::Edge;
use crate::config::steering::names::Pointer;
use crate::config::steering::reach::Estate;
use crate::diagnostic::{Diagnostic, Spot};

/// A VIP of each kind.
struct Mixed<'a> {
    address: Entry<'a>,
    cname: Entry<'a>,
}

impl<'a> Estate<'_, 'a> {
    /// Pools that mix both, and those that would answer several CNAMEs.
    pub(super) fn aliases(
        &self,
        edges: &[&[Edge<'a>]],
        pointers: &[Pointer<'a>],
        findings: &mut Findings,
    ) {
        if self.grounds.vips.iter().all(|vip| vip.cname.is_none()) {
            return;
        }
        let all: Vec<BTreeSet<u16>> = (0..).zip(self.pools).map(|(id, _)| self.all(id)).collect();
        let mixed: Vec<Option<Mixed<'a>>> = all.iter().map(|vips| self.mixed(vips)).collect();
        for (nth, draft) in self.pools.iter().enumerate() {
            let below = edges.get(nth).copied().unwrap_or_default();
            // What stands in it has been told already.
            let told = (below.iter()).any(|edge| {
                let inner = mixed.get(usize::from(edge.to));
                usize::from(edge.to) != nth && inner.is_some_and(Option::is_some)
            });
            match mixed.get(nth) {
                Some(Some(found)) if !told => {
                    found.tell(
                        &format!("pool `{}`", draft.key.text),
                        draft.key.at.spot(),
                        findings,
                    );
                }
                Some(Some(_)) => {}
                _ => {
                    let given = all.get(nth).and_then(BTreeSet::first);
                    let alias = given.is_some_and(|vip| self.vip(*vip, |v| v.cname.is_some()));
                    if let (Some(at), true) = (draft.answers, alias && draft.pool.answers > 1) {
                        let message = "a pool of `cname` VIPs has one answer";
                        let advice = "remove `answers`: a name has one CNAME (RFC 2181 §10.1)";
                        findings.error(at, message, advice);
                    }
                }
            }
        }
        let sites = pointers
            .iter()
            .filter(|p| matches!(p.target, Target::Site(_)));
        let mut seen = HashSet::new();
        for pointer in sites.filter(|pointer| seen.insert(pointer.target)) {
            if let Some(found) = self.mixed(&self.reach(pointer.target)) {
                let what = format!("site `{}`", pointer.word.text);
                found.tell(&what, pointer.word.at.spot(), findings);
            }
        }
    }

    fn vip(&self, id: u16, is: impl Fn(&Vip) -> bool) -> bool {
        self.grounds.vips.get(usize::from(id)).is_some_and(is)
    }

    /// Every VIP that may stand in an answer of the pool: through members, and through rule sets, where a site means the
    /// pool's own VIPs.
    fn all(&self, pool: u16) -> BTreeSet<u16> {
        let mut vips = BTreeSet::new();
        let mut seen = HashSet::from([pool]);
        let mut open = vec![pool];
        while let Some(draft) = open.pop().and_then(|id| self.pools.get(usize::from(id))) {
            let preferred = self.preferred(draft).iter().flat_map(|line| &line.targets);
            let preferred = preferred.filter(|(target, _)| !matches!(target, Target::Site(_)));
            for (target, _) in draft.members.iter().chain(preferred) {
                match target {
                    Target::Vip(vip) => drop(vips.insert(vip.0)),
                    Target::Site(site) => vips.extend(self.at_site(site.0)),
                    Target::Pool(inner) => open.extend(seen.insert(inner.0).then_some(inner.0)),
                }
            }
        }
        vips
    }

    fn mixed(&self, vips: &BTreeSet<u16>) -> Option<Mixed<'a>> {
        let first = |is: fn(&Vip) -> bool| {
            let found = vips.iter().find(|id| self.vip(**id, is))?;
            self.index.vips.list.get(usize::from(*found)).copied()
        };
        // A VIP with both has its own error.
        let plain =
            |vip: &Vip| vip.cname.is_none() && (vip.address.is_some() || vip.address6.is_some());
        Some(Mixed {
            address: first(plain)?,
            cname: first(|vip| vip.cname.is_some())?,
        })
    }
}

impl Mixed<'_> {
    fn tell(&self, what: &str, spot: Spot, findings: &mut Findings) {
        let message = format!("{what} holds addresses and `cname` VIPs");
        let advice = "a name gives the one or the other: part them, and point each name to one";
        let error = Diagnostic::error(spot, message, advice);
        let words = |entry: &Entry<'_>, what| format!("`{}` has {what}", entry.key.text);
        findings.push(
            error
                .and(
                    self.address.key.at.spot(),
                    words(&self.address, "addresses"),
                )
                .and(self.cname.key.at.spot(), words(&self.cname, "a `cname`")),
        );
    }
}
