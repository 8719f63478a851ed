//! Seeded random schedules of machines with several virtual routers in sync groups.
//!
//! As [`crate::random`] with the same variables, and one rule more: whatever happens, no machine is
//! Master of one of its virtual routers and Backup of another, but for the moment in which it changes. Once the faults
//! are over one machine is Master of everything.

use std::time::Duration;

use ka_vrrp::{RouterConfig, State, Tracking};

use crate::config::us;
use crate::flight::Weather;
use crate::group::GroupId;
use crate::kin::Kin;
use crate::lan::{HostId, Lan, ON_TIME};
use crate::log::changes;
use crate::random::{PARTS, Seeds, down, run_seeds};

/// Machines with the same virtual routers, and how they are plagued.
struct Schedule {
    random: fastrand::Rng,
    kin: Kin,
    /// Of each machine, those of its members.
    machines: Vec<Vec<RouterConfig>>,
    delay: Duration,
    worst_delay: Duration,
    hold: Duration,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let kin = Kin::new(&mut random);
        let mut priorities = Kin::priorities(&mut random);
        priorities.truncate(3);
        let networks = random.usize(2..=3);
        // Which machine is better is the same in every network: else there is no Master that all could agree on.
        let machine = |priority| {
            (0..networks)
                .map(|_| kin.router(&mut random, priority))
                .collect()
        };
        let machines = priorities.into_iter().map(machine).collect();
        let shortest = kin.shortest_interval();
        Self {
            delay: shortest.mul_f64(random.f64() * 0.05),
            worst_delay: shortest.mul_f64(random.f64() * 2.0),
            hold: kin.longest_interval().mul_f64(random.f64() * 3.0),
            machines,
            kin,
            random,
        }
    }

    fn routers(&self) -> impl Iterator<Item = &RouterConfig> {
        self.machines.iter().flatten()
    }

    fn longest(&self, time: impl Fn(&RouterConfig) -> Duration) -> Duration {
        self.routers().map(time).max().expect("a router")
    }

    fn quiet_time(&self) -> Duration {
        let interval = self.kin.longest_interval();
        self.longest(|router| down(router, interval)) + interval
    }

    /// As of one router alone; but a member that is ready waits for the others, which is another wait of its own.
    fn settling_time(&self) -> Duration {
        let flight = self.worst_delay + self.delay * 4;
        let interval = self.kin.longest_interval();
        let first = self.hold + flight + self.longest(|router| down(router, interval * 2)) * 2;
        let preempting = self.longest(|router| router.preempt_delay) + self.quiet_time() * 2;
        first + preempting + interval * 5
    }

    fn run(&mut self, lan: &mut Lan) {
        let limit = ON_TIME.min(self.kin.shortest_interval() / 16);
        if self.random.bool() {
            lan.ahead = limit;
            lan.late = limit.mul_f64(self.random.f64());
        }
        // A large group takes its time, in which the world goes on.
        lan.pace = self
            .random
            .bool()
            .then(|| us(1) + limit.mul_f64(self.random.f64()));
        for routers in self.machines.clone() {
            lan.add_machine(routers);
        }
        for machine in 0..self.machines.len() {
            lan.run_for(self.some_time(1.0));
            self.start(lan, machine);
        }
        for _ in 0..self.random.u8(5..30) {
            self.fault(lan);
            let pause = if self.random.f64() < 0.8 { 1.0 } else { 6.0 };
            lan.run_for(self.some_time(pause));
        }
        self.heal(lan);
        lan.run_for(self.settling_time());
        self.check_election(lan);
        for host in 0..self.hosts() {
            lan.take_log(host);
        }
        lan.run_for(self.quiet_time());
        for host in 0..self.hosts() {
            let changes = changes(&lan.take_log(host));
            assert_eq!(changes, [], "host {host} changed without a fault");
        }
        self.check_election(lan);
    }

    fn hosts(&self) -> usize {
        self.machines.iter().map(Vec::len).sum()
    }

    /// The host of a machine in a network, as they were added.
    fn host(&self, machine: GroupId, network: usize) -> HostId {
        machine * self.machines[0].len() + network
    }

    fn all_of(&self, machine: GroupId) -> Vec<HostId> {
        let networks = 0..self.machines[machine].len();
        networks
            .map(|network| self.host(machine, network))
            .collect()
    }

    fn start(&mut self, lan: &mut Lan, machine: GroupId) {
        let hold = (self.random.f64() < 0.3).then(|| self.hold.mul_f64(self.random.f64()));
        for host in self.all_of(machine) {
            lan.start(host, hold);
        }
        lan.regroup(machine, &self.all_of(machine));
    }

    fn stop(&self, lan: &mut Lan, machine: GroupId) {
        // Whoever left its group is stopped with it, too.
        lan.regroup(machine, &self.all_of(machine));
        lan.stop_machine(machine);
    }

    fn some_time(&mut self, intervals: f64) -> Duration {
        let interval = self.kin.longest_interval();
        interval.mul_f64(self.random.f64() * intervals)
    }

    /// Often nothing, seldom a fault.
    fn some_tracking(&mut self) -> Tracking {
        let random = &mut self.random;
        let mut rarely = || u16::from(random.f64() < 0.25);
        let (faults, awaited) = (rarely(), rarely());
        Tracking {
            priority: [0, 0, random.i32(-20..=20)][random.usize(0..3)],
            faults,
            awaited,
        }
    }

    fn fault(&mut self, lan: &mut Lan) {
        let machine = self.random.usize(0..self.machines.len());
        let network = self.random.usize(0..self.machines[machine].len());
        let host = self.host(machine, network);
        let awake = !lan.host(host).paused;
        let runs = awake && lan.group_state(machine) != State::Stop;
        match self.random.u8(0..18) {
            0 => {
                lan.weather = Weather {
                    delay: self.delay,
                    jitter: self.worst_delay.mul_f64(self.random.f64()),
                    loss: self.random.f64() * 0.9,
                    duplication: self.random.f64() * 0.5,
                    damage: (self.random.f64() - 0.5).max(0.0),
                };
            }
            1 => lan.weather = self.fair_weather(),
            // Some networks are parted, others are not: what groups are for.
            2 | 3 => {
                for machine in 0..self.machines.len() {
                    let host = self.host(machine, network);
                    lan.host_mut(host).segment = self.random.u8(0..3);
                }
            }
            4 => self.unite(lan),
            5 | 6 if awake => self
                .all_of(machine)
                .into_iter()
                .for_each(|id| lan.pause(id)),
            5 | 6 => lan.resume_all(&self.all_of(machine)),
            7 | 8 => {
                let up = !lan.host(host).link;
                lan.set_link(host, up);
            }
            9 => {
                let present = !lan.host(host).has_source;
                lan.set_source(host, present);
            }
            10 if runs => self.stop(lan, machine),
            10 if awake => self.start(lan, machine),
            11 | 12 if runs => {
                let priority = self.machines[machine][network].priority;
                let new = if self.random.f64() < 0.3 {
                    self.kin.stranger(&mut self.random, priority)
                } else {
                    self.kin.router(&mut self.random, priority)
                };
                self.machines[machine][network] = new.clone();
                lan.reconfigure(host, new);
            }
            13 if runs => {
                let mut members = self.all_of(machine);
                self.random.shuffle(&mut members);
                members.truncate(self.random.usize(1..=members.len()));
                members.sort_unstable();
                lan.regroup(machine, &members);
            }
            14..18 => lan.set_tracking(host, self.some_tracking()),
            _ => {}
        }
    }

    fn unite(&self, lan: &mut Lan) {
        for host in 0..self.hosts() {
            lan.host_mut(host).segment = 0;
        }
    }

    fn fair_weather(&self) -> Weather {
        Weather {
            delay: self.delay,
            ..Weather::default()
        }
    }

    /// Ends all faults.
    fn heal(&mut self, lan: &mut Lan) {
        lan.remark("the faults are over");
        lan.weather = self.fair_weather();
        self.unite(lan);
        for machine in 0..self.machines.len() {
            let hosts = self.all_of(machine);
            if lan.host(hosts[0]).paused {
                lan.resume_all(&hosts);
            }
            for &host in &hosts {
                lan.set_link(host, true);
                lan.set_source(host, true);
                lan.set_tracking(host, Tracking::default());
            }
        }
        for network in 0..self.machines[0].len() {
            let mut routers: Vec<RouterConfig> = self
                .machines
                .iter()
                .map(|machine| machine[network].clone())
                .collect();
            self.kin.agree(&mut routers);
            for (machine, router) in routers.into_iter().enumerate() {
                lan.reconfigure(self.host(machine, network), router.clone());
                self.machines[machine][network] = router;
            }
        }
        for machine in 0..self.machines.len() {
            if lan.group_state(machine) == State::Stop {
                self.start(lan, machine);
            } else {
                lan.regroup(machine, &self.all_of(machine));
            }
        }
    }

    /// One machine is Master of everything, and no better one could be.
    fn check_election(&self, lan: &Lan) {
        let states: Vec<Vec<State>> = (0..self.machines.len())
            .map(|machine| lan.member_states(machine))
            .collect();
        let masters = states
            .iter()
            .filter(|members| members[0] == State::Master)
            .count();
        assert_eq!(masters, 1, "{states:?}");
        for (machine, members) in states.iter().enumerate() {
            let first = members[0];
            assert!(
                members.iter().all(|state| *state == first),
                "split: {states:?}"
            );
            assert!(matches!(first, State::Master | State::Backup), "{states:?}");
            assert_eq!(lan.group_state(machine), first, "the state of the group");
        }
    }
}

#[test]
fn schedules_of_faults_end_with_one_machine_that_is_master_of_everything() {
    run_seeds(
        &Seeds::part("group", PARTS - 1, PARTS),
        |seed, lan, describe| {
            let mut schedule = Schedule::new(seed);
            describe(format!("{:#?}", schedule.machines));
            schedule.run(lan);
        },
    );
}
