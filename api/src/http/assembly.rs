//! The server put together: what `serve`, `demo` and the tests have in common.

use super::{Contracts, Http, Ready, imports};
use crate::auth::{Authenticated, Identity};
use crate::graphql::{Schemas, prepare};
use crate::limits::Limits;
use crate::usecase::Caller;
use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use std::path::PathBuf;
use std::sync::Arc;

/// The outside over an identity and every role's schema.
#[must_use]
pub fn assemble(identity: &Identity, schemas: &Schemas, limits: Limits, ready: Arc<dyn Ready>) -> Http {
    let office = identity.office.clone();
    let clock = office.clock.clone();
    let equip =
        move |request, who: &Authenticated| prepare(request, Caller::new(office.clone(), Arc::new(who.viewer.clone())));
    let authenticator = identity.authenticator.clone();
    Http::new(limits, Contracts::new(schemas), authenticator, ready, Arc::new(equip), clock)
}

/// Every route of a server but the explorer's; uploads are kept in the folder `spool`.
pub fn routes(http: &Arc<Http>, identity: &Identity, spool: PathBuf) -> Router {
    let jwks = identity.jwks.clone();
    let keys = Router::new().route(
        "/.well-known/jwks.json",
        get(|| async move {
            ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")], jwks.to_string())
        }),
    );
    keys.merge(imports::router(http.clone(), identity.office.clone(), spool))
}
