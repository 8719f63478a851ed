//! The kernel's side, and what it was asked for.

use std::collections::HashMap;

use ka_netlink::ipvs::{
    Destination, DestinationStatus, IpvsChange, IpvsSocket, MAX_BATCH, ServiceKey, ServiceStatus,
    SyncDaemon, Timeouts,
};
use ka_netlink::{ChangeError, NetlinkError};

use crate::daemons;
use crate::snapshot::IpvsStatus;

#[derive(Debug)]
pub(crate) struct Kernel {
    socket: IpvsSocket,
    pub(crate) status: IpvsStatus,
}

impl Kernel {
    pub(crate) fn new(socket: IpvsSocket) -> Self {
        Self {
            socket,
            status: IpvsStatus::default(),
        }
    }

    /// Asks for changes, in order; one result for each.
    pub(crate) fn ask(&mut self, changes: &[IpvsChange]) -> Vec<Result<(), ChangeError>> {
        let mut results = Vec::with_capacity(changes.len());
        self.socket.submit(changes, &mut results);
        self.status.messages += changes.len() as u64;
        self.status.writes += changes.len().div_ceil(MAX_BATCH) as u64;
        self.status.refusals += results.iter().filter(|it| it.is_err()).count() as u64;
        results
    }

    /// Asks for one change. To the end of a sync daemon that has not run yet the kernel says nothing (it is interrupted by it): what
    /// came of it is looked at then.
    pub(crate) fn ask_one(&mut self, change: IpvsChange) -> Result<(), ChangeError> {
        let mut results = self.ask(&[change]);
        match results.pop() {
            Some(Err(ChangeError::Unacknowledged)) | None if self.has_done(&change) => Ok(()),
            result => result.unwrap_or(Err(ChangeError::Unacknowledged)),
        }
    }

    /// Whether sync daemons are as a change that was not acknowledged would make them.
    fn has_done(&mut self, change: &IpvsChange) -> bool {
        if !matches!(
            change,
            IpvsChange::AddDaemon(_) | IpvsChange::RemoveDaemon { .. }
        ) {
            return false;
        }
        // What cannot be looked at is tried again.
        self.daemons()
            .is_ok_and(|running| daemons::is_done(change, &running))
    }

    pub(crate) fn services(&mut self) -> Result<HashMap<ServiceKey, ServiceStatus>, NetlinkError> {
        let services = self.socket.services()?.into_iter();
        Ok(services.map(|found| (found.service.key, found)).collect())
    }

    pub(crate) fn service(
        &mut self,
        key: ServiceKey,
    ) -> Result<Option<ServiceStatus>, NetlinkError> {
        self.socket.service(&key)
    }

    pub(crate) fn destination_states(
        &mut self,
        key: ServiceKey,
    ) -> Result<Vec<DestinationStatus>, NetlinkError> {
        self.socket.destinations(&key)
    }

    pub(crate) fn destinations(
        &mut self,
        key: ServiceKey,
    ) -> Result<Vec<Destination>, NetlinkError> {
        let found = self.socket.destinations(&key)?.into_iter();
        Ok(found.map(|found| found.destination).collect())
    }

    pub(crate) fn daemons(&mut self) -> Result<Vec<SyncDaemon>, NetlinkError> {
        self.socket.daemons()
    }

    pub(crate) fn timeouts(&mut self) -> Result<Timeouts, NetlinkError> {
        self.socket.timeouts()
    }
}
