//! The lock and the runtime file of one process in one network namespace.

use std::path::Path;

use ka_sys::record::RecordFile;

use crate::error::IpvsError;
use crate::record::{FORMAT, Records};

#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) file: RecordFile<Records>,
    /// What was recorded at first.
    found: Records,
    /// That a file which could not be used has another name now; until somebody hears it.
    told: Option<String>,
}

impl Runtime {
    /// Takes the lock of the network namespace with the number `namespace` and reads what a process before us may have left.
    pub(crate) fn open(
        directory: &Path,
        namespace: u64,
        instance_name: Option<&str>,
    ) -> Result<Self, IpvsError> {
        let file = RecordFile::open(directory, namespace, instance_name, &FORMAT)?;
        Ok(Self {
            found: file.recorded().clone(),
            file,
            told: None,
        })
    }

    /// Gives a file that cannot be used another name; [`Self::take_told`] says so.
    pub(crate) fn put_aside(&mut self) -> Result<(), IpvsError> {
        let told = self.file.put_aside()?;
        self.told = told.or(self.told.take());
        Ok(())
    }

    /// What is to be told, once.
    pub(crate) fn take_told(&mut self) -> Option<String> {
        self.told.take()
    }

    /// Records `more` beside what is recorded already.
    pub(crate) fn add(&mut self, more: &Records) -> Result<(), IpvsError> {
        let union = self.file.recorded().with(more);
        Ok(self.file.replace(union)?)
    }

    /// Records what was recorded at first and nothing else: nothing was made.
    pub(crate) fn forget_reserved(&mut self) -> Result<(), IpvsError> {
        self.replace(self.found.clone())
    }

    /// Records this and nothing else; without anything there is no file.
    pub(crate) fn replace(&mut self, records: Records) -> Result<(), IpvsError> {
        match records.is_empty() {
            true if self.file.recorded().is_empty() => Ok(()),
            true => Ok(self.file.clear()?),
            false => Ok(self.file.replace(records)?),
        }
    }
}
