//! IPVS as its host sees it.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ka_sys::capability::{self, Capability};
use ka_sys::{Errno, SysError};

use crate::config::{Change, IpvsConfig};
use crate::error::IpvsError;
use crate::event::Event;
use crate::namespace::in_namespace;
use crate::runtime::Runtime;
use crate::shared::{Command, Reply, Shared};
use crate::snapshot::{DestinationState, IpvsSnapshot};
use crate::sync_roles::SyncRoles;
use crate::thread::IpvsThread;

/// Thousands of services take seconds, a module that is loaded from a disk too. A thread that lives answers before this.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);
/// Given to services to go when the handle is dropped: nobody has stopped it.
const DROP_LIMIT: Duration = Duration::from_millis(500);

/// How IPVS is programmed, fixed for the life of a handle.
#[derive(Debug, Clone)]
pub struct IpvsOptions {
    /// Directory of the lock and of the runtime file.
    pub runtime_dir: PathBuf,
    /// Tells processes apart that program IPVS in one network namespace.
    pub instance_name: Option<String>,
    /// Name of the network namespace (ip-netns(8)), empty for that of process 1; that of the calling thread where there is none.
    pub network_namespace: Option<String>,
    /// Remove everything of ours at the stop; else all stays, and is recorded for the next start.
    pub release_on_stop: bool,
}

/// What an apply did to services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpvsReport {
    /// Services that are new.
    pub added: u32,
    /// Services that are wanted otherwise than before, themselves or their destinations.
    pub changed: u32,
    /// Services that are wanted as before.
    pub unchanged: u32,
    /// Services that are gone.
    pub removed: u32,
    /// Changes that the kernel was asked for.
    pub messages: u64,
    /// That the record of a process before this one cannot be used.
    pub told: Option<String>,
}

/// The thread that programs IPVS. Dropping it stops it, giving it half a second.
///
/// Methods may block but for [`Self::change`], [`Self::drain`], [`Self::request_stop`] and [`Self::sync_roles`].
#[derive(Debug)]
pub struct Ipvs {
    shared: Arc<Shared>,
    /// The number of the last batch of changes.
    number: Mutex<u64>,
}

impl Ipvs {
    /// Takes the lock, asks the kernel for IPVS, and starts the thread, with nothing to do yet.
    ///
    /// `wake` is called from the thread when events wait, at most once until [`Self::drain`]; it must not block. The thread does
    /// everything inside `shield`, which must not return when that panics: nobody would answer.
    ///
    /// # Errors
    /// [`IpvsError::Record`], [`IpvsError::MissingCapability`], [`IpvsError::Namespace`],
    /// [`IpvsError::Netlink`] where the kernel has no IPVS, or what a system call said. Nothing is left behind.
    pub fn open(
        options: &IpvsOptions,
        wake: impl Fn() + Send + Sync + 'static,
        shield: fn(&mut dyn FnMut()),
    ) -> Result<Self, IpvsError> {
        if !capability::effective()?.contains(Capability::NetAdmin) {
            return Err(IpvsError::MissingCapability {
                capability: Capability::NetAdmin.name(),
            });
        }
        let (inode, socket) = in_namespace(options.network_namespace.as_deref())?;
        let instance = options.instance_name.as_deref();
        let runtime = Runtime::open(&options.runtime_dir, inode, instance)?;
        let failed = |errno| SysError::new("open", "eventfd", errno);
        let shared = Arc::new(Shared::new(Box::new(wake)).map_err(failed)?);
        let release = options.release_on_stop;
        let mut thread = IpvsThread::new(Arc::clone(&shared), socket, runtime, release);
        let refused = |error: std::io::Error| {
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
            SysError::new("start", "thread", errno)
        };
        let named = thread::Builder::new().name("ka-ipvs".to_owned());
        let body = move || shield(&mut || thread.run());
        named.spawn(body).map_err(refused)?;
        Ok(Self {
            shared,
            number: Mutex::new(0),
        })
    }

    /// Makes `config` the wanted state: the whole of it, at start and at reload alike. What is there as it is wanted is left alone.
    ///
    /// The first apply reconciles what it finds under keys of ours and removes what a process before this one left. What the
    /// kernel refuses is an [`Event::Refused`], and no failure.
    ///
    /// # Errors
    /// [`IpvsError`]; nothing has changed then. After [`IpvsError::Busy`] it may still take effect.
    pub fn apply(&self, config: IpvsConfig) -> Result<IpvsReport, IpvsError> {
        config.check()?;
        let config = Box::new(config);
        self.ask(|reply| Command::Apply { config, reply })
    }

    /// Records what [`Self::apply`] would make of `config`, so that this does not fail for want of room. Nothing else changes; what is
    /// recorded too much goes with the next apply, or with the stop.
    ///
    /// # Errors
    /// [`IpvsError`].
    pub fn reserve(&self, config: IpvsConfig) -> Result<(), IpvsError> {
        config.check()?;
        let config = Box::new(config);
        self.ask(|reply| Command::Reserve { config, reply })
    }

    /// Changes what is wanted, in order; returns the number by which [`Event::Applied`] says that it is done. Of several
    /// changes of one destination that wait the last one counts.
    ///
    /// # Errors
    /// [`IpvsError::InvalidChange`]: nothing of the batch is taken.
    pub fn change(&self, batch: Vec<Change>) -> Result<u64, IpvsError> {
        batch.iter().try_for_each(Change::check)?;
        // Held meanwhile: numbers come in order.
        let mut last = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        let number = *last;
        self.shared.send(Command::Change { batch, number });
        Ok(number)
    }

    /// Takes the events that wait, oldest first, at most `limit`; never waits.
    #[must_use]
    pub fn drain(&self, limit: usize) -> Vec<Event> {
        self.shared.take(limit)
    }

    /// What is there, from fresh dumps.
    ///
    /// # Errors
    /// [`IpvsError::Stopped`], [`IpvsError::Busy`], [`IpvsError::Netlink`].
    pub fn snapshot(&self) -> Result<IpvsSnapshot, IpvsError> {
        self.ask(Command::Snapshot)
    }

    /// The destinations of one service, fresh from the kernel; none of a service that is not wanted.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub fn connections(&self, service: u32) -> Result<Vec<DestinationState>, IpvsError> {
        self.ask(|reply| Command::Connections { service, reply })
    }

    /// By which virtual routers say which role sync daemons have.
    #[must_use]
    pub fn sync_roles(&self) -> SyncRoles {
        self.shared.roles.clone()
    }

    /// Lets the thread begin to end, without waiting for it: a [`Self::stop`] is to follow.
    pub fn request_stop(&self) {
        self.shared.request_stop();
    }

    /// Removes everything of ours, sets back what was set, and ends the thread.
    ///
    /// # Errors
    /// [`IpvsError::Busy`] when that takes longer than `deadline`; it goes on meanwhile. [`IpvsError::NotReleased`] when
    /// something could not be removed, at every further call too.
    pub fn stop(&self, deadline: Duration) -> Result<(), IpvsError> {
        self.request_stop();
        match self.shared.wait_for_end(deadline) {
            None => Err(IpvsError::Busy),
            Some(left) if left.is_empty() => Ok(()),
            Some(left) => Err(IpvsError::NotReleased(left)),
        }
    }

    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, IpvsError> {
        if self.shared.has_ended() {
            return Err(IpvsError::Stopped);
        }
        let (reply, answer) = sync_channel(1);
        self.shared.send(command(reply));
        wait(&answer)
    }
}

/// Waits for the answer, which comes unless the thread ends.
fn wait<T>(answer: &Receiver<Result<T, IpvsError>>) -> Result<T, IpvsError> {
    answer
        .recv_timeout(ANSWER_LIMIT)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => IpvsError::Busy,
            RecvTimeoutError::Disconnected => IpvsError::Stopped,
        })?
}

impl Drop for Ipvs {
    fn drop(&mut self) {
        // There is nobody left to tell; the runtime file keeps what stays.
        let _ = self.stop(DROP_LIMIT);
    }
}
