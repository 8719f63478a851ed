use ka_vrrp::Notice;

use super::*;

fn channel(capacity: usize) -> (EventSender, Arc<EventRing>) {
    let ring = Arc::new(EventRing::new(capacity));
    (EventSender::new(Arc::clone(&ring)), ring)
}

fn change(instance: &str, from: State, to: State) -> EventKind {
    EventKind::StateChanged {
        instance: instance.into(),
        from,
        to,
        cause: Cause::MasterDownTimer,
        priority: 100,
        skipped: 0,
        untold: false,
    }
}

fn notice(instance: &str) -> EventKind {
    EventKind::Notice {
        instance: instance.into(),
        notice: Notice::PriorityZeroSent,
    }
}

/// Events in short: `VI_1 BACKUP MASTER +2`, `VI_1 notice`, `signal 1`, `dropped 3`.
fn text(events: &[EngineEvent]) -> Vec<String> {
    let line = |event: &EngineEvent| match &event.kind {
        EventKind::StateChanged {
            instance,
            from,
            to,
            skipped,
            ..
        } => format!("{instance} {from} {to} +{skipped}"),
        EventKind::Notice { instance, .. } => format!("{instance} notice"),
        EventKind::GroupStateChanged {
            group,
            from,
            to,
            skipped,
        } => format!("{group} {from} {to} +{skipped}"),
        EventKind::Signal { signal } => format!("signal {signal}"),
        EventKind::Dropped { count } => format!("dropped {count}"),
        other => panic!("{other:?}"),
    };
    events.iter().map(line).collect()
}

/// Takes and lets the producer flush until nothing is held back.
fn take_all(sender: &mut EventSender, ring: &EventRing) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let (events, held_back) = ring.take(usize::MAX);
        all.extend(text(&events));
        if !held_back && events.is_empty() {
            return all;
        }
        sender.flush();
    }
}

#[test]
fn events_come_in_order_and_wake_once() {
    let (mut sender, ring) = channel(8);
    assert!(!sender.take_wake());
    sender.send(change("VI_1", State::Init, State::Backup));
    sender.send(notice("VI_1"));
    sender.send(EventKind::Signal { signal: 1 });
    assert!(sender.take_wake());
    assert!(!sender.take_wake());
    let (events, held_back) = ring.take(2);
    assert_eq!(text(&events), ["VI_1 INIT BACKUP +0", "VI_1 notice"]);
    assert!(!held_back);
    assert_eq!(text(&ring.take(9).0), ["signal 1"]);
    assert!(ring.take(9).0.is_empty());
}

#[test]
fn a_full_ring_merges_the_changes_of_each_instance() {
    let (mut sender, ring) = channel(1);
    sender.send(change("VI_0", State::Init, State::Backup));
    sender.take_wake();
    for instance in ["VI_1", "VI_2"] {
        sender.send(change(instance, State::Init, State::Backup));
        sender.send(change(instance, State::Backup, State::Master));
    }
    sender.send(change("VI_1", State::Master, State::Fault));
    assert!(!sender.take_wake(), "nothing new is there to take");
    let (events, held_back) = ring.take(9);
    assert_eq!(text(&events), ["VI_0 INIT BACKUP +0"]);
    assert!(held_back, "the producer has to be woken");
    sender.flush();
    assert!(sender.take_wake());
    let mut rest = take_all(&mut sender, &ring);
    rest.sort();
    assert_eq!(rest, ["VI_1 INIT FAULT +2", "VI_2 INIT MASTER +1"]);
}

#[test]
fn nothing_of_an_instance_overtakes_its_merged_change() {
    let (mut sender, ring) = channel(2);
    sender.send(notice("VI_0"));
    sender.send(notice("VI_0"));
    sender.send(change("VI_1", State::Init, State::Backup));
    // There is room for one again: the older event has it.
    ring.take(1);
    sender.send(notice("VI_1"));
    sender.send(notice("VI_1"));
    ring.take(1);
    sender.send(change("VI_1", State::Backup, State::Master));
    assert_eq!(
        take_all(&mut sender, &ring),
        ["VI_1 INIT BACKUP +0", "dropped 2", "VI_1 BACKUP MASTER +0"]
    );
}

#[test]
fn signals_survive_a_full_ring_once_each() {
    let (mut sender, ring) = channel(1);
    sender.send(notice("VI_0"));
    for signal in [64, 1, 15, 1] {
        sender.send(EventKind::Signal { signal });
    }
    assert_eq!(
        take_all(&mut sender, &ring),
        ["VI_0 notice", "signal 1", "signal 15", "signal 64"]
    );
}

#[test]
fn what_is_lost_is_counted() {
    let (mut sender, ring) = channel(1);
    for _ in 0..5 {
        sender.send(notice("VI_0"));
    }
    assert_eq!(take_all(&mut sender, &ring), ["VI_0 notice", "dropped 4"]);
    sender.send(notice("VI_0"));
    assert_eq!(take_all(&mut sender, &ring), ["VI_0 notice"]);
}

#[test]
fn the_final_state_of_thousands_arrives_through_a_small_ring() {
    let (mut sender, ring) = channel(16);
    let states = [State::Backup, State::Master, State::Fault, State::Stop];
    for pair in states.windows(2) {
        for number in 0..4000 {
            sender.send(change(&format!("VI_{number}"), pair[0], pair[1]));
        }
    }
    let all = take_all(&mut sender, &ring);
    for number in 0..4000 {
        let own = format!("VI_{number} ");
        let changes: Vec<&String> = all.iter().filter(|line| line.starts_with(&own)).collect();
        let skipped: usize = changes
            .iter()
            .map(|line| line.rsplit('+').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(changes.len() + skipped, 3, "{changes:?}");
        assert!(
            changes
                .first()
                .unwrap()
                .starts_with(&format!("{own}BACKUP"))
        );
        assert!(changes.last().unwrap().contains(" STOP "), "{changes:?}");
    }
}

#[test]
fn what_did_not_fit_at_the_end_arrives_behind_the_rest() {
    let (mut sender, ring) = channel(1);
    sender.send(change("VI_1", State::Init, State::Master));
    sender.send(change("VI_1", State::Master, State::Stop));
    sender.send(notice("VI_1"));
    sender.send(EventKind::Signal { signal: 15 });
    sender.close();
    drop(sender);
    let (events, _) = ring.take(2);
    assert_eq!(text(&events), ["VI_1 INIT MASTER +0", "signal 15"]);
    let (events, _) = ring.take(9);
    assert_eq!(text(&events), ["VI_1 MASTER STOP +0", "dropped 1"]);
    assert!(ring.take(9).0.is_empty());
}

#[test]
fn no_wake_up_is_lost_between_two_threads() {
    const CHANGES: usize = 20_000;
    let (mut sender, ring) = channel(4);
    let producer = std::thread::spawn({
        let ring = Arc::clone(&ring);
        move || {
            for _ in 0..CHANGES {
                sender.send(change("VI_1", State::Backup, State::Master));
                sender.flush();
            }
            // As the engine thread does on being woken for what it holds back.
            while ring.held_back.load(Ordering::SeqCst) {
                std::thread::yield_now();
                sender.flush();
            }
        }
    });
    let mut seen = 0;
    while seen < CHANGES {
        for event in ring.take(8).0 {
            let EventKind::StateChanged { skipped, .. } = event.kind else {
                panic!("{event:?}")
            };
            seen += 1 + skipped as usize;
        }
    }
    producer.join().unwrap();
    assert_eq!(seen, CHANGES);
}

fn group_change(from: State, to: State) -> EventKind {
    EventKind::GroupStateChanged {
        group: "G1".into(),
        from,
        to,
        skipped: 0,
    }
}

#[test]
fn a_change_of_a_group_that_was_held_back_comes_behind_those_of_its_members() {
    use State::{Backup, Fault, Master};
    let (mut sender, ring) = channel(2);
    sender.send(change("VI_1", Backup, Master));
    sender.send(group_change(Backup, Master));
    sender.send(change("VI_1", Master, Fault));
    sender.send(change("VI_2", Master, Fault));
    sender.send(group_change(Master, Fault));
    let (events, _) = ring.take(1);
    assert_eq!(text(&events), ["VI_1 BACKUP MASTER +0"]);
    // There is room for one change of an instance now, and none for another.
    sender.send(change("VI_1", Fault, Backup));
    sender.send(group_change(Fault, Backup));
    let rest = take_all(&mut sender, &ring);
    assert_eq!(
        rest.first().map(String::as_str),
        Some("G1 BACKUP MASTER +0")
    );
    assert_eq!(rest.last().map(String::as_str), Some("G1 MASTER BACKUP +1"));
    // Which instance went first is chance.
    assert!((4..=5).contains(&rest.len()), "{rest:?}");
}

#[test]
fn what_is_held_back_of_groups_when_the_engine_ends_comes_last() {
    use State::{Backup, Master};
    let (mut sender, ring) = channel(1);
    sender.send(change("VI_1", Backup, Master));
    sender.send(change("VI_2", Backup, Master));
    sender.send(group_change(Backup, Master));
    sender.close();
    let (events, _) = ring.take(usize::MAX);
    assert_eq!(
        text(&events),
        [
            "VI_1 BACKUP MASTER +0",
            "VI_2 BACKUP MASTER +0",
            "G1 BACKUP MASTER +0"
        ]
    );
}
