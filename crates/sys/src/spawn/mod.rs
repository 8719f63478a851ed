//! Child processes, started in the manner of vfork(2).
//!
//! The child borrows the memory of the thread that starts it until it runs its program, so that a start costs
//! the same in a process of a gigabyte as in a small one: fork(2) copies the page tables. The calling thread
//! stands still meanwhile, all others go on. The child makes system calls and nothing else: it may take no lock,
//! and the C library's own setuid(2) would signal the threads of its parent.

mod child;
mod stack;
mod start;

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};

use crate::error::SysError;
use crate::socket::last_errno;
use child::{Plan, run};
use stack::Stack;

pub use start::remember_start;

/// The first descriptor that is none of the standard streams.
const FIRST_FREE: i32 = 3;

/// Whom a program runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Real, effective and saved user id.
    pub uid: u32,
    /// Real, effective and saved group id.
    pub gid: u32,
    /// All of its supplementary groups.
    pub groups: Vec<u32>,
}

/// A program and how it is to run.
#[derive(Debug)]
pub struct Request<'a> {
    /// Files to try, one after the other, as execvp(3) tries the directories of PATH.
    pub candidates: &'a [CString],
    /// Its arguments, the name of the program first.
    pub arguments: &'a [CString],
    /// `NAME=VALUE`.
    pub environment: &'a [CString],
    /// The caller's own where there is none.
    pub identity: Option<&'a Identity>,
    /// What standard output and error go to; /dev/null where there is none.
    pub output: Option<&'a OutputEnd>,
    /// The caller's own where there is none.
    pub umask: Option<u32>,
    /// The caller's own where there is none.
    pub directory: Option<&'a CStr>,
}

/// What a start failed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Step {
    /// A new process.
    Process = 1,
    /// A process group of its own.
    ProcessGroup,
    /// Its supplementary groups.
    Groups,
    /// Its group.
    Gid,
    /// Its user.
    Uid,
    /// The signal that it gets when its parent dies, which may be dead already.
    ParentDeath,
    /// Its standard streams.
    Streams,
    /// The descriptors that it must not have.
    Descriptors,
    /// Its working directory.
    Directory,
    /// The program itself.
    Program,
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
#[error("start a program: {step:?}: {}", crate::errno_text(*.errno))]
pub struct SpawnError {
    /// What failed.
    pub step: Step,
    /// The kernel's reason.
    pub errno: Errno,
}

/// A process that was started.
#[derive(Debug)]
pub struct Child {
    /// Its id, and that of its process group.
    pub pid: Pid,
    /// Readable once it has ended.
    pub pidfd: OwnedFd,
}

/// The writing end of a pipe that catches what a program writes.
#[derive(Debug)]
pub struct OutputEnd(OwnedFd);

/// A pipe for the output of a program: the end to read from, which does not block, and that to write to.
///
/// # Errors
/// [`SysError::Call`].
pub fn output_pipe() -> Result<(OwnedFd, OutputEnd), SysError> {
    let failed = |errno| SysError::new("open", "pipe", errno);
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
    rustix::io::ioctl_fionbio(&reader, true).map_err(failed)?;
    Ok((reader, OutputEnd(above_streams(writer).map_err(failed)?)))
}

/// The same file under a number that no standard stream has: put in the place of itself it would stay close-on-exec.
fn above_streams(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    if fd.as_raw_fd() >= FIRST_FREE {
        return Ok(fd);
    }
    fcntl_dupfd_cloexec(&fd, FIRST_FREE)
}

/// Starts programs, one at a time.
///
/// Children get SIGTERM when the *thread* that started them ends.
#[derive(Debug)]
pub struct Spawner {
    stack: Stack,
    null: OwnedFd,
}

impl Spawner {
    /// Sets the child's stack and /dev/null aside.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn new() -> Result<Self, SysError> {
        remember_start();
        let failed = |errno| SysError::new("open", "/dev/null", errno);
        let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
        Ok(Self {
            stack: Stack::map()?,
            null: null.and_then(above_streams).map_err(failed)?,
        })
    }

    /// Starts a program: in a process group of its own, with no descriptor but its standard streams, no blocked
    /// and no ignored signal, with the scheduling and the limits that this process had at its start.
    ///
    /// A file that the kernel cannot execute (`ENOEXEC`) is run by /bin/sh. Returns when the program runs.
    ///
    /// # Errors
    /// [`SpawnError`]; nothing is left of the child then.
    pub fn spawn(&mut self, request: &Request<'_>) -> Result<Child, SpawnError> {
        let arguments = pointers(request.arguments);
        let environment = pointers(request.environment);
        let candidates = pointers(request.candidates);
        // `/bin/sh FILE ARGUMENT...`: the file is put in by the child.
        let mut shell_arguments = vec![c"/bin/sh".as_ptr(), ptr::null()];
        shell_arguments.extend(arguments.iter().skip(1));
        let failure = AtomicI32::new(0);
        let step = AtomicI32::new(0);
        let plan = Plan {
            candidates: &candidates,
            arguments: &arguments,
            shell_arguments: shell_arguments.as_mut_ptr(),
            environment: &environment,
            identity: request.identity,
            null: self.null.as_raw_fd(),
            output: request.output.map_or(-1, |end| end.0.as_raw_fd()),
            umask: request.umask,
            directory: request.directory.map_or(ptr::null(), CStr::as_ptr),
            parent: getpid().as_raw_nonzero().get(),
            start: start::at_start(),
            failed_step: &step,
            failure: &failure,
        };
        let (pid, pidfd) = self.clone_process(&plan).map_err(|errno| SpawnError {
            step: Step::Process,
            errno,
        })?;
        let child = Child { pid, pidfd };
        match failure.load(Ordering::Acquire) {
            0 => Ok(child),
            errno => {
                // It has ended already, with nobody else to wait for it.
                let _ = waitid(WaitId::PidFd(child.pidfd.as_fd()), WaitIdOptions::EXITED);
                Err(SpawnError {
                    step: Step::of(step.load(Ordering::Acquire)),
                    errno: Errno::from_raw_os_error(errno),
                })
            }
        }
    }

    fn clone_process(&mut self, plan: &Plan<'_>) -> Result<(Pid, OwnedFd), Errno> {
        // A handler of ours that ran in the child would run in our memory.
        let blocked = BlockedSignals::all()?;
        let mut pidfd: libc::c_int = -1;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        // SAFETY: the stack is mapped, writable, ours alone (`&mut self`) and outlives the child's use of it:
        // CLONE_VFORK holds this thread until the child has executed a program or ended. `run` never
        // returns into our frames, allocates nothing and unwinds nowhere; the plan and all it points to
        // live until clone returns.
        let pid = unsafe {
            libc::clone(
                run,
                self.stack.top(),
                flags,
                ptr::from_ref(plan).cast_mut().cast(),
                &raw mut pidfd,
            )
        };
        let outcome = if pid < 0 { Err(last_errno()) } else { Ok(pid) };
        drop(blocked);
        let pid = Pid::from_raw(outcome?).ok_or(Errno::SRCH)?;
        if pidfd < 0 {
            // A kernel before 5.2 does not know CLONE_PIDFD, and says nothing.
            return match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
                Ok(pidfd) => Ok((pid, pidfd)),
                Err(errno) => {
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                    let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
                    Err(errno)
                }
            };
        }
        // SAFETY: the kernel has just opened it for us, and nothing else knows it.
        Ok((pid, unsafe { OwnedFd::from_raw_fd(pidfd) }))
    }
}

impl Step {
    fn of(number: i32) -> Self {
        [
            Self::ProcessGroup,
            Self::Groups,
            Self::Gid,
            Self::Uid,
            Self::ParentDeath,
            Self::Streams,
            Self::Descriptors,
            Self::Directory,
            Self::Program,
        ]
        .into_iter()
        .find(|step| *step as i32 == number)
        .unwrap_or(Self::Process)
    }
}

/// A list for execve(2), which ends with a null pointer.
fn pointers(list: &[CString]) -> Vec<*const libc::c_char> {
    let pointers = list.iter().map(|text| text.as_ptr());
    pointers.chain([ptr::null()]).collect()
}

/// All signals are blocked for the calling thread while it lives.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn all() -> Result<Self, Errno> {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset writes the whole set; the call after it reads that one and writes the other.
        let errno = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr())
        };
        match errno {
            // SAFETY: the call wrote it.
            0 => Ok(Self(unsafe { before.assume_init() })),
            errno => Err(Errno::from_raw_os_error(errno)),
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the set is one that the kernel gave. It fails for bad arguments alone.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// Blocks the signals that others send for the calling thread, for as long as it lives: they are for other threads.
///
/// Those that a thread's own mistakes raise stay as they are.
///
/// # Errors
/// [`SysError::Call`].
pub fn leave_signals_to_others() -> Result<(), SysError> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigfillset writes the whole set, which the calls after it change and read.
    let errno = unsafe {
        libc::sigfillset(set.as_mut_ptr());
        for own in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGILL,
            libc::SIGFPE,
            libc::SIGABRT,
        ] {
            libc::sigdelset(set.as_mut_ptr(), own);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut())
    };
    match errno {
        0 => Ok(()),
        errno => Err(SysError::new(
            "block",
            "signals",
            Errno::from_raw_os_error(errno),
        )),
    }
}
