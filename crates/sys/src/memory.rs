//! Memory that is not swapped out.

use std::hint::black_box;

use rustix::mm::{MlockAllFlags, mlockall, munlockall};

use crate::error::SysError;

/// Octets of the stack of a thread that [`touch_stack`] makes present.
const STACK: usize = 256 * 1024;

/// Keeps what the process has mapped now in memory: what is present at once, the rest from when it is first used.
///
/// What is mapped later is not kept (`MCL_FUTURE` is not set): an engine for JavaScript reserves address space
/// by the gigabyte, and fails where the kernel wants all of it to be present.
///
/// # Errors
/// [`SysError::Call`], with `EPERM` or `ENOMEM` where CAP_IPC_LOCK is missing and RLIMIT_MEMLOCK is too low.
pub fn lock() -> Result<(), SysError> {
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT)
        .map_err(|errno| SysError::new("lock", "memory", errno))
}

/// Undoes [`lock`].
///
/// # Errors
/// [`SysError::Call`].
pub fn unlock() -> Result<(), SysError> {
    munlockall().map_err(|errno| SysError::new("unlock", "memory", errno))
}

/// Makes that part of the calling thread's stack present that it may come to need.
#[inline(never)]
pub fn touch_stack() {
    let mut room = [0u8; STACK];
    // Written as far as the compiler knows: it must not be left out.
    black_box(&mut room);
}
