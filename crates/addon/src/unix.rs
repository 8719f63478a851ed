//! Datagrams to Unix sockets, and FIFOs.

use std::path::Path;

use ka_engine::guard;
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi_derive::napi;

use crate::error::{CodedError, coded_call};
use crate::parse;

/// Sends datagrams to one Unix socket, such as that of syslog, and never waits for its reader.
#[napi]
pub struct DatagramSender {
    /// None once it is closed.
    sender: Option<ka_sys::unix::DatagramSender>,
}

#[napi]
impl DatagramSender {
    /// A sender to the socket at `path`, or with `@NAME` in the abstract namespace. The socket need not exist, and is looked up
    /// for each datagram, so that a reader that was started anew is found.
    ///
    /// Throws with the symbol of the system's error: `ENAMETOOLONG`, `EINVAL`.
    #[napi(constructor, ts_args_type = "path: string")]
    pub fn new(path: Unknown<'_>) -> Result<Self, CodedError> {
        guard(|| {
            let path: String = parse::argument("path", path).map_err(parse::usage)?;
            let sender =
                ka_sys::unix::DatagramSender::new(&path).map_err(|error| coded_call(&error))?;
            Ok(Self {
                sender: Some(sender),
            })
        })
    }

    /// Sends `data` as one datagram.
    ///
    /// Throws with the symbol of the system's error: `EAGAIN` while the reader's queue is full, `ENOENT` where there is no socket,
    /// `ECONNREFUSED` where nobody reads it, `EMSGSIZE` where it is too long; `KA_ERR_STOPPED` after `close()`.
    #[napi(ts_args_type = "data: Uint8Array")]
    pub fn send(&self, data: Unknown<'_>) -> Result<(), CodedError> {
        guard(|| {
            let data: Uint8Array = parse::argument("data", data).map_err(parse::usage)?;
            let sender = self
                .sender
                .as_ref()
                .ok_or_else(|| napi::Error::new("KA_ERR_STOPPED", "the sender is closed"))?;
            sender.send(&data).map_err(|error| coded_call(&error))
        })
    }

    /// Closes the socket; a second call does nothing.
    #[napi]
    pub fn close(&mut self) {
        guard(|| drop(self.sender.take()));
    }
}

/// Makes a FIFO at `path` with those bits of `mode` (0 to 0o777) that the umask leaves.
///
/// Throws with the symbol of the system's error: `EEXIST` where there is something.
#[napi(ts_args_type = "path: string, mode: number")]
pub fn make_fifo(path: Unknown<'_>, mode: Unknown<'_>) -> Result<(), CodedError> {
    guard(|| {
        let path: String = parse::argument("path", path).map_err(parse::usage)?;
        let mode = parse::argument("mode", mode)
            .and_then(|mode| parse::integer("mode", mode, 0..=0o777u32))
            .map_err(parse::usage)?;
        ka_sys::unix::make_fifo(Path::new(&path), mode).map_err(|error| coded_call(&error))
    })
}
