//! Who is calling, from the headers, and how many long connections a token may hold.

use super::Http;
use super::refusal::{Code, Refusal};
use crate::auth::{Authenticated, Authenticator, Refused};
use async_trait::async_trait;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

/// Finds the caller behind a bearer token.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The caller, for one request.
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused>;

    /// Whether this very token has been found good before, so that looking at it again costs next to nothing.
    fn is_known(&self, _bearer: &str) -> bool {
        false
    }
}

#[async_trait]
impl Authenticate for Authenticator {
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        Self::authenticate(self, bearer).await
    }

    fn is_known(&self, bearer: &str) -> bool {
        Self::is_known(self, bearer)
    }
}

/// The address at the other end of the connection; `serve` notes it with each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub(super) IpAddr);

/// Whose failed sign-ins are counted together: an address, or the network of one IPv6 customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin(IpAddr);

impl Origin {
    /// Where a request comes from: the peer, or what the last of so many proxies says of its own peer. None without a socket.
    pub(super) fn of(proxies: usize, headers: &HeaderMap, extensions: &http::Extensions) -> Option<Self> {
        let Peer(peer) = *extensions.get::<Peer>()?;
        let forwarded = || {
            let texts = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
            let hops: Vec<&str> = texts.flat_map(|text| text.split(',')).map(str::trim).collect();
            // What stands further left was written by the client itself.
            hops.get(hops.len().checked_sub(proxies)?)?.parse().ok()
        };
        let address = if proxies == 0 { peer } else { forwarded().unwrap_or(peer) };
        Some(Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
            address @ IpAddr::V4(_) => address,
        }))
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

/// What everybody is told while no token can be looked up.
pub(super) fn unavailable() -> Refusal {
    let refusal = Refusal::new(Code::InternalServerError, "The server cannot look up tokens now. Try again.");
    Refusal { status: Some(StatusCode::SERVICE_UNAVAILABLE), retry_after: Some(5), ..refusal }
}

impl Http {
    /// The caller behind a bearer. An address from which too many sign-ins failed is told to wait before its token is looked at,
    /// unless that token has been good before: nobody is locked out by a neighbour behind the same proxy.
    pub(super) async fn caller(&self, bearer: Option<&str>, origin: Option<Origin>) -> Result<Authenticated, Refusal> {
        let bearer = bearer.filter(|bearer| !bearer.is_empty());
        let wait = origin.as_ref().and_then(|origin| self.failures.drained(origin));
        let is_known = || bearer.is_some_and(|bearer| self.authenticate.is_known(bearer));
        if let Some(seconds) = wait.filter(|_| !is_known()) {
            return Err(Refusal {
                retry_after: Some(seconds),
                ..Refusal::new(Code::RateLimited, "Too many sign-ins from this address failed. Try again later.")
            });
        }
        let found = match bearer {
            Some(bearer) => self.authenticate.authenticate(bearer).await,
            None => Err(Refused::BadToken),
        };
        if let (Err(Refused::BadToken), Some(origin)) = (&found, origin) {
            // The one who empties the bucket is still told what is wrong; the next one waits.
            let _ = self.failures.take(origin, 1);
        }
        found.map_err(|refused| match refused {
            Refused::BadToken => Refusal::new(Code::Unauthenticated, UNAUTHENTICATED),
            Refused::Unavailable => unavailable(),
        })
    }

    /// The caller of a request outside `/graphql`, such as an upload; the same rules, and the same answer where it has none.
    ///
    /// # Errors
    /// The answer to send.
    pub async fn admit(&self, head: &Parts) -> Result<Authenticated, Box<Response>> {
        let found = self.sign_in(head).await;
        found.map(|(who, _)| who).map_err(|refusal| {
            let id = super::frame::id_of(&head.extensions);
            Box::new(super::graphql::refuse(self, &id, super::media::Media::Json, &refusal, None))
        })
    }

    /// The caller of a request by its headers, with the bearer.
    pub(super) async fn sign_in<'a>(&self, head: &'a Parts) -> Result<(Authenticated, &'a str), Refusal> {
        let bearer = bearer(&head.headers)?;
        let who = self.caller(bearer, self.origin(&head.headers, &head.extensions)).await?;
        Ok((who, bearer.unwrap_or_default()))
    }

    /// Where a request comes from.
    pub(super) fn origin(&self, headers: &HeaderMap, extensions: &http::Extensions) -> Option<Origin> {
        Origin::of(self.proxies, headers, extensions)
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
