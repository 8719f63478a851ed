//! The complete matrix of sync groups: each state that two or three members can be in, by each thing that can happen
//! to each of them.
//!
//! The rules are written down a second time here, as few as keepalived's are; every state that they lead to
//! is found, and every event tried in it with real routers.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use ka_vrrp::{Action, GroupChange, State, SyncGroup, Tracking, VirtualRouter};

use crate::config::{HIGHER, LOWER, address, ms, v2};
use crate::packet::Packet;

/// What can happen to a member.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// It lacks something, or does not any more.
    Fault(bool),
    /// It waits for a result, or has one.
    Await(bool),
    /// Its timer runs out.
    Timer,
    /// It hears a better Master, or one that it preempts, or one that resigns.
    Better,
    Worse,
    Resigns,
    /// What it holds was lost.
    Lost,
}

const EVENTS: [Event; 9] = [
    Event::Fault(true),
    Event::Fault(false),
    Event::Await(true),
    Event::Await(false),
    Event::Timer,
    Event::Better,
    Event::Worse,
    Event::Resigns,
    Event::Lost,
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    faulty: bool,
    awaits: bool,
    wants: bool,
}

/// A group as it should be: all members have its state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rules {
    members: Vec<Member>,
    state: &'static str,
}

impl Rules {
    /// At a start everything is known of the members but their timers.
    fn started(members: Vec<Member>) -> Self {
        let state = if members.iter().any(|member| member.faulty) {
            "FAULT"
        } else if members.iter().any(|member| member.awaits) {
            "INIT"
        } else {
            "BACKUP"
        };
        Self { members, state }
    }

    fn enter(&mut self, state: &'static str) {
        self.state = state;
        for member in &mut self.members {
            member.wants = false;
        }
    }

    fn happens(&mut self, number: usize, event: Event) {
        let member = &mut self.members[number];
        let before = *member;
        match (event, self.state) {
            (Event::Fault(faulty), _) => member.faulty = faulty,
            (Event::Await(awaits), _) => member.awaits = awaits,
            (Event::Timer, "BACKUP") => {
                member.wants = true;
                if self.members.iter().all(|member| member.wants) {
                    self.enter("MASTER");
                }
            }
            (Event::Better, "BACKUP") => member.wants = false,
            (Event::Better | Event::Lost, "MASTER") => self.enter("BACKUP"),
            _ => {}
        }
        let member = self.members[number];
        let all_well = self
            .members
            .iter()
            .all(|member| !member.faulty && !member.awaits);
        if member.faulty && !before.faulty && self.state != "FAULT" {
            self.enter("FAULT");
        } else if all_well && before != member && matches!(self.state, "FAULT" | "INIT") {
            self.enter("BACKUP");
        }
    }
}

/// The same with routers. Each has a clock of its own: only its own timer is asked for.
struct Real {
    routers: Vec<VirtualRouter>,
    group: SyncGroup,
    now: Instant,
    changes: Vec<GroupChange>,
    /// Priorities sent by each member since this was last asked.
    sent: Vec<Vec<u8>>,
}

impl Real {
    fn started(members: &[Member]) -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
        let now = Instant::now();
        let routers = members.iter().map(|member| {
            let mut router = VirtualRouter::new(v2(100));
            router.join_group();
            router.handle_tracking(tracking(*member), now);
            let source = address(ka_wire::Family::V4, 0);
            router.start(true, Some(source), None, now);
            // Nobody hears what it says before it is in a group.
            while router.poll_action().is_some() {}
            router
        });
        let routers: Vec<VirtualRouter> = routers.collect();
        let standings: Vec<_> = routers.iter().map(VirtualRouter::standing).collect();
        let mut real = Self {
            group: SyncGroup::new(&standings, None),
            sent: vec![Vec::new(); routers.len()],
            routers,
            now,
            changes: Vec::new(),
        };
        real.settle();
        real
    }

    fn happens(&mut self, number: usize, event: Event, member: Member) {
        self.now += ms(1);
        let now = self.now;
        let router = &mut self.routers[number];
        let heard = |router: &mut VirtualRouter, source, priority| {
            let packet = Packet::encode(router.config(), source, priority);
            router.handle_packet(&packet.received(), now);
        };
        match event {
            Event::Fault(_) | Event::Await(_) => router.handle_tracking(tracking(member), now),
            Event::Timer => {
                if let Some(due) = router
                    .poll_timeout()
                    .filter(|_| router.state() == State::Backup)
                {
                    self.now = now.max(due);
                    router.handle_timeout(self.now);
                }
            }
            Event::Better => heard(router, HIGHER, 100),
            Event::Worse => heard(router, LOWER, 50),
            Event::Resigns => heard(router, HIGHER, 0),
            Event::Lost => router.handle_lost_object(now),
        }
        self.perform(number);
        self.settle();
    }

    fn perform(&mut self, number: usize) {
        while let Some(action) = self.routers[number].poll_action() {
            match action {
                Action::Advertise { priority } => self.sent[number].push(priority),
                Action::Group(word) => {
                    self.group.hear(number, word);
                    if let Some(step) = self.group.take_step(number) {
                        self.routers[number].follow_group(step, self.now);
                    }
                }
                _ => {}
            }
        }
    }

    fn settle(&mut self) {
        while let Some((number, step)) = self.group.next_step() {
            self.routers[number].follow_group(step, self.now);
            self.perform(number);
        }
        self.changes
            .extend(std::iter::from_fn(|| self.group.poll_change()));
    }

    fn compare(&self, rules: &Rules, seen: &str) {
        assert_eq!(self.group.state().name(), rules.state, "the group: {seen}");
        for router in &self.routers {
            assert_eq!(router.state().name(), rules.state, "a member: {seen}");
        }
    }
}

fn tracking(member: Member) -> Tracking {
    Tracking {
        faults: member.faulty.into(),
        awaited: member.awaits.into(),
        ..Tracking::default()
    }
}

/// What each member sends when the group goes from one state to another.
fn expected(
    rules: &Rules,
    before: &'static str,
    number: usize,
    cause: usize,
    event: Event,
) -> Vec<u8> {
    let is_cause = number == cause;
    match (before, rules.state) {
        ("MASTER", "FAULT") if is_cause => vec![0, 0],
        ("MASTER", "FAULT") => vec![0],
        ("MASTER", "BACKUP") if event == Event::Lost => vec![0],
        ("BACKUP", "MASTER") => vec![100],
        ("MASTER", "MASTER") if is_cause && matches!(event, Event::Worse | Event::Resigns) => {
            vec![100]
        }
        _ => vec![],
    }
}

type Path = (Vec<Member>, Vec<(usize, Event)>);

fn replay((start, events): &Path) -> (Real, Rules) {
    let mut real = Real::started(start);
    let mut rules = Rules::started(start.clone());
    real.compare(&rules, &format!("{start:?} at the start"));
    for &(number, event) in events {
        rules.happens(number, event);
        real.happens(number, event, rules.members[number]);
    }
    (real, rules)
}

/// All ways in which so many members may start.
fn starts(count: usize) -> Vec<Vec<Member>> {
    let ways = 0..4_usize.pow(u32::try_from(count).expect("a few"));
    let member = |way: usize, number: usize| {
        let bits = way >> (2 * number);
        Member {
            faulty: bits & 1 == 1,
            awaits: bits & 2 == 2,
            wants: false,
        }
    };
    ways.map(|way| (0..count).map(|number| member(way, number)).collect())
        .collect()
}

/// Tries every event in every state; how many states there are.
fn try_all(count: usize) -> usize {
    let mut known: BTreeMap<Rules, Path> = BTreeMap::new();
    let mut open: VecDeque<Rules> = VecDeque::new();
    for start in starts(count) {
        let rules = Rules::started(start.clone());
        if known.insert(rules.clone(), (start, Vec::new())).is_none() {
            open.push_back(rules);
        }
    }
    while let Some(state) = open.pop_front() {
        let path = known[&state].clone();
        for number in 0..count {
            for event in EVENTS {
                let (mut real, mut rules) = replay(&path);
                real.sent.iter_mut().for_each(Vec::clear);
                real.changes.clear();
                rules.happens(number, event);
                real.happens(number, event, rules.members[number]);
                let seen = format!("{path:?}, then {event:?} of {number}");
                real.compare(&rules, &seen);
                for (other, sent) in real.sent.iter().enumerate() {
                    let expected = expected(&rules, state.state, other, number, event);
                    assert_eq!(*sent, expected, "sent by {other}: {seen}");
                }
                let told: Vec<&str> = real.changes.iter().map(|change| change.to.name()).collect();
                // Of what was lost and comes back at once only the coming back is told.
                let is_told = rules.state != state.state && event != Event::Lost;
                assert_eq!(
                    told,
                    vec![rules.state; usize::from(is_told)],
                    "told: {seen}"
                );
                if !known.contains_key(&rules) {
                    let mut longer = path.clone();
                    longer.1.push((number, event));
                    known.insert(rules.clone(), longer);
                    open.push_back(rules);
                }
            }
        }
    }
    known.len()
}

#[test]
fn two_members_in_every_state_and_every_event() {
    // Backup: 4 ways to await, 3 not to agree; Master: 4; Fault: 15 that are not well; Init: 3.
    assert_eq!(try_all(2), 12 + 4 + 15 + 3);
}

#[test]
fn three_members_in_every_state_and_every_event() {
    assert_eq!(try_all(3), 8 * 7 + 8 + 63 + 7);
}
