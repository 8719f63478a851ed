//! Network namespaces of the process.

use std::os::fd::AsRawFd;
use std::path::Path;

use ka_engine::guard;
use ka_sys::{Errno, SysError};
use napi::Error;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::error::{CodedError, coded_call};
use crate::parse;

/// Starts the program of this process again, with the arguments and the environment that it was started with, in the network
/// namespace `name` (ip-netns(8)) and in a mount namespace of its own, in which `directory` is its subdirectory `name`: both are made
/// where they do not exist. The program finds `name` in the environment variable `variable`, and open what this one had as standard
/// input, output and error and as the descriptors `kept`. In `events_variable` it finds the number of one more: a socket from where it
/// was before, on which the kernel can tell of processes; the variable is absent where there is none. Returns only by throwing, and
/// then the process is to end: it may be half way there.
///
/// Throws `KA_ERR_NETWORK_NAMESPACE` where there is no such namespace, `KA_ERR_PERMISSION` for want of CAP_SYS_ADMIN.
#[napi(
    ts_args_type = "name: string, directory: string, variable: string, eventsVariable: string, kept: Array<number>",
    ts_return_type = "never"
)]
pub fn enter_network_namespace(
    name: Unknown<'_>,
    directory: Unknown<'_>,
    variable: Unknown<'_>,
    events_variable: Unknown<'_>,
    kept: Unknown<'_>,
) -> Result<(), CodedError> {
    guard(|| {
        let name: String = parse::argument("name", name).map_err(parse::usage)?;
        let directory: String = parse::argument("directory", directory).map_err(parse::usage)?;
        let variable: String = parse::argument("variable", variable).map_err(parse::usage)?;
        let events_variable: String =
            parse::argument("eventsVariable", events_variable).map_err(parse::usage)?;
        let kept: Vec<f64> = parse::argument("kept", kept).map_err(parse::usage)?;
        let kept = kept
            .into_iter()
            .map(|fd| parse::integer("kept", fd, 0..=65_535u16));
        let kept: Result<Vec<u16>, String> = kept.collect();
        let mut kept: Vec<i32> = kept
            .map_err(parse::usage)?
            .into_iter()
            .map(i32::from)
            .collect();
        // The kernel tells of processes in its first network namespace alone. Without it there are none, which is told
        // when somebody asks for them.
        let events = ka_sys::process_events::open().ok();
        if let Err(error) = ka_sys::named_namespace::enter(&name, Path::new(&directory)) {
            return Err(coded(&error));
        }
        kept.extend(events.as_ref().map(AsRawFd::as_raw_fd));
        let number = events.as_ref().map(|events| events.as_raw_fd().to_string());
        let mut variables = vec![(variable.as_str(), name.as_str())];
        variables.extend(
            number
                .as_ref()
                .map(|number| (events_variable.as_str(), number.as_str())),
        );
        Err(coded(&ka_sys::process::execute_again(&variables, &kept)))
    })
}

/// Undoes what `enterNetworkNamespace()` did to `directory`, in the process that it started: uncovers it, and removes it and its
/// subdirectory `name` where they are empty.
///
/// Throws with the symbol of the system's error.
#[napi(ts_args_type = "name: string, directory: string")]
pub fn leave_network_namespace(
    name: Unknown<'_>,
    directory: Unknown<'_>,
) -> Result<(), CodedError> {
    guard(|| {
        let name: String = parse::argument("name", name).map_err(parse::usage)?;
        let directory: String = parse::argument("directory", directory).map_err(parse::usage)?;
        ka_sys::named_namespace::leave(&name, Path::new(&directory))
            .map_err(|error| coded_call(&error))
    })
}

fn coded(error: &SysError) -> CodedError {
    let code = match error.errno() {
        Some(Errno::PERM | Errno::ACCESS) => "KA_ERR_PERMISSION",
        _ => "KA_ERR_NETWORK_NAMESPACE",
    };
    Error::new(code, error.to_string())
}
