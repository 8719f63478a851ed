//! Seeded random schedules of routers with authentication headers and signatures: cut links, clocks that are set, new keys,
//! packets that somebody recorded or changed. What was believed once is never believed again, and once the faults are over one
//! Master is left whom all believe.
//!
//! As many as a part of the other schedules (see [`crate::random`]); `KA_LAN_SEED=authenticated:n` replays one.

use std::time::Duration;

use ka_vrrp::{AntiReplay, AuthHmac, HmacMode, RouterConfig, State, UnicastPeers};
use ka_wire::Authentication;

use crate::air::{Air, at};
use crate::authenticated::hmac;
use crate::config::{ms, v2, v3};
use crate::random::{Seeds, run_seeds};
use crate::unicast::peers;

/// These are whole packets, signed and checked: they take twenty times as long as the others.
const SHARE: u64 = 20;

const ROUTERS: usize = 3;
const WINDOW: i64 = 5;

/// The sets of keys that reloads go through, one after the other: the active key, and all.
const KEYS: [(u8, &[u8]); 6] = [
    (1, &[1]),
    (1, &[1, 2]),
    (2, &[1, 2]),
    (2, &[2]),
    (2, &[1, 2]),
    (1, &[1, 2]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Header,
    Signed(AntiReplay),
}

#[derive(Debug)]
struct Schedule {
    random: fastrand::Rng,
    kind: Kind,
    is_unicast: bool,
    /// Clocks are set: then what is of the time window again may be believed again.
    sets_clocks: bool,
    interval: Duration,
    priorities: [u8; ROUTERS],
    /// Where each router is in [`KEYS`].
    keys: [usize; ROUTERS],
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let kind = match random.u8(0..3) {
            0 => Kind::Header,
            1 => Kind::Signed(AntiReplay::Time),
            _ => Kind::Signed(AntiReplay::Monotonic),
        };
        let mut priorities = [50, 100, 200];
        random.shuffle(&mut priorities);
        Self {
            kind,
            is_unicast: random.bool(),
            sets_clocks: random.bool(),
            interval: match kind {
                Kind::Header => Duration::from_secs(1),
                Kind::Signed(_) => ms(random.u64(1..=100) * 10),
            },
            priorities,
            keys: [0; ROUTERS],
            random,
        }
    }

    fn config(&self, node: usize) -> RouterConfig {
        let priority = self.priorities[node];
        let unicast: Option<UnicastPeers> = self.is_unicast.then(|| peers(node, ROUTERS));
        match self.kind {
            Kind::Header => RouterConfig {
                authentication: Authentication::ah("s3cret"),
                unicast,
                ..v2(priority)
            },
            Kind::Signed(anti_replay) => {
                let (active, keys) = KEYS[self.keys[node]];
                let hmac = AuthHmac {
                    anti_replay,
                    time_window: WINDOW as u16,
                    mode: HmacMode::Enforce,
                    ..hmac(active, keys)
                };
                RouterConfig {
                    auth_hmac: Some(hmac),
                    unicast,
                    ..v3(priority, self.interval)
                }
            }
        }
    }

    fn run(&mut self, air: &mut Air) {
        for node in 0..ROUTERS {
            air.add(self.config(node));
            air.run_for(self.some_time(3.0));
        }
        for _ in 0..self.random.u8(5..40) {
            self.fault(air);
            let pause = if self.random.f64() < 0.8 { 1.0 } else { 6.0 };
            air.run_for(self.some_time(pause));
        }
        self.heal(air);
        // All have heard whose clock was set back catch up, and waited for a down interval.
        air.run_for(Duration::from_secs(4 * WINDOW as u64) + self.interval * 12);
        let expected = self.priorities.map(|priority| {
            if priority == self.highest() {
                State::Master
            } else {
                State::Backup
            }
        });
        assert_eq!(air.states(), expected);
        let rejected: Vec<_> = (0..ROUTERS).map(|node| air.rejected(node)).collect();
        air.run_for(self.interval * 10);
        assert_eq!(air.states(), expected);
        let afterwards: Vec<_> = (0..ROUTERS).map(|node| air.rejected(node)).collect();
        assert_eq!(afterwards, rejected, "something is still rejected");
    }

    fn highest(&self) -> u8 {
        self.priorities.into_iter().max().expect("a router")
    }

    fn some_time(&mut self, intervals: f64) -> Duration {
        self.interval.mul_f64(self.random.f64() * intervals)
    }

    fn fault(&mut self, air: &mut Air) {
        let node = self.random.usize(0..ROUTERS);
        match self.random.u8(0..10) {
            0 | 1 => air.nodes[node].cut = !air.nodes[node].cut,
            2 if self.sets_clocks => air.nodes[node].clock = self.random.i64(-2..=2),
            3 if self.sets_clocks => {
                air.nodes[node].clock = self.random.i64(-4 * WINDOW..=4 * WINDOW);
            }
            4 | 5 => self.reload(air, node),
            6 | 7 => self.replay(air, node),
            8 | 9 => self.forge(air, node),
            _ => {}
        }
    }

    /// Often the next keys, and often another priority.
    fn reload(&mut self, air: &mut Air, node: usize) {
        // Nobody is more than one step ahead of another, as whoever replaces keys sees to.
        let next = (self.keys[node] + 1) % KEYS.len();
        let near = |other: &usize| [self.keys[node], next].contains(other);
        if self.keys.iter().all(near) {
            self.keys[node] = next;
        }
        if self.random.bool() {
            let other = self.random.usize(0..ROUTERS);
            self.priorities.swap(node, other);
            air.reconfigure(other, self.config(other));
        }
        air.reconfigure(node, self.config(node));
    }

    /// Somebody sends again what this router has believed already.
    fn replay(&mut self, air: &mut Air, node: usize) {
        let by_time = self.kind == Kind::Signed(AntiReplay::Time);
        if air.nodes[node].believed.is_empty() || (by_time && self.sets_clocks) {
            return;
        }
        let index = self.random.usize(0..air.nodes[node].believed.len());
        let bytes = air.nodes[node].believed[index].clone();
        Self::assert_ignored(air, node, &bytes);
    }

    /// Somebody changes a bit behind the IP header of what was sent.
    fn forge(&mut self, air: &mut Air, node: usize) {
        let foreign: Vec<_> = air.sent.iter().rev().take(50).collect();
        let Some(sent) = self.random.choice(foreign) else {
            return;
        };
        let mut bytes = sent.bytes.clone();
        let index = self.random.usize(20..bytes.len());
        bytes[index] ^= 1 << self.random.u8(0..8);
        Self::assert_ignored(air, node, &bytes);
    }

    fn assert_ignored(air: &mut Air, node: usize, bytes: &[u8]) {
        let of = |air: &Air| {
            let router = &air.nodes[node].router;
            (router.state(), router.poll_timeout(), router.master())
        };
        let before = of(air);
        air.hear(node, bytes);
        assert_eq!(of(air), before, "node {node} believed what it must not");
    }

    fn heal(&mut self, air: &mut Air) {
        self.keys = [1; ROUTERS];
        for node in 0..ROUTERS {
            air.nodes[node].cut = false;
            air.nodes[node].clock = 0;
            air.reconfigure(node, self.config(node));
        }
    }
}

#[test]
fn authenticated_schedules_end_with_one_master_and_believe_nothing_twice() {
    let seeds = Seeds::part("authenticated", 0, SHARE);
    run_seeds(&seeds, |seed, _, describe| {
        let mut schedule = Schedule::new(seed);
        describe(format!("{schedule:#?}"));
        schedule.run(&mut Air::new());
    });
}

#[test]
fn addresses_of_nodes_are_those_of_their_peers() {
    let unicast = peers(0, ROUTERS);
    let others: Vec<_> = unicast.peers.iter().map(|peer| peer.address).collect();
    assert_eq!(others, [at(1), at(2)].map(std::net::IpAddr::from));
}
