//! From the socket to the schema: limits, authentication, the request pipeline, and what an operator needs of a server.
//!
//! The order of the pipeline is fixed (PROTOCOL.md section 5): sizes and timeouts, one Authorization, the caller, the bucket,
//! media types, the shape, the document, its measure, its validation, the operation, the method, the variables, the cost, and
//! only then the schema. HTTP, event streams and WebSockets share everything from the caller on.

mod answer;
mod assembly;
mod audit;
mod bucket;
mod coerce;
mod contract;
mod cost;
mod documents;
pub mod explorer;
mod exports;
mod frame;
mod graphql;
mod guard;
mod health;
pub mod imports;
mod introspect;
mod kept;
mod lex;
mod measure;
mod media;
mod pages;
mod params;
mod pipeline;
mod refusal;
mod root;
mod serve;
mod sse;
pub mod telemetry;
mod variables;
mod ws;

pub use assembly::{assemble, routes};
pub use contract::{Contract, Contracts, Runs};
pub use documents::Documents;
pub use frame::RequestId;
pub use guard::Authenticate;
pub use health::Ready;
pub use serve::serve;

use crate::auth::Authenticated;
use crate::clock::Clock;
use crate::limits::Limits;
use async_graphql::Request;
use axum::Router;
use axum::routing::{any, get};
use bucket::Buckets;
use guard::{Connections, Origin};
use kept::Kept;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Puts what resolvers need into a request's data: the caller, its loaders.
pub type Equip = Arc<dyn Fn(Request, &Authenticated) -> Request + Send + Sync>;

/// The outside of the server: what every request goes through.
pub struct Http {
    limits: Limits,
    contracts: Contracts,
    authenticate: Arc<dyn Authenticate>,
    ready: Arc<dyn Ready>,
    equip: Equip,
    documents: Documents,
    clock: Clock,
    buckets: Buckets<Uuid>,
    failures: Buckets<Origin>,
    proxies: usize,
    connections: Connections,
    kept: Kept,
    origins: Vec<http::HeaderValue>,
    stop: CancellationToken,
}

impl Http {
    /// The outside with its defaults: no documents folder, no other origins.
    #[must_use]
    pub fn new(
        limits: Limits,
        contracts: Contracts,
        authenticate: Arc<dyn Authenticate>,
        ready: Arc<dyn Ready>,
        equip: Equip,
        clock: Clock,
    ) -> Self {
        Self {
            buckets: Buckets::new(limits.bucket, limits.restore_rate),
            failures: Buckets::new(limits.failed_sign_ins, limits.forgiven_sign_ins),
            proxies: 0,
            connections: Connections::new(limits.connections),
            kept: Kept::new(),
            limits,
            contracts,
            authenticate,
            ready,
            equip,
            documents: Documents::default(),
            clock,
            origins: Vec::new(),
            stop: CancellationToken::new(),
        }
    }

    /// With a folder of documents.
    #[must_use]
    pub fn with_documents(mut self, documents: Documents) -> Self {
        self.documents = documents;
        self
    }

    /// With origins whose pages may call this server (CORS); none by default.
    #[must_use]
    pub fn with_origins(mut self, origins: Vec<http::HeaderValue>) -> Self {
        self.origins = origins;
        self
    }

    /// Behind so many proxies, each of which adds its peer to `X-Forwarded-For`; none by default.
    #[must_use]
    pub const fn with_proxies(mut self, proxies: usize) -> Self {
        self.proxies = proxies;
        self
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The time as the server has it.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Cancelled when the server is told to stop: long connections end then.
    #[must_use]
    pub const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// The routes of this room, with those of others (`more`), behind the same frame: request ids, headers, masked panics.
    pub fn router(self: &Arc<Self>, more: Router) -> Router {
        let routes = Router::new()
            .route("/graphql", any(graphql::endpoint))
            .route("/graphql/ws", get(ws::upgrade))
            .route("/schema.graphql", get(graphql::sdl))
            .route("/exports/audit-matrix.csv", get(exports::audit_matrix))
            .route("/exports/portfolio.csv", get(exports::portfolio::csv))
            .route("/exports/portfolio.json", get(exports::portfolio::json))
            .merge(pages::routes())
            .route("/health/live", get(health::live))
            .route("/health/ready", get(health::ready))
            .with_state(self.clone());
        frame::around(self, routes.merge(more))
    }
}
