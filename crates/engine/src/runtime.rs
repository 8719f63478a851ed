//! The runtime file and the sweep: nothing is left behind by a crash for longer
//! than until the next start.
//!
//! Before an address, a route or a rule can be added, the file says that it may be. A sweep removes
//! what is recorded there or configured now and carries our protocol number;
//! never by the number alone, which a live keepalived uses too.

mod sweep;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ka_netlink::RouteSocket;
use ka_sys::lock::{Acquired, InstanceLock};

use crate::error::EngineError;
use crate::record::{self, Flaw, Leftover, Records};

/// Mode of the directory of lock and file.
const DIRECTORY_MODE: u32 = 0o755;

/// The lock and the file of one engine in one network namespace.
#[derive(Debug)]
pub(crate) struct Runtime {
    path: PathBuf,
    recorded: Records,
    /// Why the file that is there cannot be used; nothing is recorded then.
    flaw: Option<Flaw>,
    lock: Arc<InstanceLock>,
}

/// Makes the directory where it does not exist: anyone may look into it, whatever the umask.
fn make_directory(directory: &Path) -> std::io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).create(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))
}

impl Runtime {
    /// Takes the lock and reads what an engine before us may have left.
    pub(crate) fn open(directory: &Path, instance_name: Option<&str>) -> Result<Self, EngineError> {
        // The name becomes part of a file name.
        if let Some(name) =
            instance_name.filter(|name| name.is_empty() || name.contains(['/', '\0']))
        {
            let reason = std::io::Error::new(ErrorKind::InvalidInput, "a file name cannot hold it");
            return Err(failed("use instance name", Path::new(name))(reason));
        }
        make_directory(directory).map_err(failed("create", directory))?;
        let stem = match instance_name {
            Some(name) => format!("{}.{name}", ka_sys::namespace::network_namespace_inode()?),
            None => ka_sys::namespace::network_namespace_inode()?.to_string(),
        };
        let lock_path = directory.join(format!("{stem}.lock"));
        let Acquired::Lock(lock) = InstanceLock::acquire(&lock_path)? else {
            return Err(EngineError::AlreadyRunning { path: lock_path });
        };
        let path = directory.join(format!("{stem}.json"));
        let (recorded, flaw) = match record::read(&path).map_err(failed("read", &path))? {
            Ok(recorded) => (recorded, None),
            Err(flaw) => (Records::new(), Some(flaw)),
        };
        Ok(Self {
            path,
            recorded,
            flaw,
            lock: Arc::new(lock),
        })
    }

    /// Fails where the file that is there cannot be used.
    pub(crate) fn usable(&self) -> Result<(), EngineError> {
        match &self.flaw {
            None => Ok(()),
            Some(flaw) => Err(EngineError::UnusableRecord {
                path: self.path.clone(),
                reason: flaw.to_string(),
            }),
        }
    }

    /// Gives a file that cannot be used another name, in place of one that has it, and says so.
    pub(crate) fn put_aside(&mut self) -> Result<Option<String>, EngineError> {
        let Some(flaw) = &self.flaw else {
            return Ok(None);
        };
        let aside = self.path.with_extension("json.bad");
        fs::rename(&self.path, &aside).map_err(failed("put aside", &self.path))?;
        let told = format!(
            "{} cannot be used: {flaw}; it is kept as {}, and what an engine before this one left may still be there",
            self.path.display(),
            aside.display()
        );
        self.flaw = None;
        Ok(Some(told))
    }

    /// Whether `promote_secondaries` of the interface was set by an engine, and has to be set back.
    pub(crate) fn has_promoted(&self, interface: &str) -> bool {
        let interface = interface.to_owned();
        self.recorded.contains(&Leftover::Promotion { interface })
    }

    /// Another handle on the lock, which is held until the last one is dropped.
    pub(crate) fn lock(&self) -> Arc<InstanceLock> {
        Arc::clone(&self.lock)
    }

    /// Records `wanted` beside what is recorded already.
    pub(crate) fn add(&mut self, wanted: &Records) -> Result<(), EngineError> {
        if wanted.is_subset(&self.recorded) {
            return Ok(());
        }
        let union: Records = self.recorded.union(wanted).cloned().collect();
        self.write(union)
    }

    /// Records `wanted` and nothing else.
    pub(crate) fn replace(&mut self, wanted: Records) -> Result<(), EngineError> {
        if wanted == self.recorded {
            return Ok(());
        }
        self.write(wanted)
    }

    /// Removes the file: nothing of ours is left.
    pub(crate) fn clear(&mut self) -> Result<(), EngineError> {
        self.recorded.clear();
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, records: Records) -> Result<(), EngineError> {
        let temporary = self.path.with_extension("json.new");
        let written = record::write(&temporary, &records)
            .map_err(failed("write", &temporary))
            .and_then(|()| {
                fs::rename(&temporary, &self.path).map_err(failed("replace", &self.path))
            });
        if written.is_err() {
            // A part of it only takes room of a disk that has none. What failed first is told.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.recorded = records;
        Ok(())
    }
}

fn failed(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> EngineError + use<> {
    let path = path.to_owned();
    move |source| EngineError::RuntimeFile {
        operation,
        path,
        source,
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
/// [`EngineError::AlreadyRunning`] while the engine with that name lives, or without a name the
/// one that has none, if there was nothing else to do; [`EngineError::UnusableRecord`]
/// where nobody can tell what it left; any error of a runtime file or of netlink.
pub fn release(
    directory: &Path,
    instance_name: Option<&str>,
) -> Result<ReleaseReport, EngineError> {
    match fs::metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(ReleaseReport::default()),
        metadata => metadata.map_err(failed("look at", directory))?,
    };
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
    runtime.usable()?;
    let mut route = RouteSocket::open()?;
    let links = route.links()?;
    let report = runtime.sweep(&mut route, &links, &Records::new())?;
    if report.failed.is_empty() {
        runtime.clear()?;
    }
    Ok(report)
}

/// The names of the engines that have a runtime file for this network namespace; `None` is the
/// one without a name.
fn recorded_names(directory: &Path) -> Result<BTreeSet<Option<String>>, EngineError> {
    let namespace = ka_sys::namespace::network_namespace_inode()?.to_string();
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).map_err(failed("list", directory))? {
        let file = entry.map_err(failed("list", directory))?.file_name();
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
