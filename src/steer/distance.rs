//! Distances on the globe in whole kilometres, by integers only.

use crate::place::Point;

/// Mean radius of the Earth in kilometres.
const RADIUS: i64 = 6_371;
/// Half the circumference, rounded up: no two points are farther apart.
const FARTHEST: i64 = 20_016;
/// Fraction bits of the sine series. Two such numbers multiply within an `i128`.
const FINE: u32 = 60;
/// Fraction bits of the components of a unit vector: some ten metres.
const COARSE: u32 = 30;
/// π in units of 2⁻⁶⁰.
const PI: i128 = 3_622_009_729_038_561_421;

/// A point as a unit vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vector([i64; 3]);

impl Vector {
    /// Of a point on the globe.
    pub fn of(point: Point) -> Vector {
        let (latitude, longitude) = (radians(point.latitude), radians(point.longitude));
        let (sin_lat, cos_lat) = (sine(latitude), sine(latitude + PI / 2));
        let (sin_lon, cos_lon) = (sine(longitude), sine(longitude + PI / 2));
        let cut = |fine: i128| (fine >> (FINE - COARSE)) as i64;
        Vector([
            cut((cos_lat * cos_lon) >> FINE),
            cut((cos_lat * sin_lon) >> FINE),
            cut(sin_lat),
        ])
    }

    fn dot(self, other: Vector) -> i64 {
        self.0.iter().zip(other.0).map(|(a, b)| a * b).sum()
    }
}

/// Micro-degrees as radians.
fn radians(micro: i32) -> i128 {
    i128::from(micro) * PI / 180_000_000
}

/// The sine by its series, for angles within ±2π.
fn sine(angle: i128) -> i128 {
    let mut x = angle;
    if x > PI {
        x -= 2 * PI;
    }
    if x < -PI {
        x += 2 * PI;
    }
    // Beyond a right angle the sine of the rest to π is the same, and the series is short again.
    if x > PI / 2 {
        x = PI - x;
    }
    if x < -PI / 2 {
        x = -PI - x;
    }
    let square = (x * x) >> FINE;
    let (mut term, mut sum) = (x, x);
    for n in 1..=12i128 {
        term = -((term * square) >> FINE) / ((2 * n) * (2 * n + 1));
        sum += term;
    }
    sum
}

/// The cosine of every whole kilometre, so that a distance is a search and not an arc cosine.
#[derive(Clone, Debug)]
pub struct Globe {
    cosines: Vec<i64>,
}

impl Globe {
    /// Made once for a compilation.
    pub fn new() -> Globe {
        let cosine = |km: i64| sine((i128::from(km) << FINE) / i128::from(RADIUS) + PI / 2) as i64;
        Globe {
            cosines: (0..=FARTHEST).map(cosine).collect(),
        }
    }

    /// Whole kilometres between two points, rounded down.
    pub fn kilometres(&self, a: Vector, b: Vector) -> i32 {
        let dot = a.dot(b) << (FINE - 2 * COARSE);
        // Cosines fall as distances grow.
        self.cosines
            .partition_point(|cosine| *cosine >= dot)
            .saturating_sub(1) as i32
    }
}

impl Default for Globe {
    fn default() -> Globe {
        Globe::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn haversine(a: Point, b: Point) -> f64 {
        let r = |m: i32| f64::from(m).to_radians() / 1e6;
        let (la, lb) = (r(a.latitude), r(b.latitude));
        let h = ((lb - la) / 2.0).sin().powi(2)
            + la.cos() * lb.cos() * ((r(b.longitude) - r(a.longitude)) / 2.0).sin().powi(2);
        2.0 * 6371.0 * h.sqrt().min(1.0).asin()
    }

    #[test]
    fn as_the_haversine_says() {
        let globe = Globe::new();
        let mut x = 1u64;
        let mut next = |most: i64| {
            x = crate::steer::draw::mix(x.wrapping_add(0x9E37_79B9_7F4A_7C15));
            ((x % (2 * most as u64 + 1)) as i64 - most) as i32
        };
        for _ in 0..20_000 {
            let a = Point {
                latitude: next(90_000_000),
                longitude: next(180_000_000),
            };
            let b = Point {
                latitude: next(90_000_000),
                longitude: next(180_000_000),
            };
            let (ours, real) = (
                globe.kilometres(Vector::of(a), Vector::of(b)),
                haversine(a, b),
            );
            assert!(
                (f64::from(ours) - real).abs() < 1.6,
                "{a:?} {b:?}: {ours} {real}"
            );
        }
    }

    #[test]
    fn near_and_far_ends() {
        let globe = Globe::new();
        let p = |latitude, longitude| {
            Vector::of(Point {
                latitude,
                longitude,
            })
        };
        assert_eq!(
            globe.kilometres(p(50_110_000, 8_680_000), p(50_110_000, 8_680_000)),
            0
        );
        assert!((20_014..=20_016).contains(&globe.kilometres(p(0, 0), p(0, 180_000_000))));
        assert!((20_014..=20_016).contains(&globe.kilometres(p(90_000_000, 0), p(-90_000_000, 0))));
        assert_eq!(globe.kilometres(p(0, 179_900_000), p(0, -179_900_000)), 22);
    }
}
