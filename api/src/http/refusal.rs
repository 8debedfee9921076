//! Why a request was not run, and the one table of statuses.
//!
//! The statuses are those that the audits of npm `graphql-http` want: a well-formed GraphQL request that is refused answers
//! 200 to a client that only knows `application/json`. The draft specification has since moved (422, 294); when the audits
//! follow, this table is what changes.

use super::media::Media;
use http::StatusCode;
use std::borrow::Cow;
use strum::{EnumString, IntoStaticStr};

/// The stable code of a top-level error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the caller's schema, or a limit.
    GraphqlValidationFailed,
    /// A variable or an argument has a value that it cannot have.
    BadUserInput,
    /// The HTTP request is not one that this server reads.
    BadRequest,
    /// There is no such document in the folder, or only documents of the folder are accepted.
    PersistedQueryNotFound,
    /// The operation to run cannot be told.
    OperationResolutionFailure,
    /// No token, or a bad one.
    Unauthenticated,
    /// The seat may not do that.
    Forbidden,
    /// There is no such row in the caller's slice.
    NotFound,
    /// Something else changed the row first.
    Conflict,
    /// The bucket is empty.
    RateLimited,
    /// The operation costs more than one request may.
    CostLimitExceeded,
    /// The operation took too long and was stopped.
    Timeout,
    /// Our fault.
    InternalServerError,
}

impl Code {
    /// The code on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// The status of an answer that carries only this.
    #[must_use]
    pub const fn status(self, media: Media) -> StatusCode {
        match self {
            Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::BadUserInput
            | Self::PersistedQueryNotFound
            | Self::OperationResolutionFailure
            | Self::CostLimitExceeded => match media {
                Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                Media::Json | Media::EventStream => StatusCode::OK,
            },
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong, for a person.
    pub message: Cow<'static, str>,
    /// Where in the variables or the arguments.
    pub path: Vec<String>,
    /// Line and column in the document.
    pub location: Option<(usize, usize)>,
}

impl From<&'static str> for Fault {
    fn from(message: &'static str) -> Self {
        Self { message: message.into(), path: Vec::new(), location: None }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { message: message.into(), path: Vec::new(), location: None }
    }
}

/// A request that is not run.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The code.
    pub code: Code,
    /// The status, where HTTP has a better one than the code's.
    pub status: Option<StatusCode>,
    /// What is wrong; never empty.
    pub faults: Vec<Fault>,
    /// Seconds after which the same request may be asked again.
    pub retry_after: Option<u64>,
    /// The methods that the operation may be sent with.
    pub allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with one fault.
    pub(super) fn new(code: Code, fault: impl Into<Fault>) -> Self {
        Self::all(code, vec![fault.into()])
    }

    /// A refusal with several faults.
    #[must_use]
    pub(super) const fn all(code: Code, faults: Vec<Fault>) -> Self {
        Self { code, status: None, faults, retry_after: None, allow: None }
    }

    /// A request that HTTP itself has a status for.
    pub(super) fn http(status: StatusCode, fault: impl Into<Fault>) -> Self {
        Self { status: Some(status), ..Self::new(Code::BadRequest, fault) }
    }

    /// The status of the answer.
    #[must_use]
    pub(super) fn status(&self, media: Media) -> StatusCode {
        self.status.unwrap_or_else(|| self.code.status(media))
    }
}
