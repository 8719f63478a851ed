//! Sync daemons: the kernel runs one of each role, with parameters that it does not change.

use std::time::Instant;

use ka_netlink::ipvs::{IpvsChange, SyncDaemon, SyncRole};
use ka_netlink::{ChangeError, Errno};

use crate::attempts::Attempts;
use crate::config::{DaemonRoles, SyncDaemonConfig};
use crate::event::Refused;
use crate::record::DaemonRecord;
use crate::sync_roles::SyncRoles;

const ROLES: [SyncRole; 2] = [SyncRole::Master, SyncRole::Backup];

/// A daemon that runs and is ours, or is in the way of ours.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Running {
    daemon: SyncDaemon,
    /// Started by us, with these parameters; else its absent ones are the kernel's choice.
    is_started: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Daemons {
    config: Vec<SyncDaemonConfig>,
    running: [Option<Running>; 2],
    attempts: [Attempts; 2],
}

impl Daemons {
    /// What is configured from now on. `found` runs, if it is the first time that this is asked.
    pub(crate) fn configure(
        &mut self,
        config: Vec<SyncDaemonConfig>,
        found: Option<(&[SyncDaemon], &[DaemonRecord])>,
    ) {
        if self.config != config {
            self.attempts = Default::default();
        }
        self.config = config;
        let Some((found, recorded)) = found else {
            return;
        };
        for &daemon in found {
            let is_recorded =
                |record: &DaemonRecord| (record.role(), record.id) == (daemon.role, daemon.id);
            if self.uses(daemon.role) || recorded.iter().any(is_recorded) {
                self.running[place(daemon.role)] = Some(Running {
                    daemon,
                    is_started: false,
                });
            }
        }
    }

    /// Whether a daemon of this role is wanted now or at another time.
    fn uses(&self, role: SyncRole) -> bool {
        let used = |config: &SyncDaemonConfig| match config.roles {
            DaemonRoles::Master => role == SyncRole::Master,
            DaemonRoles::Backup => role == SyncRole::Backup,
            DaemonRoles::Both | DaemonRoles::Follows => true,
        };
        self.config.iter().any(used)
    }

    /// The daemons that shall run now.
    fn wanted(&self, role: SyncRole, roles: &SyncRoles) -> Option<SyncDaemon> {
        let config = self
            .config
            .iter()
            .enumerate()
            .find(|(index, config)| match config.roles {
                DaemonRoles::Master => role == SyncRole::Master,
                DaemonRoles::Backup => role == SyncRole::Backup,
                DaemonRoles::Both => true,
                DaemonRoles::Follows => role == roles.role(*index),
            });
        config.map(|(_, config)| SyncDaemon {
            role,
            ..config.daemon
        })
    }

    /// What is to be asked for next: what runs and shall not ends before anything starts.
    pub(crate) fn next(&self, roles: &SyncRoles, now: Instant) -> Option<IpvsChange> {
        let due = ROLES
            .into_iter()
            .filter(|role| !self.attempts[place(*role)].waits(now));
        let removal = due.clone().find_map(|role| {
            let running = self.running[place(role)]?;
            let wanted = self.wanted(role, roles);
            let id = running.daemon.id;
            let fits = wanted.is_some_and(|wanted| running.fits(&wanted));
            (!fits).then_some(IpvsChange::RemoveDaemon { role, id })
        });
        let addition = || {
            due.clone().find_map(|role| {
                let is_free = self.running[place(role)].is_none();
                let wanted = self.wanted(role, roles).filter(|_| is_free)?;
                Some(IpvsChange::AddDaemon(wanted))
            })
        };
        removal.or_else(addition)
    }

    /// Takes the kernel's answer to that; what of it is to be told.
    pub(crate) fn outcome(
        &mut self,
        change: &IpvsChange,
        result: &Result<(), ChangeError>,
        now: Instant,
    ) -> Option<Refused> {
        let (role, then) = match *change {
            IpvsChange::AddDaemon(daemon) => {
                let is_started = true;
                (daemon.role, Some(Running { daemon, is_started }))
            }
            IpvsChange::RemoveDaemon { role, .. } => (role, None),
            _ => return None,
        };
        let place = place(role);
        let error = result.as_ref().err();
        let errno = error.and_then(ChangeError::errno);
        match error {
            // It ended by another hand.
            Some(_) if then.is_none() && errno == Some(Errno::SRCH) => {}
            Some(error) => {
                if let Some(running) = then.filter(|_| errno == Some(Errno::EXIST)) {
                    // One of somebody else is in the way: the next attempt begins with its end.
                    let mut daemon = running.daemon;
                    daemon.id = !daemon.id;
                    let is_started = true;
                    self.running[place] = Some(Running { daemon, is_started });
                }
                return self.attempts[place].refused(change, error, now);
            }
            None => {}
        }
        self.running[place] = then;
        self.attempts[place] = Attempts::default();
        None
    }

    /// These run: what others ended, or replaced, is to start again.
    pub(crate) fn found(&mut self, daemons: &[SyncDaemon]) {
        for role in ROLES {
            let place = place(role);
            let found = daemons.iter().find(|daemon| daemon.role == role);
            let Some(running) = &self.running[place] else {
                continue;
            };
            let is_as_before = found.is_some_and(|found| is_as_wanted(found, &running.daemon));
            if !is_as_before {
                self.running[place] = found.map(|&daemon| Running {
                    daemon,
                    is_started: false,
                });
            }
        }
    }

    /// Nothing shall run from now on.
    pub(crate) fn end(&mut self) {
        self.config.clear();
        self.attempts = Default::default();
    }

    /// What may run because of us, now or later.
    pub(crate) fn records(&self) -> Vec<DaemonRecord> {
        let mut records = records_of(&self.config);
        let running = self.running.iter().flatten();
        records.extend(running.map(|running| record(running.daemon.role, running.daemon.id)));
        records.sort_unstable();
        records.dedup();
        records
    }

    /// What still runs.
    pub(crate) fn running(&self) -> impl Iterator<Item = SyncDaemon> {
        self.running.iter().flatten().map(|running| running.daemon)
    }

    /// When something that was refused is to be tried again.
    pub(crate) fn next_retry(&self, now: Instant) -> Option<Instant> {
        let times = self.attempts.iter().filter_map(Attempts::retry_at);
        times.filter(|at| *at > now).min()
    }
}

impl Running {
    fn fits(&self, wanted: &SyncDaemon) -> bool {
        match self.is_started {
            true => self.daemon == *wanted,
            false => is_as_wanted(&self.daemon, wanted),
        }
    }
}

/// What may run because of a configuration.
pub(crate) fn records_of(config: &[SyncDaemonConfig]) -> Vec<DaemonRecord> {
    let of_one = |config: &SyncDaemonConfig| {
        let id = config.daemon.id;
        let roles: &[SyncRole] = match config.roles {
            DaemonRoles::Master => &ROLES[..1],
            DaemonRoles::Backup => &ROLES[1..],
            DaemonRoles::Both | DaemonRoles::Follows => &ROLES,
        };
        roles.iter().map(move |role| record(*role, id))
    };
    config.iter().flat_map(of_one).collect()
}

fn record(role: SyncRole, id: u8) -> DaemonRecord {
    let is_master = role == SyncRole::Master;
    DaemonRecord { is_master, id }
}

fn place(role: SyncRole) -> usize {
    usize::from(role == SyncRole::Backup)
}

/// Whether a change was carried out, where these are the daemons that run.
pub(crate) fn is_done(change: &IpvsChange, found: &[SyncDaemon]) -> bool {
    match change {
        IpvsChange::AddDaemon(wanted) => found
            .iter()
            .any(|found| found.role == wanted.role && is_as_wanted(found, wanted)),
        IpvsChange::RemoveDaemon { role, .. } => found.iter().all(|found| found.role != *role),
        _ => false,
    }
}

/// Whether one that the kernel describes is as wanted; what is not said is its choice.
fn is_as_wanted(found: &SyncDaemon, wanted: &SyncDaemon) -> bool {
    fn agrees<T: PartialEq>(found: Option<T>, wanted: Option<T>) -> bool {
        wanted.is_none() || found == wanted
    }
    (found.interface, found.id) == (wanted.interface, wanted.id)
        && agrees(found.maxlen, wanted.maxlen)
        && agrees(found.port, wanted.port)
        && agrees(found.ttl, wanted.ttl)
        && agrees(found.group, wanted.group)
}

#[cfg(test)]
mod tests;
