//! Files in which a process records what it may leave behind, for whoever comes after it; and the lock of whoever writes one.
//!
//! What is in a file's place may be anything. A file is replaced as a whole, and never written where nothing changes.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::SysError;
use crate::lock::{Acquired, InstanceLock};

/// Mode of the directory: anyone may look into it.
const DIRECTORY_MODE: u32 = 0o755;
/// A hundred times what thousands of instances or services need.
const MAX_OCTETS: u64 = 64 << 20;

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It is a link, a pipe, a directory.
    #[error("it is not a regular file")]
    NoFile,
    /// It is neither root's nor ours.
    #[error("it belongs to user {0}")]
    Foreign(u32),
    /// Nobody would have written that much.
    #[error("it is longer than {0} octets")]
    TooLong(u64),
    /// Its text says nothing.
    #[error("it is damaged")]
    Damaged,
    /// Another version has written it.
    #[error("its layout {0} is unknown, as of a newer ka-native")]
    Layout(u32),
}

/// What cannot be done with a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Another process has a record of this name.
    #[error("already running: another process holds {}", path.display())]
    AlreadyRunning {
        /// The lock file.
        path: PathBuf,
    },
    /// The directory or the file cannot be used.
    #[error("{operation} {}: {source}", path.display())]
    File {
        /// What was attempted.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// What a process before this one has recorded cannot be used, and stays.
    #[error("{} cannot be used: {reason}; what it records may still be there", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The lock cannot be taken.
    #[error(transparent)]
    System(#[from] SysError),
}

/// How records of one kind are written, and what their files are called: what is here follows the number of the network namespace,
/// and the name of the instance if there is one.
#[derive(Debug)]
pub struct Format<C> {
    /// Ending of the file.
    pub record: &'static str,
    /// Of the lock.
    pub lock: &'static str,
    /// Of a file that could not be used.
    pub aside: &'static str,
    /// Of one that is being written.
    pub temporary: &'static str,
    /// Reads a text.
    pub parse: fn(&[u8]) -> Result<C, Flaw>,
    /// Writes one.
    pub text: fn(&C) -> io::Result<Vec<u8>>,
}

/// The record of one process in one network namespace, with the lock.
#[derive(Debug)]
pub struct RecordFile<C: 'static> {
    format: &'static Format<C>,
    path: PathBuf,
    recorded: C,
    /// Why the file that is there cannot be used; nothing is recorded then.
    flaw: Option<Flaw>,
    lock: Arc<InstanceLock>,
}

impl<C: Default + PartialEq> RecordFile<C> {
    /// Takes the lock in the network namespace with the number `namespace`, and reads what a process before us may have left. The
    /// directory is made where it does not exist.
    ///
    /// # Errors
    /// [`RecordError::AlreadyRunning`], [`RecordError::File`], [`RecordError::System`]. A file that is there and cannot be used
    /// is none: [`Self::usable`] tells.
    pub fn open(
        directory: &Path,
        namespace: u64,
        instance_name: Option<&str>,
        format: &'static Format<C>,
    ) -> Result<Self, RecordError> {
        // The name becomes part of a file name.
        if let Some(name) =
            instance_name.filter(|name| name.is_empty() || name.contains(['/', '\0']))
        {
            let reason = io::Error::new(ErrorKind::InvalidInput, "a file name cannot hold it");
            return Err(failed("use instance name", Path::new(name))(reason));
        }
        make_directory(directory).map_err(failed("create", directory))?;
        let stem = match instance_name {
            Some(name) => format!("{namespace}.{name}"),
            None => namespace.to_string(),
        };
        let lock_path = directory.join(format!("{stem}.{}", format.lock));
        let Acquired::Lock(lock) = InstanceLock::acquire(&lock_path)? else {
            return Err(RecordError::AlreadyRunning { path: lock_path });
        };
        let path = directory.join(format!("{stem}.{}", format.record));
        let text = read(&path).map_err(failed("read", &path))?;
        let (recorded, flaw) =
            match text.and_then(|text| text.as_deref().map(format.parse).transpose()) {
                Ok(recorded) => (recorded.unwrap_or_default(), None),
                Err(flaw) => (C::default(), Some(flaw)),
            };
        Ok(Self {
            format,
            path,
            recorded,
            flaw,
            lock: Arc::new(lock),
        })
    }

    /// What is recorded.
    #[must_use]
    pub fn recorded(&self) -> &C {
        &self.recorded
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another handle on the lock, which is held until the last one is dropped.
    #[must_use]
    pub fn lock(&self) -> Arc<InstanceLock> {
        Arc::clone(&self.lock)
    }

    /// Fails where the file that is there cannot be used.
    ///
    /// # Errors
    /// [`RecordError::Unusable`]
    pub fn usable(&self) -> Result<(), RecordError> {
        match &self.flaw {
            None => Ok(()),
            Some(flaw) => Err(RecordError::Unusable {
                path: self.path.clone(),
                reason: flaw.to_string(),
            }),
        }
    }

    /// Gives a file that cannot be used another name, in place of one that has it, and says so.
    ///
    /// # Errors
    /// [`RecordError::File`]
    pub fn put_aside(&mut self) -> Result<Option<String>, RecordError> {
        let Some(flaw) = &self.flaw else {
            return Ok(None);
        };
        let aside = self.path.with_extension(self.format.aside);
        fs::rename(&self.path, &aside).map_err(failed("put aside", &self.path))?;
        let told = format!(
            "{} cannot be used: {flaw}; it is kept as {}, and what a process before this one left may still be there",
            self.path.display(),
            aside.display()
        );
        self.flaw = None;
        Ok(Some(told))
    }

    /// Records this and nothing else.
    ///
    /// # Errors
    /// [`RecordError::File`]: what was recorded before is still there.
    pub fn replace(&mut self, content: C) -> Result<(), RecordError> {
        if content == self.recorded {
            return Ok(());
        }
        let temporary = self.path.with_extension(self.format.temporary);
        let written = (self.format.text)(&content)
            .and_then(|text| create(&temporary, &text))
            .map_err(failed("write", &temporary))
            .and_then(|()| {
                fs::rename(&temporary, &self.path).map_err(failed("replace", &self.path))
            });
        if written.is_err() {
            // A part of it only takes room of a disk that has none. What failed first is told.
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.recorded = content;
        Ok(())
    }

    /// Removes the file: nothing of ours is left.
    ///
    /// # Errors
    /// [`RecordError::File`]
    pub fn clear(&mut self) -> Result<(), RecordError> {
        self.recorded = C::default();
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }
}

/// The names of the instances that have such a record for the network namespace with the number `namespace`; `None` is the one
/// without a name. There is none in a directory that does not exist.
///
/// # Errors
/// [`RecordError::File`]
pub fn recorded_names<C>(
    directory: &Path,
    namespace: u64,
    format: &Format<C>,
) -> Result<BTreeSet<Option<String>>, RecordError> {
    let namespace = namespace.to_string();
    let ending = format!(".{}", format.record);
    let mut names = BTreeSet::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        entries => entries.map_err(failed("list", directory))?,
    };
    for entry in entries {
        let file = entry.map_err(failed("list", directory))?.file_name();
        let stem = file.to_str().and_then(|file| file.strip_suffix(&ending));
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

/// Makes the directory where it does not exist, whatever the umask.
fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).create(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError + use<> {
    let path = path.to_owned();
    move |source| RecordError::File {
        operation,
        path,
        source,
    }
}

/// Reads the file at `path`; `None` where there is none. Where the system does not let us, the file may be all right.
fn read(path: &Path) -> io::Result<Result<Option<Vec<u8>>, Flaw>> {
    // What is in its place may be anything: a link is not followed, a pipe does not hold us up.
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Ok(None)),
        // A link; a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(Err(Flaw::NoFile)),
        Err(errno) => return Err(errno.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Err(Flaw::NoFile));
    }
    if ![0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()) {
        return Ok(Err(Flaw::Foreign(metadata.uid())));
    }
    if metadata.len() > MAX_OCTETS {
        return Ok(Err(Flaw::TooLong(MAX_OCTETS)));
    }
    let mut text = Vec::new();
    file.take(MAX_OCTETS).read_to_end(&mut text)?;
    Ok(Ok(Some(text)))
}

/// Makes the file at `path` anew, which nobody may have open or have put there. After an error a part of it may be there.
fn create(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
    file.write_all(text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests;
