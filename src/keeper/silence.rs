//! What the log says of leases that have ended.

use crate::health::board::Lapse;
use crate::health::verdict::Family;

/// Tells of each family that a lapse changed, of both at once where they are alike.
pub(super) fn tell(lapse: &Lapse) {
    let (before, after) = (lapse.before, lapse.entry.verdicts());
    let families = match before.v4.state == before.v6.state && after.v4.state == after.v6.state {
        true => vec![("both", Family::V4)],
        false => vec![("v4", Family::V4), ("v6", Family::V6)],
    };
    for (word, family) in families {
        let state = after.of(family).state.word();
        let before = before.of(family).state.word();
        let silence = lapse.entry.of(family).silence;
        let why = silence
            .words()
            .unwrap_or("an observer fell silent, others speak");
        tracing::warn!(vip = %lapse.name, family = word, before, state, why, "a lease has ended");
    }
}
