//! The `PidFile` class.

use std::path::Path;

use ka_engine::guard;
use ka_sys::Errno;
use ka_sys::pid_file::PidFileAcquired;
use napi::Error;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::error::{CodedError, coded_call};
use crate::parse;

/// A file that holds the id of this process and is locked, as keepalived locks its own (fcntl(2), `F_OFD_SETLK`), until
/// `remove()` or the end of the process.
#[napi]
pub struct PidFile {
    /// None once it is removed.
    file: Option<ka_sys::pid_file::PidFile>,
}

#[napi]
impl PidFile {
    /// Takes the file: creates it with mode 0644, or overwrites one that nobody holds.
    ///
    /// Throws `KA_ERR_ALREADY_RUNNING`, with the id in the file, where another process holds it; `KA_ERR_PERMISSION`; else with
    /// the symbol of the system's error: `ENOENT` for a directory that does not exist, `ELOOP` for a symbolic link, `EINVAL` and
    /// `EISDIR` for what is no regular file.
    #[napi(ts_args_type = "path: string", ts_return_type = "PidFile")]
    pub fn acquire(path: Unknown<'_>) -> Result<PidFile, CodedError> {
        guard(|| {
            let path: String = parse::argument("path", path).map_err(parse::usage)?;
            match ka_sys::pid_file::PidFile::acquire(Path::new(&path)) {
                Ok(PidFileAcquired::Held(file)) => Ok(Self { file: Some(file) }),
                Ok(PidFileAcquired::HeldByOther { pid }) => Err(already_running(&path, pid)),
                Err(error) => Err(match error.errno() {
                    Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
                        Error::new("KA_ERR_PERMISSION", error.to_string())
                    }
                    _ => coded_call(&error),
                }),
            }
        })
    }

    /// Removes the file, unless another one is in its place by now, and gives the lock up; a second call does nothing.
    ///
    /// Throws with the symbol of the system's error: the file stays, unlocked.
    #[napi]
    pub fn remove(&mut self) -> Result<(), CodedError> {
        guard(|| match self.file.take() {
            Some(file) => file.remove().map_err(|error| coded_call(&error)),
            None => Ok(()),
        })
    }
}

fn already_running(path: &str, pid: Option<u32>) -> CodedError {
    let by = pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    );
    Error::new("KA_ERR_ALREADY_RUNNING", format!("{path} is held by {by}"))
}
