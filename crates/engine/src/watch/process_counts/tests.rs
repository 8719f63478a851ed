use super::*;
use crate::config::{ProcessMatch, TrackerId};

const PROGRAM: &str = "program";

fn spec(id: u32, quorum: u32, quorum_max: Option<u32>, delays: [u64; 2]) -> ProcessSpec {
    let [fork, terminate] = delays.map(Duration::from_secs);
    ProcessSpec {
        name: Name {
            id: TrackerId(id),
            generation: 1,
            name: "processes".into(),
        },
        config: ProcessConfig {
            command: ProcessMatch {
                name: PROGRAM.to_owned(),
                full_command: false,
                parameters: Vec::new(),
                parameter_match: None,
            },
            quorum,
            quorum_max,
            fork_delay: fork,
            terminate_delay: terminate,
        },
        count: Arc::default(),
    }
}

/// Counts of one tracker, and their clock.
struct Clock {
    counts: ProcessCounts,
    now: Instant,
}

impl Clock {
    fn new(quorum: u32, quorum_max: Option<u32>, delays: [u64; 2]) -> Self {
        let mut counts = ProcessCounts::new(vec![spec(1, quorum, quorum_max, delays)]);
        counts.settle();
        Self {
            counts,
            now: Instant::now(),
        }
    }

    /// What is told when this happens; `None`: nothing.
    fn tell(
        &mut self,
        happen: impl FnOnce(&mut ProcessCounts, Instant, &mut Vec<usize>),
    ) -> Option<bool> {
        let mut news = Vec::new();
        happen(&mut self.counts, self.now, &mut news);
        assert!(news.len() <= 1, "{news:?}");
        let told = self.counts.states(news).next();
        told.map(|(_, state)| state == TrackerState::Up)
    }

    fn run(&mut self, pid: u32) -> Option<bool> {
        let info = ProcessInfo::called(PROGRAM);
        self.tell(|counts, now, news| counts.changed(pid, Some(&info), now, news))
    }

    fn rename(&mut self, pid: u32) -> Option<bool> {
        let info = ProcessInfo::called("other");
        self.tell(|counts, now, news| counts.changed(pid, Some(&info), now, news))
    }

    fn fork(&mut self, parent: u32, child: u32) -> Option<bool> {
        self.tell(|counts, now, news| counts.forked(parent, child, now, news))
    }

    fn end(&mut self, pid: u32) -> Option<bool> {
        self.tell(|counts, now, news| counts.changed(pid, None, now, news))
    }

    fn wait(&mut self, seconds: u64) -> Option<bool> {
        self.now += Duration::from_secs(seconds);
        self.tell(|counts, now, news| counts.turn(now, news))
    }
}

#[test]
fn a_quorum_is_gained_and_lost_at_once_without_delays() {
    let mut clock = Clock::new(2, Some(3), [0, 0]);
    assert_eq!(clock.run(1), None);
    assert_eq!(clock.run(1), None, "it is counted once");
    assert_eq!(clock.fork(1, 2), Some(true));
    assert_eq!(clock.fork(7, 8), None, "an unknown parent");
    assert_eq!(clock.run(2), None, "the child runs the same program anew");
    assert_eq!(clock.run(3), None);
    assert_eq!(clock.run(4), Some(false), "too many");
    assert_eq!(clock.end(5), None);
    assert_eq!(clock.end(1), Some(true));
    assert_eq!(clock.rename(2), None);
    assert_eq!(clock.rename(3), Some(false));
    assert_eq!(clock.counts.counted[0].spec.count.status().current, 1);
}

#[test]
fn none_at_all_can_be_asked_for() {
    let mut clock = Clock::new(1, Some(0), [0, 0]);
    assert!(clock.counts.counted[0].is_right);
    assert_eq!(clock.run(1), Some(false));
    assert_eq!(clock.end(1), Some(true));
}

#[test]
fn what_led_to_a_change_decides_how_soon_it_counts() {
    let mut clock = Clock::new(1, Some(2), [1, 2]);
    assert_eq!(clock.run(1), Some(true), "another program counts at once");
    assert_eq!(clock.fork(1, 2), None);
    assert_eq!(clock.fork(1, 3), None, "too many, by a fork");
    assert!(clock.counts.counted[0].spec.count.status().losing);
    assert_eq!(clock.wait(1), Some(false));
    assert_eq!(clock.end(3), None, "right again, by an end");
    assert!(clock.counts.counted[0].spec.count.status().gaining);
    assert_eq!(clock.wait(1), None);
    assert_eq!(clock.wait(1), Some(true));
    assert_eq!(clock.run(4), Some(false), "too many, by another program");
    assert_eq!(clock.rename(4), Some(true));
    assert_eq!(clock.rename(2), None);
    assert_eq!(clock.rename(1), Some(false), "another name counts at once");
}

#[test]
fn what_does_not_last_does_not_count() {
    let mut clock = Clock::new(1, None, [1, 2]);
    assert_eq!(clock.run(1), Some(true));
    assert_eq!(clock.end(1), None);
    assert_eq!(
        clock.counts.next_turn(),
        Some(clock.now + Duration::from_secs(2))
    );
    assert_eq!(clock.wait(1), None);
    assert_eq!(clock.run(2), None, "it was restarted in time");
    assert_eq!(clock.counts.next_turn(), None);
    assert_eq!(clock.wait(5), None);
    assert_eq!(clock.end(2), None);
    assert_eq!(clock.wait(2), Some(false));
}

#[test]
fn a_count_anew_finds_what_was_missed() {
    let mut clock = Clock::new(2, None, [5, 0]);
    for pid in [1, 2, 3] {
        clock.run(pid);
    }
    let missed = clock.tell(|counts, now, news| counts.retain(|pid| pid == 3, now, news));
    assert_eq!(missed, Some(false));
    assert_eq!(clock.counts.processes.len(), 1);
    assert_eq!(clock.run(4), Some(true), "no fork was seen");
}

#[test]
fn a_process_may_count_for_several() {
    let mut counts = ProcessCounts::new(vec![
        spec(1, 1, None, [0, 0]),
        spec(2, 2, None, [0, 0]),
        spec(3, 1, Some(0), [0, 0]),
    ]);
    counts.settle();
    let mut news = Vec::new();
    let info = ProcessInfo::called(PROGRAM);
    counts.changed(7, Some(&info), Instant::now(), &mut news);
    assert_eq!(news, [0, 2]);
    let states: Vec<TrackerState> = counts.states(0..3).map(|(_, state)| state).collect();
    assert_eq!(
        states,
        [TrackerState::Up, TrackerState::Down, TrackerState::Down]
    );
    assert!(!counts.needs_commands());
}

#[test]
fn there_is_an_end_to_what_is_kept_in_mind() {
    let mut clock = Clock::new(1, None, [0, 0]);
    for pid in 0..MAX_PROCESSES as u32 + 10 {
        clock.run(pid);
    }
    assert_eq!(clock.counts.processes.len(), MAX_PROCESSES);
    assert!(clock.counts.is_full);
    assert_eq!(clock.counts.counted[0].count, MAX_PROCESSES as u32);
    clock.end(MAX_PROCESSES as u32 + 5);
    clock.end(0);
    assert_eq!(clock.counts.counted[0].count, MAX_PROCESSES as u32 - 1);
}
