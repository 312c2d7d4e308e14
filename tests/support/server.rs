//! The server without sockets, clock and disk: estates as texts, messages as bytes, time as an argument.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use meridian::answer::{self, Client, Transport, Turn};
use meridian::diagnostic::{self, Refusal, Source};
use meridian::geo::atlas::Atlas;
use meridian::health::board::{Board, Groups};
use meridian::health::orders::Orders;
use meridian::health::verdict::Both;
use meridian::stats::{Counters, Outcome};
use meridian::steer::brake::Brake;
use meridian::steer::motion::Motion;
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::name::Name;
use meridian::world::World;
use meridian::world::badge::Badge;
use meridian::world::conflict::Reading;
use meridian::world::estate::Slots;
use meridian::world::link::{self, Read};
use meridian::world::situation::{Situation, Standing};
use meridian::zone::{Sought, Texts};
use meridian::{config, zone};

/// What the keeper and a worker hold between them.
pub(crate) struct Server {
    world: Option<World>,
    slots: Slots,
    names: BTreeMap<u32, String>,
    pub(crate) counters: Counters,
    asked: Asked,
    pub(crate) counter: u32,
    /// What is known beside the estate.
    pub(crate) situation: Situation,
    /// Who votes with whom.
    pub(crate) groups: Groups,
    /// Until when time has passed, in seconds of the Unix epoch.
    clock: u64,
    /// When the last report came.
    pub(crate) heard: u64,
    /// Of the next world that is loaded.
    pub(crate) badge: Badge,
}

/// What a stream may idle, in tenths of a second.
const IDLE: u16 = 100;

impl Default for Server {
    fn default() -> Server {
        Server {
            world: None,
            slots: Slots::default(),
            names: BTreeMap::new(),
            counters: Counters::default(),
            asked: Asked::new(Seed::default()),
            counter: 0,
            situation: Situation::default(),
            groups: Groups::default(),
            clock: 0,
            heard: 0,
            badge: Badge::default(),
        }
    }
}

impl Server {
    /// All files of the estate, by path. Errors are the rendered diagnostics; what was loaded serves on.
    pub(crate) fn load(
        &mut self,
        files: &BTreeMap<String, String>,
        atlas: Arc<Atlas>,
    ) -> Result<(), String> {
        let mut found = Vec::new();
        let mut zones = Vec::new();
        let mut steering = Vec::new();
        let (mut sources, mut lists) = (BTreeMap::new(), BTreeMap::new());
        for (path, text) in files {
            let source = Source::new(path.as_str(), text.as_str());
            let file = path.rsplit('/').next().unwrap_or(path);
            match file.strip_suffix(".zone") {
                Some(stem) => {
                    let origin = Name::parse(stem.as_bytes(), Some(&Name::root())).unwrap();
                    let before = self.world.as_ref().and_then(|w| w.estate.held(&origin));
                    let reading = zone::read(
                        &source,
                        &origin,
                        &Texts::alone(),
                        before.map(|held| &*held.zone),
                    );
                    found.extend(reading.diagnostics);
                    zones.extend(reading.zone.map(|zone| Read {
                        path: Arc::from(path.as_str()),
                        folder: "zones".len(),
                        zone: Arc::new(zone),
                    }));
                    sources.insert(path.as_str(), (source, origin));
                }
                None if file.ends_with(".toml") => steering.push(source),
                None => drop(lists.insert(path.as_str(), source)),
            }
        }
        let list = |written: &str, from: &str| {
            let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = format!("{folder}/{written}");
            let known = lists.get(path.trim_start_matches('/')).cloned();
            known.ok_or_else(|| Refusal {
                message: format!("`{written}`: there is no such file"),
                advice: "write it".into(),
            })
        };
        let (steering, more) = config::steering(&steering, &list);
        found.extend(more);
        let before = self.world.as_ref().map(|w| w.estate.clone());
        let zone_files = files.keys().filter(|path| path.ends_with(".zone")).count();
        let mut locate = |path: &str, sought: Sought<'_>| {
            let (source, origin) = sources.get(path)?;
            zone::locate(source, origin, &Texts::alone(), sought)
        };
        let estate = match steering {
            Some(steering) if zones.len() == zone_files => {
                let slots = &mut self.slots;
                let (steering, before) = (Arc::new(steering), before.as_deref());
                let (estate, more) = link::link(zones, steering, atlas, slots, before, &mut locate);
                found.extend(more);
                estate
            }
            steering => {
                let reading = match zones.len() == zone_files {
                    true => Reading::Whole,
                    false => Reading::Part,
                };
                found.extend(link::check(zones, steering.as_ref(), reading, &mut locate));
                None
            }
        };
        let Some(estate) = estate.filter(|_| !diagnostic::any_error(&found)) else {
            return Err(diagnostic::render(&found, false));
        };
        for (vip, slot) in estate.steering.vips.iter().zip(&estate.slots) {
            self.names.insert(*slot, vip.name.clone());
        }
        let generation = self.world.as_ref().map_or(1, |w| w.generation + 1);
        if let Some(old) = &self.world {
            self.situation.meet(&old.estate, &estate, self.clock);
        }
        let standing = self.situation.step(&estate, self.clock);
        let badge = Arc::new(self.badge.clone());
        let estate = Arc::new(estate);
        let world = match &self.world {
            Some(before) => before.follow(estate, badge, standing, generation),
            None => World::new(estate, badge, standing, generation),
        };
        self.world = Some(world);
        Ok(())
    }

    pub(crate) fn world(&self) -> &World {
        self.world.as_ref().unwrap()
    }

    /// Puts the board in force.
    pub(crate) fn turn(&mut self) {
        let estate = self.world().estate.clone();
        let standing = self.situation.step(&estate, self.clock);
        self.stand(standing);
    }

    /// Ends the leases that have ended; tells when the next does.
    pub(crate) fn lapse(&mut self) -> Option<u64> {
        let estate = self.world().estate.clone();
        let vips = &estate.steering.vips;
        let present = |name: &str| vips.iter().any(|vip| vip.name == name);
        let board = &mut self.situation.board;
        // A script that begins with reports has let no time pass yet.
        let now = self.clock.max(self.heard);
        board.lapse(now, present);
        board.next_lapse(now, present)
    }

    fn stand(&mut self, standing: Standing) {
        let world = self.world();
        let next = world.with(standing, world.generation + 1);
        self.world = Some(next);
    }

    /// Lets time pass, step by step as the keeper does.
    pub(crate) fn advance(&mut self, now: u64) {
        while self.world.is_some() {
            let lapse = self.lapse();
            let next = self.situation.next().into_iter().chain(lapse).min();
            let Some(next) = next.filter(|next| *next <= now) else {
                break;
            };
            self.clock = next;
            self.lapse();
            self.turn();
        }
        self.clock = now;
    }

    /// Ends, and begins anew with what is on the disk: the next load is the first.
    pub(crate) fn restart(&mut self) {
        let entries = self.situation.board.entries();
        let entries: Vec<_> = entries.map(|(n, e)| (n.clone(), e.clone())).collect();
        let board = Board::resume(entries, self.groups.clone(), self.clock.max(self.heard));
        let brake = Brake::resume(self.situation.brake.marks().cloned());
        let orders = self.situation.orders.iter();
        let orders = Orders::resume(orders.map(|(of, order)| (of.clone(), order.clone())));
        self.situation = Situation::resume(board, self.situation.mover.courses.clone());
        (self.situation.orders, self.situation.brake) = (orders, brake);
        self.world = None;
    }

    /// Lets these vote from now on.
    pub(crate) fn govern(&mut self, groups: Groups) {
        if groups != self.groups {
            let entries = self.situation.board.entries();
            let entries: Vec<_> = entries.map(|(n, e)| (n.clone(), e.clone())).collect();
            self.situation.board =
                Board::resume(entries, groups.clone(), self.clock.max(self.heard));
            self.groups = groups;
        }
    }

    /// Puts these verdicts in force, whatever the board says.
    pub(crate) fn believe(&mut self, verdict: impl Fn(&str) -> Both) {
        self.moving(verdict, Motion::default());
    }

    /// The same with pools in motion.
    pub(crate) fn moving(&mut self, verdict: impl Fn(&str) -> Both, motion: Motion) {
        let standing = Standing {
            verdicts: self.world().estate.verdicts(verdict),
            motion: Arc::new(motion),
        };
        self.stand(standing);
    }

    /// One message, as a worker answers it.
    pub(crate) fn ask(
        &mut self,
        message: &[u8],
        addr: SocketAddr,
        transport: Transport,
        now: u64,
    ) -> Option<Vec<u8>> {
        let world = self.world.as_ref()?;
        let room = match transport {
            Transport::Udp => meridian::limits::UDP_PAYLOAD,
            Transport::Tcp => usize::from(u16::MAX),
        };
        let mut out = vec![0; room];
        let mut turn = Turn::new(self.counter, &self.counters, &mut self.asked);
        (turn.now, turn.idle) = (now, IDLE);
        let client = Client { addr, transport };
        let length = answer::answer(world, client, &mut turn, message, &mut out);
        self.counter = turn.counter;
        out.truncate(length);
        (length > 0).then_some(out)
    }

    /// Everything counted so far, by label.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let outcomes = Outcome::ALL.iter();
        let mut counts: BTreeMap<String, u64> = outcomes
            .map(|o| (o.label().to_string(), self.counters.outcomes(*o)))
            .collect();
        counts.insert("truncated".into(), self.counters.truncated.get());
        counts.insert("subnets".into(), self.counters.subnets.get());
        counts.insert("cookies valid".into(), self.counters.cookies_valid.get());
        counts.insert("cookies wrong".into(), self.counters.cookies_wrong.get());
        counts.insert("cookies new".into(), self.counters.cookies_new.get());
        for (slot, name) in &self.names {
            counts.insert(format!("vip {name}"), self.counters.vips(*slot));
        }
        counts
    }
}
