//! Maps of the world: each dot is a network of clients in the colour of the site that answers it.

use std::collections::BTreeMap;

use meridian::config::estate::{Site, SiteId};

use super::super::ground;
use super::super::svg::{GREY, Ring, Side, Svg};
use super::{colour, home, legend, of, with};
use crate::server::Server;

/// Units of a degree.
const SCALE: f64 = 2.0;
const MAP: usize = 280;

/// The point of a picture where a place on the globe is drawn, below `top`.
fn point([north, east]: [f64; 2], top: usize) -> [usize; 2] {
    let x = (east + 180.0) * SCALE;
    let y = (78.0 - north) * SCALE;
    [x.round() as usize, top + y.round() as usize]
}

/// One map below `top`, with these VIPs down.
fn map(svg: &mut Svg, top: usize, server: &mut Server, sites: &[&str], lost: &[&str]) {
    ground::down(server, lost);
    let mut dots: BTreeMap<&str, Vec<[usize; 2]>> = BTreeMap::new();
    for cell in ground::world() {
        let site = home(server, "web", cell.client());
        let colour = site.map_or(GREY, |site| colour(sites, &site));
        dots.entry(colour)
            .or_default()
            .push(point(cell.middle(), top));
    }
    for (colour, points) in &dots {
        svg.dots(points, 6, colour);
    }
    let estate = &server.world().estate.steering;
    let place = |site: &Site| {
        let degrees = |micro: i32| f64::from(micro) / 1e6;
        let at = site.location?;
        Some(point([degrees(at.latitude), degrees(at.longitude)], top))
    };
    for site in &estate.sites {
        let Some(at) = place(site) else { continue };
        let there = |id: SiteId| estate.sites[usize::from(id.0)].name == site.name;
        let mut vips = estate.vips.iter().filter(|vip| vip.site.is_some_and(there));
        let ring = match vips.any(|vip| !lost.contains(&vip.name.as_str())) {
            true => Ring::Up(colour(sites, &site.name)),
            false => Ring::Down,
        };
        // Names of neighbours do not stand upon each other.
        let beside =
            |[x, y]: [usize; 2]| (at[0]..at[0] + 40).contains(&x) && y.abs_diff(at[1]) < 16;
        let close = |other: &Site| other.name != site.name && place(other).is_some_and(beside);
        let side = match estate.sites.iter().any(close) {
            true => Side::West,
            false => Side::East,
        };
        svg.site(at, &site.name, ring, side);
    }
}

/// Maps one below the other, each with its words above it.
fn maps(page: &str, title: &str, sites: &[&str], panels: &[(&str, &[&str])]) -> String {
    let mut server = of(page);
    let mut svg = Svg::new(720, panels.len() * (MAP + 30) + 30, title);
    for (place, (words, lost)) in panels.iter().enumerate() {
        let top = place * (MAP + 30);
        svg.text(8, top + 18, words);
        map(&mut svg, top + 26, &mut server, sites, lost);
    }
    svg.legend(8, panels.len() * (MAP + 30) + 18, &legend(sites));
    svg.file()
}

pub(super) fn nearest() -> String {
    let panels: [(&str, &[&str]); 2] = [
        ("All sites up: each client gets the nearest.", &[]),
        (
            "fra is down: its clients, and nobody else, go to their next nearest.",
            &["fra-1"],
        ),
    ];
    let title = "A world map of clients, each in the colour of the site that answers it";
    maps("nearest", title, &["fra", "iad", "sin"], &panels)
}

pub(super) fn latency() -> String {
    let sites = ["fra", "iad", "sin"];
    let title = "Two world maps of clients: by distance alone, and with measured round trips";
    let far = with("latency", |steering| {
        steering.replace("[latency]\nfile = \"rtt.csv\"\n", "")
    });
    let panels = [
        ("By distance alone, without the table.", far),
        (
            "With the table: all of Africa, and India, go where packets are sooner.",
            of("latency"),
        ),
    ];
    let mut svg = Svg::new(720, panels.len() * (MAP + 30) + 30, title);
    let mut homes = Vec::new();
    for (place, (words, mut server)) in panels.into_iter().enumerate() {
        let top = place * (MAP + 30);
        svg.text(8, top + 18, words);
        map(&mut svg, top + 26, &mut server, &sites, &[]);
        let all = ground::world().into_iter();
        let all = all.map(|cell| home(&server, "web", cell.client()));
        homes.push(all.collect::<Vec<_>>());
    }
    let moved = homes[0]
        .iter()
        .zip(&homes[1])
        .filter(|(far, near)| far != near);
    assert!(moved.count() > 20);
    svg.legend(8, 2 * (MAP + 30) + 18, &legend(&sites));
    svg.file()
}

pub(super) fn rules() -> String {
    let panels: [(&str, &[&str]); 2] = [
        (
            "Europe and Africa to fra, Asia to sin, everyone else to iad.",
            &[],
        ),
        (
            "sin is down: India has a second choice, the rest of Asia takes the pool's.",
            &["sin-1"],
        ),
    ];
    let title = "A world map of clients: rules by continent and country decide the site";
    maps("rules", title, &["fra", "iad", "sin"], &panels)
}

pub(super) fn fence() -> String {
    let panels: [(&str, &[&str]); 2] = [
        (
            "All up: clients in the EU choose between fra and ams, all others among four.",
            &[],
        ),
        (
            "fra and ams are down: clients outside go elsewhere, those inside are never sent out.",
            &["fra-1", "ams-1"],
        ),
    ];
    let title =
        "A world map of clients: those in the European Union keep to two sites, whatever happens";
    maps("fence", title, &["fra", "ams", "iad", "sin"], &panels)
}
