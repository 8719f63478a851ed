//! What belongs to a thread: scheduling, network namespace, capabilities.

mod support;

use std::fs;
use std::thread;

use ka_sys::capability::{Capability, effective};
use ka_sys::namespace::{NetworkNamespace, network_namespace_inode};
use ka_sys::raw::VrrpReceiver;
use ka_sys::schedule::{RealTime, name_thread, set_normal, set_round_robin};
use ka_sys::{Errno, IpFamily};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use support::{in_namespace, skip};

const SCHED_OTHER: u32 = 0;
const SCHED_RR: u32 = 2;

/// Scheduling policy and real-time priority of the calling thread (proc_pid_stat(5)).
fn scheduling() -> (u32, u32) {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<_> = behind_name.split_whitespace().collect();
    (fields[38].parse().unwrap(), fields[37].parse().unwrap())
}

/// Runs `test` on a thread of its own that has given up `capability`.
fn without(capability: CapabilitySet, test: fn()) {
    let thread = thread::spawn(move || {
        let mut sets = capabilities(None).unwrap();
        sets.effective.remove(capability);
        set_capabilities(None, sets).unwrap();
        test();
    });
    thread.join().unwrap();
}

#[test]
fn real_time_is_of_the_thread_alone_and_not_inherited() {
    let thread = thread::spawn(|| {
        assert_eq!(scheduling(), (SCHED_OTHER, 0));
        if set_round_robin(7).unwrap() == RealTime::NotPermitted {
            return skip("CAP_SYS_NICE", "SCHED_RR is not permitted");
        }
        assert_eq!(scheduling(), (SCHED_RR, 7));
        let child = thread::spawn(scheduling).join().unwrap();
        assert_eq!(child, (SCHED_OTHER, 0));
        set_normal().unwrap();
        assert_eq!(scheduling(), (SCHED_OTHER, 0));
    });
    thread.join().unwrap();
    assert_eq!(scheduling(), (SCHED_OTHER, 0));
}

#[test]
fn a_thread_without_the_privilege_stays_as_it_is() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Rtprio);
    if limit.current != Some(0) {
        return skip("RLIMIT_RTPRIO 0", "real time is permitted to all");
    }
    without(CapabilitySet::SYS_NICE, || {
        assert_eq!(set_round_robin(1).unwrap(), RealTime::NotPermitted);
        assert_eq!(scheduling(), (SCHED_OTHER, 0));
        // Leaving real time takes no privilege.
        set_normal().unwrap();
    });
}

#[test]
fn a_priority_out_of_range_is_an_error() {
    for priority in [0, 100] {
        let error = set_round_robin(priority).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::INVAL));
        let expected = format!("set SCHED_RR priority {priority}: Invalid argument");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_thread_has_the_name_it_was_given() {
    let thread = thread::spawn(|| {
        name_thread("ka-engine").unwrap();
        fs::read_to_string("/proc/thread-self/comm").unwrap()
    });
    assert_eq!(thread.join().unwrap(), "ka-engine\n");
    let error = name_thread("a\0b").unwrap_err();
    assert_eq!(error.errno(), Some(Errno::INVAL));
}

#[test]
fn a_thread_enters_and_leaves_a_namespace_of_its_own() {
    let outside = network_namespace_inode().unwrap();
    let original = NetworkNamespace::current().unwrap();
    in_namespace(move || {
        let inside = network_namespace_inode().unwrap();
        assert_ne!(inside, outside);
        let link = fs::read_link("/proc/thread-self/ns/net").unwrap();
        assert_eq!(link.to_str().unwrap(), format!("net:[{inside}]"));
        original.enter().unwrap();
        assert_eq!(network_namespace_inode().unwrap(), outside);
    });
    assert_eq!(network_namespace_inode().unwrap(), outside);
}

#[test]
fn a_missing_capability_is_seen_and_named() {
    without(CapabilitySet::NET_RAW, || {
        let left = effective().unwrap();
        assert!(!left.contains(Capability::NetRaw));
        let all = capabilities(None).unwrap().effective;
        let expected = all.contains(CapabilitySet::NET_ADMIN);
        assert_eq!(left.contains(Capability::NetAdmin), expected);
        assert_eq!(Capability::NetRaw.to_string(), "CAP_NET_RAW");
        for family in [IpFamily::V4, IpFamily::V6] {
            let error = VrrpReceiver::open(family).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::PERM));
            let expected = format!("open {family} receive socket: Operation not permitted");
            assert_eq!(error.to_string(), expected);
        }
    });
}
