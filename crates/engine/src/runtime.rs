//! The runtime file and the sweep: nothing is left behind by a crash for longer
//! than until the next start.
//!
//! Before an address can be added, the file says that it may be. A sweep removes
//! what is recorded there or configured now and carries our protocol number;
//! never by the number alone, which a live keepalived uses too.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ka_netlink::{AddressChange, Errno, Link, RouteSocket};
use ka_sys::lock::{Acquired, InstanceLock};
use serde::{Deserialize, Serialize};

use crate::PROTOCOL_ID;
use crate::error::EngineError;

/// Version of the file's layout.
const LAYOUT: u32 = 1;
/// Kernels from this version on tell who added an address (IFA_PROTO).
const PROTOCOL_SINCE: (u32, u32) = (5, 18);

/// An address that we may have added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) interface: String,
    pub(crate) address: IpAddr,
}

#[derive(Debug, Serialize, Deserialize)]
struct Layout {
    layout: u32,
    addresses: BTreeSet<Record>,
}

/// The lock and the file of one engine in one network namespace.
#[derive(Debug)]
pub(crate) struct Runtime {
    path: PathBuf,
    recorded: BTreeSet<Record>,
    lock: Arc<InstanceLock>,
}

impl Runtime {
    /// Takes the lock and reads what an engine before us may have left.
    pub(crate) fn open(directory: &Path, instance_name: Option<&str>) -> Result<Self, EngineError> {
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| EngineError::RuntimeFile {
                operation,
                path,
                source,
            }
        };
        // The name becomes part of a file name.
        if let Some(name) =
            instance_name.filter(|name| name.is_empty() || name.contains(['/', '\0']))
        {
            let reason = std::io::Error::new(ErrorKind::InvalidInput, "a file name cannot hold it");
            return Err(failed("use instance name", Path::new(name))(reason));
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(directory)
            .map_err(failed("create", directory))?;
        let stem = match instance_name {
            Some(name) => format!("{}.{name}", ka_sys::namespace::network_namespace_inode()?),
            None => ka_sys::namespace::network_namespace_inode()?.to_string(),
        };
        let lock_path = directory.join(format!("{stem}.lock"));
        let Acquired::Lock(lock) = InstanceLock::acquire(&lock_path)? else {
            return Err(EngineError::AlreadyRunning { path: lock_path });
        };
        let path = directory.join(format!("{stem}.json"));
        let recorded = match fs::read(&path) {
            Ok(text) => parse(&text).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeSet::new(),
            Err(source) => return Err(failed("read", &path)(source)),
        };
        Ok(Self {
            path,
            recorded,
            lock: Arc::new(lock),
        })
    }

    /// Another handle on the lock, which is held until the last one is dropped.
    pub(crate) fn lock(&self) -> Arc<InstanceLock> {
        Arc::clone(&self.lock)
    }

    /// Records `wanted` beside what is recorded already.
    pub(crate) fn add(&mut self, wanted: &BTreeSet<Record>) -> Result<(), EngineError> {
        if wanted.is_subset(&self.recorded) {
            return Ok(());
        }
        let union: BTreeSet<Record> = self.recorded.union(wanted).cloned().collect();
        self.write(union)
    }

    /// Records `wanted` and nothing else.
    pub(crate) fn replace(&mut self, wanted: BTreeSet<Record>) -> Result<(), EngineError> {
        if wanted == self.recorded {
            return Ok(());
        }
        self.write(wanted)
    }

    /// Removes the file: nothing of ours is left.
    pub(crate) fn clear(&mut self) -> Result<(), EngineError> {
        self.recorded.clear();
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EngineError::RuntimeFile {
                operation: "remove",
                path: self.path.clone(),
                source: error,
            }),
            _ => Ok(()),
        }
    }

    /// Removes leftovers: what is recorded or in `configured`, and carries our number.
    pub(crate) fn sweep(
        &self,
        route: &mut RouteSocket,
        links: &[Link],
        configured: &BTreeSet<Record>,
    ) -> Result<ReleaseReport, EngineError> {
        let marked = kernel_marks_addresses();
        let mut leftovers = Vec::new();
        for address in route.addresses()? {
            let Some(link) = links.iter().find(|link| link.index == address.key.ifindex) else {
                continue;
            };
            let record = Record {
                interface: link.name.as_str().to_owned(),
                address: address.key.address,
            };
            let recorded = self.recorded.contains(&record);
            let ours = if marked {
                address.protocol == Some(PROTOCOL_ID) && (recorded || configured.contains(&record))
            } else {
                recorded
            };
            if ours {
                leftovers.push((record, address.key));
            }
        }
        let changes: Vec<AddressChange> = leftovers
            .iter()
            .map(|(_, key)| AddressChange::Remove(*key))
            .collect();
        let mut results = Vec::with_capacity(changes.len());
        route.submit(&changes, &mut results);
        let mut report = ReleaseReport::default();
        for ((record, _), result) in leftovers.into_iter().zip(results) {
            let released = ReleasedAddress {
                interface: record.interface,
                address: record.address,
            };
            match result {
                Ok(()) => report.released.push(released),
                // It went with another one, or by another hand.
                Err(error) if error.errno() == Some(Errno::ADDRNOTAVAIL) => {}
                Err(error) => report.failed.push((released, error.to_string())),
            }
        }
        Ok(report)
    }

    fn write(&mut self, addresses: BTreeSet<Record>) -> Result<(), EngineError> {
        let temporary = self.path.with_extension("json.new");
        let failed = |operation, path: &Path| {
            let path = path.to_owned();
            move |source| EngineError::RuntimeFile {
                operation,
                path,
                source,
            }
        };
        let layout = Layout {
            layout: LAYOUT,
            addresses,
        };
        let text = serde_json::to_vec(&layout)
            .map_err(|error| failed("encode", &self.path)(error.into()))?;
        let write = || -> std::io::Result<()> {
            let mut file: File = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o644)
                .open(&temporary)?;
            file.write_all(&text)?;
            file.sync_data()
        };
        write().map_err(failed("write", &temporary))?;
        fs::rename(&temporary, &self.path).map_err(failed("replace", &self.path))?;
        self.recorded = layout.addresses;
        Ok(())
    }
}

/// Reads a runtime file; a half-written or foreign one counts as empty, since
/// what is configured is swept all the same.
fn parse(text: &[u8]) -> Option<BTreeSet<Record>> {
    let layout: Layout = serde_json::from_slice(text).ok()?;
    (layout.layout == LAYOUT).then_some(layout.addresses)
}

fn kernel_marks_addresses() -> bool {
    let release = rustix::system::uname();
    let text = release.release().to_string_lossy();
    let mut numbers = text
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= PROTOCOL_SINCE,
        _ => false,
    }
}

/// An address that a sweep removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedAddress {
    /// The interface that carried it.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
}

impl From<ReleasedAddress> for Record {
    fn from(left: ReleasedAddress) -> Self {
        Self {
            interface: left.interface,
            address: left.address,
        }
    }
}

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseReport {
    /// What it removed.
    pub released: Vec<ReleasedAddress>,
    /// What it could not remove, with the kernel's reason.
    pub failed: Vec<(ReleasedAddress, String)>,
}

/// Removes what engines that were killed left in this network namespace: the one with the
/// given name, or without one every engine that has left a runtime file and lives no more.
///
/// # Errors
///
/// [`EngineError::AlreadyRunning`] while the engine with that name lives, or without a name the
/// one that has none, if there was nothing else to do; any error of a runtime file or of netlink.
pub fn release(
    directory: &Path,
    instance_name: Option<&str>,
) -> Result<ReleaseReport, EngineError> {
    if !directory.exists() {
        return Ok(ReleaseReport::default());
    }
    if instance_name.is_some() {
        return release_one(directory, instance_name);
    }
    let names = recorded_names(directory)?;
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
            Err(error @ EngineError::AlreadyRunning { .. }) if name.is_none() => {
                alive = Some(error);
            }
            Err(EngineError::AlreadyRunning { .. }) => {}
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
    let mut route = RouteSocket::open()?;
    let links = route.links()?;
    let report = runtime.sweep(&mut route, &links, &BTreeSet::new())?;
    if report.failed.is_empty() {
        runtime.clear()?;
    }
    Ok(report)
}

/// The names of the engines that have a runtime file for this network namespace; `None` is the
/// one without a name.
fn recorded_names(directory: &Path) -> Result<BTreeSet<Option<String>>, EngineError> {
    let failed = |source| EngineError::RuntimeFile {
        operation: "list",
        path: directory.to_owned(),
        source,
    };
    let namespace = ka_sys::namespace::network_namespace_inode()?.to_string();
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name();
        let stem = file.to_str().and_then(|file| file.strip_suffix(".json"));
        match stem.and_then(|stem| stem.strip_prefix(namespace.as_str())) {
            Some("") => names.insert(None),
            Some(rest) => match rest.strip_prefix('.') {
                Some(name) => names.insert(Some(name.to_owned())),
                None => continue, // of a namespace whose number begins alike
            },
            None => continue,
        };
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
