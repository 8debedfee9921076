//! Who is calling: a bearer token in, a [`Viewer`] out (LOOP.md rulings 28, 29, 35; PROTOCOL.md section 4.1).
//!
//! A token says who somebody is and which program they mean. What they are (role, bindings) stands in their seat, which is
//! read at every request, so that a revoked token, a revoked seat and a changed binding hold at once, in every process. Only
//! the check of a signature is kept, and only for as long as the keys it was made under.

mod claims;
mod issuer;
mod jwks;
mod key;
mod last_use;
mod start;

pub use issuer::{Binding, Issuer, Keys};
pub use jwks::{Jwks, JwksError, KEEP_FOR, RENEW_AFTER, RETRY_AFTER, STALE_MOST};
pub use key::{Alg, BadKey, KeySet, VerifyingKey};
pub use start::{Identity, Settings, Unsafe, demo, serve};

use crate::usecase::seat::{Seated, seated, seated_in_portfolio, use_is_due};
use crate::usecase::{Failure, Office};
use chrono::{DateTime, TimeDelta, Utc};
use claims::Claims;
use domain::slice::{Place, Viewer};
use last_use::LastUse;
use moka::Expiry;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A caller whose token, seat and bindings held a moment ago.
///
/// It is good for one request. A long connection asks again for each operation (a seat or token may have been revoked),
/// and ends at `expires_at`.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The seat with its bindings, as the database has them now.
    pub viewer: Viewer,
    /// The instant at which the token ends.
    pub expires_at: DateTime<Utc>,
    /// The key of the rate bucket: the minted token's id, else the seat's, so that a fresh access token is no fresh bucket.
    pub token_key: Uuid,
}

/// Why a caller was not let in. It says nothing about the token, in any form: every bad token is answered with the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 401: no token, or a bad one.
    #[error("unauthenticated")]
    BadToken,
    /// 503: the store could not be asked. Not 401, because a client would throw a good token away.
    #[error("authentication is unavailable")]
    Unavailable,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        tracing::error!(error = %failure, "a seat could not be looked up");
        Self::Unavailable
    }
}

/// How many checked signatures are kept.
const VERIFIED_MOST: u64 = 20_000;

/// A token whose signature held.
#[derive(Clone, Debug)]
struct Verified {
    issuer: usize,
    claims: Arc<Claims>,
    generation: u64,
    /// How much of its life was left when it was kept.
    left: Duration,
}

/// A kept signature goes when its token ends.
struct WithToken;

impl Expiry<[u8; 32], Verified> for WithToken {
    fn expire_after_create(&self, _: &[u8; 32], verified: &Verified, _: Instant) -> Option<Duration> {
        Some(verified.left)
    }
}

/// Verifies bearer tokens and finds the seat behind them. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Authenticator {
    office: Office,
    issuers: Vec<Issuer>,
    verified: Cache<[u8; 32], Verified>,
    last_use: LastUse,
}

impl Authenticator {
    /// An authenticator that trusts these issuers and nobody else. Two of one name are one too many: the first counts.
    #[must_use]
    pub fn new(office: Office, issuers: Vec<Issuer>) -> Self {
        let verified = Cache::builder().max_capacity(VERIFIED_MOST).expire_after(WithToken).build();
        Self { last_use: LastUse::new(office.clone()), office, issuers, verified }
    }

    /// The caller behind the text that followed `Bearer ` in the one `Authorization` header.
    ///
    /// # Errors
    /// [`Refused`], which says nothing more.
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        let now = self.office.clock.now();
        let verified = self.verify(bearer, now).await.ok_or(Refused::BadToken)?;
        let (issuer, claims) = (&self.issuers[verified.issuer], &*verified.claims);
        if !issuer.is_timely(claims, now.timestamp()) {
            return Err(Refused::BadToken);
        }
        let viewer = match &issuer.binding {
            Binding::Minted => self.minted(issuer, claims, now).await?,
            Binding::Development => self.development(issuer, claims).await?,
            Binding::Provider { .. } => self.provided(issuer, claims).await?,
        };
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(Refused::BadToken)?;
        Ok(Authenticated { token_key: viewer.token_id.unwrap_or(viewer.seat_id), expires_at, viewer })
    }

    /// Whether the token's signature was checked before and held.
    #[must_use]
    pub fn is_known(&self, bearer: &str) -> bool {
        self.verified.contains_key(&<[u8; 32]>::from(Sha256::digest(bearer.as_bytes())))
    }

    /// Whether every issuer has had keys to verify with: a readiness check.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.issuers.iter().all(|issuer| match &issuer.keys {
            Keys::Fixed(_) => true,
            Keys::Remote(jwks) => jwks.is_loaded(),
        })
    }

    /// Fetches the keys of every identity provider, so that the first request need not.
    pub async fn warm(&self) {
        for issuer in &self.issuers {
            issuer.keys().await;
        }
    }

    /// Waits until the uses of tokens noted so far are written: for a graceful end.
    pub async fn settle(&self) {
        self.last_use.settle().await;
    }

    /// The token's claims, if it is what it says; from the kept checks where its keys are still the same.
    async fn verify(&self, bearer: &str, now: DateTime<Utc>) -> Option<Verified> {
        let hash: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        if let Some(kept) = self.verified.get(&hash)
            && self.issuers[kept.issuer].keys().await.generation() == kept.generation
        {
            return Some(kept);
        }
        let token = claims::read(bearer)?;
        let at = self.issuers.iter().position(|issuer| issuer.name == token.claims.iss)?;
        let generation = self.issuers[at].verify(&token).await?;
        let left = (DateTime::from_timestamp(token.claims.exp, 0)? + TimeDelta::minutes(1) - now).to_std().ok()?;
        let verified = Verified { issuer: at, claims: Arc::new(token.claims), generation, left };
        self.verified.insert(hash, verified.clone());
        Some(verified)
    }

    async fn minted(&self, issuer: &Issuer, claims: &Claims, now: DateTime<Utc>) -> Result<Viewer, Refused> {
        let seat = only(seated(&self.office, &issuer.name, &claims.sub, None).await?)?;
        let life = seat.token.ok_or(Refused::BadToken)?;
        let is_this = seat.viewer.token_id.is_some_and(|id| claims.jti.as_deref() == Some(id.to_string().as_str()));
        if !is_this || life.is_revoked || life.expires_at <= now {
            return Err(Refused::BadToken);
        }
        if let (Place::Program(program_id), Some(token_id)) = (seat.viewer.place, seat.viewer.token_id)
            && use_is_due(life.last_used_at, now)
        {
            self.last_use.note(program_id, token_id, now);
        }
        Ok(seat.viewer)
    }

    async fn development(&self, issuer: &Issuer, claims: &Claims) -> Result<Viewer, Refused> {
        self.seat_of(issuer, claims, "program", "portfolio", |_| true, |_| true).await
    }

    async fn provided(&self, issuer: &Issuer, claims: &Claims) -> Result<Viewer, Refused> {
        let Binding::Provider { programs, portfolios, program_claim, portfolio_claim } = &issuer.binding else {
            return Err(Refused::BadToken);
        };
        let in_programs = |slug: &str| programs.iter().any(|one| one == slug);
        let in_portfolios = |slug: &str| portfolios.iter().any(|one| one == slug);
        self.seat_of(issuer, claims, program_claim, portfolio_claim, in_programs, in_portfolios).await
    }

    /// The seat that the token means: of the program or portfolio it names, else the only one there is.
    async fn seat_of(
        &self,
        issuer: &Issuer,
        claims: &Claims,
        program_claim: &str,
        portfolio_claim: &str,
        in_programs: impl Fn(&str) -> bool,
        in_portfolios: impl Fn(&str) -> bool,
    ) -> Result<Viewer, Refused> {
        let program = claims.named(program_claim).ok_or(Refused::BadToken)?;
        let portfolio = claims.named(portfolio_claim).ok_or(Refused::BadToken)?;
        let (office, name, subject) = (&self.office, &issuer.name, &claims.sub);
        let mut found = Vec::new();
        if portfolio.is_none() && program.as_deref().is_none_or(&in_programs) {
            let seats: Vec<Seated> = seated(office, name, subject, program.as_deref()).await?;
            found.extend(seats.into_iter().filter(|seat| in_programs(&seat.program)).map(|seat| seat.viewer));
        }
        if program.is_none() && portfolio.as_deref().is_none_or(&in_portfolios) {
            let seats = seated_in_portfolio(office, name, subject, portfolio.as_deref()).await?;
            found.extend(seats.into_iter().filter(|(slug, _)| in_portfolios(slug)).map(|(_, viewer)| viewer));
        }
        only(found)
    }
}

/// Exactly one, or nobody.
fn only<T>(mut found: Vec<T>) -> Result<T, Refused> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Refused::BadToken),
    }
}
