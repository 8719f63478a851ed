//! What the child does, in the memory of its parent.
//!
//! System calls on the values of [`Plan`] and nothing else: no allocation, no lock, no unwinding.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::start::AtStart;
use super::{FIRST_FREE, Identity, Step};

/// Everything that the child needs, ready before it exists.
pub(super) struct Plan<'a> {
    /// These four end with a null pointer.
    pub(super) candidates: &'a [*const libc::c_char],
    pub(super) arguments: &'a [*const libc::c_char],
    /// The second is for the file.
    pub(super) shell_arguments: *mut *const libc::c_char,
    pub(super) environment: &'a [*const libc::c_char],
    pub(super) identity: Option<&'a Identity>,
    pub(super) null: libc::c_int,
    /// -1: none.
    pub(super) output: libc::c_int,
    pub(super) umask: Option<u32>,
    /// Null: none.
    pub(super) directory: *const libc::c_char,
    pub(super) parent: libc::pid_t,
    pub(super) start: &'a AtStart,
    pub(super) failed_step: &'a AtomicI32,
    /// An error number; 0 while nothing has failed.
    pub(super) failure: &'a AtomicI32,
}

/// Shells use this status for a program that could not be run. Nobody sees it: the parent knows the reason.
const NOT_RUN: libc::c_int = 127;

/// The child: runs the program or notes why it cannot, and ends.
pub(super) extern "C" fn run(plan: *mut c_void) -> libc::c_int {
    // SAFETY: the parent passes a `Plan` that lives until this process has run its program or ended.
    let plan = unsafe { &*plan.cast::<Plan<'_>>() };
    let (step, errno) = match prepare(plan) {
        Ok(()) => (Step::Program, execute(plan)),
        Err(failed) => failed,
    };
    plan.failed_step.store(step as i32, Ordering::Release);
    plan.failure.store(errno, Ordering::Release);
    // SAFETY: ends this process alone; no handler of the parent's runs.
    unsafe { libc::_exit(NOT_RUN) }
}

type Failed = (Step, libc::c_int);

fn errno() -> libc::c_int {
    // SAFETY: the location is the parent's thread's, which stands still, and whose value nobody relies on.
    unsafe { *libc::__errno_location() }
}

/// The result of a system call.
fn done(step: Step, result: libc::c_long) -> Result<(), Failed> {
    if result < 0 {
        Err((step, errno()))
    } else {
        Ok(())
    }
}

fn prepare(plan: &Plan<'_>) -> Result<(), Failed> {
    restore(plan.start);
    // SAFETY: the calls take numbers.
    unsafe {
        done(Step::ProcessGroup, libc::syscall(libc::SYS_setpgid, 0, 0))?;
        if let Some(umask) = plan.umask {
            libc::syscall(libc::SYS_umask, umask);
        }
    }
    if let Some(identity) = plan.identity {
        become_other(identity)?;
    }
    // After the change of ids, which clears it.
    // SAFETY: the calls take numbers.
    unsafe {
        let signal = libc::SIGTERM as libc::c_ulong;
        let asked = libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal, 0, 0, 0);
        done(Step::ParentDeath, asked)?;
        if libc::syscall(libc::SYS_getppid) != libc::c_long::from(plan.parent) {
            return Err((Step::ParentDeath, libc::ESRCH));
        }
    }
    streams(plan)?;
    close_others()?;
    if !plan.directory.is_null() {
        // SAFETY: the path is a C string that outlives the call.
        let changed = unsafe { libc::syscall(libc::SYS_chdir, plan.directory) };
        done(Step::Directory, changed)?;
    }
    reset_signals();
    Ok(())
}

/// Scheduling and limits as they were at the start of the parent. What is refused stays: the script is to run all the same.
fn restore(start: &AtStart) {
    let priority: libc::c_int = start.realtime_priority;
    // SAFETY: the calls take numbers, and pointers to structures that outlive them and are only read.
    unsafe {
        libc::syscall(
            libc::SYS_sched_setscheduler,
            0,
            start.policy,
            &raw const priority,
        );
        libc::syscall(libc::SYS_setpriority, libc::PRIO_PROCESS, 0, start.nice);
        if let Some(affinity) = &start.affinity {
            let octets = size_of_val(affinity);
            libc::syscall(
                libc::SYS_sched_setaffinity,
                0,
                octets,
                ptr::from_ref(affinity),
            );
        }
        for (resource, limit) in start.limits.iter().enumerate() {
            if let Some(limit) = limit {
                let no_former = ptr::null_mut::<c_void>();
                libc::syscall(
                    libc::SYS_prlimit64,
                    0,
                    resource,
                    ptr::from_ref(limit),
                    no_former,
                );
            }
        }
    }
}

fn become_other(identity: &Identity) -> Result<(), Failed> {
    let Identity { uid, gid, groups } = identity;
    // SAFETY: the calls take numbers, and the list of groups outlives the first. They are the kernel's own, for this
    // process: those of the C library act on all threads of what it takes for its process, our parent.
    unsafe {
        let count = groups.len();
        let set = libc::syscall(libc::SYS_setgroups, count, groups.as_ptr());
        done(Step::Groups, set)?;
        done(
            Step::Gid,
            libc::syscall(libc::SYS_setresgid, *gid, *gid, *gid),
        )?;
        done(
            Step::Uid,
            libc::syscall(libc::SYS_setresuid, *uid, *uid, *uid),
        )
    }
}

fn streams(plan: &Plan<'_>) -> Result<(), Failed> {
    let output = if plan.output < 0 {
        plan.null
    } else {
        plan.output
    };
    for (stream, file) in [(0, plan.null), (1, output), (2, output)] {
        // SAFETY: the call takes numbers; both files are beyond the standard streams.
        let put = unsafe { libc::syscall(libc::SYS_dup3, file, stream, 0) };
        done(Step::Streams, put)?;
    }
    Ok(())
}

fn close_others() -> Result<(), Failed> {
    // SAFETY: the call takes numbers. The table of descriptors is this process's own.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, FIRST_FREE, u32::MAX, 0) };
    if closed == 0 {
        return Ok(());
    }
    close_listed()
}

/// For kernels before 5.9, which have no close_range(2): those that /proc lists.
fn close_listed() -> Result<(), Failed> {
    #[repr(C, align(8))]
    struct Buffer([u8; 2048]);
    /// Where the length of an entry stands in it, and its name (getdents(2)).
    const LENGTH_AT: usize = 16;
    const NAME_AT: usize = 19;

    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    // SAFETY: the path is a C string.
    let directory = unsafe {
        libc::syscall(
            libc::SYS_openat,
            libc::AT_FDCWD,
            c"/proc/self/fd".as_ptr(),
            flags,
        )
    };
    done(Step::Descriptors, directory)?;
    let mut buffer = Buffer([0; 2048]);
    loop {
        let octets = buffer.0.len();
        // SAFETY: the kernel writes at most as many octets as there are.
        let read = unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                directory,
                buffer.0.as_mut_ptr(),
                octets,
            )
        };
        done(Step::Descriptors, read)?;
        let mut rest = buffer.0.get(..read as usize).unwrap_or(&[]);
        if rest.is_empty() {
            break;
        }
        while let Some(&[low, high]) = rest.get(LENGTH_AT..LENGTH_AT + 2) {
            let name = rest.get(NAME_AT..).unwrap_or(&[]);
            let digits = name.iter().take_while(|octet| octet.is_ascii_digit());
            let number = digits.fold(0, |number, digit| {
                number * 10 + libc::c_long::from(digit - b'0')
            });
            if number >= FIRST_FREE.into() && number != directory {
                // SAFETY: the descriptor is this process's own, and used no more.
                unsafe { libc::syscall(libc::SYS_close, number) };
            }
            let length = usize::from(u16::from_ne_bytes([low, high]));
            rest = rest.get(length.max(NAME_AT)..).unwrap_or(&[]);
        }
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close, directory) };
    Ok(())
}

/// No signal is ignored, handled or blocked. Handlers go first: one that ran here would run in the parent's memory.
///
/// The kernel's own calls: those of the C library leave the signals that it keeps for itself as they were inherited.
fn reset_signals() {
    /// Octets of the kernel's set of signals.
    const SET: usize = 8;
    const LAST: libc::c_int = 64;
    /// The kernel's sigaction of every platform is shorter, and all zero it means the default; so does a set mean none.
    static ZERO: [u64; 8] = [0; 8];
    let former = ptr::null_mut::<c_void>();
    for signal in 1..=LAST {
        // SAFETY: the call reads less than is there, and changes a table that is this process's own. It refuses KILL
        // and STOP.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, ZERO.as_ptr(), former, SET) };
    }
    // SAFETY: as above.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            ZERO.as_ptr(),
            former,
            SET,
        );
    }
}

/// Tries one file after the other, as execvp(3); returns the error number when none can be run.
fn execute(plan: &Plan<'_>) -> libc::c_int {
    let mut outcome = libc::ENOENT;
    for &file in plan.candidates.iter().take_while(|file| !file.is_null()) {
        // SAFETY: the lists end with a null pointer; they and the strings outlive the call.
        unsafe { libc::execve(file, plan.arguments.as_ptr(), plan.environment.as_ptr()) };
        match errno() {
            libc::ENOENT | libc::ENOTDIR => {}
            libc::EACCES => outcome = libc::EACCES,
            libc::ENOEXEC => {
                // SAFETY: the list has room for the file in its second place, and is this call's alone.
                unsafe {
                    *plan.shell_arguments.add(1) = file;
                    let arguments = plan.shell_arguments.cast_const();
                    libc::execve(c"/bin/sh".as_ptr(), arguments, plan.environment.as_ptr());
                }
                return errno();
            }
            errno => return errno,
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn without_close_range_every_listed_descriptor_is_closed() {
        let files: Vec<_> = (0..300).map(|_| File::open("/dev/null").unwrap()).collect();
        let last = files.last().unwrap().as_raw_fd();
        // SAFETY: the child makes system calls alone, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let closed = close_listed().is_ok();
            // SAFETY: the calls take numbers.
            unsafe {
                let open = (FIRST_FREE..=last).filter(|fd| libc::fcntl(*fd, libc::F_GETFD) >= 0);
                let streams = (0..FIRST_FREE).all(|fd| libc::fcntl(fd, libc::F_GETFD) >= 0);
                libc::_exit(i32::from(!closed || open.count() > 0 || !streams));
            }
        }
        let mut status = -1;
        // SAFETY: the status outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        drop(files);
    }
}
