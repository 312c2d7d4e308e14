//! A steered answer's choice: who counts as the client, its class, the plan, the point, the scope and the TTL.

use std::net::IpAddr;

use crate::config::estate::{Draw, Pool, VipId};
use crate::geo;
use crate::steer::draw;
use crate::steer::fence::Fence;
use crate::steer::plan::{Plan, Stand};
use crate::steer::wheel::Family;
use crate::wire::query::Subnet;
use crate::world::World;
use crate::world::estate::Root;

/// Which address counted as the client, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The client subnet of the query.
    Subnet,
    /// The sender: the query has no client subnet.
    Sender,
    /// The sender: the client subnet has a source length of 0, which asks for no tailoring (RFC 7871 §7.1.2).
    Opted,
    /// The sender: the pool says `ecs = false`.
    Pool,
    /// The sender: the client subnet is not an address of the Internet.
    Local,
}

/// What was decided for a steered name.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'w> {
    /// The pool with its map.
    pub root: &'w Root,
    /// Its keys.
    pub pool: &'w Pool,
    /// The plan for the client's class.
    pub plan: &'w Plan,
    /// The client's address; one of IPv4 as such, however it is written.
    pub client: IpAddr,
    /// Why that one.
    pub basis: Basis,
    /// The number of the client's class.
    pub class: u32,
    /// The point of the draw.
    pub point: u32,
    /// Where the order of the answer begins.
    pub rotation: u32,
    /// Whether nothing that was looked at is in transition.
    quiet: bool,
    /// For how wide a network the answer holds.
    pub scope: u8,
}

/// Decides for a name that the root pool `root` answers. `lower` is the name asked, in small letters and wire form; `hop`
/// says how many steered names led to it.
#[allow(clippy::too_many_arguments, reason = "all that a choice depends on")]
#[inline(always)]
pub fn decide<'w>(
    world: &'w World,
    root: u32,
    sender: IpAddr,
    subnet: Option<Subnet>,
    lower: &[u8],
    now: u64,
    counter: u32,
    hop: u32,
) -> Option<Decision<'w>> {
    let estate = &world.estate;
    let (root, plans) = (
        estate.roots.get(root as usize)?,
        world.plans.get(root as usize)?,
    );
    let pool = estate.steering.pools.get(usize::from(root.pool.0))?;
    let (written, basis) = client(sender, subnet, pool.ecs);
    let (class, network) = root.map.find(written);
    let client = geo::fold(written);
    let plan = plans.get(class)?;
    let point = match pool.draw {
        Draw::Query => draw::query(counter, hop),
        Draw::Client => draw::client(root.hash, client, now, pool.ttl.max),
        Draw::Sticky => draw::sticky(root.hash, client),
        Draw::Name => draw::name(root.hash, lower),
    };
    let scope = match (basis, subnet) {
        (Basis::Subnet, _) => match pool.draw {
            // The client key is part of what the answer depends on.
            Draw::Client | Draw::Sticky => network.max(key(written)),
            Draw::Query | Draw::Name => network,
        },
        // RFC 7871 §7.2.1: the answer is good for the network that was sent, and says nothing of others.
        (Basis::Local, Some(subnet)) => subnet.source,
        _ => 0,
    };
    Some(Decision {
        root,
        pool,
        plan,
        client,
        basis,
        class,
        point,
        rotation: counter,
        quiet: now >= plan.quiet_at,
        scope,
    })
}

/// The length of the client key in the form in which the address is written.
fn key(written: IpAddr) -> u8 {
    match written {
        IpAddr::V6(six) => geo::embedded(six).map_or(draw::KEY_V6, |(_, before)| {
            before.saturating_add(draw::KEY_V4)
        }),
        IpAddr::V4(_) => draw::KEY_V4,
    }
}

/// Whose address decides, as it is written: the scope counts in that form.
fn client(sender: IpAddr, subnet: Option<Subnet>, ecs: bool) -> (IpAddr, Basis) {
    match subnet {
        None => (sender, Basis::Sender),
        Some(_) if !ecs => (sender, Basis::Pool),
        Some(subnet) if subnet.source == 0 => (sender, Basis::Opted),
        Some(subnet) if geo::global(subnet.addr) => (subnet.addr, Basis::Subnet),
        Some(_) => (sender, Basis::Local),
    }
}

impl<'w> Decision<'w> {
    /// What the pool's fences leave to the client.
    pub fn fence(&self) -> Option<&'w Fence> {
        self.root.map.classes().get(self.class as usize)?.fence()
    }

    /// What answers questions for addresses of a family.
    #[inline]
    pub fn stand(&self, family: Family) -> Stand {
        self.plan.side(family).stand
    }

    /// Seconds for addresses of a family.
    #[inline]
    pub fn ttl(&self, family: Family) -> u32 {
        if self.quiet && !self.stand(family).dead() {
            self.pool.ttl.max
        } else {
            self.pool.ttl.min
        }
    }

    /// Seconds for what holds addresses of both.
    pub fn shorter(&self) -> u32 {
        self.ttl(Family::V4).min(self.ttl(Family::V6))
    }

    /// The VIPs of a family, in the order of the answer.
    #[inline]
    pub fn vips(&self, family: Family) -> impl Iterator<Item = VipId> + Clone + use<'w> {
        let vips = self.plan.side(family).choice.pick(family, self.point);
        let turn = draw::start(self.rotation, vips.len());
        let (last, first) = vips.split_at_checked(turn).unwrap_or((&[], vips));
        first.iter().chain(last).copied()
    }
}
