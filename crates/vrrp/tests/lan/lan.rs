//! The virtual LAN: hosts, one clock, packets in flight.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use ka_vrrp::{Action, GroupStep, Notice, RouterConfig, State, Tracking, VirtualRouter};

use crate::config::{address, ms};
use crate::flight::{Flight, Weather};
use crate::group::{Group, GroupId};
use crate::log::Log;
use crate::model::{Deed, Model};
use crate::oracle::Oracle;
use crate::packet::Packet;

/// Names a host of the LAN.
pub(crate) type HostId = usize;

pub(crate) struct Host {
    pub(crate) router: VirtualRouter,
    pub(crate) address: IpAddr,
    /// Carrier of its link, which the router may not know yet.
    pub(crate) link: bool,
    pub(crate) has_source: bool,
    /// What it tracks comes to this, which the router may not know yet.
    pub(crate) tracking: Tracking,
    /// Not scheduled: its timers and packets are delivered when it goes on.
    pub(crate) paused: bool,
    /// Which side of a partition it is on.
    pub(crate) segment: u8,
    /// Its virtual router: hosts of others hear nothing of it.
    pub(crate) network: usize,
    /// Its sync group, and its place there.
    pub(crate) seat: Option<(GroupId, usize)>,
    inbox: Vec<Rc<Packet>>,
    log: Log,
    pub(crate) model: Model,
    oracle: Oracle,
}

pub(crate) struct Lan {
    pub(crate) origin: Instant,
    pub(crate) now: Instant,
    hosts: Vec<Host>,
    pub(crate) groups: Vec<Group>,
    /// Time from one step of a group that moves to the next; all steps are taken at once without.
    pub(crate) pace: Option<Duration>,
    flights: BinaryHeap<Reverse<Flight>>,
    sent: u64,
    pub(crate) weather: Weather,
    /// Timers run so much behind their time, and are told that they are on time.
    pub(crate) late: Duration,
    /// A Master woken by a packet runs timers so much ahead of their time, likewise.
    pub(crate) ahead: Duration,
    random: fastrand::Rng,
    trace: Option<String>,
    /// What everybody does, in order, where that is asked for.
    pub(crate) chronicle: Option<Vec<String>>,
}

/// Less than this beside its time counts as on time, as in the engine.
pub(crate) const ON_TIME: Duration = Duration::from_micros(800);

impl Lan {
    /// An empty LAN without delay or loss.
    pub(crate) fn new() -> Self {
        Self::seeded(0)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
        let origin = Instant::now();
        Self {
            origin,
            now: origin,
            hosts: Vec::new(),
            groups: Vec::new(),
            pace: None,
            flights: BinaryHeap::new(),
            sent: 0,
            weather: Weather::default(),
            late: Duration::ZERO,
            ahead: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            trace: None,
            chronicle: None,
        }
    }

    /// Keeps a readable account of everything that happens.
    pub(crate) fn keep_trace(&mut self) {
        self.trace = Some(String::new());
    }

    pub(crate) fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// Adds a host that is not started yet. Its address is above all others'.
    pub(crate) fn add(&mut self, config: RouterConfig) -> HostId {
        config.validate().expect("a valid configuration");
        let id = self.hosts.len();
        let address = address(config.family, id);
        self.hosts.push(Host {
            model: Model::new(&config),
            oracle: Oracle::new(),
            router: VirtualRouter::new(config),
            address,
            link: true,
            has_source: true,
            tracking: Tracking::default(),
            paused: false,
            segment: 0,
            network: 0,
            seat: None,
            inbox: Vec::new(),
            log: Vec::new(),
        });
        id
    }

    /// Adds a host and starts it.
    pub(crate) fn started(&mut self, config: RouterConfig) -> HostId {
        let id = self.add(config);
        self.start(id, None);
        id
    }

    /// Adds a host and runs until it is Master, when its log is empty.
    pub(crate) fn master(&mut self, config: RouterConfig) -> HostId {
        let id = self.started(config);
        let limit = self.elapsed() + ms(600_000);
        while self.state(id) != State::Master {
            assert!(self.elapsed() < limit, "host {id} never became Master");
            self.step();
        }
        self.take_log(id);
        id
    }

    pub(crate) fn start(&mut self, id: HostId, hold: Option<Duration>) {
        let host = &self.hosts[id];
        let (link, source) = (host.link, host.has_source.then_some(host.address));
        let hold_until = hold.map(|hold| self.now + hold);
        let what = || format!("start: link {link}, source {source:?}, hold {hold:?}");
        self.drive(id, what, |router, model, now| {
            router.start(link, source, hold_until, now);
            model.start(link, source, hold_until, now);
        });
    }

    /// A reload ends the start-up delay at another time, counted from the start of the LAN.
    pub(crate) fn set_hold(&mut self, id: HostId, hold: Option<Duration>) {
        let hold_until = hold.map(|hold| self.origin + hold);
        let what = || format!("hold until {hold:?}");
        self.drive(id, what, |router, model, now| {
            router.set_hold(hold_until, now);
            model.set_hold(hold_until, now);
        });
    }

    pub(crate) fn stop(&mut self, id: HostId) {
        self.drive(
            id,
            || "stop".to_owned(),
            |router, model, now| {
                router.stop(now);
                model.stop();
            },
        );
    }

    pub(crate) fn reconfigure(&mut self, id: HostId, config: RouterConfig) {
        self.reconfigure_tracking(id, config, self.hosts[id].tracking);
    }

    /// A reload that also changes what is tracked, or how it counts.
    pub(crate) fn reconfigure_tracking(
        &mut self,
        id: HostId,
        config: RouterConfig,
        tracking: Tracking,
    ) {
        config.validate().expect("a valid configuration");
        self.hosts[id].tracking = tracking;
        self.drive(
            id,
            || format!("reload: {tracking:?}, {config:?}"),
            |router, model, now| {
                model.reconfigure(&config, tracking, now);
                router.reconfigure(config.clone(), tracking, now);
            },
        );
    }

    /// What a host tracks comes to something else. A host that sleeps learns of it when it wakes.
    pub(crate) fn set_tracking(&mut self, id: HostId, tracking: Tracking) {
        self.hosts[id].tracking = tracking;
        if self.hosts[id].paused {
            self.note(id, || format!("asleep: {tracking:?}"));
            return;
        }
        self.drive(
            id,
            || format!("{tracking:?}"),
            |router, model, now| {
                router.handle_tracking(tracking, now);
                model.track(tracking, now);
            },
        );
    }

    /// Cuts or restores a link. A host that sleeps learns of it when it wakes.
    pub(crate) fn set_link(&mut self, id: HostId, up: bool) {
        self.hosts[id].link = up;
        self.tell_interface(id);
    }

    /// Removes or restores the address that a host sends from.
    pub(crate) fn set_source(&mut self, id: HostId, present: bool) {
        self.hosts[id].has_source = present;
        self.tell_interface(id);
    }

    /// Somebody on a host removes an address, a route or a rule that its router holds.
    pub(crate) fn lose_object(&mut self, id: HostId) {
        self.drive(
            id,
            || "loses an object".to_owned(),
            |router, model, now| {
                router.handle_lost_object(now);
                model.lose_object(now);
            },
        );
    }

    /// Somebody does so again and again, or does so no more.
    pub(crate) fn set_contested(&mut self, id: HostId, contested: bool) {
        self.drive(
            id,
            || format!("contested: {contested}"),
            |router, model, now| {
                router.handle_objects_lost(contested, now);
                model.set_contested(contested, now);
            },
        );
    }

    fn tell_interface(&mut self, id: HostId) {
        let host = &self.hosts[id];
        let (link, source) = (host.link, host.has_source.then_some(host.address));
        if host.paused {
            self.note(id, || format!("asleep: link {link}, source {source:?}"));
            return;
        }
        self.drive(
            id,
            || format!("link {link}"),
            |router, model, now| {
                router.handle_link(link, now);
                model.set_link(link, now);
            },
        );
        self.drive(
            id,
            || format!("source {source:?}"),
            |router, model, now| {
                router.handle_source(source, now);
                model.set_source(source, now);
            },
        );
    }

    pub(crate) fn pause(&mut self, id: HostId) {
        self.note(id, || "falls asleep".to_owned());
        self.hosts[id].paused = true;
    }

    /// Lets a host go on: like the engine it listens before it acts.
    pub(crate) fn resume(&mut self, id: HostId) {
        self.resume_all(&[id]);
    }

    /// Lets all hosts of one machine go on.
    pub(crate) fn resume_all(&mut self, ids: &[HostId]) {
        for &id in ids {
            self.note(id, || "goes on".to_owned());
            self.hosts[id].paused = false;
        }
        for &id in ids {
            self.tell_interface(id);
        }
        for &id in ids {
            for packet in std::mem::take(&mut self.hosts[id].inbox) {
                self.deliver(id, &packet);
            }
        }
        for &id in ids {
            self.set_tracking(id, self.hosts[id].tracking);
            self.run_due_timer(id);
        }
    }

    /// Hands one packet to one host now, from wherever.
    pub(crate) fn inject(&mut self, id: HostId, packet: &Packet) {
        self.deliver(id, packet);
    }

    /// Hands a packet to a host that has to ignore it.
    pub(crate) fn inject_bad(&mut self, id: HostId, packet: &Packet) {
        let due = self.due(id);
        self.deliver(id, packet);
        assert_eq!(self.due(id), due, "an ignored packet moved a timer");
    }

    /// Hands a good advertisement, of a router configured alike, to one host now.
    pub(crate) fn advertise_to(&mut self, id: HostId, source: IpAddr, priority: u8) {
        let packet = Packet::encode(self.hosts[id].router.config(), source, priority);
        self.deliver(id, &packet);
    }

    /// Runs everything that happens until `offset` from the start, and at it.
    pub(crate) fn run_until(&mut self, offset: Duration) {
        let end = self.origin + offset;
        while let Some(next) = self.next_event()
            && next <= end
        {
            self.step();
        }
        self.now = end;
        self.check_silence();
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        self.run_until(self.elapsed() + time);
    }

    /// Virtual time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now - self.origin
    }

    pub(crate) fn host(&self, id: HostId) -> &Host {
        &self.hosts[id]
    }

    pub(crate) fn host_mut(&mut self, id: HostId) -> &mut Host {
        &mut self.hosts[id]
    }

    pub(crate) fn router(&self, id: HostId) -> &VirtualRouter {
        &self.hosts[id].router
    }

    pub(crate) fn state(&self, id: HostId) -> State {
        self.hosts[id].router.state()
    }

    /// States of all hosts in the order added.
    pub(crate) fn states(&self) -> Vec<State> {
        self.hosts.iter().map(|host| host.router.state()).collect()
    }

    /// What a host did since this was last asked.
    pub(crate) fn take_log(&mut self, id: HostId) -> Log {
        std::mem::take(&mut self.hosts[id].log)
    }

    /// When a host's next timer is due, from the start.
    pub(crate) fn due(&self, id: HostId) -> Option<Duration> {
        let due = self.hosts[id].router.poll_timeout()?;
        Some(due - self.origin)
    }

    fn next_event(&self) -> Option<Instant> {
        let timers = self.hosts.iter().filter(|host| !host.paused);
        let timers = timers.filter_map(|host| Some(host.router.poll_timeout()? + self.late));
        let arrival = self.flights.peek().map(|Reverse(flight)| flight.arrival);
        let steps = self.groups.iter().filter_map(|group| self.step_at(group));
        timers.chain(arrival).chain(steps).min()
    }

    /// Goes on to the next event. What arrives is heard before a timer of that instant runs.
    fn step(&mut self) {
        let next = self.next_event().expect("a router with a timer");
        assert!(next >= self.now, "an event was left behind");
        self.now = next;
        if let Some(Reverse(flight)) = self.flights.peek()
            && flight.arrival == next
        {
            let Reverse(flight) = self.flights.pop().expect("just seen");
            self.arrive(flight);
            return;
        }
        for id in 0..self.hosts.len() {
            self.run_due_timer(id);
        }
        self.run_due_steps();
        self.check_silence();
    }

    fn arrive(&mut self, flight: Flight) {
        let host = &mut self.hosts[flight.to];
        if !host.link {
            return;
        }
        if host.paused {
            host.inbox.push(flight.packet);
            return;
        }
        self.deliver(flight.to, &flight.packet);
        if self.state(flight.to) == State::Master {
            self.run_timer(flight.to, self.now + self.ahead);
        }
    }

    fn deliver(&mut self, id: HostId, packet: &Packet) {
        self.drive(
            id,
            || format!("hears {packet:?}"),
            |router, model, now| {
                router.handle_packet(&packet.received(), now);
                model.hear(packet, now);
            },
        );
    }

    /// Runs the timers of a host that are due: several, of one that slept.
    fn run_due_timer(&mut self, id: HostId) {
        while self.run_timer(id, self.now - self.late) {}
    }

    /// Runs the timer of a host if it is due at `until` or before.
    fn run_timer(&mut self, id: HostId, until: Instant) -> bool {
        let host = &self.hosts[id];
        let Some(due) = host.router.poll_timeout().filter(|due| *due <= until) else {
            return false;
        };
        if host.paused {
            return false;
        }
        // Like the engine, so that lateness does not add up.
        let on_time = self.now.saturating_duration_since(due) < ON_TIME;
        let at = if on_time { due } else { self.now };
        let what = || "timeout".to_owned();
        self.drive_at(id, at, what, |router, model, now| {
            router.handle_timeout(now);
            model.time_passed(now);
        });
        let next = self.hosts[id].router.poll_timeout();
        assert!(next.is_none_or(|next| next > at), "host {id} would spin");
        true
    }

    /// Tells a router and its model the same now, and performs the router's actions.
    pub(crate) fn drive(
        &mut self,
        id: HostId,
        what: impl FnOnce() -> String,
        tell: impl FnOnce(&mut VirtualRouter, &mut Model, Instant),
    ) {
        self.drive_at(id, self.now, what, tell);
    }

    fn drive_at(
        &mut self,
        id: HostId,
        at: Instant,
        what: impl FnOnce() -> String,
        tell: impl FnOnce(&mut VirtualRouter, &mut Model, Instant),
    ) {
        // Like the engine: a member follows its group before it is told anything else.
        if let Some(step) = self.take_step(id) {
            self.follow(id, step, at);
        }
        self.tell(id, at, what, tell);
        self.run_groups();
    }

    /// Lets a member of a group follow.
    pub(crate) fn follow(&mut self, id: HostId, step: GroupStep, at: Instant) {
        let what = || format!("follows: {step:?}");
        self.tell(id, at, what, |router, model, now| {
            router.follow_group(step, now);
            model.follow(step, now);
        });
    }

    fn tell(
        &mut self,
        id: HostId,
        at: Instant,
        what: impl FnOnce() -> String,
        tell: impl FnOnce(&mut VirtualRouter, &mut Model, Instant),
    ) {
        self.note(id, what);
        let host = &mut self.hosts[id];
        tell(&mut host.router, &mut host.model, at);
        let mut count = 0;
        let mut done = Vec::new();
        while let Some(action) = self.hosts[id].router.poll_action() {
            count += 1;
            done.extend(Deed::of(&action));
            self.perform(id, action, at);
            if let Action::Group(word) = action
                && let Some(step) = self.hear(id, word)
            {
                self.note(id, || format!("follows: {step:?}"));
                let host = &mut self.hosts[id];
                host.router.follow_group(step, at);
                host.model.follow(step, at);
            }
        }
        assert!(count <= VirtualRouter::MAX_ACTIONS, "{count} actions");
        let host = &mut self.hosts[id];
        host.model.compare(&host.router, &done);
        host.oracle.after(&host.router, host.model.is_grouped());
    }

    fn perform(&mut self, id: HostId, action: Action, at: Instant) {
        let elapsed = self.elapsed();
        let host = &mut self.hosts[id];
        host.oracle.check(action, at);
        host.log.push((elapsed, action));
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.extend(line(id, &action));
        }
        self.note(id, || format!("-> {action:?}"));
        if let Action::Advertise { priority } = action {
            self.send(id, priority);
        }
    }

    fn send(&mut self, from: HostId, priority: u8) {
        let host = &self.hosts[from];
        if !host.link {
            return;
        }
        let (config, segment, network) = (host.router.config(), host.segment, host.network);
        let packet = Rc::new(Packet::encode(config, host.address, priority));
        for to in 0..self.hosts.len() {
            let heard = self.hosts[to].segment == segment && self.hosts[to].network == network;
            if to == from || !heard {
                continue;
            }
            if self.random.f64() < self.weather.loss {
                continue;
            }
            let copies = 1 + u8::from(self.random.f64() < self.weather.duplication);
            for _ in 0..copies {
                let jitter = self.weather.jitter.mul_f64(self.random.f64());
                let mut packet = Rc::clone(&packet);
                if self.random.f64() < self.weather.damage {
                    Rc::make_mut(&mut packet).damage(&mut self.random);
                }
                self.sent += 1;
                self.flights.push(Reverse(Flight {
                    arrival: self.now + self.weather.delay + jitter,
                    number: self.sent,
                    to,
                    packet,
                }));
            }
        }
    }

    /// A Master that runs is never silent for longer than its interval.
    fn check_silence(&self) {
        for host in self.hosts.iter().filter(|host| !host.paused) {
            host.oracle
                .check_silence(&host.router, self.now - self.late);
        }
    }

    pub(crate) fn note(&mut self, id: HostId, what: impl FnOnce() -> String) {
        let elapsed = self.elapsed();
        if let Some(trace) = &mut self.trace {
            let (state, what) = (self.hosts[id].router.state(), what());
            writeln!(trace, "{elapsed:>14.6?} host {id} {state:<6} {what}").expect("a String");
        }
    }

    /// Marks the trace.
    pub(crate) fn remark(&mut self, what: &str) {
        let elapsed = self.elapsed();
        if let Some(trace) = &mut self.trace {
            writeln!(trace, "{elapsed:>14.6?} {what}").expect("a String");
        }
    }
}

/// What of an action belongs into a chronicle.
fn line(id: HostId, action: &Action) -> Option<String> {
    Some(match action {
        Action::Advertise { priority } => format!("{id} sends {priority}"),
        Action::AcquireAddresses => format!("{id} acquires"),
        Action::ReleaseAddresses => format!("{id} releases"),
        Action::Announce { rounds } => format!("{id} announces {rounds}"),
        Action::Notify(Notice::StateChanged { to, .. }) => format!("{id} {to}"),
        _ => return None,
    })
}
