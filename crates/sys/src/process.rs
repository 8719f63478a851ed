//! Limits and the end of the process, and its new beginning.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::error::SysError;

const PROGRAM: &str = "/proc/self/exe";
/// Standard input, output and error.
const STANDARD: [RawFd; 3] = [0, 1, 2];

/// Lets the process write a core file of any size when it ends by a signal (`RLIMIT_CORE`).
///
/// # Errors
/// [`SysError::Call`], with `EPERM` where CAP_SYS_RESOURCE is missing and the hard limit is lower: a core file is
/// then as large as that allows.
pub fn allow_core_files() -> Result<(), SysError> {
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    setrlimit(Resource::Core, unlimited).map_err(|errno| {
        let maximum = getrlimit(Resource::Core).maximum;
        let highest = Rlimit {
            current: maximum,
            maximum,
        };
        // Never refused; and the error that is told is the other one.
        let _ = setrlimit(Resource::Core, highest);
        SysError::new("raise", "RLIMIT_CORE", errno)
    })
}

/// Executes the program of this process again as it was started, with the same arguments and environment, to which
/// `variables` are added: from the calling thread, whose namespaces the new program has, while all others end.
/// Returns only where that fails.
///
/// Of the open descriptors the new program has standard input, output and error and those in `kept`.
pub fn execute_again(variables: &[(&str, &str)], kept: &[RawFd]) -> SysError {
    match as_it_was_started() {
        Ok(mut command) => {
            for fd in STANDARD.iter().chain(kept) {
                keep_open(*fd);
            }
            let error = command.envs(variables.iter().copied()).exec();
            let program = Path::new(command.get_program()).display().to_string();
            SysError::new("execute", program, errno(&error))
        }
        Err(error) => error,
    }
}

/// The program of this process with its arguments and environment, whatever the process did to its own since.
fn as_it_was_started() -> Result<Command, SysError> {
    let words = |path: &str| -> Result<Vec<Vec<u8>>, SysError> {
        let text =
            std::fs::read(path).map_err(|error| SysError::new("read", path, errno(&error)))?;
        // Each ends with a NUL octet.
        let text = text.strip_suffix(b"\0").unwrap_or(&text);
        Ok(text
            .split(|octet| *octet == 0)
            .map(<[u8]>::to_vec)
            .collect())
    };
    // The link is resolved now: the name of the program, not that of the link, is to show.
    let program = std::fs::read_link(PROGRAM)
        .map_err(|error| SysError::new("read", PROGRAM, errno(&error)))?;
    let mut command = Command::new(program);
    let mut arguments = words("/proc/self/cmdline")?
        .into_iter()
        .map(OsString::from_vec);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments).env_clear();
    for variable in words("/proc/self/environ")? {
        let mut parts = variable.splitn(2, |octet| *octet == b'=');
        if let (Some(name), Some(value)) = (parts.next(), parts.next())
            && !name.is_empty()
        {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
    }
    Ok(command)
}

/// Lets a descriptor survive the execution of a program; one that is not open is none to keep.
fn keep_open(fd: RawFd) {
    // SAFETY: F_SETFD takes an integer and changes nothing but the flag, on whatever the number stands for.
    let _ = unsafe { libc::fcntl(fd, libc::F_SETFD, 0) };
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// Ends the process at once with `status`: no exit handler, no destructor, no other
/// thread runs on (`_exit(2)`).
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit has no preconditions and does not return.
    unsafe { libc::_exit(status) }
}
