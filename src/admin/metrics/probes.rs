//! Meridian's own checks: what they found, how long they take, and when each target was last asked.

use super::{Family, Kind, Sample, plain};
use crate::health::probed::{Book, Ending, Probed, Result};
use crate::health::verdict;

pub(super) fn families(book: &Book, now: u64) -> Vec<Family> {
    let results = book.results.iter().flat_map(|(probe, counts)| {
        let counts = Ending::ALL.iter().zip(counts);
        counts.map(|(ending, count)| {
            let labels = vec![
                ("probe", probe.to_string()),
                ("outcome", ending.word().to_owned()),
            ];
            (labels, *count)
        })
    });
    let each = |value: &dyn Fn(&Result, &Probed) -> u64| {
        let sample = |((vip, family), probed): (&(_, Option<verdict::Family>), &Probed)| {
            let last = probed.last.as_ref()?;
            let vip: &std::sync::Arc<str> = vip;
            let labels = vec![
                ("vip", vip.to_string()),
                ("family", family.map_or("both", |f| f.word()).to_owned()),
                ("probe", probed.probe.to_string()),
            ];
            Some((labels, value(last, probed)))
        };
        book.targets
            .iter()
            .filter_map(sample)
            .collect::<Vec<Sample>>()
    };
    vec![
        Family::counter(
            "meridian_probe_results",
            "Checks of each probe, by how they ended; unmade says nothing of the VIP",
            results.collect(),
        ),
        Family {
            kind: Kind::Thousandths,
            ..Family::counter(
                "meridian_probe_duration_seconds",
                "How long the last check of each target took",
                each(&|last, _| last.micros.div_ceil(1_000)),
            )
        },
        Family::gauge(
            "meridian_probe_age_seconds",
            "Seconds since the last check of each target ended",
            each(&|last, _| now.saturating_sub(last.at)),
        ),
        Family::gauge(
            "meridian_probe_falls",
            "How often each target has gone down lately: the more, the longer it stays out",
            each(&|_, probed| u64::from(probed.damper.falls(probed.clock))),
        ),
        Family::counter(
            "meridian_probe_late",
            "Checks that began later than their interval: more targets than can be asked",
            plain(book.late),
        ),
        Family::counter(
            "meridian_probe_panics",
            "Checks that Meridian failed at by its own mistake",
            plain(book.panics),
        ),
    ]
}
