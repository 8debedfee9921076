//! The keys of an identity provider, fetched from its JWKS URL and kept while it is down.
//!
//! - Up to [`RENEW_AFTER`] old, the set is simply used. After that the next request starts a renewal in the background.
//! - After [`KEEP_FOR`] a request waits for the renewal: a key that was withdrawn has stopped working by then.
//! - Where the provider does not answer, the set stays in use, for at most [`STALE_MOST`] since it was last confirmed.
//! - An unknown key id asks for a renewal too. Whatever the reason, there is one fetch at a time, and none within
//!   [`RETRY_AFTER`] of the one before.

use super::key::{KeySet, VerifyingKey};
use crate::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// The age from which a set is renewed in the background.
pub const RENEW_AFTER: TimeDelta = TimeDelta::seconds(150);
/// The cache time: the age from which a request waits for the renewal.
pub const KEEP_FOR: TimeDelta = TimeDelta::seconds(300);
/// The least time between two fetches.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);
/// How long a set is used without being confirmed.
pub const STALE_MOST: TimeDelta = TimeDelta::hours(24);

const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const BODY_MOST: usize = 256 * 1024;
const KEYS_MOST: usize = 100;

/// Why a JWKS URL cannot be used, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// It is not a URL, or not a safe one.
    #[error("the JWKS URL {0} must begin with https:// (http:// is for the loopback only)")]
    Url(String),
    /// The client cannot be made, such as for a CA file that is none.
    #[error("the HTTP client for the JWKS URL cannot be made: {0}")]
    Client(reqwest::Error),
    /// The request failed.
    #[error("the request failed: {0}")]
    Request(#[from] reqwest::Error),
    /// The answer was not 200.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The answer is larger than any key set.
    #[error("the answer has more than {BODY_MOST} bytes")]
    Size,
    /// The answer is not a key set.
    #[error("the answer is not a JWKS of at most {KEYS_MOST} keys")]
    Shape,
}

#[derive(Debug)]
struct State {
    set: Arc<KeySet>,
    confirmed_at: Option<DateTime<Utc>>,
    attempted_at: Option<DateTime<Utc>>,
}

/// A provider's key set.
#[derive(Debug)]
pub struct Jwks {
    url: reqwest::Url,
    client: reqwest::Client,
    clock: Clock,
    state: RwLock<State>,
    in_flight: Mutex<()>,
}

impl Jwks {
    /// A key set that is not fetched yet. `ca_pem` adds a private certificate authority to the public ones.
    ///
    /// # Errors
    /// [`JwksError::Url`] or [`JwksError::Client`].
    pub fn new(url: &str, ca_pem: Option<&[u8]>, clock: Clock) -> Result<Self, JwksError> {
        let url: reqwest::Url = url.parse().map_err(|_| JwksError::Url(url.to_owned()))?;
        let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback) {
            return Err(JwksError::Url(url.to_string()));
        }
        // No redirects: the configured URL is the one that is trusted.
        let mut client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        if is_loopback {
            client = client.no_proxy();
        }
        if let Some(pem) = ca_pem {
            client = client.add_root_certificate(reqwest::Certificate::from_pem(pem).map_err(JwksError::Client)?);
        }
        let client = client.build().map_err(JwksError::Client)?;
        let state = RwLock::new(State { set: Arc::new(KeySet::of([])), confirmed_at: None, attempted_at: None });
        Ok(Self { url, client, clock, state, in_flight: Mutex::new(()) })
    }

    /// The set, renewed where its age asks for it.
    pub async fn set(self: &Arc<Self>) -> Arc<KeySet> {
        let now = self.clock.now();
        let (age, last_failed, may_fetch) = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let may_fetch = state.attempted_at.is_none_or(|at| now - at >= RETRY_AFTER);
            (state.confirmed_at.map(|at| now - at), state.attempted_at > state.confirmed_at, may_fetch)
        };
        match age {
            Some(age) if age < RENEW_AFTER => {}
            // While the provider is down nobody waits for it.
            Some(age) if age < KEEP_FOR || last_failed => {
                if may_fetch {
                    drop(self.renew());
                }
            }
            _ => self.renewed().await,
        }
        self.usable(now)
    }

    /// The set, renewed when it has no such key.
    pub async fn set_with(self: &Arc<Self>, kid: &str) -> Arc<KeySet> {
        let set = self.set().await;
        if set.get(kid).is_some() {
            return set;
        }
        self.renewed().await;
        self.usable(self.clock.now())
    }

    /// Whether there is a set that may be used.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        let now = self.clock.now();
        self.state.read().unwrap_or_else(PoisonError::into_inner).confirmed_at.is_some_and(|at| now - at <= STALE_MOST)
    }

    fn usable(&self, now: DateTime<Utc>) -> Arc<KeySet> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.confirmed_at.is_some_and(|at| now - at <= STALE_MOST) {
            state.set.clone()
        } else {
            Arc::new(KeySet::of([]))
        }
    }

    /// Starts a renewal in a task of its own, so that a caller who hangs up does not stop it.
    fn renew(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let this = Arc::clone(self);
        tokio::spawn(async move { this.fetch_once().await })
    }

    async fn renewed(self: &Arc<Self>) {
        if let Err(why) = self.renew().await {
            tracing::error!(error = %why, "the task that fetches keys ended badly");
        }
    }

    /// One fetch at a time. Whoever waited for another's looks at its result instead of fetching again.
    async fn fetch_once(&self) {
        let _turn = self.in_flight.lock().await;
        let now = self.clock.now();
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.attempted_at.is_some_and(|at| now - at < RETRY_AFTER) {
                return;
            }
            state.attempted_at = Some(now);
        }
        match self.fetch().await {
            Ok(keys) => {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                state.set = Arc::new(KeySet::after(&state.set, keys));
                state.confirmed_at = Some(now);
            }
            Err(why) => {
                tracing::warn!(url = %self.url, error = %why, "the identity provider's keys could not be fetched")
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<VerifyingKey>, JwksError> {
        let mut answer = self.client.get(self.url.clone()).header("accept", "application/json").send().await?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(JwksError::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY_MOST {
                return Err(JwksError::Size);
            }
            body.extend_from_slice(&chunk);
        }
        let set: Value = serde_json::from_slice(&body).map_err(|_| JwksError::Shape)?;
        let members =
            set.get("keys").and_then(Value::as_array).filter(|keys| keys.len() <= KEYS_MOST).ok_or(JwksError::Shape)?;
        let mut keys = Vec::new();
        for member in members {
            let Some(jwk) = member.as_object() else { return Err(JwksError::Shape) };
            match VerifyingKey::from_jwk(jwk) {
                Ok(key) => keys.push(key),
                Err(why) => {
                    tracing::info!(url = %self.url, reason = %why, "a key of the identity provider is left out")
                }
            }
        }
        Ok(keys)
    }
}
