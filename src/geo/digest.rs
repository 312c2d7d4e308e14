//! The digest of what databases say of every address, whatever files say it and however they were written.

use super::atlas::{Atlas, Facts};
use crate::digest::{Digest, Writer};

impl Atlas {
    /// Of all that can reach an answer: where ranges begin, and what is known there.
    pub fn digest(&self) -> Digest {
        // Facts have numbers by the order in which they were met, so they go by what they say.
        let facts: Vec<Digest> = self.distinct().iter().map(digest).collect();
        let known = |number: u32| facts.get(number as usize).copied().unwrap_or_default();
        let mut all = Writer::new(20);
        for (start, number) in self.ranges4() {
            all.number(start).digest(known(number));
        }
        all.number(6_u8);
        for (start, number) in self.ranges6() {
            all.digest(Digest(start)).digest(known(number));
        }
        all.end()
    }
}

fn digest(facts: &Facts) -> Digest {
    let Facts {
        continent,
        country,
        subdivisions,
        city,
        location,
        radius,
        system,
    } = facts;
    let mut all = Writer::new(21);
    all.text(continent.map_or("", |continent| continent.word()));
    all.text(country.as_ref().map_or("", |country| country.code()));
    all.count(subdivisions.len());
    for part in subdivisions {
        all.text(part);
    }
    all.text(city.as_deref().unwrap_or_default());
    all.number(location.is_some());
    if let Some(point) = location {
        all.number(point.latitude.cast_unsigned())
            .number(point.longitude.cast_unsigned());
    }
    all.number(radius.map_or(0, |radius| u32::from(radius) + 1));
    all.number(system.map_or(0, |system| u64::from(system) + 1));
    all.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Country, Point};

    fn atlas(facts: &[Facts], v4: &[(u32, u32)], v6: &[(u128, u32)]) -> String {
        let facts = [Facts::default()].iter().chain(facts).cloned().collect();
        Atlas::new(facts, v4.iter().copied(), v6.iter().copied())
            .digest()
            .to_string()
    }

    #[test]
    fn the_numbers_of_facts_do_not_matter_and_all_they_say_does() {
        let of = |code| Facts {
            country: Country::from_code(code),
            location: Point::from_degrees(50.1, -8.5),
            ..Facts::default()
        };
        let (de, fr) = (of("DE"), of("FR"));
        let (v4, v6) = ([(0, 0), (9, 1), (10, 2)], [(0, 2)]);
        let one = atlas(&[de.clone(), fr.clone()], &v4, &v6);
        // Another machine that makes another of this shows itself here.
        assert_eq!(one, "13c76345ef2111e345ab45ef75de5550");
        let other = [(0, 0), (9, 2), (10, 1)];
        assert_eq!(atlas(&[fr.clone(), de.clone()], &other, &[(0, 1)]), one);
        assert_ne!(atlas(&[fr.clone(), de.clone()], &v4, &v6), one);
        assert_ne!(atlas(&[de.clone(), fr.clone()], &v4, &[(0, 1)]), one);
        assert_ne!(
            atlas(&[de.clone(), fr.clone()], &[(0, 0), (8, 1), (10, 2)], &v6),
            one
        );
        let changes: [fn(&mut Facts); 7] = [
            |facts| facts.continent = Country::from_code("BR").map(|c| c.continent()),
            |facts| facts.country = None,
            |facts| facts.subdivisions.push("BE".into()),
            |facts| facts.city = Some("Berlin".into()),
            |facts| facts.location = Point::from_degrees(-50.1, -8.5),
            |facts| facts.radius = Some(0),
            |facts| facts.system = Some(0),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut changed = de.clone();
            change(&mut changed);
            assert_ne!(atlas(&[changed, fr.clone()], &v4, &v6), one, "change {n}");
        }
    }
}
