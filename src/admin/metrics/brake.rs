//! What the brake does, and how far the wall clock is off.

use super::{Family, Kind, plain};
use crate::keeper::Status;
use crate::world::World;

/// Nothing of the brake without one.
pub(super) fn families(world: &World, status: &Status, now: u64, ahead: i64) -> Vec<Family> {
    let off = Family::gauge(
        "meridian_clock_off_seconds",
        "By how much the wall clock has jumped since the start; health goes by the time since then",
        plain(ahead.unsigned_abs()),
    );
    let steering = &world.estate.steering;
    if steering.brake.is_none() {
        return vec![off];
    }
    let losses = status.situation.brake.losses(steering, now);
    vec![
        off,
        Family::gauge(
            "meridian_brake_held_vips",
            "VIPs that are reported lost and held by the brake; above 0 look at the feed",
            plain(losses.held as u64),
        ),
        Family::gauge(
            "meridian_brake_lost_vips",
            "VIPs that were lost within the window of the brake",
            plain(losses.vips as u64),
        ),
        Family::gauge(
            "meridian_brake_lost_sites",
            "Sites that were lost whole within the window of the brake",
            plain(losses.sites as u64),
        ),
        Family {
            kind: Kind::Thousandths,
            ..Family::gauge(
                "meridian_brake_lost_ratio",
                "The part of all capacity that was lost within the window of the brake",
                plain(u64::from(losses.share / 1_000)),
            )
        },
    ]
}
