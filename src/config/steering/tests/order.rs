//! The order of tables and files never matters, and no text brings the reader down.

use proptest::prelude::*;

use super::steering;
use crate::config::estate::{Steered, Steering};
use crate::diagnostic::{Source, any_error, render};

/// Tables of one estate; each can stand anywhere.
const TABLES: [&str; 15] = [
    "[sites]\nfra = { location = [50.11, 8.68], bias = \"9km\" }\n",
    "[sites.iad]\nlocation = [38.95, -77.45]\n",
    "[vips.fra-1]\nsite = \"fra\"\naddress = \"192.0.2.1\"\naddress6 = \"2001:db8::1\"\n",
    "[vips.fra-2]\naddress6 = \"2001:db8::2\"\nsite = \"fra\"\nweight = 7\n",
    "[vips.iad-1]\naddress = \"192.0.2.3\"\nsite = \"iad\"\n",
    "[vips.out]\naddress = \"192.0.2.4\"\n",
    "[regions]\neast = [\"asia\", \"deep\", \"RU\"]\n",
    "[rules.r]\neast = [\"iad\", \"out\"]\nasia = \"fra\"\nunknown = \"inner\"\n",
    "[rules.s]\nIN = \"fra\"\nAS64500 = []\n",
    "[pools.web]\nmembers = [\"iad\", \"inner\"]\npolicy = \"nearest\"\nprefer = \"r\"\n",
    "[pools.inner]\nmembers = [\"fra-2\", \"fra-1\"]\npolicy = \"failover\"\n",
    "[pools.mix]\nmembers = { web = 3, out = 1, fra-1 = 2 }\nprefer = \"s\"\ndraw = \"client\"\n",
    "[names]\n\"a.example.\" = \"web\"\n\"*.example.\" = \"mix\"\n",
    "[pools.tail]\nmembers = [\"out\"]\nttl = \"9s\"\n",
    "[vips.tail-1]\naddress = \"192.0.2.9\"\n",
];

/// `[regions]` and `[names]` may stand once in a file; in files of their own these stand for more of them.
const MORE: [&str; 5] = [
    "[regions]\ndeep = [\"JP\", \"FR\"]\n",
    "[names]\n\"b.example.\" = \"fra\"\n\"c.example.\" = \"iad-1\"\n",
    "[names]\n\"z.example.\" = \"zone\"\n",
    "[names.\"c/*.zone\"]\nwww = \"web\"\n",
    "[names.\"c/*.zone\"]\n\"@\" = \"fra\"\n\"*.app\" = \"zone\"\n",
];

/// All but the spots.
fn said(steering: &Steering) -> String {
    let vips: Vec<_> = steering
        .vips
        .iter()
        .map(|v| (&v.name, v.address, v.address6, v.site, v.weight))
        .collect();
    let pools: Vec<_> = (steering.pools.iter())
        .map(|p| {
            (
                (&p.name, &p.members, p.policy, p.prefer, p.min_up, p.tie),
                (p.answers, p.draw, p.ttl, p.ecs, p.on_all_down),
            )
        })
        .collect();
    let names: Vec<_> = steering.names.iter().map(|n| (&n.name, n.behind)).collect();
    let said = |list: &[Steered]| {
        format!(
            "{:?}",
            list.iter()
                .map(|n| (n.name.to_string(), n.behind))
                .collect::<Vec<_>>()
        )
    };
    let patterns: Vec<_> = steering
        .patterns
        .iter()
        .map(|p| (&p.path, said(&p.names)))
        .collect();
    format!(
        "{:?}\n{vips:?}\n{:?}\n{pools:?}\n{names:?}\n{patterns:?}",
        steering.sites, steering.rules
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_and_files_in_any_order(
        order in Just(TABLES.to_vec()).prop_shuffle(),
        cuts in prop::collection::vec(0_usize..4, 20),
        rotate in 0_usize..7,
    ) {
        let mut texts = vec![String::new(); 4];
        for (table, file) in order.iter().zip(&cuts) {
            texts[*file].push_str(table);
        }
        texts.extend(MORE.map(str::to_owned));
        texts.rotate_left(rotate);
        let files: Vec<_> = texts.iter().enumerate().map(|(n, text)| Source::new(format!("zones/{n}.toml"), text.as_str())).collect();
        let first: Vec<_> = TABLES.into_iter().chain(MORE).enumerate().map(|(n, text)| Source::new(format!("zones/{n}.toml"), text)).collect();
        let (shuffled, list) = steering(&files);
        let (straight, _) = steering(&first);
        prop_assert!(shuffled.is_some(), "{}", render(&list, false));
        prop_assert_eq!(shuffled.as_ref().map(said), straight.as_ref().map(said));
    }

    #[test]
    fn any_text_ends_in_findings(
        from in 0_usize..1500,
        length in 0_usize..40,
        with in "[\\[\\]{}=\",.#a-z0-9\n é\u{1}-]{0,12}",
        other in 0_usize..1500,
    ) {
        let good = TABLES.concat();
        let cut = |at: usize| (0..=at.min(good.len())).rev().find(|at| good.is_char_boundary(*at)).unwrap_or(0);
        let (start, end, elsewhere) = (cut(from), cut(from + length), cut(other));
        let piece = &good[elsewhere..cut(other + length)];
        let text = format!("{}{with}{piece}{}", &good[..start], &good[end..]);
        let (read, list) = steering(&[Source::new("zones/x.toml", text)]);
        prop_assert_eq!(read.is_none(), any_error(&list));
        render(&list, false);
    }
}
