//! What operators order: on the disk, then in force, then acknowledged; and its end.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::health::orders::{Order, Orders, Press, Subject, Want};
use crate::health::report::wish::Wish;
use crate::keeper::journal::{Journal, JournalError, Ordered};
use crate::limits;
use crate::steer::brake::Why;
use crate::world::World;
use crate::world::estate::Estate;
use crate::world::ordered;
use crate::world::situation::Situation;

/// What an operator wants of a VIP or a site, decoded and authorised.
#[derive(Debug)]
pub struct Asked {
    /// Of what.
    pub subject: Subject,
    /// What.
    pub wish: Wish,
    /// The name of a token.
    pub who: Arc<str>,
    /// Gets what came of it once it is in force and on the disk.
    pub reply: oneshot::Sender<Result<Placed, Unplaced>>,
}

impl Asked {
    /// Logs what came of it, and tells who asked.
    pub(super) fn answer(self, placed: Result<Placed, Unplaced>) {
        if let Ok(placed) = &placed {
            log(placed, &self.wish, &self.who);
        }
        let _ = self.reply.send(placed);
    }
}

/// An order that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The generation from which on it is in force.
    pub generation: u64,
    /// Of what.
    pub subject: Subject,
    /// What stands now; nothing after `auto`.
    pub order: Option<Order>,
    /// What stood before.
    pub before: Option<Order>,
}

/// Why an order was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// The estate has no such VIP or site, and no order stands for one.
    Unknown,
    /// So many orders stand that there is no room for another.
    Full,
    /// The brake does not let these VIPs go, for these reasons.
    Braked(Vec<(Arc<str>, String)>),
    /// It could not be put on the disk.
    Disk(String),
}

/// The VIPs that the brake would hold, if an order took them out of the answers, and it has a say.
pub(super) fn barred(
    situation: &Situation,
    estate: &Estate,
    asked: &Asked,
    now: u64,
) -> Option<Vec<(Arc<str>, String)>> {
    let (steering, wish) = (&estate.steering, &asked.wish);
    let bounds = steering.brake?;
    if wish.press == Press::Force || !wish.want?.empties() {
        return None;
    }
    let ids = ordered::vips(steering, &asked.subject)?;
    let vips = ids
        .iter()
        .filter_map(|id| steering.vips.get(usize::from(id.0)));
    let names: Vec<&str> = vips.map(|vip| vip.name.as_str()).collect();
    let wanted = situation.wanted(estate);
    let barred = situation
        .brake
        .allows(steering, &wanted, &names, now)
        .err()?;
    let words = |(name, why): (Arc<str>, Why)| (name, why.words(&bounds));
    Some(barred.into_iter().map(words).collect())
}

/// Puts an order into the place of the one before, or takes that away; on the disk when this returns without an error. It
/// is in force from the next step on.
pub(super) fn place(
    orders: &mut Orders,
    journal: &mut Journal,
    world: &World,
    asked: &Asked,
    now: u64,
) -> Result<Placed, Unplaced> {
    let (subject, wish) = (asked.subject.clone(), &asked.wish);
    let before = orders.get(&subject).cloned();
    let vips = ordered::vips(&world.estate.steering, &subject);
    let Some(vips) = vips.or_else(|| (before.is_some() && wish.want.is_none()).then(Vec::new))
    else {
        return Err(Unplaced::Unknown);
    };
    let mut order = wish.order(&asked.who, now);
    if order.is_some() && before.is_none() && orders.len() >= limits::ORDERS {
        return Err(Unplaced::Full);
    }
    if let Some(order) = order.as_mut().filter(|order| order.want == Want::Hold) {
        order.held = ordered::held(world, &vips);
    }
    let written: Ordered = (subject.clone(), order.clone());
    if order.is_some() || before.is_some() {
        let refused = |error: JournalError| Unplaced::Disk(error.to_string());
        journal.order(&[written]).map_err(refused)?;
    }
    match order.clone() {
        Some(order) => orders.place(subject.clone(), order),
        None => drop(orders.lift(&subject)),
    }
    Ok(Placed {
        generation: world.generation,
        subject,
        order,
        before,
    })
}

/// Takes those away whose end has come. They are in force no more by the time alone, so nobody waits for the disk here.
pub(super) fn expire(orders: &mut Orders, journal: &mut Journal, now: u64) {
    let ended = orders.expire(now);
    if ended.is_empty() {
        return;
    }
    for (subject, order) in &ended {
        let (want, who, why) = (order.want.word(), &order.who, &order.why);
        tracing::info!(%subject, want, %who, %why, "an order has ended");
    }
    let gone: Vec<Ordered> = ended.into_iter().map(|(of, _)| (of, None)).collect();
    if let Err(error) = journal.order(&gone) {
        tracing::error!(%error, "the end of an order is not on the disk");
    }
}

/// One line for each order.
fn log(placed: &Placed, wish: &Wish, who: &str) {
    let want = placed.order.as_ref().map_or("auto", |o| o.want.word());
    let before = placed.before.as_ref().map_or("auto", |o| o.want.word());
    let until = placed.order.as_ref().and_then(|order| order.until);
    let (subject, why, generation) = (&placed.subject, &wish.why, placed.generation);
    tracing::info!(%subject, want, before, who, %why, until, generation, "order");
}
