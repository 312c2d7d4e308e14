//! What moves in the pools that an answer may come from, in words.

use crate::config::estate::{Failback, PoolId, Steering, Target};
use crate::steer::motion::WHOLE;
use crate::world::World;

/// One line for each thing that moves in these pools.
pub(super) fn lines(world: &World, pools: &[PoolId], now: u64) -> Vec<String> {
    let steering = &world.estate.steering;
    let mut lines = Vec::new();
    for id in pools {
        let Some(pool) = steering.pools.get(usize::from(id.0)) else {
            continue;
        };
        let moving = world.motion.of(*id);
        let mut say = |words: String| lines.push(format!("{}: {words}", pool.name));
        for member in &moving.held {
            let until = match pool.failback {
                Failback::Manual => format!("POST /v1/pools/{}/return brings it back", pool.name),
                Failback::After(wait) => format!("it must have been well for {wait} s"),
            };
            say(format!(
                "{} failed and is kept out: {until}",
                name(steering, *member)
            ));
        }
        for (member, parts) in moving.shed.iter().filter(|(_, parts)| *parts > 0) {
            let kept = percent(WHOLE.saturating_sub(*parts));
            let by = by(pool.ramp, "spill", pool.spill);
            say(format!(
                "{} keeps {kept} of its clients{by}",
                name(steering, *member)
            ));
        }
        for (member, parts) in &moving.numbers {
            let counts = percent(*parts);
            say(format!(
                "{} counts {counts} of its number",
                name(steering, *member)
            ));
        }
        for (vip, parts) in &moving.factors {
            let counts = percent(*parts);
            let vip = name(steering, Target::Vip(*vip));
            let by = by(pool.ramp, "adapt", pool.adapt);
            say(format!("{vip} counts {counts} of its weight{by}"));
        }
        let left = moving.until.saturating_sub(now);
        if left > 0 && moving.until < u64::MAX {
            say(format!("all is at rest in {left} s"));
        }
    }
    lines
}

/// Which keys of the pool can have done it, if load has a part in it.
fn by(ramp: Option<u32>, key: &str, share: Option<u32>) -> String {
    match (share, ramp) {
        (None, _) => String::new(),
        (Some(share), None) => format!(": `{key}` {}", percent(share)),
        (Some(share), Some(_)) => format!(": `{key}` {} and `ramp`", percent(share)),
    }
}

fn percent(parts: u32) -> String {
    format!("{:.1} %", f64::from(parts) / 1e4)
}

fn name(steering: &Steering, target: Target) -> &str {
    let name = match target {
        Target::Site(id) => steering.sites.get(usize::from(id.0)).map(|s| &s.name),
        Target::Vip(id) => steering.vips.get(usize::from(id.0)).map(|v| &v.name),
        Target::Pool(id) => steering.pools.get(usize::from(id.0)).map(|p| &p.name),
    };
    name.map_or("", String::as_str)
}
