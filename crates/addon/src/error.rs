//! Errors with the codes of `src/errors.ts`.

use ka_engine::EngineError;
use napi::{Env, Error, JsError, Status};

/// An error that JavaScript sees with `code`.
pub(crate) type CodedError = Error<&'static str>;

pub(crate) const INVALID_CONFIG: &str = "KA_ERR_CONFIG_UNUSABLE";

/// The engine's error under its code.
fn coded(error: &EngineError) -> CodedError {
    let code = match error {
        EngineError::AlreadyRunning { .. } => "KA_ERR_ALREADY_RUNNING",
        EngineError::MissingCapability { .. } => "KA_ERR_PERMISSION",
        EngineError::MissingInterface { .. }
        | EngineError::InvalidInstance { .. }
        | EngineError::DuplicateInstance { .. } => INVALID_CONFIG,
        EngineError::Stopped => "KA_ERR_STOPPED",
        EngineError::Unresponsive => "KA_ERR_ENGINE_DEAD",
        EngineError::NotReleased { .. } => "KA_ERR_NOT_RELEASED",
        _ => "KA_ERR_ENGINE",
    };
    Error::new(code, error.to_string())
}

/// The outcome of work on a worker thread, whose error keeps its code until it is thrown.
///
/// napi's tasks know only its own status; the code comes in through the value that a
/// task rejects with.
pub(crate) struct Failure(Option<EngineError>);

impl Failure {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Keeps the error of `result` for [`Self::reject`].
    pub(crate) fn keep<T>(&mut self, result: Result<T, EngineError>) -> napi::Result<T> {
        result.map_err(|error| {
            let placeholder = Error::new(Status::GenericFailure, error.to_string());
            self.0 = Some(error);
            placeholder
        })
    }

    /// The error to reject with: the one kept, with its code.
    pub(crate) fn reject(&mut self, env: Env, placeholder: Error) -> Error {
        match self.0.take() {
            Some(error) => Error::from(JsError::from(coded(&error)).into_unknown(env)),
            None => placeholder,
        }
    }
}
