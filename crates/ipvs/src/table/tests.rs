use std::time::Duration;

use ka_netlink::ipvs::{Destination, Forwarding, IpvsName};

use super::wanted::{Counts, Wanted};
use super::*;
use crate::config::{Change, IpvsConfig, ServiceConfig};
use crate::event::{Repair, Repaired};

const ROOM: usize = 4;

fn key(port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol: 6,
        address: [10, 0, 1, 1].into(),
        port,
    }
}

fn service(port: u16, scheduler: &str) -> Service {
    Service::new(key(port), IpvsName::new(scheduler).unwrap())
}

fn real(host: u8, weight: u32) -> Destination {
    let key = DestinationKey {
        address: [10, 0, 2, host].into(),
        port: 80,
    };
    Destination::new(key, Forwarding::Masquerade, weight)
}

fn wanted(port: u16, destinations: impl IntoIterator<Item = Destination>) -> ServiceConfig {
    ServiceConfig {
        id: port.into(),
        service: service(port, "wlc"),
        destinations: destinations.into_iter().collect(),
    }
}

/// What a kernel does with changes, as linux/ip_vs.h has it, and what its answers are.
#[derive(Debug, Default)]
struct Model {
    services: HashMap<ServiceKey, Known>,
    /// It refuses what is done to these.
    refused: HashMap<DestinationKey, Errno>,
    /// A service that must not be without a destination that takes connections.
    never_empty: Option<ServiceKey>,
    asked: Vec<IpvsChange>,
}

impl Model {
    fn carry_out(&mut self, change: IpvsChange) -> Result<(), ChangeError> {
        self.asked.push(change);
        let result = self.judge(change).map_err(|errno| ChangeError::Refused {
            errno,
            message: None,
        });
        if let Some(known) = self.never_empty.and_then(|key| self.services.get(&key)) {
            let takes = known.destinations.values().any(|it| it.weight > 0);
            assert!(takes, "empty after {change}");
        }
        result
    }

    fn judge(&mut self, change: IpvsChange) -> Result<(), Errno> {
        if let Some(&errno) = change
            .destination()
            .and_then(|destination| self.refused.get(&destination.key))
        {
            return Err(errno);
        }
        let key = change.service().unwrap();
        match change {
            IpvsChange::AddService(service) => {
                if self.services.contains_key(&key) {
                    return Err(Errno::EXIST);
                }
                if service.scheduler == "none" {
                    return Err(Errno::NOENT);
                }
                let destinations = HashMap::new();
                let known = Known {
                    service,
                    destinations,
                };
                self.services.insert(key, known);
            }
            IpvsChange::RemoveService(_) => {
                self.services.remove(&key).ok_or(Errno::SRCH)?;
            }
            _ => {
                let known = self.services.get_mut(&key).ok_or(Errno::SRCH)?;
                match change {
                    IpvsChange::SetService(service) => known.service = service,
                    IpvsChange::AddDestination { destination, .. } => {
                        if known.destinations.contains_key(&destination.key) {
                            return Err(Errno::EXIST);
                        }
                        known.destinations.insert(destination.key, destination);
                    }
                    IpvsChange::SetDestination { destination, .. } => {
                        let there = known.destinations.get_mut(&destination.key);
                        *there.ok_or(Errno::NOENT)? = destination;
                    }
                    IpvsChange::RemoveDestination { destination, .. } => {
                        known
                            .destinations
                            .remove(&destination.key)
                            .ok_or(Errno::NOENT)?;
                    }
                    other => panic!("{other}"),
                }
            }
        }
        Ok(())
    }

    /// What it has, in words.
    fn said(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .services
            .values()
            .map(|known| {
                let mut destinations: Vec<_> = known
                    .destinations
                    .values()
                    .map(|it| format!("{} {}", it.key, it.weight))
                    .collect();
                destinations.sort();
                let (key, scheduler) = (known.service.key, known.service.scheduler);
                format!("{key} {scheduler}: {}", destinations.join(", "))
            })
            .collect();
        lines.sort();
        lines
    }
}

/// A table with its kernel.
struct Pair {
    table: Table,
    model: Model,
    now: Instant,
    told: Vec<Refused>,
    repaired: Vec<Repaired>,
    /// Loses acknowledgements, and requests with them.
    loses: Option<fastrand::Rng>,
}

impl Pair {
    fn new() -> Self {
        Self {
            table: Table::default(),
            model: Model::default(),
            now: Instant::now(),
            told: Vec::new(),
            repaired: Vec::new(),
            loses: None,
        }
    }

    /// One batch; whether there was anything to do.
    fn batch(&mut self) -> bool {
        let doubts = self.table.take_doubts();
        for (key, is_surprise) in &doubts {
            let repaired = self.look(*key);
            if *is_surprise {
                self.repaired.extend(repaired);
            }
        }
        let mut steps = Vec::new();
        self.table.plan(ROOM, self.now, &mut steps);
        assert!(steps.len() <= ROOM);
        for (step, change) in steps
            .iter()
            .map(|step| (step, self.table.change(step).unwrap()))
            .collect::<Vec<_>>()
        {
            let (is_done, is_told) = match &mut self.loses {
                Some(random) => (random.u8(0..10) > 0, random.u8(0..10) > 0),
                None => (true, true),
            };
            let mut result = Err(ChangeError::Unacknowledged);
            if is_done {
                let answer = self.model.carry_out(change);
                if is_told {
                    result = answer;
                }
            }
            self.told
                .extend(self.table.outcome(step, &change, &result, self.now));
        }
        self.table.end_batch(self.now);
        !steps.is_empty() || !doubts.is_empty()
    }

    fn look(&mut self, key: ServiceKey) -> Vec<Repaired> {
        let found = self.model.services.get(&key).cloned();
        let mut repaired: Vec<_> = self
            .table
            .found_service(key, found.as_ref().map(|found| found.service))
            .into_iter()
            .collect();
        if let Some(found) = found {
            let destinations = found.destinations.into_values();
            repaired.extend(self.table.found_destinations(key, destinations));
        }
        repaired
    }

    fn settle(&mut self) -> usize {
        let before = self.model.asked.len();
        let mut batches = 0;
        while self.batch() {
            batches += 1;
            assert!(batches < 10_000, "it never ends: {:?}", self.model.asked);
        }
        assert_eq!(self.table.settled(), self.table.ticket());
        self.model.asked.len() - before
    }

    fn apply(&mut self, config: Vec<ServiceConfig>) -> usize {
        self.table.set_wanted(config, &[]);
        self.settle()
    }

    fn asked(&self) -> Vec<String> {
        self.model.asked.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn what_did_not_change_is_not_asked_for() {
    let mut pair = Pair::new();
    let config = vec![
        wanted(1, [real(12, 1), real(11, 1)]),
        wanted(2, [real(11, 3)]),
    ];
    assert_eq!(pair.apply(config.clone()), 5);
    assert_eq!(
        pair.asked(),
        [
            "add virtual server 10.0.1.1:tcp:1",
            "add real server 10.0.2.12:80 to 10.0.1.1:tcp:1",
            "add real server 10.0.2.11:80 to 10.0.1.1:tcp:1",
            "add virtual server 10.0.1.1:tcp:2",
            "add real server 10.0.2.11:80 to 10.0.1.1:tcp:2",
        ]
    );
    let counts = pair.table.set_wanted(config.clone(), &[]);
    let (added, changed, unchanged, removed) = (0, 0, 2, 0);
    assert_eq!(
        counts,
        Counts {
            added,
            changed,
            unchanged,
            removed
        }
    );
    assert_eq!(pair.settle(), 0);
    // Neither is it in another order.
    let mut turned = config;
    turned.reverse();
    turned[1].destinations.reverse();
    assert_eq!(pair.apply(turned), 0);
}

#[test]
fn what_is_kept_stays_with_its_changes() {
    let mut pair = Pair::new();
    pair.apply(vec![
        wanted(1, [real(11, 1), real(12, 1)]),
        wanted(2, [real(11, 1)]),
        wanted(3, [real(11, 1)]),
    ]);
    let service = 1;
    let destination = real(12, 1).key;
    pair.table.take(vec![Change::RemoveDestination {
        service,
        destination,
    }]);
    pair.settle();
    let counts = pair.table.set_wanted(vec![wanted(2, [real(11, 7)])], &[1]);
    assert_eq!(
        counts,
        Counts {
            added: 0,
            changed: 1,
            unchanged: 1,
            removed: 1
        }
    );
    assert_eq!(pair.settle(), 2);
    assert_eq!(
        pair.model.said(),
        [
            "10.0.1.1:tcp:1 wlc: 10.0.2.11:80 1",
            "10.0.1.1:tcp:2 wlc: 10.0.2.11:80 7"
        ]
    );
    // It has its number still.
    let weight = 5;
    pair.table.take(vec![Change::SetWeight {
        service,
        destination: real(11, 1).key,
        weight,
    }]);
    assert_eq!(pair.settle(), 1);
}

#[test]
fn what_is_not_wanted_yet_or_twice_cannot_be_kept() {
    let mut pair = Pair::new();
    pair.apply(vec![wanted(1, []), wanted(2, [])]);
    let refused = |services: Vec<ServiceConfig>, kept: &[u32]| {
        let kept = kept.to_vec();
        let config = IpvsConfig {
            services,
            kept,
            ..IpvsConfig::default()
        };
        let found = config.check().and_then(|()| pair.table.check_kept(&config));
        found.map_err(|error| error.to_string()).err()
    };
    assert_eq!(refused(vec![wanted(2, [])], &[1]), None);
    let mut renumbered = wanted(1, []);
    renumbered.id = 9;
    let cases = [
        (
            refused(vec![], &[3]),
            "id 3 is to stay as it is, and is not wanted yet",
        ),
        (
            refused(vec![renumbered], &[1]),
            "id 1 is to stay as it is, and is listed twice",
        ),
        (refused(vec![wanted(1, [])], &[1]), "id 1 is listed twice"),
        (refused(vec![], &[1, 1]), "id 1 is listed twice"),
    ];
    for (told, expected) in cases {
        assert!(
            told.as_ref().is_some_and(|told| told.contains(expected)),
            "{told:?}"
        );
    }
}

#[test]
fn a_service_that_goes_is_one_request_and_another_scheduler_too() {
    let mut pair = Pair::new();
    pair.apply(vec![
        wanted(1, [real(11, 1), real(12, 1)]),
        wanted(2, [real(11, 1)]),
    ]);
    let mut other = wanted(2, [real(11, 1)]);
    other.service.scheduler = IpvsName::new("rr").unwrap();
    assert_eq!(pair.apply(vec![other]), 2);
    assert_eq!(pair.model.said(), ["10.0.1.1:tcp:2 rr: 10.0.2.11:80 1"]);
    assert_eq!(
        pair.asked()[5..],
        [
            "change virtual server 10.0.1.1:tcp:2",
            "remove virtual server 10.0.1.1:tcp:1"
        ]
    );
}

#[test]
fn a_swap_leaves_the_service_at_no_moment_without_a_destination() {
    let mut pair = Pair::new();
    // More than a batch has room for.
    let servers = || (1..20).map(|host| real(host, 1));
    pair.apply(vec![wanted(1, servers())]);
    pair.model.never_empty = Some(key(1));
    let service = 1;
    let to_sorry: Vec<Change> = servers()
        .map(|it| Change::RemoveDestination {
            service,
            destination: it.key,
        })
        .chain([Change::SetDestination {
            service,
            destination: real(200, 1),
        }])
        .collect();
    pair.table.take(to_sorry);
    assert_eq!(pair.settle(), 20);
    assert_eq!(pair.model.said(), ["10.0.1.1:tcp:1 wlc: 10.0.2.200:80 1"]);
    // And back, the sorry server with weight 0.
    let back = [Change::SetWeight {
        service,
        destination: real(200, 0).key,
        weight: 0,
    }];
    let back = back
        .into_iter()
        .chain(servers().map(|destination| Change::SetDestination {
            service,
            destination,
        }));
    pair.table.take(back.collect());
    assert_eq!(pair.settle(), 20);
    let last = pair.asked().pop().unwrap();
    assert_eq!(last, "change real server 10.0.2.200:80 of 10.0.1.1:tcp:1");
}

#[test]
fn changes_of_mind_that_wait_cost_nothing() {
    let mut pair = Pair::new();
    pair.apply(vec![wanted(1, [real(11, 1)])]);
    let weigh = |weight| {
        vec![Change::SetWeight {
            service: 1,
            destination: real(11, 1).key,
            weight,
        }]
    };
    for weight in [5, 0, 7, 1] {
        pair.table.take(weigh(weight));
    }
    assert_eq!(pair.settle(), 0);
    pair.table.take(weigh(9));
    pair.table.take(vec![Change::RemoveDestination {
        service: 1,
        destination: real(11, 1).key,
    }]);
    // It is not wanted any more.
    pair.table.take(weigh(9));
    // A service that there is not.
    pair.table.take(vec![Change::SetDestination {
        service: 77,
        destination: real(11, 1),
    }]);
    assert_eq!(pair.settle(), 1);
    assert_eq!(pair.model.said(), ["10.0.1.1:tcp:1 wlc: "]);
}

#[test]
fn a_command_is_carried_out_when_all_of_it_is() {
    let mut pair = Pair::new();
    let config = vec![wanted(1, (1..=4).map(|host| real(host, 1))), wanted(2, [])];
    pair.table.set_wanted(config, &[]);
    let set = |service, host| {
        vec![Change::SetDestination {
            service,
            destination: real(host, 1),
        }]
    };
    pair.table.take(set(2, 1));
    assert_eq!((pair.table.ticket(), pair.table.settled()), (2, 0));
    // Of the five requests for the first service four are made.
    assert!(pair.batch());
    assert_eq!(pair.table.settled(), 0);
    assert!(pair.batch());
    assert_eq!(pair.table.settled(), 2);
    pair.table.take(set(1, 9));
    pair.table.take(set(2, 9));
    pair.table.take(Vec::new());
    assert_eq!(pair.table.settled(), 2);
    pair.settle();
    assert_eq!(pair.table.settled(), 5);
}

#[test]
fn a_refusal_is_told_once_and_tried_again_after_growing_pauses() {
    let mut pair = Pair::new();
    pair.model.refused.insert(real(12, 1).key, Errno::RANGE);
    let config = vec![wanted(1, [real(11, 1), real(12, 1)])];
    assert_eq!(pair.apply(config.clone()), 3);
    assert_eq!(pair.told.len(), 1);
    assert_eq!(pair.told[0].command(), "AddDestination");
    assert_eq!(
        pair.table.refusal(key(1), Some(real(12, 1).key)),
        Some(Errno::RANGE)
    );
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let at = pair.table.next_retry().unwrap();
        pauses.push((at - pair.now).as_secs());
        pair.now = at - Duration::from_millis(1);
        pair.table.retry(pair.now);
        assert_eq!(pair.settle(), 0);
        pair.now = at;
        pair.table.retry(pair.now);
        assert_eq!(pair.settle(), 1);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(pair.told.len(), 1);
    // For another reason it is told again, and a reload tries it at once.
    pair.model.refused.insert(real(12, 1).key, Errno::INVAL);
    assert_eq!(pair.apply(config.clone()), 1);
    assert_eq!(pair.told.len(), 2);
    pair.model.refused.clear();
    assert_eq!(pair.apply(config.clone()), 1);
    assert_eq!(pair.table.next_retry(), None);
    assert_eq!(pair.table.refusal(key(1), Some(real(12, 1).key)), None);
    assert_eq!(pair.apply(config), 0);
}

#[test]
fn what_needs_a_service_that_is_refused_waits_with_it() {
    let mut pair = Pair::new();
    let mut config = wanted(1, [real(11, 1)]);
    config.service.scheduler = IpvsName::new("none").unwrap();
    assert_eq!(pair.apply(vec![config.clone()]), 2);
    assert_eq!(pair.told.len(), 1);
    assert_eq!(pair.told[0].command(), "AddService");
    // A change of it is carried out as far as it can be: not at all.
    pair.table.take(vec![Change::SetDestination {
        service: 1,
        destination: real(12, 1),
    }]);
    assert_eq!(pair.settle(), 0);
    config.service.scheduler = IpvsName::new("rr").unwrap();
    assert_eq!(pair.apply(vec![config]), 2);
    assert_eq!(pair.model.said(), ["10.0.1.1:tcp:1 rr: 10.0.2.11:80 1"]);
    assert_eq!(pair.table.next_retry(), None);
}

#[test]
fn what_others_did_meanwhile_is_found_by_the_answers() {
    let mut pair = Pair::new();
    pair.apply(vec![wanted(1, [real(11, 1), real(12, 1)])]);
    // Another one has removed a destination and added one.
    let known = pair.model.services.get_mut(&key(1)).unwrap();
    known.destinations.remove(&real(11, 1).key);
    known.destinations.insert(real(13, 1).key, real(13, 5));
    pair.table.take(vec![
        Change::SetWeight {
            service: 1,
            destination: real(11, 1).key,
            weight: 4,
        },
        Change::SetDestination {
            service: 1,
            destination: real(13, 2),
        },
    ]);
    pair.settle();
    let as_wanted = ["10.0.1.1:tcp:1 wlc: 10.0.2.11:80 4, 10.0.2.12:80 1, 10.0.2.13:80 2"];
    assert_eq!(pair.model.said(), as_wanted);
    assert_eq!(pair.told, []);
    let what: Vec<_> = pair.repaired.iter().map(|it| it.what).collect();
    assert_eq!(
        what,
        [Repair::DestinationMissing, Repair::DestinationChanged]
    );
    // Everything is gone.
    pair.model.services.clear();
    pair.repaired.clear();
    pair.table.take(vec![Change::SetWeight {
        service: 1,
        destination: real(11, 1).key,
        weight: 5,
    }]);
    pair.settle();
    let as_wanted = ["10.0.1.1:tcp:1 wlc: 10.0.2.11:80 5, 10.0.2.12:80 1, 10.0.2.13:80 2"];
    assert_eq!(pair.model.said(), as_wanted);
    let what: Vec<_> = pair.repaired.iter().map(|it| it.what).collect();
    assert_eq!(what, [Repair::ServiceMissing]);
}

#[test]
fn a_look_finds_what_others_did_and_tells_it() {
    let mut pair = Pair::new();
    pair.apply(vec![wanted(1, [real(11, 1), real(12, 1)])]);
    assert_eq!(pair.look(key(1)), []);
    let known = pair.model.services.get_mut(&key(1)).unwrap();
    known.service.scheduler = IpvsName::new("rr").unwrap();
    known.destinations.insert(real(99, 1).key, real(99, 1));
    known.destinations.insert(real(11, 1).key, real(11, 7));
    known.destinations.remove(&real(12, 1).key);
    let what: Vec<_> = pair.look(key(1)).iter().map(|it| it.what).collect();
    assert_eq!(
        what,
        [
            Repair::ServiceChanged,
            Repair::DestinationChanged,
            Repair::DestinationMissing,
            Repair::ForeignDestination
        ]
    );
    assert_eq!(pair.settle(), 4);
    let as_wanted = ["10.0.1.1:tcp:1 wlc: 10.0.2.11:80 1, 10.0.2.12:80 1"];
    assert_eq!(pair.model.said(), as_wanted);
    assert_eq!(pair.look(key(1)), []);
    // A change of ours that is on its way is nobody's.
    pair.table.take(vec![Change::SetDestination {
        service: 1,
        destination: real(13, 1),
    }]);
    assert_eq!(pair.look(key(1)), []);
    pair.settle();
    // Of what is on its way out nobody cares.
    pair.table.set_wanted(Vec::new(), &[]);
    pair.model.services.clear();
    assert_eq!(pair.look(key(1)), []);
    assert_eq!(pair.settle(), 0);
}

#[test]
fn an_acknowledgement_that_is_lost_is_no_fault_of_others() {
    let mut pair = Pair::new();
    pair.table
        .set_wanted(vec![wanted(1, [real(11, 1), real(12, 1)])], &[]);
    let mut steps = Vec::new();
    pair.table.plan(ROOM, pair.now, &mut steps);
    // The kernel did some of it.
    for (index, step) in steps.iter().enumerate() {
        let change = pair.table.change(step).unwrap();
        if index < 2 {
            pair.model.carry_out(change).unwrap();
        }
        let lost = Err(ChangeError::Unacknowledged);
        assert_eq!(pair.table.outcome(step, &change, &lost, pair.now), None);
    }
    pair.table.end_batch(pair.now);
    assert_eq!(pair.table.settled(), 0);
    pair.settle();
    assert_eq!(pair.told, []);
    assert_eq!(pair.repaired, []);
    let as_wanted = ["10.0.1.1:tcp:1 wlc: 10.0.2.11:80 1, 10.0.2.12:80 1"];
    assert_eq!(pair.model.said(), as_wanted);
}

/// Whatever is asked for, and whatever others do meanwhile: in the end all is as wanted.
#[test]
fn whatever_happens_the_kernel_comes_to_what_is_wanted() {
    for seed in 0..2_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pair = Pair::new();
        pair.loses = random.bool().then(|| random.fork());
        let config = |random: &mut fastrand::Rng| {
            let ports = 1..=random.u16(1..4);
            let mut config: Vec<_> = ports
                .map(|port| {
                    let hosts = (1..6u8).filter(|_| random.bool()).collect::<Vec<_>>();
                    let mut config =
                        wanted(port, hosts.iter().map(|host| real(*host, random.u32(0..3))));
                    config.service.scheduler =
                        IpvsName::new(random.choice(["rr", "wlc"]).unwrap()).unwrap();
                    config
                })
                .collect();
            random.shuffle(&mut config);
            config
        };
        pair.table.set_wanted(config(&mut random), &[]);
        for _ in 0..random.usize(1..30) {
            match random.u8(0..8) {
                0 => {
                    // Some of those that are there already stay as they have become.
                    let mut more = config(&mut random);
                    let kept: Vec<u32> = (1..4)
                        .filter(|id| pair.table.ids.contains_key(id) && random.bool())
                        .collect();
                    more.retain(|config| !kept.contains(&config.id));
                    let before = pair.table.wanted.clone();
                    pair.table.set_wanted(more.clone(), &kept);
                    assert_eq!(pair.table.wanted.len(), more.len() + kept.len());
                    for id in kept {
                        let key = pair.table.ids[&id];
                        let destinations = |wanted: &HashMap<_, Wanted>| -> HashMap<_, _> {
                            let ranked = wanted[&key].destinations.iter();
                            ranked.map(|(key, it)| (*key, it.destination)).collect()
                        };
                        let kept = destinations(&pair.table.wanted);
                        assert_eq!(kept, destinations(&before), "seed {seed}");
                    }
                }
                1 | 2 => {
                    let service = random.u32(1..4);
                    let host = random.u8(1..6);
                    let destination = real(host, random.u32(0..3));
                    let change = match random.u8(0..3) {
                        0 => Change::SetDestination {
                            service,
                            destination,
                        },
                        1 => Change::RemoveDestination {
                            service,
                            destination: destination.key,
                        },
                        _ => Change::SetWeight {
                            service,
                            destination: destination.key,
                            weight: destination.weight,
                        },
                    };
                    pair.table.take(vec![change]);
                }
                3 => {
                    // Somebody else.
                    let port = random.u16(1..4);
                    if random.bool() {
                        pair.model.services.remove(&key(port));
                    } else if let Some(known) = pair.model.services.get_mut(&key(port)) {
                        let destination = real(random.u8(1..6), random.u32(0..3));
                        known.destinations.insert(destination.key, destination);
                    }
                }
                4 if random.bool() => {
                    // The kernel has enough of a server, or no longer.
                    let key = real(random.u8(1..6), 1).key;
                    if pair.model.refused.remove(&key).is_none() {
                        pair.model.refused.insert(key, Errno::RANGE);
                    }
                    pair.now += Duration::from_secs(random.u64(0..3));
                    pair.table.retry(pair.now);
                }
                4 => {
                    let looked = pair.look(key(random.u16(1..4)));
                    pair.repaired.extend(looked);
                }
                _ => {
                    pair.batch();
                }
            }
        }
        pair.settle();
        pair.model.refused.clear();
        pair.loses = None;
        for port in 1..4 {
            pair.look(key(port));
        }
        pair.now += Duration::from_secs(120);
        pair.table.retry(pair.now);
        pair.settle();
        // All that is there is wanted, and the other way round.
        let mut expected = HashMap::new();
        for (key, wanted) in &pair.table.wanted {
            expected.insert(*key, wanted.clone());
        }
        for (key, wanted) in &expected {
            let there = &pair.model.services[key];
            assert!(there.service.is_as_wanted(&wanted.service), "seed {seed}");
            let destinations: HashMap<_, _> = wanted
                .destinations
                .iter()
                .map(|(key, ranked)| (*key, ranked.destination))
                .collect();
            assert_eq!(there.destinations, destinations, "seed {seed}");
        }
        let ours = pair.table.keys();
        assert!(
            pair.model
                .services
                .keys()
                .all(|key| !ours.contains(key) || expected.contains_key(key)),
            "seed {seed}"
        );
    }
}
