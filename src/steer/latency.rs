//! What a site costs a client: the round trip as it was measured, blended with the one that the distance lets expect.

use crate::config::estate::Measured;

/// Microseconds of a round trip that no distance explains: the last mile at both ends.
const GROUND: i64 = 5_000;

/// Microseconds of a round trip for each kilometre: light in fibre there and back, on ways half as long again.
const KILOMETRE: i64 = 15;

/// As many samples as the distance counts for: a few samples from one client hardly move a place, a hundred nearly do.
const EXPECTED: i64 = 20;

/// What a site costs; less is nearer. The first part are microseconds beyond what no distance explains, less the bias: not
/// below nought, so that a bias of 0 km leaves nothing nearer than the same town. Only among equals the second counts: by
/// how much a round trip was even less than that.
pub(super) type Cost = (i64, i64);

/// Microseconds of the round trip to a site, from what was measured and from the kilometres; none if neither is known.
pub fn blend(measured: Option<&Measured>, kilometres: Option<i32>) -> Option<i64> {
    let expected = kilometres.map(|km| GROUND + KILOMETRE * i64::from(km));
    match (measured, expected) {
        (Some(measured), Some(expected)) => {
            let (samples, micros) = (i64::from(measured.samples), i64::from(measured.micros));
            // At most 10⁹ samples of 10⁷ microseconds.
            Some((samples * micros + EXPECTED * expected) / (samples + EXPECTED))
        }
        (Some(measured), None) => Some(i64::from(measured.micros)),
        (None, expected) => expected,
    }
}

/// The cost of a round trip of so many microseconds to a site with this bias in kilometres.
pub(super) fn cost(micros: i64, bias: i32) -> Cost {
    let beyond = micros - GROUND;
    (beyond.max(0) - far(bias.into()), beyond.min(0))
}

/// What so many kilometres more cost.
pub(super) fn far(kilometres: i64) -> i64 {
    KILOMETRE * kilometres
}
