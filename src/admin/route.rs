//! The table of routes: what there is, who may use it, and what it does.

use axum::http::Method;

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Also HEAD.
    Get,
    Put,
    Post,
}

impl Verb {
    /// The methods as `Allow` lists them.
    pub(super) fn words(self) -> &'static str {
        match self {
            Verb::Get => "GET, HEAD",
            Verb::Put => "PUT",
            Verb::Post => "POST",
        }
    }

    fn fits(self, method: &Method) -> bool {
        match self {
            Verb::Get => method == Method::GET || method == Method::HEAD,
            Verb::Put => method == Method::PUT,
            Verb::Post => method == Method::POST,
        }
    }
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// From this machine everyone, from elsewhere any token.
    Look,
    /// A feed, for the VIPs of its sites, or an operator.
    Report,
    /// An operator.
    Operate,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Changes nothing.
    Show(Page),
    /// Changes something.
    Do(Deed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Index,
    Alive,
    Ready,
    Metrics,
    Vips,
    Sites,
    Drains,
    Pools,
    Status,
    Explain,
    Contract,
    Events,
    Prefixes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    ReportOne,
    ReportMany,
    OrderVip,
    OrderSite,
    Return,
    Release,
    Reload,
}

impl Act {
    /// Who may do it: so that no change can stand in the table without a token.
    pub(super) fn access(self) -> Access {
        match self {
            Act::Show(_) => Access::Look,
            Act::Do(Deed::ReportOne | Deed::ReportMany) => Access::Report,
            Act::Do(
                Deed::OrderVip | Deed::OrderSite | Deed::Return | Deed::Release | Deed::Reload,
            ) => Access::Operate,
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) verb: Verb,
    /// `{vip}`, `{site}` or `{pool}` stands for one segment.
    pub(super) path: &'static str,
    pub(super) act: Act,
    /// For the index.
    pub(super) does: &'static str,
}

/// All of them.
pub(super) const ROUTES: [Route; 20] = [
    Route {
        verb: Verb::Get,
        path: "/",
        act: Act::Show(Page::Index),
        does: "this list",
    },
    Route {
        verb: Verb::Get,
        path: "/healthz",
        act: Act::Show(Page::Alive),
        does: "200 while the process lives",
    },
    Route {
        verb: Verb::Get,
        path: "/readyz",
        act: Act::Show(Page::Ready),
        does: "200 once an estate is in force, and what is wrong with the last reload",
    },
    Route {
        verb: Verb::Get,
        path: "/metrics",
        act: Act::Show(Page::Metrics),
        does: "counters and gauges for Prometheus",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/vips",
        act: Act::Show(Page::Vips),
        does: "every VIP: its state in force, since when, what was reported, by whom",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/sites",
        act: Act::Show(Page::Sites),
        does: "every site: how many of its VIPs are in which state",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/drains",
        act: Act::Show(Page::Drains),
        does: "every order of an operator: by whom, why, until when, and when no cache holds what it drains",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/pools",
        act: Act::Show(Page::Pools),
        does: "every pool: its members, who is kept out and why, what is on its way and until when",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/status",
        act: Act::Show(Page::Status),
        does: "zones, databases, pools, maps, and the last reload",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/explain",
        act: Act::Show(Page::Explain),
        does: "?name=NAME&client=ADDRESS[&type=TYPE]: what that client gets, and why",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/events",
        act: Act::Show(Page::Events),
        does: "server-sent events: all VIPs, then each change of one",
    },
    Route {
        verb: Verb::Get,
        path: "/v1/prefixes",
        act: Act::Show(Page::Prefixes),
        does: "[?state=STATE,...&site=SITE,...&family=v4&format=bird]: addresses to announce, one prefix a line",
    },
    Route {
        verb: Verb::Get,
        path: "/openapi.json",
        act: Act::Show(Page::Contract),
        does: "all of this for programs, as OpenAPI 3.1",
    },
    Route {
        verb: Verb::Put,
        path: "/v1/health/vips/{vip}",
        act: Act::Do(Deed::ReportOne),
        does: "report the state of one VIP",
    },
    Route {
        verb: Verb::Post,
        path: "/v1/health",
        act: Act::Do(Deed::ReportMany),
        does: "report the states of many VIPs",
    },
    Route {
        verb: Verb::Put,
        path: "/v1/vips/{vip}/state",
        act: Act::Do(Deed::OrderVip),
        does: "{\"state\": \"drain\", \"why\": \"...\", \"for\": \"1h\"}: order up, down, drain, hold, or auto: no order",
    },
    Route {
        verb: Verb::Put,
        path: "/v1/sites/{site}/state",
        act: Act::Do(Deed::OrderSite),
        does: "the same for all VIPs of a site that have no order of their own",
    },
    Route {
        verb: Verb::Post,
        path: "/v1/pools/{pool}/return",
        act: Act::Do(Deed::Return),
        does: "{\"why\": \"...\"}: use members again that are well and kept out by `failback`",
    },
    Route {
        verb: Verb::Post,
        path: "/v1/brake/release",
        act: Act::Do(Deed::Release),
        does: "{\"why\": \"...\"}: let go of all VIPs that the brake holds",
    },
    Route {
        verb: Verb::Post,
        path: "/v1/reload",
        act: Act::Do(Deed::Reload),
        does: "[?force=geoip|estate] read zones, steering and databases anew",
    },
];

/// What stands at a path.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// The route, and the segment that stands for the word in braces.
    Route(&'static Route, &'a str),
    /// Something, but not for this method; for these.
    Method(&'static str),
    Nothing,
}

/// Looks a request up. Paths are compared as they came: nothing of ours needs escapes, dots or doubled slashes, so nothing
/// can be reached by two ways.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let mut other = None;
    for route in &ROUTES {
        let Some(vip) = matches(route.path, path) else {
            continue;
        };
        if route.verb.fits(method) {
            return Found::Route(route, vip);
        }
        other = Some(route.verb.words());
    }
    other.map_or(Found::Nothing, Found::Method)
}

fn matches<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((head, rest)) = pattern.split_once('{') else {
        return (pattern == path).then_some("");
    };
    let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
    let word = path.strip_prefix(head)?.strip_suffix(tail)?;
    (!word.is_empty() && !word.contains('/')).then_some(word)
}

/// The index page.
pub(super) fn index() -> String {
    let mut text = String::from("Meridian's API\n\n");
    for route in &ROUTES {
        let token = match route.act.access() {
            Access::Look => "",
            Access::Report => " (feed or operator token)",
            Access::Operate => " (operator token)",
        };
        let verb = route.verb.words().split(',').next().unwrap_or_default();
        text.push_str(&format!(
            "{verb:<4} {:<24} {}{token}\n",
            route.path, route.does
        ));
    }
    text.push_str(
        "\nA token goes into the header `Authorization: Bearer TOKEN`. A report of one VIP is\n\
         {\"state\": \"down\", \"epoch\": 1700000000, \"seq\": 1, \"valid_for\": \"30s\"}: `state` is up, degraded, drain or down,\n\
         `epoch` the Unix time of the sender's start, `seq` grows with each report; many are {\"reports\": [{\"vip\": \"NAME\", ...}]}.\n",
    );
    text
}
