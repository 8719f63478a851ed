use std::time::Duration;

use super::*;

/// Some instant; only differences matter.
#[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
fn origin() -> Instant {
    Instant::now()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn rounds(schedule: &mut GarpSchedule, config: &GarpConfig, now: Instant) -> u32 {
    schedule.handle_timeout(config, now).rounds
}

#[test]
fn nothing_is_due_before_the_start_or_after_cancel() {
    let now = origin();
    let config = GarpConfig {
        master_refresh: seconds(1),
        ..GarpConfig::default()
    };
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.poll_timeout(), None);
    assert_eq!(schedule.start(&config, now), 5);
    assert_eq!(schedule.contested(&config, now), 5);
    assert!(schedule.poll_timeout().is_some());
    schedule.cancel();
    assert_eq!(schedule.poll_timeout(), None);
    assert_eq!(rounds(&mut schedule, &config, now + seconds(3600)), 0);
}

#[test]
fn a_call_before_the_time_returns_nothing_and_keeps_the_time() {
    let now = origin();
    let config = GarpConfig::default();
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.start(&config, now), 5);
    let due = schedule.poll_timeout();
    assert_eq!(due, Some(now + seconds(5)));
    let early = now + seconds(5) - Duration::from_nanos(1);
    assert_eq!(rounds(&mut schedule, &config, early), 0);
    assert_eq!(schedule.poll_timeout(), due);
    assert_eq!(rounds(&mut schedule, &config, now + seconds(5)), 5);
    assert_eq!(schedule.poll_timeout(), None);
}

#[test]
fn becoming_master_again_starts_over() {
    let now = origin();
    let config = GarpConfig::default();
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.start(&config, now), 5);
    assert_eq!(schedule.contested(&config, now + seconds(1)), 5);
    assert_eq!(schedule.start(&config, now + seconds(2)), 5);
    assert_eq!(schedule.poll_timeout(), Some(now + seconds(7)));
    assert_eq!(rounds(&mut schedule, &config, now + seconds(7)), 5);
    assert_eq!(schedule.poll_timeout(), None);
}

#[test]
fn sums_of_rounds_do_not_overflow() {
    let now = origin();
    let config = GarpConfig {
        master_repeat: u32::MAX,
        master_refresh: seconds(1),
        lower_prio_repeat: u32::MAX,
        ..GarpConfig::default()
    };
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.start(&config, now), u32::MAX);
    assert_eq!(schedule.contested(&config, now), u32::MAX);
    let late = now + seconds(60);
    assert_eq!(rounds(&mut schedule, &config, late), u32::MAX);
    // The refresh goes on.
    assert_eq!(schedule.poll_timeout(), Some(late + seconds(1)));
}

#[test]
fn a_call_one_whole_period_late_refreshes_once() {
    let now = origin();
    let config = GarpConfig {
        master_delay: seconds(0),
        master_refresh: seconds(10),
        ..GarpConfig::default()
    };
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.start(&config, now), 5);
    let late = now + seconds(20);
    assert_eq!(rounds(&mut schedule, &config, late), 1);
    assert_eq!(rounds(&mut schedule, &config, late), 0);
    assert_eq!(schedule.poll_timeout(), Some(now + seconds(30)));
}

#[test]
fn extra_interfaces_are_announced_on_one_period_after_the_second_block_and_then_in_each() {
    let now = origin();
    let config = GarpConfig {
        master_delay: seconds(5),
        extra_interfaces: seconds(10),
        ..GarpConfig::default()
    };
    let mut schedule = GarpSchedule::default();
    assert_eq!(schedule.start(&config, now), 5);
    let mut due = Vec::new();
    for second in 1..=36 {
        let at = now + seconds(second);
        if schedule.handle_timeout(&config, at).extra_interfaces {
            due.push(second);
        }
    }
    assert_eq!(due, [15, 25, 35]);
    schedule.cancel();
    assert_eq!(schedule.poll_timeout(), None);
}
