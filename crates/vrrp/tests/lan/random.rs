//! Seeded random schedules of faults, and what must hold once the faults are over.
//!
//! `KA_LAN_SEEDS=n` runs n of them, those of groups included, `KA_LAN_FIRST_SEED=n` those from n on; `KA_LAN_SEED=router:n`, which a
//! failure prints, replays one and prints what happened. All the time each router is compared with its model, and the oracle watches it: no
//! Master that falls silent, no address held by any but a Master.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ka_vrrp::timers::master_down_interval;
use ka_vrrp::{RouterConfig, State, Tracking};

use crate::config::ms;
use crate::flight::Weather;
use crate::kin::Kin;
use crate::lan::{HostId, Lan, ON_TIME};
use crate::log::changes;

/// The last part of all schedules is that of groups.
pub(crate) const PARTS: u64 = 4;

/// Routers of one virtual router, and how they are plagued.
struct Schedule {
    random: fastrand::Rng,
    kin: Kin,
    routers: Vec<RouterConfig>,
    /// Time in flight once the faults are over.
    delay: Duration,
    /// Longest time in flight while they last.
    worst_delay: Duration,
    /// Longest start-up delay.
    hold: Duration,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let kin = Kin::new(&mut random);
        let priorities = Kin::priorities(&mut random);
        let router = |priority| kin.router(&mut random, priority);
        let routers = priorities.into_iter().map(router).collect();
        let shortest = kin.shortest_interval();
        Self {
            delay: shortest.mul_f64(random.f64() * 0.05),
            worst_delay: shortest.mul_f64(random.f64() * 2.0),
            hold: kin.longest_interval().mul_f64(random.f64() * 3.0),
            routers,
            kin,
            random,
        }
    }

    /// The longest of what the routers say.
    fn longest(&self, time: impl Fn(&RouterConfig) -> Duration) -> Duration {
        self.routers.iter().map(time).max().expect("a router")
    }

    /// Time after the last fault in which the election must be over.
    ///
    /// A router that just started listening waits for its hold and its down interval, in which it may
    /// count in an interval that nobody has any more; then there is a Master. Who preempts it may
    /// first hear it then, leaves it its preemption delay, and waits the rest of another down
    /// interval. Whoever else is Master by then gives way to an advertisement, at most one
    /// interval later, or as an owner after about five.
    fn settling_time(&self) -> Duration {
        let flight = self.worst_delay + self.delay * 4;
        let interval = self.kin.longest_interval();
        let first = self.hold + flight + self.longest(|router| down(router, interval * 2));
        let preempting = self.longest(|router| router.preempt_delay) + self.quiet_time();
        first + preempting + interval * 5
    }

    /// Time in which every Backup would take over that does not hear the Master.
    fn quiet_time(&self) -> Duration {
        let interval = self.kin.longest_interval();
        self.longest(|router| down(router, interval)) + interval
    }

    /// Runs the whole schedule on `lan`.
    fn run(&mut self, lan: &mut Lan) {
        if self.random.bool() {
            // As far as the engine goes with the shortest interval.
            let limit = ON_TIME.min(self.kin.shortest_interval() / 16);
            lan.ahead = limit;
            lan.late = limit.mul_f64(self.random.f64());
        }
        for router in self.routers.clone() {
            lan.add(router);
        }
        for host in 0..self.routers.len() {
            lan.run_for(self.some_time(1.0));
            self.start(lan, host);
        }
        for _ in 0..self.random.u8(5..40) {
            self.fault(lan);
            let pause = if self.random.f64() < 0.8 { 1.0 } else { 6.0 };
            lan.run_for(self.some_time(pause));
        }
        self.heal(lan);
        lan.run_for(self.settling_time());
        let master = self.check_election(lan);
        for host in 0..self.routers.len() {
            lan.take_log(host);
        }
        lan.run_for(self.quiet_time());
        for host in 0..self.routers.len() {
            let changes = changes(&lan.take_log(host));
            assert_eq!(changes, [], "host {host} changed without a fault");
        }
        self.check_return(lan, master);
    }

    fn start(&mut self, lan: &mut Lan, host: HostId) {
        let hold = (self.random.f64() < 0.3).then(|| self.some_hold());
        lan.start(host, hold);
    }

    /// Up to so many intervals.
    fn some_time(&mut self, intervals: f64) -> Duration {
        let interval = self.kin.longest_interval();
        interval.mul_f64(self.random.f64() * intervals)
    }

    fn some_hold(&mut self) -> Duration {
        self.hold.mul_f64(self.random.f64())
    }

    /// Mostly another priority, and often nothing at all.
    fn some_tracking(&mut self) -> Tracking {
        let random = &mut self.random;
        let mut rarely = |most: u16| {
            if random.f64() < 0.2 {
                random.u16(1..=most)
            } else {
                0
            }
        };
        let (faults, awaited) = (rarely(2), rarely(2));
        let priority = match random.u8(0..4) {
            0 => 0,
            1 => random.i32(-600..=600),
            _ => random.i32(-10..=10),
        };
        Tracking {
            priority,
            faults,
            awaited,
        }
    }

    fn fault(&mut self, lan: &mut Lan) {
        let host = self.random.usize(0..self.routers.len());
        let running = !lan.host(host).paused;
        match self.random.u8(0..17) {
            0 => {
                let weather = Weather {
                    delay: self.delay,
                    jitter: self.worst_delay.mul_f64(self.random.f64()),
                    loss: self.random.f64() * 0.9,
                    duplication: self.random.f64() * 0.5,
                    damage: (self.random.f64() - 0.5).max(0.0),
                };
                Self::set_weather(lan, weather);
            }
            1 => Self::set_weather(lan, self.fair_weather()),
            2 | 3 => {
                let random = &mut self.random;
                Self::part(lan, self.routers.iter().map(|_| random.u8(0..3)).collect());
            }
            4 => Self::part(lan, vec![0; self.routers.len()]),
            5 | 6 if running => lan.pause(host),
            5 | 6 => lan.resume(host),
            7 | 8 => {
                let up = !lan.host(host).link;
                lan.set_link(host, up);
            }
            9 => {
                let present = !lan.host(host).has_source;
                lan.set_source(host, present);
            }
            10 if running => match lan.state(host) {
                State::Init | State::Stop => self.start(lan, host),
                _ => lan.stop(host),
            },
            11 | 12 if running => self.reload(lan, host),
            14..17 => lan.set_tracking(host, self.some_tracking()),
            13 if running => {
                let hold = self.random.bool().then(|| lan.elapsed() + self.some_hold());
                lan.set_hold(host, hold);
            }
            _ => {}
        }
    }

    fn set_weather(lan: &mut Lan, weather: Weather) {
        lan.weather = weather;
        lan.remark(&format!("{weather:?}"));
    }

    fn part(lan: &mut Lan, segments: Vec<u8>) {
        lan.remark(&format!("segments {segments:?}"));
        for (host, segment) in segments.into_iter().enumerate() {
            lan.host_mut(host).segment = segment;
        }
    }

    /// A whole other configuration, often of the same priority.
    fn reload(&mut self, lan: &mut Lan, host: HostId) {
        let priority = match self.random.u8(0..20) {
            0 => 255,
            1..8 => self.random.u8(1..=254),
            _ => self.routers[host].priority,
        };
        let new = if self.random.f64() < 0.3 {
            self.kin.stranger(&mut self.random, priority)
        } else {
            self.kin.router(&mut self.random, priority)
        };
        self.routers[host] = new.clone();
        lan.reconfigure(host, new);
    }

    fn fair_weather(&self) -> Weather {
        Weather {
            delay: self.delay,
            ..Weather::default()
        }
    }

    /// Ends all faults. Hosts that were stopped stay so, but for two at least.
    fn heal(&mut self, lan: &mut Lan) {
        lan.remark("the faults are over");
        Self::set_weather(lan, self.fair_weather());
        Self::part(lan, vec![0; self.routers.len()]);
        for host in 0..self.routers.len() {
            if lan.host(host).paused {
                lan.resume(host);
            }
            lan.set_link(host, true);
            lan.set_source(host, true);
            lan.set_tracking(host, Tracking::default());
        }
        self.kin.agree(&mut self.routers);
        for (host, router) in self.routers.iter().enumerate() {
            lan.reconfigure(host, router.clone());
        }
        while self.running(lan).len() < 2 {
            let host = self.random.usize(0..self.routers.len());
            self.start(lan, host);
        }
    }

    fn running(&self, lan: &Lan) -> Vec<HostId> {
        let runs = |host: &HostId| !matches!(lan.state(*host), State::Init | State::Stop);
        (0..self.routers.len()).filter(runs).collect()
    }

    /// Exactly one Master, which nobody preempts, and which all others know.
    fn check_election(&self, lan: &Lan) -> HostId {
        let states = lan.states();
        let running = self.running(lan);
        let is_master = |host: &HostId| states[*host] == State::Master;
        let masters: Vec<HostId> = running.iter().copied().filter(is_master).collect();
        let [master] = masters[..] else {
            panic!("masters {masters:?} of {states:?}");
        };
        let preempting = running.iter().map(|host| &self.routers[*host]);
        let preempting = preempting.filter(|router| router.preempt_mode);
        let highest = preempting.map(|router| router.priority).max();
        let priority = self.routers[master].priority;
        assert!(highest <= Some(priority), "{highest:?} preempts {priority}");
        for host in running {
            // Whoever prefers another has had the time to take over.
            let known = lan.router(host).master().map(|(address, _)| address);
            let expected = (host != master).then(|| lan.host(master).address);
            assert_eq!(known, expected, "host {host}");
        }
        master
    }

    /// A Backup that goes and comes back leaves the Master in place.
    fn check_return(&mut self, lan: &mut Lan, master: HostId) {
        let backups = self.running(lan).into_iter().filter(|host| *host != master);
        let backups: Vec<HostId> = backups.collect();
        let host = backups[self.random.usize(0..backups.len())];
        let config = &self.routers[host];
        let down = down(config, config.advertisement_interval);
        let interval = self.routers[master].advertisement_interval;
        // An owner takes over at once, and so does who waits for less than one advertisement.
        if config.is_owner() || down < interval + self.delay * 2 + ms(2) {
            return;
        }
        if self.random.bool() {
            let fault = Tracking {
                faults: 1,
                ..Tracking::default()
            };
            lan.set_tracking(host, fault);
            lan.run_for(self.some_time(1.0));
            lan.set_tracking(host, Tracking::default());
        } else if config.dont_track_primary || self.random.bool() {
            lan.stop(host);
            lan.run_for(self.some_time(1.0));
            self.start(lan, host);
        } else {
            lan.set_link(host, false);
            lan.run_for(self.some_time(1.0));
            lan.set_link(host, true);
        }
        lan.run_for(self.hold + self.quiet_time());
        assert_eq!(changes(&lan.take_log(master)), []);
        self.check_election(lan);
    }
}

/// Master_Down_Interval of a router that counts in `interval`.
pub(crate) fn down(router: &RouterConfig, interval: Duration) -> Duration {
    master_down_interval(
        router.version,
        router.priority,
        interval,
        router.down_timer_adverts,
    )
}

/// Which seeds a kind of schedules runs with.
pub(crate) struct Seeds {
    /// What `KA_LAN_SEED` has to begin with to mean this kind.
    kind: &'static str,
    first: u64,
    count: u64,
}

impl Seeds {
    /// Part number `part` of `parts` of all schedules, so that parts run beside each other.
    pub(crate) fn part(kind: &'static str, part: u64, parts: u64) -> Self {
        // As many as a patient machine has time for.
        let usual = if std::env::var_os("CI").is_some() {
            100_000
        } else {
            10_000
        };
        let all = number("KA_LAN_SEEDS").unwrap_or(usual);
        let first = number("KA_LAN_FIRST_SEED").unwrap_or(0);
        Self {
            kind,
            first: first + all * part / parts,
            count: all * (part + 1) / parts - all * part / parts,
        }
    }
}

/// Runs a schedule for each seed; the first that fails runs again, and what happened is printed.
///
/// `body` gets the seed, a LAN, and where to say what it is about to do.
pub(crate) fn run_seeds(seeds: &Seeds, body: impl Fn(u64, &mut Lan, &mut dyn FnMut(String))) {
    let run = |seed: u64, trace: bool| -> Result<String, String> {
        let mut lan = Lan::seeded(seed);
        if trace {
            lan.keep_trace();
        }
        let mut described = String::new();
        let mut describe = |text: String| described = text;
        let result = panic::catch_unwind(AssertUnwindSafe(|| body(seed, &mut lan, &mut describe)));
        let account = format!("{described}\n{}", lan.trace().unwrap_or_default());
        result.map(|()| account.clone()).map_err(|reason| {
            let reason = message(reason.as_ref());
            format!("{account}\n{reason}")
        })
    };
    let Seeds { kind, first, count } = *seeds;
    if let Some(seed) = replayed(kind) {
        match run(seed, true) {
            Ok(account) => print(&account),
            Err(account) => panic!("{account}"),
        }
        return;
    }
    if std::env::var_os("KA_LAN_SEED").is_some() {
        return;
    }
    for seed in first..first + count {
        if run(seed, false).is_err() {
            // Once more, with the trace.
            let account = run(seed, true).err().unwrap_or_default();
            panic!("{account}\nreplay with KA_LAN_SEED={kind}:{seed}");
        }
    }
}

/// The seed of this kind that is to be run again.
fn replayed(kind: &str) -> Option<u64> {
    let text = std::env::var("KA_LAN_SEED").ok()?;
    let seed = text.strip_prefix(kind)?.strip_prefix(':')?;
    Some(
        seed.parse()
            .unwrap_or_else(|_| panic!("KA_LAN_SEED={text} names no seed")),
    )
}

#[expect(clippy::print_stdout, reason = "a replay is for reading")]
fn print(account: &str) {
    println!("{account}");
}

fn message(reason: &(dyn Any + Send)) -> &str {
    let text = reason.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| reason.downcast_ref().copied())
        .unwrap_or("no message")
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
    )
}

fn run_part(part: u64) {
    run_seeds(
        &Seeds::part("router", part, PARTS),
        |seed, lan, describe| {
            let mut schedule = Schedule::new(seed);
            describe(format!("{:#?}", schedule.routers));
            schedule.run(lan);
        },
    );
}

// Several tests, for several processors.

#[test]
fn schedules_of_faults_end_with_one_master_1() {
    run_part(0);
}

#[test]
fn schedules_of_faults_end_with_one_master_2() {
    run_part(1);
}

#[test]
fn schedules_of_faults_end_with_one_master_3() {
    run_part(2);
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    let account = |seed| {
        let mut lan = Lan::seeded(seed);
        lan.keep_trace();
        Schedule::new(seed).run(&mut lan);
        lan.trace().expect("it is kept").to_owned()
    };
    for seed in [1, 2, 3] {
        assert_eq!(account(seed), account(seed));
    }
}
