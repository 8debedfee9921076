//! Logs, and the page of metrics on a listener of its own (ruling 33).

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::future::Future;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people, on a terminal.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Starts the logs, on stderr. `RUST_LOG` says which; `info` where it says nothing. A second call changes nothing.
pub fn start_logs(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,hyper=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Already started is as good as started.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Starts to collect metrics. Before this, counting costs next to nothing and is kept nowhere.
///
/// # Errors
/// The collector was started before.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    // Buckets, unlike quantiles, can be summed over replicas.
    PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])?
        .install_recorder()
}

/// Serves `/metrics`, and nothing else, until `until` is over.
///
/// # Errors
/// The listener broke.
pub async fn serve_metrics(
    listener: TcpListener,
    handle: PrometheusHandle,
    until: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let page = move || {
        let handle = handle.clone();
        async move {
            handle.run_upkeep();
            handle.render()
        }
    };
    axum::serve(listener, Router::new().route("/metrics", get(page))).with_graceful_shutdown(until).await
}
