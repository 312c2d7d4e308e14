//! Of what a report speaks: a VIP by its name or one of its addresses, or all VIPs of a site.

use std::net::IpAddr;
use std::sync::Arc;

use super::field::is_name;
use super::mistake::{Mistakes, quote};
use super::tree::Tree;

/// Of what a report speaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The VIP of this name.
    Vip(Arc<str>),
    /// The VIP that has this address, and of that one the family of the address.
    Address(IpAddr),
    /// Every VIP of the site of this name.
    Site(Arc<str>),
}

impl Subject {
    /// The field that says it, and what it says.
    pub fn named(&self) -> (&'static str, String) {
        match self {
            Subject::Vip(name) => ("vip", name.to_string()),
            Subject::Address(address) => ("address", address.to_string()),
            Subject::Site(name) => ("site", name.to_string()),
        }
    }
}

/// Where the subject stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    InPath,
    InReport,
}

const FIELDS: [&str; 3] = ["vip", "address", "site"];

/// `vip`, `address` and `site`: one of them, and only in a batch.
pub(super) fn read(
    fields: [Option<&Tree>; 3],
    at: &str,
    named: Named,
    mistakes: &mut Mistakes,
) -> Option<Subject> {
    let mut given = FIELDS
        .iter()
        .zip(fields)
        .filter_map(|(n, tree)| Some((*n, tree?)));
    if named == Named::InPath {
        let mut right = true;
        for (name, _) in given {
            let advice = format!("leave `{name}` out, or send a batch to /v1/health");
            mistakes.add(
                &format!("{at}.{name}"),
                "the VIP is named by the path",
                advice,
            );
            right = false;
        }
        return right.then(|| Subject::Vip(Arc::from("")));
    }
    let Some((name, tree)) = given.next() else {
        let advice = "name the VIP as the estate does, \"vip\": \"NAME\", or say its `address`, or a whole `site`";
        mistakes.add(at, "`vip` is missing", advice);
        return None;
    };
    if let Some((other, _)) = given.next() {
        let message = format!("`{name}` and `{other}` in one report");
        mistakes.add(
            &format!("{at}.{other}"),
            message,
            "one of them says of what it speaks",
        );
        return None;
    }
    one(name, tree, &format!("{at}.{name}"), mistakes)
}

fn one(name: &str, tree: &Tree, here: &str, mistakes: &mut Mistakes) -> Option<Subject> {
    let what = match name {
        "vip" => "a VIP",
        "site" => "a site",
        _ => "an address",
    };
    let Tree::Text(text) = tree else {
        let message = match name {
            "address" => format!("expected an address, found {}", tree.kind()),
            _ => format!("expected the name of {what}, found {}", tree.kind()),
        };
        mistakes.add(here, message, "write it as a string");
        return None;
    };
    let read = match name {
        "vip" if is_name(text) => Some(Subject::Vip(Arc::from(text.as_str()))),
        "site" if is_name(text) => Some(Subject::Site(Arc::from(text.as_str()))),
        "address" => text.parse().ok().map(Subject::Address),
        _ => None,
    };
    if read.is_none() {
        let advice = match name {
            "address" => {
                "the address of a VIP as the estate has it: \"192.0.2.10\", \"2001:db8::10\""
            }
            _ => {
                "names are 1 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends"
            }
        };
        mistakes.add(here, format!("{} cannot be {what}", quote(text)), advice);
    }
    read
}
