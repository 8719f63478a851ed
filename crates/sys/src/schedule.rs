//! Scheduling of threads of this process.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::SysError;
use crate::socket::last_errno;

/// Processors that a set can name: their numbers are below this.
pub const MAX_CPUS: usize = CpuSet::MAX_CPU;

/// A thread of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread(Option<Pid>);

impl Thread {
    /// The calling thread.
    pub const CALLING: Self = Self(None);

    /// The threads that are called `name` now (proc_pid_comm(5)).
    ///
    /// # Errors
    /// [`SysError::Call`], with `ENOENT` where `/proc` is not mounted.
    pub fn named(name: &str) -> Result<Vec<Self>, SysError> {
        const TASKS: &str = "/proc/self/task";
        let failed = |error: std::io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            SysError::new("list threads in", TASKS, errno)
        };
        let mut threads = Vec::new();
        for entry in fs::read_dir(TASKS).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // One that ends meanwhile has no name any more.
            let called = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
            if called.trim_end() == name {
                threads.extend(id.and_then(Pid::from_raw).map(|id| Self(Some(id))));
            }
        }
        Ok(threads)
    }

    /// The number for system calls: 0 is the calling thread.
    fn raw(self) -> libc::pid_t {
        Pid::as_raw(self.0)
    }
}

/// Whether the kernel let the thread have real-time scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealTime {
    /// The thread runs under SCHED_RR now.
    Granted,
    /// It lacks CAP_SYS_NICE and a sufficient RLIMIT_RTPRIO; nothing changed.
    NotPermitted,
}

/// Puts `thread` alone under SCHED_RR with `priority` (1 to 99),
/// threads and children that it starts later under the normal policy
/// (sched(7), `SCHED_RESET_ON_FORK`).
///
/// # Errors
/// [`SysError::Call`], with `EINVAL` for a priority out of range, `ESRCH` for a thread that has ended.
pub fn set_round_robin(thread: Thread, priority: u8) -> Result<RealTime, SysError> {
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    match set_policy(thread, policy, priority) {
        Ok(()) => Ok(RealTime::Granted),
        Err(Errno::PERM) => Ok(RealTime::NotPermitted),
        Err(errno) => {
            let object = format!("SCHED_RR priority {priority}");
            Err(SysError::new("set", object, errno))
        }
    }
}

/// Puts `thread` alone back under the normal policy.
///
/// # Errors
/// [`SysError::Call`].
pub fn set_normal(thread: Thread) -> Result<(), SysError> {
    // The flag stays as it is: an unprivileged thread may not clear it.
    set_policy(thread, libc::SCHED_OTHER | libc::SCHED_RESET_ON_FORK, 0)
        .map_err(|errno| SysError::new("set", "SCHED_OTHER", errno))
}

/// Gives `thread` alone the nice value `nice` (-20 to 19; setpriority(2)), or where there is none the one of
/// the main thread.
///
/// # Errors
/// [`SysError::Call`], with `EACCES` or `EPERM` where CAP_SYS_NICE and a sufficient RLIMIT_NICE are missing.
pub fn set_nice(thread: Thread, nice: Option<i8>) -> Result<(), SysError> {
    let failed = |errno| {
        let object = nice.map_or_else(
            || "nice value".to_owned(),
            |nice| format!("nice value {nice}"),
        );
        SysError::new("set", object, errno)
    };
    let main = || getpriority_process(Some(rustix::process::getpid()));
    let present = getpriority_process(thread.0).map_err(failed)?;
    let wanted = nice
        .map_or_else(main, |nice| Ok(nice.into()))
        .map_err(failed)?;
    if wanted == present {
        return Ok(());
    }
    setpriority_process(thread.0, wanted).map_err(failed)
}

/// Lets `thread` alone run on the processors `cpus`, or where there are none named on those of the main thread.
///
/// # Errors
/// [`SysError::Call`], with `EINVAL` where none of them is there, or may be used by this process.
pub fn set_affinity(thread: Thread, cpus: Option<&[u16]>) -> Result<(), SysError> {
    let failed = |errno| match cpus {
        Some(cpus) => SysError::new("run on", format!("processors {cpus:?}"), errno),
        None => SysError::new("run on", "the processors of the main thread", errno),
    };
    let set = match cpus {
        None => sched_getaffinity(Some(rustix::process::getpid())).map_err(failed)?,
        Some(cpus) => {
            let mut set = CpuSet::new();
            for &cpu in cpus {
                let cpu = usize::from(cpu);
                if cpu >= MAX_CPUS {
                    return Err(failed(Errno::INVAL));
                }
                set.set(cpu);
            }
            set
        }
    };
    sched_setaffinity(thread.0, &set).map_err(failed)
}

/// Names the calling thread as `ps -L` and `top -H` show it, cut to 15 octets.
///
/// # Errors
/// [`SysError::Call`]; `EINVAL` where the name holds a NUL.
pub fn name_thread(name: &str) -> Result<(), SysError> {
    let failed = |errno| SysError::new("name", format!("thread {name}"), errno);
    let name = std::ffi::CString::new(name).map_err(|_| failed(Errno::INVAL))?;
    rustix::thread::set_name(&name).map_err(failed)
}

/// The system call itself: musl's `sched_setscheduler` only returns ENOSYS, as
/// the kernel's acts on a thread where POSIX means a process.
fn set_policy(thread: Thread, policy: libc::c_int, priority: u8) -> Result<(), Errno> {
    #[repr(C)]
    struct Parameters {
        priority: libc::c_int,
    }
    let parameters = Parameters {
        priority: priority.into(),
    };
    // SAFETY: the call takes a thread, a policy and a pointer
    // to the kernel's sched_param, one int, which outlives it and is only read.
    let result = unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            thread.raw(),
            policy,
            &raw const parameters,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
    }
}
