//! What a process was given at its start, for the programs that it runs.

use std::mem::MaybeUninit;
use std::sync::OnceLock;

static START: OnceLock<AtStart> = OnceLock::new();

/// Limits of this kernel and later ones; the kernel refuses numbers that it does not know.
const RESOURCES: usize = 16;

/// Scheduling and limits. What could not be told is left as it is.
#[derive(Debug)]
pub(super) struct AtStart {
    pub(super) policy: libc::c_int,
    pub(super) realtime_priority: libc::c_int,
    pub(super) nice: libc::c_int,
    pub(super) affinity: Option<libc::cpu_set_t>,
    pub(super) limits: [Option<libc::rlimit>; RESOURCES],
}

/// Notes the scheduling and the limits of this process, for all programs that it will start. Only the first call does:
/// it is to come before this process changes any.
pub fn remember_start() {
    at_start();
}

pub(super) fn at_start() -> &'static AtStart {
    START.get_or_init(AtStart::read)
}

impl AtStart {
    fn read() -> Self {
        // The first thread is the process for all that is inherited.
        let process = std::process::id() as libc::pid_t;
        // SAFETY: all-zero values of these plain structures are valid.
        let (mut affinity, mut parameters): (libc::cpu_set_t, libc::sched_param) = unsafe {
            (
                MaybeUninit::zeroed().assume_init(),
                MaybeUninit::zeroed().assume_init(),
            )
        };
        // SAFETY: the calls write into structures of the sizes they are told, which outlive them.
        let (policy, got_affinity, nice) = unsafe {
            (
                libc::syscall(libc::SYS_sched_getscheduler, process) as libc::c_int,
                libc::sched_getaffinity(process, size_of_val(&affinity), &raw mut affinity) == 0,
                libc::getpriority(libc::PRIO_PROCESS, process as libc::id_t),
            )
        };
        // SAFETY: as above.
        unsafe { libc::syscall(libc::SYS_sched_getparam, process, &raw mut parameters) };
        Self {
            policy: policy.max(0),
            realtime_priority: parameters.sched_priority,
            nice,
            affinity: got_affinity.then_some(affinity),
            limits: std::array::from_fn(limit),
        }
    }
}

fn limit(resource: usize) -> Option<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure outlives the call, which writes it. The cast is to the type that the C library
    // of this platform wants.
    let result = unsafe { libc::getrlimit(resource as _, &raw mut limit) };
    (result == 0).then_some(limit)
}
