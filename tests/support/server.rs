//! The server under test: the rooms put together as `partnerloop serve` does it, on a port that the system chose.

use api::auth::Identity;
use api::graphql::Schemas;
use api::http::explorer::{self, DemoSeats};
use api::http::{Ready, assemble, routes, serve};
use api::limits::Limits;
use async_trait::async_trait;
use std::sync::{Arc, LazyLock};
use tokio::net::TcpListener;

/// Every role's schema, built once: they hold nothing of a server.
pub(crate) static SCHEMAS: LazyLock<Schemas> =
    LazyLock::new(|| Schemas::build().unwrap_or_else(|missing| panic!("without a declared audience: {missing:?}")));

struct Always;

#[async_trait]
impl Ready for Always {
    async fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// Serves until the task is ended.
pub(super) async fn run(identity: Identity, listener: TcpListener, limits: Limits, demo: DemoSeats) {
    let http = Arc::new(assemble(&identity, &SCHEMAS, limits, Arc::new(Always)));
    tokio::spawn(api::usecase::follow::feed(identity.office.clone(), http.stop().clone()));
    let spool = tempfile::tempdir().unwrap();
    let own = routes(&http, &identity, spool.path().to_owned());
    let router = http.router(own.merge(explorer::router(&http, Some(demo))));
    serve(http, listener, router, std::future::pending()).await;
}
