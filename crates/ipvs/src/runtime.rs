//! The lock and the runtime file of one process in one network namespace.
//!
//! Their names end in a way that no file of the engine does, whatever the name of its instance.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ka_sys::lock::{Acquired, InstanceLock};

use crate::error::IpvsError;
use crate::record::{self, Flaw, Records};

/// Mode of the directory of lock and file.
const DIRECTORY_MODE: u32 = 0o755;
/// Behind the number of the network namespace, and the name of the instance if it has one.
const RECORD: &str = "ipvs";
const LOCK: &str = "ipvs-lock";

#[derive(Debug)]
pub(crate) struct Runtime {
    path: PathBuf,
    recorded: Records,
    /// What was recorded at first.
    found: Records,
    /// Why the file that is there cannot be used; nothing is recorded then.
    flaw: Option<Flaw>,
    /// That this file has another name now; until somebody hears it.
    told: Option<String>,
    _lock: InstanceLock,
}

impl Runtime {
    /// Takes the lock of the network namespace with the number `namespace` and reads what a process before us may have left.
    pub(crate) fn open(
        directory: &Path,
        namespace: u64,
        instance_name: Option<&str>,
    ) -> Result<Self, IpvsError> {
        // The name becomes part of a file name.
        if let Some(name) =
            instance_name.filter(|name| name.is_empty() || name.contains(['/', '\0']))
        {
            let reason = std::io::Error::new(ErrorKind::InvalidInput, "a file name cannot hold it");
            return Err(failed("use instance name", Path::new(name))(reason));
        }
        if !directory.is_dir() {
            let make = || {
                fs::DirBuilder::new().recursive(true).create(directory)?;
                fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))
            };
            make().map_err(failed("create", directory))?;
        }
        let stem = match instance_name {
            Some(name) => format!("{namespace}.{name}"),
            None => namespace.to_string(),
        };
        let lock_path = directory.join(format!("{stem}.{LOCK}"));
        let Acquired::Lock(lock) = InstanceLock::acquire(&lock_path)? else {
            return Err(IpvsError::AlreadyRunning { path: lock_path });
        };
        let path = directory.join(format!("{stem}.{RECORD}"));
        let (recorded, flaw) = match record::read(&path).map_err(failed("read", &path))? {
            Ok(recorded) => (recorded, None),
            Err(flaw) => (Records::default(), Some(flaw)),
        };
        Ok(Self {
            path,
            found: recorded.clone(),
            recorded,
            flaw,
            told: None,
            _lock: lock,
        })
    }

    pub(crate) fn recorded(&self) -> &Records {
        &self.recorded
    }

    /// Fails where the file that is there cannot be used.
    pub(crate) fn usable(&self) -> Result<(), IpvsError> {
        match &self.flaw {
            None => Ok(()),
            Some(flaw) => Err(IpvsError::UnusableRecord {
                path: self.path.clone(),
                reason: flaw.to_string(),
            }),
        }
    }

    /// Gives a file that cannot be used another name, in place of one that has it; [`Self::take_told`] says so.
    pub(crate) fn put_aside(&mut self) -> Result<(), IpvsError> {
        let Some(flaw) = &self.flaw else {
            return Ok(());
        };
        let aside = self.path.with_extension("ipvs-bad");
        fs::rename(&self.path, &aside).map_err(failed("put aside", &self.path))?;
        self.told = Some(format!(
            "{} cannot be used: {flaw}; it is kept as {}, and what a process before this one left may still be there",
            self.path.display(),
            aside.display()
        ));
        self.flaw = None;
        Ok(())
    }

    /// What is to be told, once.
    pub(crate) fn take_told(&mut self) -> Option<String> {
        self.told.take()
    }

    /// Records `more` beside what is recorded already.
    pub(crate) fn add(&mut self, more: &Records) -> Result<(), IpvsError> {
        let union = self.recorded.with(more);
        self.replace(union)
    }

    /// Records what was recorded at first and nothing else: nothing was made.
    pub(crate) fn forget_reserved(&mut self) -> Result<(), IpvsError> {
        self.replace(self.found.clone())
    }

    /// Records this and nothing else.
    pub(crate) fn replace(&mut self, records: Records) -> Result<(), IpvsError> {
        if records == self.recorded {
            return Ok(());
        }
        if records.is_empty() {
            return self.clear();
        }
        let temporary = self.path.with_extension("ipvs-new");
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

    /// Removes the file: nothing of ours is left.
    pub(crate) fn clear(&mut self) -> Result<(), IpvsError> {
        self.recorded = Records::default();
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }
}

fn failed(
    operation: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> IpvsError + use<> {
    let path = path.to_owned();
    move |source| IpvsError::RuntimeFile {
        operation,
        path,
        source,
    }
}

/// The names of the instances that have a runtime file for the network namespace with the number `namespace`; `None` is the one
/// without a name.
pub(crate) fn recorded_names(
    directory: &Path,
    namespace: u64,
) -> Result<BTreeSet<Option<String>>, IpvsError> {
    let namespace = namespace.to_string();
    let suffix = format!(".{RECORD}");
    let mut names = BTreeSet::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        entries => entries.map_err(failed("list", directory))?,
    };
    for entry in entries {
        let file = entry.map_err(failed("list", directory))?.file_name();
        let stem = file.to_str().and_then(|file| file.strip_suffix(&suffix));
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
