//! From a request to its caller, and from a failure to a top-level error.

use crate::usecase::{Caller, Failure};
use async_graphql::{Context, Data, Error, ErrorExtensions, Request};

use super::loader::Loaders;
use std::sync::{Arc, Mutex, PoisonError};

/// The id of the last event that a client of an event stream has seen (`Last-Event-ID`); in the request's data where the client
/// named one, for subscriptions that resume.
#[derive(Clone, Debug)]
pub struct LastEventId(pub String);

/// The id of the event that a subscription tells of now, whether or not the client selects it: the event stream sends it along.
#[derive(Clone, Debug, Default)]
pub struct CurrentEvent(Arc<Mutex<Option<String>>>);

impl CurrentEvent {
    pub(super) fn set(&self, id: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// The id, once.
    #[must_use]
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A request with all that its resolvers need. The pipeline calls this after authentication.
#[must_use]
pub fn prepare(request: Request, caller: Caller) -> Request {
    let loaders = Loaders::new(&caller);
    request.data(caller).data(loaders)
}

/// As [`prepare`], for the operations of a WebSocket.
#[must_use]
pub fn session(caller: Caller) -> Data {
    let mut data = Data::default();
    data.insert(Loaders::new(&caller));
    data.insert(caller);
    data
}

/// The caller of the request; the pipeline puts it there after authentication.
///
/// # Errors
/// INTERNAL_SERVER_ERROR when the pipeline forgot.
pub fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Caller, Error> {
    ctx.data::<Caller>().map_err(|_| coded("INTERNAL_SERVER_ERROR", "the request has no caller"))
}

/// A top-level error with its code.
pub(super) fn coded(code: &'static str, message: &str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// A failed read as a top-level error.
pub(super) fn failed(failure: &Failure) -> Error {
    match failure {
        Failure::Denied => coded("FORBIDDEN", "this seat may not do that"),
        Failure::NotFound => coded("NOT_FOUND", "there is no such row"),
        Failure::Invalid(problems) => {
            let message = problems.first().map_or("the input was refused", |problem| problem.message.as_str());
            coded("BAD_USER_INPUT", message)
        }
        Failure::Stale | Failure::KeyReused => coded("CONFLICT", "the row has changed since it was read"),
        Failure::Broken => {
            coded("INTERNAL_SERVER_ERROR", "the server failed; try again, and quote the request id if it stays")
        }
        Failure::Storage(why) => {
            tracing::error!(error = %why, "a read failed");
            coded("INTERNAL_SERVER_ERROR", "the server failed; try again, and quote the request id if it stays")
        }
    }
}
