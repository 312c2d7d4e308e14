//! The digest of an estate's steering: what it says, wherever and in whatever order it is written.
//!
//! Each part is taken apart by name, so a new key does not compile until it stands here too: a key that is left out would
//! let two servers seem equal that are not.

use crate::config::estate::{
    AllDown, Behind, Correction, Draw, Failback, Measured, Members, Policy, Pool, Probe, Row, Rule,
    RuleSet, Site, Steered, Steering, Target, Ttl, Vip,
};
use crate::config::pattern::Pattern;
use crate::digest::{Digest, Writer};
use crate::place::Point;

mod probe;

impl Steering {
    /// Of all that it says.
    pub fn digest(&self) -> Digest {
        let Steering {
            sites,
            vips,
            networks,
            latency,
            brake,
            probes,
            rules,
            // Where rules are written; the rules themselves are there.
            places: _,
            pools,
            names,
            patterns,
        } = self;
        let mut all = Writer::new(1);
        list(&mut all, sites, Site::digest);
        list(&mut all, vips, Vip::digest);
        list(&mut all, networks, Correction::digest);
        list(&mut all, rules, RuleSet::digest);
        list(&mut all, pools, Pool::digest);
        list(&mut all, names, Steered::digest);
        list(&mut all, latency, Row::digest);
        list(&mut all, patterns, Pattern::digest);
        // Without one nothing is written: servers of two versions can be compared while they are upgraded.
        for brake in brake.iter() {
            all.digest(brake.digest());
        }
        list(&mut all, probes, Probe::digest);
        all.end()
    }
}

fn list<T>(all: &mut Writer, things: &[T], digest: impl Fn(&T) -> Digest) {
    all.count(things.len());
    for one in things {
        all.digest(digest(one));
    }
}

fn point(all: &mut Writer, point: Option<Point>) {
    all.number(point.is_some());
    if let Some(Point {
        latitude,
        longitude,
    }) = point
    {
        all.number(latitude.cast_unsigned())
            .number(longitude.cast_unsigned());
    }
}

fn target(all: &mut Writer, target: Target) {
    let (kind, id) = match target {
        Target::Site(id) => (0_u8, id.0),
        Target::Vip(id) => (1, id.0),
        Target::Pool(id) => (2, id.0),
    };
    all.number(kind).number(id);
}

/// One more than the number, so that none is another than the first.
fn number(id: Option<u16>) -> u32 {
    id.map_or(0, |id| u32::from(id) + 1)
}

impl Site {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Site {
            name,
            location,
            bias,
        } = self;
        let mut all = Writer::new(2);
        point(all.text(name), *location);
        all.number(bias.cast_unsigned());
        all.end()
    }
}

impl Vip {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Vip {
            name,
            address,
            address6,
            cname,
            site,
            weight,
            failure_domain,
            capacity,
            probe: check,
            probe_address,
            spot: _,
        } = self;
        let mut all = Writer::new(3);
        all.text(name);
        let v4 = address.map(|address| address.octets());
        let v6 = address6.map(|address| address.octets());
        all.octets(v4.as_ref().map_or(&[][..], |octets| octets));
        all.octets(v6.as_ref().map_or(&[][..], |octets| octets));
        all.octets(cname.as_ref().map_or(&[][..], |name| name.wire()));
        all.number(number(site.map(|site| site.0))).number(*weight);
        all.text(failure_domain.as_deref().unwrap_or_default());
        all.number(capacity.unwrap_or(0));
        all.number(number(check.map(|probe| probe.0)));
        probe::address(&mut all, *probe_address);
        all.end()
    }
}

impl Correction {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Correction {
            network,
            place,
            location,
            path: _,
            line: _,
        } = self;
        let mut all = Writer::new(4);
        all.text(&network.to_string());
        all.text(&place.as_ref().map_or(String::new(), |p| p.to_string()));
        point(&mut all, *location);
        all.end()
    }
}

impl Row {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Row {
            place,
            sites,
            path: _,
            line: _,
        } = self;
        let mut all = Writer::new(9);
        all.text(&place.to_string()).count(sites.len());
        for Measured {
            site,
            micros,
            samples,
        } in sites
        {
            all.number(site.0).number(*micros).number(*samples);
        }
        all.end()
    }
}

impl RuleSet {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let RuleSet { name, rules } = self;
        let mut all = Writer::new(5);
        all.text(name);
        list(&mut all, rules, |rule| {
            let Rule {
                place,
                region,
                targets,
            } = rule;
            let mut all = Writer::new(6);
            all.text(&place.to_string());
            all.text(region.as_deref().unwrap_or_default());
            all.count(targets.len());
            for one in targets {
                target(&mut all, *one);
            }
            all.end()
        });
        all.end()
    }
}

impl Pool {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Pool {
            name,
            members,
            policy,
            prefer,
            fence,
            min_up,
            tie,
            spill,
            adapt,
            failback,
            ramp,
            answers,
            draw,
            ttl: Ttl { min, max },
            ecs,
            on_all_down,
            spot: _,
        } = self;
        let mut all = Writer::new(7);
        all.text(name);
        all.number(match policy {
            Policy::Weighted => 0_u8,
            Policy::Nearest => 1,
            Policy::Failover => 2,
        });
        match members {
            Members::List(list) => {
                all.number(0_u8).count(list.len());
                for one in list {
                    target(&mut all, *one);
                }
            }
            Members::Table(table) => {
                all.number(1_u8).count(table.len());
                for (one, number) in table {
                    target(&mut all, *one);
                    all.number(*number);
                }
            }
        }
        all.number(number(prefer.map(|rules| rules.0)));
        all.count(fence.len());
        for rules in fence {
            all.number(rules.0);
        }
        all.number(*min_up).number(*tie).number(*answers);
        // Of these shares none is 0.
        for share in [spill, adapt, ramp] {
            all.number(share.unwrap_or(0));
        }
        match failback {
            Failback::After(seconds) => all.number(0_u8).number(*seconds),
            Failback::Manual => all.number(1_u8).number(0_u8),
        };
        all.number(match draw {
            Draw::Query => 0_u8,
            Draw::Client => 1,
            Draw::Sticky => 2,
            Draw::Name => 3,
        });
        all.number(*min).number(*max).number(*ecs);
        all.number(match on_all_down {
            AllDown::Zone => 0_u8,
            AllDown::All => 1,
            AllDown::NoData => 2,
        });
        all.end()
    }
}

impl Pattern {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Pattern {
            path,
            names,
            spot: _,
        } = self;
        let mut all = Writer::new(10);
        list(all.text(path), names, Steered::digest);
        all.end()
    }
}

impl Steered {
    /// Of what it says.
    pub fn digest(&self) -> Digest {
        let Steered {
            name,
            behind,
            spot: _,
        } = self;
        let mut all = Writer::new(8);
        let pool = match behind {
            Behind::Pool(pool) => Some(pool.0),
            Behind::Zone => None,
        };
        all.octets(name.lower().wire()).number(number(pool));
        all.end()
    }
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::diagnostic::{self, Source};

    const SITES: &str = "[sites]\nfra = { location = [50.11, 8.68] }\niad = {}\n";
    const VIPS: &str = "[vips]\na = { address = \"192.0.2.1\", site = \"fra\" }\n\
                        b = { address = \"192.0.2.2\", address6 = \"2001:db8::2\", site = \"iad\" }\n";
    const POOLS: &str = "[rules.some]\neurope = \"fra\"\nDE = []\n[pools.web]\nmembers = [\"a\", \"b\"]\n\
                         prefer = \"some\"\n[pools.api]\nmembers = { a = 1, b = 2 }\n";
    const NAMES: &str = "[names]\n\"www.example.com.\" = \"web\"\n\"api.example.com.\" = \"api\"\n\
                         \"a.example.com.\" = \"a\"\n";

    fn digest(files: &[&str]) -> String {
        let files: Vec<_> = (files.iter().enumerate())
            .map(|(n, text)| Source::new(format!("{n}.toml"), *text))
            .collect();
        let (steering, found) = config::steering(&files, &config::alone);
        let steering = steering.unwrap_or_else(|| panic!("{}", diagnostic::render(&found, false)));
        steering.digest().to_string()
    }

    #[test]
    fn files_and_their_order_do_not_matter() {
        let whole = digest(&[&[SITES, VIPS, POOLS, NAMES].concat()]);
        // Another machine that makes another of this shows itself here.
        assert_eq!(whole, "8a45a1c6d640e4db81b22383fab27f8c");
        assert_eq!(digest(&[NAMES, POOLS, VIPS, SITES]), whole);
        let swapped = "[vips]\nb = { site = \"iad\", address6 = \"2001:db8::2\", address = \"192.0.2.2\" }\n\
                       # a comment\na = { address = \"192.0.2.1\", weight = 1, site = \"fra\" }\n";
        assert_eq!(digest(&[SITES, POOLS, swapped, NAMES]), whole);
    }

    #[test]
    fn whatever_is_said_counts() {
        let all = [SITES, VIPS, POOLS, NAMES].concat();
        let whole = digest(&[&all]);
        let others = [
            ("50.11", "50.12"),
            ("iad = {}", "iad = { bias = \"5km\" }"),
            ("192.0.2.1", "192.0.2.3"),
            ("2001:db8::2", "2001:db8::3"),
            ("site = \"iad\" }", "site = \"iad\", weight = 2 }"),
            ("site = \"iad\" }", "site = \"fra\" }"),
            ("europe =", "asia ="),
            ("europe = \"fra\"", "europe = \"iad\""),
            ("DE = []", "DE = \"iad\""),
            (
                "prefer = \"some\"",
                "prefer = \"some\"\npolicy = \"failover\"",
            ),
            ("[\"a\", \"b\"]", "[\"b\", \"a\"]"),
            ("b = 2 }", "b = 3 }"),
            ("b = 2 }", "b = 2 }\nanswers = 2"),
            ("b = 2 }", "b = 2 }\ndraw = \"sticky\""),
            ("b = 2 }", "b = 2 }\nmin_up = \"60%\""),
            ("b = 2 }", "b = 2 }\necs = false"),
            ("b = 2 }", "b = 2 }\nttl = \"30s\""),
            ("b = 2 }", "b = 2 }\non_all_down = \"nodata\""),
            (
                "[names]",
                "[networks]\n\"192.0.2.0/24\" = { place = \"DE\" }\n[names]",
            ),
            (
                "[names]",
                "[networks]\n\"192.0.2.0/24\" = { location = [1.0, 2.0] }\n[names]",
            ),
            (
                "site = \"iad\" }",
                "site = \"iad\", probe = \"p\" }\n[probes.p]\nkind = \"tcp\"\nport = 1",
            ),
            ("b = 2 }", "b = 2 }\nramp = \"10%\""),
            (
                "prefer = \"some\"",
                "prefer = \"some\"\npolicy = \"failover\"\nfailback = \"manual\"",
            ),
            ("site = \"iad\" }", "site = \"iad\", capacity = 5 }"),
            (
                "site = \"iad\" }",
                "site = \"iad\", failure_domain = \"x\" }",
            ),
            (
                "\"api.example.com.\" = \"api\"",
                "\"api.example.com.\" = \"zone\"",
            ),
            (
                "\"a.example.com.\" = \"a\"",
                "\"a.example.com.\" = \"a\"\n[names.\"c/*.zone\"]\nwww = \"web\"",
            ),
            ("[rules.some]", "[brake]\n[rules.some]"),
            ("www.example", "web.example"),
            ("= \"web\"", "= \"api\""),
        ];
        for (one, other) in others {
            assert_ne!(digest(&[&all.replacen(one, other, 1)]), whole, "{one}");
        }
    }
}
