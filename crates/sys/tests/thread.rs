//! What belongs to a thread: scheduling, network namespace, capabilities.

mod support;

use std::fs;
use std::thread;

use ka_sys::capability::{Capability, effective};
use ka_sys::namespace::{NetworkNamespace, network_namespace_inode};
use ka_sys::raw::VrrpReceiver;
use ka_sys::schedule::{
    MAX_CPUS, RealTime, Thread, name_thread, set_affinity, set_nice, set_normal, set_round_robin,
};
use ka_sys::{Errno, IpFamily};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use support::{eventually, in_namespace, skip};

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
        if set_round_robin(Thread::CALLING, 7).unwrap() == RealTime::NotPermitted {
            return skip("CAP_SYS_NICE", "SCHED_RR is not permitted");
        }
        assert_eq!(scheduling(), (SCHED_RR, 7));
        let child = thread::spawn(scheduling).join().unwrap();
        assert_eq!(child, (SCHED_OTHER, 0));
        set_normal(Thread::CALLING).unwrap();
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
        assert_eq!(
            set_round_robin(Thread::CALLING, 1).unwrap(),
            RealTime::NotPermitted
        );
        assert_eq!(scheduling(), (SCHED_OTHER, 0));
        // Leaving real time takes no privilege.
        set_normal(Thread::CALLING).unwrap();
    });
}

#[test]
fn a_priority_out_of_range_is_an_error() {
    for priority in [0, 100] {
        let error = set_round_robin(Thread::CALLING, priority).unwrap_err();
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

/// What `key` says of the calling thread in proc_pid_status(5).
fn status(key: &str) -> String {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap().trim_start_matches(':').trim().to_owned()
}

#[test]
fn processors_and_nice_value_are_of_one_thread_and_go_back_to_those_of_the_main_thread() {
    const NAME: &str = "ka-processors";
    let main = status("Cpus_allowed");
    let (go, started) = std::sync::mpsc::channel();
    let (report, reports) = std::sync::mpsc::channel();
    let worker = thread::spawn(move || {
        name_thread(NAME).unwrap();
        for () in started {
            let nice = rustix::process::getpriority_process(None).unwrap();
            report.send((status("Cpus_allowed_list"), nice)).unwrap();
        }
        status("Cpus_allowed")
    });
    let look = || {
        go.send(()).unwrap();
        reports.recv().unwrap()
    };
    let (all, nice) = look();
    let [found] = Thread::named(NAME).unwrap()[..] else {
        panic!("there is one thread of this name");
    };
    set_affinity(found, Some(&[0])).unwrap();
    // To be nicer is nobody's privilege.
    set_nice(found, Some(19)).unwrap();
    assert_eq!(look(), ("0".to_owned(), 19));
    set_affinity(found, None).unwrap();
    match set_nice(found, None) {
        Ok(()) => assert_eq!(look(), (all, nice)),
        Err(error) => assert!(matches!(error.errno(), Some(Errno::ACCESS | Errno::PERM))),
    }
    drop(go);
    assert_eq!(worker.join().unwrap(), main);
    // Who joins it goes on a moment before the kernel has taken the thread off its list.
    eventually(|| Thread::named(NAME).unwrap().is_empty().then_some(()));
}

#[test]
fn processors_that_are_not_there_are_refused() {
    thread::spawn(|| {
        let before = status("Cpus_allowed");
        let none = u16::try_from(MAX_CPUS).unwrap();
        for cpus in [&[none - 1][..], &[none], &[]] {
            let error = set_affinity(Thread::CALLING, Some(cpus)).unwrap_err();
            assert_eq!(error.errno(), Some(Errno::INVAL), "{cpus:?}");
        }
        assert_eq!(status("Cpus_allowed"), before);
    })
    .join()
    .unwrap();
}

#[test]
fn memory_that_is_locked_stays_so_until_it_is_unlocked() {
    let locked = || -> u64 {
        let size = status("VmLck");
        size.trim_end_matches(" kB").parse().unwrap()
    };
    if let Err(error) = ka_sys::memory::lock() {
        return skip("CAP_IPC_LOCK", &error.to_string());
    }
    thread::spawn(ka_sys::memory::touch_stack).join().unwrap();
    assert!(locked() > 0);
    ka_sys::memory::unlock().unwrap();
    assert_eq!(locked(), 0);
}

#[test]
fn a_namespace_that_cannot_be_is_refused_before_anything_changes() {
    let directory = support::Directory::new("no-namespace");
    let enter = |name| ka_sys::named_namespace::enter(name, &directory.0.join("pids"));
    for name in ["", ".", "..", "../net", "a/b", "a\0b"] {
        assert_eq!(
            enter(name).unwrap_err().errno(),
            Some(Errno::INVAL),
            "{name:?}"
        );
    }
    let error = enter("ka-no-such-namespace").unwrap_err();
    assert_eq!(error.errno(), Some(Errno::NOENT));
    assert_eq!(
        error.to_string(),
        "open /run/netns/ka-no-such-namespace: No such file or directory"
    );
    assert!(!directory.0.join("pids").exists());
}
