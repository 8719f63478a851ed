//! Scheduling of the calling thread.

use rustix::io::Errno;

use crate::error::SysError;
use crate::socket::last_errno;

/// Whether the kernel let the thread have real-time scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RealTime {
    /// The thread now runs under SCHED_RR.
    Granted,
    /// It lacks CAP_SYS_NICE and a sufficient RLIMIT_RTPRIO; nothing changed.
    NotPermitted,
}

/// Puts the calling thread alone under SCHED_RR with `priority` (1 to 99),
/// threads and children that it starts later under the normal policy
/// (sched(7), `SCHED_RESET_ON_FORK`).
///
/// # Errors
/// [`SysError::Call`], with `EINVAL` for a priority out of range.
pub fn set_round_robin(priority: u8) -> Result<RealTime, SysError> {
    match set_policy(libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, priority) {
        Ok(()) => Ok(RealTime::Granted),
        Err(Errno::PERM) => Ok(RealTime::NotPermitted),
        Err(errno) => {
            let object = format!("SCHED_RR priority {priority}");
            Err(SysError::new("set", object, errno))
        }
    }
}

/// Puts the calling thread alone back under the normal policy.
///
/// # Errors
/// [`SysError::Call`].
pub fn set_normal() -> Result<(), SysError> {
    // The flag stays as it is: an unprivileged thread may not clear it.
    set_policy(libc::SCHED_OTHER | libc::SCHED_RESET_ON_FORK, 0)
        .map_err(|errno| SysError::new("set", "SCHED_OTHER", errno))
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
fn set_policy(policy: libc::c_int, priority: u8) -> Result<(), Errno> {
    #[repr(C)]
    struct Parameters {
        priority: libc::c_int,
    }
    let parameters = Parameters {
        priority: priority.into(),
    };
    // SAFETY: the call takes a thread (0: the calling one), a policy and a pointer
    // to the kernel's sched_param, one int, which outlives it and is only read.
    let result = unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            0 as libc::pid_t,
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
