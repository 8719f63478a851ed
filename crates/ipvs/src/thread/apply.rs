//! From one wanted state to the next.

use std::collections::HashSet;
use std::time::Instant;

use ka_netlink::NetlinkError;
use ka_netlink::ipvs::{Destination, IpvsChange, Service, ServiceKey, SyncDaemon};

use super::IpvsThread;
use crate::audit::Audit;
use crate::config::IpvsConfig;
use crate::daemons;
use crate::error::IpvsError;
use crate::event::Refused;
use crate::handle::IpvsReport;
use crate::kernel::Kernel;
use crate::record::Records;
use crate::runtime::Runtime;
use crate::shared::Reply;
use crate::table::keys_of;
use crate::timeouts::TimeoutState;

/// An apply that is under way.
pub(super) struct PendingApply {
    /// Its number among the commands.
    pub(super) ticket: u64,
    reply: Reply<IpvsReport>,
    report: IpvsReport,
    /// Changes that the kernel had been asked for before it.
    messages_before: u64,
    is_first: bool,
}

/// What is there at the start.
#[derive(Default)]
struct Found {
    services: Vec<(Service, Vec<Destination>)>,
    daemons: Vec<SyncDaemon>,
}

impl Found {
    /// Services under these keys, and all sync daemons.
    fn under(ours: &HashSet<ServiceKey>, kernel: &mut Kernel) -> Result<Self, NetlinkError> {
        let mut services = Vec::new();
        for (key, status) in kernel.services()? {
            if ours.contains(&key) {
                services.push((status.service, kernel.destinations(key)?));
            }
        }
        let daemons = kernel.daemons()?;
        Ok(Self { services, daemons })
    }
}

impl IpvsThread {
    pub(super) fn begin_apply(&mut self, config: IpvsConfig, reply: Reply<IpvsReport>) {
        let messages_before = self.kernel.status.messages;
        let is_first = !self.has_applied;
        match self.take_up(config, is_first) {
            Ok(report) => self.applies.push_back(PendingApply {
                ticket: self.table.ticket(),
                reply,
                report,
                messages_before,
                is_first,
            }),
            Err(error) => {
                // Who asked may have gone.
                let _ = reply.try_send(Err(error));
            }
        }
    }

    /// Everything that may fail comes first.
    fn take_up(&mut self, config: IpvsConfig, is_first: bool) -> Result<IpvsReport, IpvsError> {
        self.table.check_kept(&config)?;
        let recorded = self.recorded()?;
        let mut found = Found::default();
        if is_first {
            let ours = keys_of(&config).chain(recorded.services.iter().copied());
            found = Found::under(&ours.collect(), &mut self.kernel)?;
        }
        let timeouts = self.reserve(&config)?;
        // From here on nothing fails.
        let told = self.runtime.as_mut().and_then(Runtime::take_told);
        if is_first {
            if config.flush && self.flush() {
                found.services.clear();
            }
            for (service, destinations) in found.services {
                // What was there before us is nobody's fault.
                let _ = self.table.found_service(service.key, Some(service));
                let _ = self.table.found_destinations(service.key, destinations);
            }
        }
        self.timeouts = timeouts;
        let first = is_first.then_some((found.daemons.as_slice(), recorded.daemons.as_slice()));
        self.daemons.configure(config.sync_daemons, first);
        self.flush_on_stop = config.flush_on_stop;
        self.has_applied = true;
        let counts = self.table.set_wanted(config.services, &config.kept);
        Ok(IpvsReport {
            added: counts.added,
            changed: counts.changed,
            unchanged: counts.unchanged,
            removed: counts.removed,
            messages: 0,
            told,
        })
    }

    /// What a process before us, and we so far, have told in the record.
    fn recorded(&self) -> Result<Records, IpvsError> {
        let runtime = self.runtime.as_ref().ok_or(IpvsError::Stopped)?;
        Ok(runtime.file.recorded().clone())
    }

    /// Before anything can be made, the file says that it may be there. Returns the timeouts that shall be set.
    pub(super) fn reserve(&mut self, config: &IpvsConfig) -> Result<TimeoutState, IpvsError> {
        let runtime = self.runtime.as_mut().ok_or(IpvsError::Stopped)?;
        let mut timeouts = self.timeouts;
        if !self.has_applied {
            timeouts.inherit(runtime.file.recorded().timeouts);
        }
        timeouts.configure(&config.timeouts, &mut self.kernel)?;
        runtime.put_aside()?;
        runtime.add(&Records {
            services: keys_of(config).collect(),
            daemons: daemons::records_of(&config.sync_daemons),
            timeouts: timeouts.owed(),
        })?;
        Ok(timeouts)
    }

    /// Removes all that is there, of others too.
    pub(super) fn flush(&mut self) -> bool {
        let change = IpvsChange::Flush;
        match self.kernel.ask_one(change) {
            Ok(()) => {
                self.table.flushed();
                true
            }
            Err(error) => {
                if let Some(errno) = error.errno() {
                    self.tell_refused(Refused { change, errno });
                }
                false
            }
        }
    }

    pub(super) fn end_apply(&mut self, mut apply: PendingApply) {
        apply.report.messages = self.kernel.status.messages - apply.messages_before;
        if apply.is_first {
            // Nobody has had time to change what was made just now.
            self.audit = Audit::new(Instant::now());
        }
        let records = self.records();
        if let Some(runtime) = &mut self.runtime {
            // The configuration is in effect, and what the file holds now is more than that: it does no harm if it stays.
            let _ = runtime.replace(records);
        }
        let _ = apply.reply.try_send(Ok(apply.report));
    }

    /// What is there because of us, or may be soon.
    pub(super) fn records(&self) -> Records {
        Records {
            services: self.table.keys(),
            daemons: self.daemons.records(),
            timeouts: self.timeouts.owed(),
        }
    }

    /// Looks at services of which the kernel's answers leave doubts.
    pub(super) fn resolve_doubts(&mut self) {
        let began = Instant::now();
        for (key, is_surprise) in self.table.take_doubts() {
            let Ok(found) = self.kernel.service(key) else {
                // The next answers of the kernel, or the next look at everything, will tell.
                continue;
            };
            let repaired = self
                .table
                .found_service(key, found.map(|found| found.service));
            let mut repairs: Vec<_> = repaired.into_iter().collect();
            if found.is_some()
                && let Ok(destinations) = self.kernel.destinations(key)
            {
                repairs.extend(self.table.found_destinations(key, destinations));
            }
            if is_surprise {
                repairs.into_iter().for_each(|it| self.tell_repaired(it));
            }
        }
        self.kernel.status.audit_time += began.elapsed();
    }
}
