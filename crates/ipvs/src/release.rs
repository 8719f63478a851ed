//! What processes that were killed left behind.

use std::path::Path;

use ka_netlink::ipvs::{IpvsChange, IpvsName, IpvsSocket, Service, ServiceKey, SyncDaemon};
use ka_netlink::{Errno, NetlinkError};
use ka_sys::record::{RecordError, recorded_names};

use crate::error::IpvsError;
use crate::kernel::Kernel;
use crate::record::{FORMAT, Leftover, Records};
use crate::runtime::Runtime;

/// What a release did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseReport {
    /// What it removed or set back.
    pub released: Vec<Leftover>,
    /// What it could not, with the kernel's reason.
    pub failed: Vec<(Leftover, String)>,
}

/// Removes what processes that were killed left of IPVS in this network namespace: the one with the given name, or without one
/// every one that has left a runtime file and lives no more. Those that live are passed over.
///
/// # Errors
/// [`RecordError::Unusable`] where nobody can tell what one left; any error of a runtime file or of netlink.
pub fn release(directory: &Path, instance_name: Option<&str>) -> Result<ReleaseReport, IpvsError> {
    let namespace = ka_sys::namespace::network_namespace_inode()?;
    let mut report = ReleaseReport::default();
    let mut failure = None;
    let names = recorded_names(directory, namespace, &FORMAT)?;
    for name in names
        .into_iter()
        .filter(|name| instance_name.is_none() || name.as_deref() == instance_name)
    {
        match release_one(directory, namespace, name.as_deref(), &mut report) {
            Ok(()) | Err(IpvsError::Record(RecordError::AlreadyRunning { .. })) => {}
            // The others are dealt with all the same.
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(report), Err)
}

fn release_one(
    directory: &Path,
    namespace: u64,
    name: Option<&str>,
    report: &mut ReleaseReport,
) -> Result<(), IpvsError> {
    let mut runtime = Runtime::open(directory, namespace, name)?;
    runtime.file.usable()?;
    let mut kernel = match IpvsSocket::open() {
        Ok(socket) => Kernel::new(socket),
        // Without IPVS nothing is left of it.
        Err(NetlinkError::FamilyMissing { .. }) => return Ok(runtime.file.clear()?),
        Err(error) => return Err(error.into()),
    };
    let failed_before = report.failed.len();
    let recorded = runtime.file.recorded().clone();
    for (left, change) in changes(&mut kernel, &recorded)? {
        match kernel.ask_one(change) {
            Ok(()) => report.released.push(left),
            // It went by another hand, or never was there.
            Err(error) if error.errno() == Some(Errno::SRCH) => {}
            Err(error) => report.failed.push((left, error.to_string())),
        }
    }
    if report.failed.len() == failed_before {
        runtime.file.clear()?;
    }
    Ok(())
}

/// What has to be done for what is recorded.
fn changes(
    kernel: &mut Kernel,
    recorded: &Records,
) -> Result<Vec<(Leftover, IpvsChange)>, IpvsError> {
    let mut changes = Vec::new();
    let mut services: Vec<ServiceKey> = recorded.services.iter().copied().collect();
    services.sort_unstable();
    // The kernel looks at keys alone.
    if let Ok(scheduler) = IpvsName::new("wlc") {
        changes.extend(services.into_iter().map(|key| {
            let service = Service::new(key, scheduler);
            (Leftover::Service(key), IpvsChange::RemoveService(service))
        }));
    }
    let is_recorded = |daemon: &SyncDaemon| {
        let mut daemons = recorded.daemons.iter();
        daemons.any(|it| (it.role(), it.id) == (daemon.role, daemon.id))
    };
    for SyncDaemon { role, id, .. } in kernel.daemons()?.into_iter().filter(is_recorded) {
        let change = IpvsChange::RemoveDaemon { role, id };
        changes.push((Leftover::SyncDaemon(role), change));
    }
    if let Some(timeouts) = recorded.timeouts
        && kernel.timeouts()? != timeouts
    {
        changes.push((Leftover::Timeouts, IpvsChange::SetTimeouts(timeouts)));
    }
    Ok(changes)
}
