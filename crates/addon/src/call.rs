//! Work on one of Node's worker threads, and the promise of its outcome.

use ka_engine::{EngineError, guard};
use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Env, Error, JsError, Status, Task};

use crate::error::{CodedError, coded};

type Work<Output> = Box<dyn FnOnce() -> Result<Output, CodedError> + Send>;

/// A call of the engine or the script worker that may take time.
pub struct Call<Output, JsValue> {
    /// Taken when it is done.
    work: Option<Work<Output>>,
    convert: fn(Env, Output) -> napi::Result<JsValue>,
    /// napi's tasks know only its own codes: the error waits here for the thread that rejects.
    failure: Option<CodedError>,
}

impl<Output, JsValue> Call<Output, JsValue> {
    /// `work` runs with `argument` on a worker thread, `convert` on that of JavaScript. The promise
    /// rejects where there is no argument.
    pub(crate) fn new<Argument: Send + 'static>(
        argument: Result<Argument, CodedError>,
        work: impl FnOnce(Argument) -> Result<Output, EngineError> + Send + 'static,
        convert: fn(Env, Output) -> napi::Result<JsValue>,
    ) -> Self {
        let coded = |argument| work(argument).map_err(|error| coded(&error));
        Self::coded(argument, coded, convert)
    }

    /// The same, of work whose errors have their codes.
    pub(crate) fn coded<Argument: Send + 'static>(
        argument: Result<Argument, CodedError>,
        work: impl FnOnce(Argument) -> Result<Output, CodedError> + Send + 'static,
        convert: fn(Env, Output) -> napi::Result<JsValue>,
    ) -> Self {
        Self {
            work: Some(Box::new(|| work(argument?))),
            convert,
            failure: None,
        }
    }
}

impl<Output, JsValue> Task for Call<Output, JsValue>
where
    Output: Send + 'static,
    JsValue: ToNapiValue + TypeName,
{
    type Output = Output;
    type JsValue = JsValue;

    fn compute(&mut self) -> napi::Result<Output> {
        guard(|| {
            let outcome = self.work.take().map(|work| work());
            let placeholder = || Error::from_status(Status::GenericFailure);
            outcome.ok_or_else(placeholder)?.map_err(|error| {
                self.failure = Some(error);
                placeholder()
            })
        })
    }

    fn resolve(&mut self, env: Env, output: Output) -> napi::Result<JsValue> {
        guard(|| (self.convert)(env, output))
    }

    fn reject(&mut self, env: Env, error: Error) -> napi::Result<JsValue> {
        guard(|| {
            Err(match self.failure.take() {
                Some(failure) => Error::from(JsError::from(failure).into_unknown(env)),
                None => error,
            })
        })
    }
}
