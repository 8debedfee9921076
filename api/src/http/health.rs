//! Whether the server lives, and whether it can serve.

use super::Http;
use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What must hold before the server may be sent requests.
#[async_trait]
pub trait Ready: Send + Sync {
    /// Nothing when it holds, else the name of what does not: `database`, `migrations`, `keys`.
    async fn missing(&self) -> Option<&'static str>;
}

/// The process answers.
pub(super) async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// The database answers, its tables are up to date, and the server is not about to stop.
pub(super) async fn ready(State(http): State<Arc<Http>>) -> (StatusCode, Json<Value>) {
    let missing = if http.stop.is_cancelled() {
        Some("stopping")
    } else {
        tokio::time::timeout(Duration::from_secs(2), http.ready.missing()).await.unwrap_or(Some("database"))
    };
    match missing {
        None => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Some(missing) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unready", "missing": missing }))),
    }
}
