//! Who is calling: a bearer token in, a [`Viewer`] out (LOOP.md rulings 28, 29, 35; PROTOCOL.md section 4.1).

use chrono::{DateTime, Utc};
use domain::slice::Viewer;
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

/// Verifies bearer tokens and finds the seat behind them. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Authenticator {}

impl Authenticator {
    /// The caller behind the text that followed `Bearer ` in the one `Authorization` header.
    ///
    /// # Errors
    /// [`Refused`], which says nothing more.
    #[expect(clippy::unused_async, reason = "the signature that the HTTP pipeline is written against; verification lands next")]
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        let _ = bearer;
        Err(Refused::BadToken)
    }
}
