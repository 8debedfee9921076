//! Who is calling, from the headers, and how many long connections a token may hold.

use super::Http;
use super::refusal::{Code, Refusal};
use crate::auth::{Authenticated, Authenticator, Refused};
use async_trait::async_trait;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

/// Finds the caller behind a bearer token.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The caller, for one request.
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused>;
}

#[async_trait]
impl Authenticate for Authenticator {
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        Self::authenticate(self, bearer).await
    }
}

/// The bearer of the one Authorization header; nothing else of a request says who is calling.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Refusal::new(Code::BadRequest, "Send one Authorization header.")),
        (Some(value), None) => Ok(Some(value.to_str().ok().and_then(strip).unwrap_or_default())),
    }
}

/// The text behind `Bearer `.
pub(super) fn strip(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What every refused token is told, whatever is wrong with it.
pub(super) const UNAUTHENTICATED: &str = "Send a valid bearer token.";

impl Http {
    pub(super) async fn caller(&self, bearer: Option<&str>) -> Result<Authenticated, Refusal> {
        let found = match bearer {
            Some(bearer) if !bearer.is_empty() => self.authenticate.authenticate(bearer).await,
            _ => Err(Refused::BadToken),
        };
        found.map_err(|refused| match refused {
            Refused::BadToken => Refusal::new(Code::Unauthenticated, UNAUTHENTICATED),
            Refused::Unavailable => {
                let refusal =
                    Refusal::new(Code::InternalServerError, "The server cannot look up tokens now. Try again.");
                Refusal { status: Some(StatusCode::SERVICE_UNAVAILABLE), retry_after: Some(5), ..refusal }
            }
        })
    }

    /// The caller of a request outside `/graphql`, such as an upload; the same rules, and the same answer where it has none.
    ///
    /// # Errors
    /// The answer to send.
    pub async fn admit(&self, headers: &HeaderMap) -> Result<Authenticated, Box<Response>> {
        let found = match bearer(headers) {
            Ok(bearer) => self.caller(bearer).await,
            Err(refusal) => Err(refusal),
        };
        found.map_err(|refusal| Box::new(super::graphql::refuse(self, "", super::media::Media::Json, &refusal, None)))
    }
}

/// The long connections of each token.
pub(super) struct Connections {
    most: usize,
    by_token: Arc<Mutex<HashMap<Uuid, usize>>>,
    all: TaskTracker,
}

/// One long connection; it counts until it is dropped.
pub(super) struct Held {
    token: Uuid,
    by_token: Arc<Mutex<HashMap<Uuid, usize>>>,
    _counted: TaskTrackerToken,
}

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { most, by_token: Arc::default(), all: TaskTracker::new() }
    }

    /// Counts one more, unless the token holds as many as it may.
    pub(super) fn hold(&self, token: Uuid) -> Option<Held> {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_token.entry(token).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        metrics::gauge!("partnerloop_long_connections").increment(1.0);
        Some(Held { token, by_token: self.by_token.clone(), _counted: self.all.token() })
    }

    /// Waits until the last one is gone; none may begin any more.
    pub(super) async fn ended(&self) {
        self.all.close();
        self.all.wait().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_token.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                by_token.remove(&self.token);
            }
        }
        metrics::gauge!("partnerloop_long_connections").decrement(1.0);
    }
}
