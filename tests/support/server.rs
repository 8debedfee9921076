//! The server under test: the rooms put together as `partnerloop serve` does it, on a port that the system chose.

use api::auth::Identity;
use api::graphql::Schemas;
use api::http::explorer::{self, DemoSeats};
use api::http::{Contracts, Http, Ready, serve};
use api::limits::Limits;
use api::usecase::Caller;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::net::TcpListener;

struct Always;

#[async_trait]
impl Ready for Always {
    async fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// Serves until the task is ended.
pub(super) async fn run(identity: Identity, listener: TcpListener, limits: Limits, demo: DemoSeats) {
    let schemas = Schemas::build().unwrap();
    let office = identity.office.clone();
    let clock = office.clock.clone();
    let means = office.clone();
    let equip = move |request: async_graphql::Request, who: &api::auth::Authenticated| {
        api::graphql::prepare(request, Caller::new(office.clone(), Arc::new(who.viewer.clone())))
    };
    let http =
        Http::new(limits, Contracts::new(&schemas), identity.authenticator, Arc::new(Always), Arc::new(equip), clock);
    let http = Arc::new(http);
    tokio::spawn(api::usecase::follow::feed(means, http.stop().clone()));
    let router = http.router(explorer::router(&http, Some(demo)));
    serve(http, listener, router, std::future::pending()).await;
}
