//! Who may vouch for a caller: identity providers by configuration, and this server for what it signs itself.

use super::claims::{Claims, Unverified};
use super::jwks::Jwks;
use super::key::KeySet;
use crate::usecase::signing::{AUDIENCE, Purpose};
use chrono::TimeDelta;
use std::sync::Arc;

/// How far clocks may be apart.
const LEEWAY: i64 = 30;
/// The longest life of an identity provider's access token, and of a development token (ruling 35).
const ACCESS_LIFE: TimeDelta = TimeDelta::hours(24);
/// The longest life of a minted token (ruling 35).
const MINTED_LIFE: TimeDelta = TimeDelta::days(domain::token::DAYS_MOST);

/// Where an issuer's keys come from.
#[derive(Debug)]
pub enum Keys {
    /// From files, or this server's own.
    Fixed(Arc<KeySet>),
    /// From a URL.
    Remote(Arc<Jwks>),
}

/// Which seats an issuer's subjects may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// An identity provider, bound to programs and portfolios by their slugs (ruling 28).
    Provider {
        /// Programs.
        programs: Vec<String>,
        /// Portfolios.
        portfolios: Vec<String>,
        /// The claim that names the program.
        program_claim: String,
        /// The claim that names the portfolio.
        portfolio_claim: String,
    },
    /// Our own minted tokens: each has one seat, and a row that says whether it still holds.
    Minted,
    /// The development key: every program of this database, in `demo` only.
    Development,
}

/// An issuer that is trusted.
#[derive(Debug)]
pub struct Issuer {
    /// Its exact `iss`.
    pub name: String,
    /// The audience that its tokens must name.
    pub audience: String,
    /// The `typ`s that its tokens may have; the empty text stands for none.
    pub typ: Vec<String>,
    /// Its keys.
    pub keys: Keys,
    /// Its seats.
    pub binding: Binding,
}

impl Issuer {
    /// This server itself, for tokens of a purpose.
    #[must_use]
    pub fn own(purpose: Purpose, keys: KeySet) -> Self {
        let binding = match purpose {
            Purpose::Mint => Binding::Minted,
            Purpose::Dev => Binding::Development,
        };
        let typ = vec![purpose.typ().to_owned()];
        Self {
            name: purpose.issuer().into(),
            audience: AUDIENCE.into(),
            typ,
            keys: Keys::Fixed(Arc::new(keys)),
            binding,
        }
    }

    /// The keys as they are now.
    pub(super) async fn keys(&self) -> Arc<KeySet> {
        match &self.keys {
            Keys::Fixed(set) => set.clone(),
            Keys::Remote(jwks) => jwks.set().await,
        }
    }

    /// The keys, renewed when they hold no key of that id.
    async fn keys_with(&self, kid: &str) -> Arc<KeySet> {
        match &self.keys {
            Keys::Fixed(set) => set.clone(),
            Keys::Remote(jwks) => jwks.set_with(kid).await,
        }
    }

    /// Everything about a token that never changes: its type, audience, length of life and signature. The answer is the
    /// generation of the keys it was verified under.
    pub(super) async fn verify(&self, token: &Unverified<'_>) -> Option<u64> {
        let Unverified { header, claims, .. } = token;
        let life = claims.exp.checked_sub(claims.iat)?;
        let (life_most, is_minted) = match self.binding {
            Binding::Minted => (MINTED_LIFE, true),
            Binding::Provider { .. } | Binding::Development => (ACCESS_LIFE, false),
        };
        let fits = self.takes_typ(&header.typ)
            && claims.iss == self.name
            && claims.aud.contains(&self.audience)
            && (1..=life_most.num_seconds()).contains(&life)
            && (!is_minted || (claims.nbf.is_some() && claims.jti.is_some()));
        if !fits {
            return None;
        }
        let keys = self.keys_with(&header.kid).await;
        keys.get(&header.kid)?.verifies(&header.alg, token.signed, token.signature).then_some(keys.generation())
    }

    /// A `typ` is a media type: its case and a leading `application/` do not matter (RFC 7515 section 4.1.9).
    fn takes_typ(&self, typ: &str) -> bool {
        let bare =
            typ.get(..12).filter(|prefix| prefix.eq_ignore_ascii_case("application/")).map_or(typ, |_| &typ[12..]);
        self.typ.iter().any(|one| one.eq_ignore_ascii_case(bare))
    }

    /// What time changes, asked at every request. Our own tokens end to the second: the clock that made them is ours.
    pub(super) fn is_timely(&self, claims: &Claims, now: i64) -> bool {
        let late = match self.binding {
            Binding::Provider { .. } => LEEWAY,
            Binding::Minted | Binding::Development => 0,
        };
        now < claims.exp.saturating_add(late)
            && claims.iat <= now.saturating_add(LEEWAY)
            && claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY))
    }
}
