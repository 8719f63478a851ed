//! The end: everything of ours goes, however much it is.

use std::time::Instant;

use ka_netlink::Errno;
use ka_netlink::ipvs::{IpvsChange, MAX_BATCH, Service, SyncRole};

use super::IpvsThread;
use crate::config::FlushOnStop;
use crate::record::{DaemonRecord, Leftover, Records};

impl IpvsThread {
    /// Removes what is ours and sets back what was set; what could not be.
    pub(super) fn leave(&mut self) -> Vec<Leftover> {
        if !self.has_applied {
            if let Some(runtime) = &mut self.runtime {
                // What a process before us has left is still its record's; what was recorded beside it does no harm if it stays.
                let _ = runtime.forget_reserved();
            }
            return Vec::new();
        }
        if !self.release_on_stop {
            let records = self.records();
            if let Some(runtime) = &mut self.runtime {
                // It holds more than that otherwise, which does no harm.
                let _ = runtime.replace(records);
            }
            return Vec::new();
        }
        self.remove_services();
        self.daemons.end();
        let now = Instant::now();
        self.settle_daemons(now);
        self.timeouts.restore();
        self.settle_timeouts(now);
        let left = self.left_behind();
        if let Some(runtime) = &mut self.runtime {
            // What the file says too much, the next start finds out.
            let _ = runtime.replace(left.clone());
        }
        if self.has_news {
            self.shared.tell_host();
        }
        named(&left)
    }

    fn remove_services(&mut self) {
        self.resolve_doubts();
        if self.flush_on_stop == FlushOnStop::All && self.flush() {
            return;
        }
        // A second time for those whose acknowledgement was lost.
        for _ in 0..2 {
            let services = self.table.all_known();
            for batch in services.chunks(MAX_BATCH) {
                self.remove_batch(batch);
            }
        }
    }

    fn remove_batch(&mut self, services: &[Service]) {
        let changes: Vec<_> = services
            .iter()
            .map(|it| IpvsChange::RemoveService(*it))
            .collect();
        let results = self.kernel.ask(&changes);
        for (service, result) in services.iter().zip(results) {
            let is_gone = match &result {
                Ok(()) => true,
                Err(error) => error.errno() == Some(Errno::SRCH),
            };
            if is_gone {
                self.table.forget_known(service.key);
            }
        }
    }

    fn left_behind(&self) -> Records {
        let services = self.table.all_known();
        let daemons = self.daemons.running().map(|daemon| DaemonRecord {
            is_master: daemon.role == SyncRole::Master,
            id: daemon.id,
        });
        Records {
            services: services.into_iter().map(|service| service.key).collect(),
            daemons: daemons.collect(),
            timeouts: self.timeouts.owed(),
        }
    }
}

/// What records hold, one by one.
fn named(records: &Records) -> Vec<Leftover> {
    let mut services: Vec<_> = records.services.iter().copied().collect();
    services.sort_unstable();
    let services = services.into_iter().map(Leftover::Service);
    let daemons = records.daemons.iter();
    let daemons = daemons.map(|daemon| Leftover::SyncDaemon(daemon.role()));
    let timeouts = records.timeouts.iter().map(|_| Leftover::Timeouts);
    services.chain(daemons).chain(timeouts).collect()
}
