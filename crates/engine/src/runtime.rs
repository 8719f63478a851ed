//! The runtime file and the sweep: nothing is left behind by a crash for longer
//! than until the next start.
//!
//! Before an address, a route or a rule can be added, the file says that it may be. A sweep removes
//! what is recorded there or configured now and carries our protocol number;
//! never by the number alone, which a live keepalived uses too.

mod sweep;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use ka_netlink::RouteSocket;
use ka_sys::record::{RecordError, RecordFile, recorded_names};

use crate::error::EngineError;
use crate::record::{FORMAT, Leftover, Records};

/// The lock and the file of one engine in one network namespace.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) file: RecordFile<Records>,
}

impl Runtime {
    /// Takes the lock and reads what an engine before us may have left.
    pub(crate) fn open(directory: &Path, instance_name: Option<&str>) -> Result<Self, EngineError> {
        let namespace = ka_sys::namespace::network_namespace_inode()?;
        let file = RecordFile::open(directory, namespace, instance_name, &FORMAT)?;
        Ok(Self { file })
    }

    /// Whether `promote_secondaries` of the interface was set by an engine, and has to be set back.
    pub(crate) fn has_promoted(&self, interface: &str) -> bool {
        let interface = interface.to_owned();
        self.file
            .recorded()
            .contains(&Leftover::Promotion { interface })
    }

    /// Records `wanted` beside what is recorded already.
    pub(crate) fn add(&mut self, wanted: &Records) -> Result<(), EngineError> {
        let union: Records = self.file.recorded().union(wanted).cloned().collect();
        Ok(self.file.replace(union)?)
    }
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseReport {
    /// What it removed.
    pub released: Vec<Leftover>,
    /// What it could not remove, with the kernel's reason.
    pub failed: Vec<(Leftover, String)>,
}

/// Removes what engines that were killed left in this network namespace: the one with the
/// given name, or without one every engine that has left a runtime file and lives no more.
///
/// # Errors
///
/// [`RecordError::AlreadyRunning`] while the engine with that name lives, or without a name the
/// one that has none, if there was nothing else to do; [`RecordError::Unusable`]
/// where nobody can tell what it left; any error of a runtime file or of netlink.
pub fn release(
    directory: &Path,
    instance_name: Option<&str>,
) -> Result<ReleaseReport, EngineError> {
    if let Err(error) = fs::metadata(directory)
        && error.kind() == ErrorKind::NotFound
    {
        return Ok(ReleaseReport::default());
    }
    if instance_name.is_some() {
        return release_one(directory, instance_name);
    }
    let namespace = ka_sys::namespace::network_namespace_inode()?;
    let names = recorded_names(directory, namespace, &FORMAT)?;
    if names.is_empty() {
        // Says whether one lives that has nothing yet.
        return release_one(directory, None);
    }
    let mut report: Option<ReleaseReport> = None;
    let mut alive = None;
    let mut failure = None;
    for name in names {
        match release_one(directory, name.as_deref()) {
            Ok(mut one) => {
                let report = report.get_or_insert_default();
                report.released.append(&mut one.released);
                report.failed.append(&mut one.failed);
            }
            // One that lives is nobody's business, unless it is the one that was meant.
            Err(error @ EngineError::Record(RecordError::AlreadyRunning { .. }))
                if name.is_none() =>
            {
                alive = Some(error);
            }
            Err(EngineError::Record(RecordError::AlreadyRunning { .. })) => {}
            // The others are dealt with all the same.
            Err(error) => failure = Some(error),
        }
    }
    match (failure, report, alive) {
        (Some(error), _, _) | (None, None, Some(error)) => Err(error),
        (None, report, _) => Ok(report.unwrap_or_default()),
    }
}

fn release_one(
    directory: &Path,
    instance_name: Option<&str>,
) -> Result<ReleaseReport, EngineError> {
    let mut runtime = Runtime::open(directory, instance_name)?;
    runtime.file.usable()?;
    let mut route = RouteSocket::open()?;
    let links = route.links()?;
    let report = runtime.sweep(&mut route, &links, &Records::new())?;
    if report.failed.is_empty() {
        runtime.file.clear()?;
    }
    Ok(report)
}

#[cfg(test)]
mod tests;
