//! Signals, caught without JavaScript's help.

use std::mem::zeroed;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::{fmt, ptr};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::thread::gettid;

use crate::error::SysError;
use crate::socket::last_errno;

static INSTALLED: AtomicBool = AtomicBool::new(false);
/// Bit n - 1 is set while signal n waits to be taken.
static PENDING: AtomicU64 = AtomicU64::new(0);
/// The thread that answers an abort, 0 when there is none.
static RESPONDER: AtomicI32 = AtomicI32::new(0);
/// Whether the responder has done what was to be done before the process ends.
static ACKNOWLEDGED: AtomicBool = AtomicBool::new(false);
/// What handlers wake. It is never closed: a handler that runs while a watch is
/// dropped would write into whatever file took over the descriptor's number.
static EVENT: OnceLock<OwnedFd> = OnceLock::new();

/// How often a thread that aborts looks whether the responder is through: for half a second. Looks are counted, not time: where
/// the process or the machine stood still meanwhile, the responder had no time either.
const ABORT_LOOKS: u32 = 100;
/// How long it sleeps between two looks.
const ABORT_STEP_MS: libc::c_int = 5;

/// The signals that a [`SignalWatch`] catches.
///
/// TERM and INT stop, HUP reloads, USR1, USR2 and the real-time ones are
/// keepalived's further requests, and [`is_abort`] tells those of a process that
/// aborts. Uncaught, each of them ends the process, under Node too.
#[must_use]
pub fn watched_signals() -> [i32; 11] {
    [
        libc::SIGTERM,
        libc::SIGINT,
        libc::SIGHUP,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGRTMIN() + 2,
        libc::SIGRTMAX() - 1,
        libc::SIGRTMAX(),
        libc::SIGABRT,
        libc::SIGTRAP,
        libc::SIGILL,
    ]
}

/// Whether this is the signal of a process that gives itself up: abort(3), or the instruction
/// that V8 ends with when it finds itself broken, which is one or the other. SIGSEGV is V8's own.
#[must_use]
pub fn is_abort(signal: i32) -> bool {
    [libc::SIGABRT, libc::SIGTRAP, libc::SIGILL].contains(&signal)
}

/// Catches [`watched_signals`] for the whole process; dropping it restores the
/// handlers it replaced.
///
/// Real-time signals that had none are ignored from then on: they ask for dumps, JavaScript cannot
/// catch them, and by default they would end a process that is still about to stop.
///
/// The handler notes the signal and makes [`Self::fd`] readable. It does not call the one it
/// replaced: Node's for USR1 opens the inspector.
///
/// An abort ends the process all the same. Its handler wakes the thread that called
/// [`Self::answer_aborts`], waits for [`acknowledge_abort`] for 500 ms in which the process runs (not
/// at all when there is no such thread, or when it is the one that aborts), and then
/// lets the signal do what it does by default.
#[derive(Debug)]
pub struct SignalWatch {
    event: &'static OwnedFd,
    replaced: Vec<Replaced>,
}

/// A signal and the disposition it had.
struct Replaced {
    signal: i32,
    action: libc::sigaction,
}

impl SignalWatch {
    /// Installs the handlers.
    ///
    /// # Errors
    /// [`SysError::SignalsInstalled`] while another watch lives in this process;
    /// [`SysError::Call`]. No handler stays installed then.
    pub fn install() -> Result<Self, SysError> {
        let event = match EVENT.get() {
            Some(event) => event,
            None => {
                let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
                    .map_err(|errno| SysError::new("open", "eventfd", errno))?;
                EVENT.get_or_init(|| event)
            }
        };
        if INSTALLED.swap(true, Ordering::AcqRel) {
            return Err(SysError::SignalsInstalled);
        }
        PENDING.store(0, Ordering::Release);
        ACKNOWLEDGED.store(false, Ordering::Release);
        let mut watch = Self {
            event,
            replaced: Vec::new(),
        };
        for signal in watched_signals() {
            let action = replace(signal, Some(&action_for(signal)))
                .map_err(|errno| SysError::new("catch", format!("signal {signal}"), errno))?;
            watch.replaced.push(Replaced { signal, action });
        }
        Ok(watch)
    }

    /// The descriptor that becomes readable when a signal arrives.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'static> {
        self.event.as_fd()
    }

    /// The numbers of the signals that arrived since the last call, in ascending
    /// order; one that arrived several times is there once.
    pub fn take(&mut self) -> Signals {
        // The event first: a signal between the two wakes the poll once more.
        let mut count = [0; 8];
        while rustix::io::read(self.event, &mut count) == Err(Errno::INTR) {}
        Signals(PENDING.swap(0, Ordering::AcqRel))
    }

    /// Makes the calling thread the one that an abort waits for: it is to watch
    /// [`Self::fd`], and on an abort ([`is_abort`]) to resign and call [`acknowledge_abort`].
    pub fn answer_aborts(&self) {
        RESPONDER.store(own_thread(), Ordering::Release);
    }
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        for replaced in &self.replaced {
            // A handler that someone else installed over ours stays.
            if replace(replaced.signal, None).is_ok_and(|current| is_ours(&current)) {
                let mut action = replaced.action;
                if replaced.signal >= libc::SIGRTMIN() && action.sa_sigaction == libc::SIG_DFL {
                    action.sa_sigaction = libc::SIG_IGN;
                }
                // It was accepted when it was in place before.
                let _ = replace(replaced.signal, Some(&action));
            }
        }
        RESPONDER.store(0, Ordering::Release);
        INSTALLED.store(false, Ordering::Release);
    }
}

/// Lets a thread that is aborting go on and end the process.
pub fn acknowledge_abort() {
    ACKNOWLEDGED.store(true, Ordering::Release);
}

/// The signals that one [`SignalWatch::take`] found.
#[derive(Debug, Clone)]
pub struct Signals(u64);

impl Iterator for Signals {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let lowest = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (lowest < 64).then_some(lowest as i32 + 1)
    }
}

impl fmt::Debug for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replaced").field(&self.signal).finish()
    }
}

fn action_for(signal: i32) -> libc::sigaction {
    let handler: extern "C" fn(libc::c_int) = match is_abort(signal) {
        true => on_abort,
        false => on_signal,
    };
    // SAFETY: an all-zero sigaction is a valid value, with an empty signal mask.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    // Rust threads have an alternate stack, so that an overflow can be reported.
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    action
}

fn is_ours(action: &libc::sigaction) -> bool {
    [on_signal as *const (), on_abort as *const ()]
        .iter()
        .any(|handler| *handler as libc::sighandler_t == action.sa_sigaction)
}

/// Installs `action` where given and returns the one in place before.
fn replace(signal: i32, action: Option<&libc::sigaction>) -> Result<libc::sigaction, Errno> {
    // SAFETY: an all-zero sigaction is a valid value.
    let mut before: libc::sigaction = unsafe { zeroed() };
    let action = action.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: both pointers are null or to values that outlive the call. The
    // handlers installed do only what signal-safety(7) allows.
    match unsafe { libc::sigaction(signal, action, &mut before) } {
        0 => Ok(before),
        _ => Err(last_errno()),
    }
}

/// Runs on whatever thread the kernel chose, between any two instructions: atomics
/// and async-signal-safe calls only (signal-safety(7)).
extern "C" fn on_signal(signal: libc::c_int) {
    keep_errno(|| note(signal));
}

/// As [`on_signal`]; gives the responder time, then ends the process.
extern "C" fn on_abort(signal: libc::c_int) {
    keep_errno(|| {
        note(signal);
        let responder = RESPONDER.load(Ordering::Acquire);
        if responder != 0 && responder != own_thread() {
            wait_for_acknowledgement();
        }
        // The signal is blocked while this runs: raised again it is delivered at
        // the end, with the default action. abort(3) would do this by itself, an
        // abort that another process sent would not.
        // SAFETY: an all-zero sigaction is a valid value: SIG_DFL, empty mask.
        let default: libc::sigaction = unsafe { zeroed() };
        // SAFETY: the pointer outlives the call; both calls are async-signal-safe.
        unsafe {
            libc::sigaction(signal, &default, ptr::null_mut());
            libc::raise(signal);
        }
    });
}

fn note(signal: libc::c_int) {
    PENDING.fetch_or(1 << (signal - 1), Ordering::AcqRel);
    if let Some(event) = EVENT.get() {
        // It fails only when full, and then the reader is awake already.
        let _ = rustix::io::write(event, &1u64.to_ne_bytes());
    }
}

fn wait_for_acknowledgement() {
    for _ in 0..ABORT_LOOKS {
        if ACKNOWLEDGED.load(Ordering::Acquire) {
            return;
        }
        // SAFETY: poll on no descriptor only sleeps; it is async-signal-safe.
        unsafe { libc::poll(ptr::null_mut(), 0, ABORT_STEP_MS) };
    }
}

fn own_thread() -> i32 {
    gettid().as_raw_nonzero().get()
}

/// Runs `body` so that the interrupted code does not see its error number change.
fn keep_errno(body: impl FnOnce()) {
    // SAFETY: the location is this thread's and valid as long as the thread lives.
    let location = unsafe { libc::__errno_location() };
    // SAFETY: as above; nothing else holds a reference to it.
    let errno = unsafe { *location };
    body();
    // SAFETY: as above.
    unsafe { *location = errno };
}
