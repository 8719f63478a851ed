//! Errors with the codes of `src/errors.ts`.

use ka_engine::EngineError;
use ka_sys::record::RecordError;
use ka_sys::{SysError, errno_name};
use napi::Error;

/// An error that JavaScript sees with `code`.
pub(crate) type CodedError = Error<&'static str>;

pub(crate) const INVALID_CONFIG: &str = "KA_ERR_CONFIG_UNUSABLE";
pub(crate) const USAGE: &str = "KA_ERR_USAGE";

/// The engine's error under its code.
pub(crate) fn coded(error: &EngineError) -> CodedError {
    let code = match error {
        EngineError::Record(RecordError::AlreadyRunning { .. }) => "KA_ERR_ALREADY_RUNNING",
        EngineError::MissingCapability { .. } => "KA_ERR_PERMISSION",
        EngineError::MissingInterface { .. }
        | EngineError::InvalidInstance { .. }
        | EngineError::InvalidStatic { .. }
        | EngineError::DuplicateInstance { .. }
        | EngineError::DuplicateName { .. }
        | EngineError::DuplicateTracker { .. }
        | EngineError::InvalidGroup { .. } => INVALID_CONFIG,
        EngineError::Stopped => "KA_ERR_STOPPED",
        EngineError::NotReleased { .. } => "KA_ERR_NOT_RELEASED",
        _ => "KA_ERR_ENGINE",
    };
    Error::new(code, error.to_string())
}

/// The error of a system call under the symbol of its number, such as `ENOENT`.
pub(crate) fn coded_call(error: &SysError) -> CodedError {
    let code = error.errno().map_or("KA_ERR_ENGINE", errno_name);
    Error::new(code, error.to_string())
}
