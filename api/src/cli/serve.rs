//! `partnerloop serve`, and the part of it that `demo` shares: a server from configuration to its last drained request.

use super::Database;
use crate::auth::{self, Identity, Settings};
use crate::graphql::Schemas;
use crate::http::telemetry::{LogFormat, serve_metrics, start_logs, start_metrics};
use crate::http::{Documents, Http, Ready, assemble, explorer, routes, serve};
use crate::limits::Limits;
use crate::usecase::Office;
use crate::usecase::ledger::{digest, seal};
use anyhow::{Context, anyhow, bail};
use async_trait::async_trait;
use axum::Router;
use axum::http::HeaderValue;
use clap::Args;
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How the server is reached, and what it allows.
#[derive(Args, Clone, Debug)]
pub(super) struct Outside {
    /// Where it listens.
    #[arg(long, env = "PARTNERLOOP_LISTEN", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// Where the page of metrics listens; no page where this is not set.
    #[arg(long, env = "PARTNERLOOP_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Origins whose pages may call the server (CORS), with commas; none by default.
    #[arg(long, env = "PARTNERLOOP_ORIGINS", value_delimiter = ',')]
    origins: Vec<HeaderValue>,
    /// How many proxies stand in front, each of which adds its peer to X-Forwarded-For: whose failed sign-ins are counted.
    #[arg(long, env = "PARTNERLOOP_PROXIES", default_value_t = 0)]
    proxies: usize,
    /// A folder of .graphql documents that clients may name by `documentId`.
    #[arg(long, env = "PARTNERLOOP_DOCUMENTS")]
    documents: Option<PathBuf>,
    /// Runs the documents of that folder and refuses everything else.
    #[arg(long, env = "PARTNERLOOP_TRUSTED_ONLY", requires = "documents", value_parser = clap::builder::BoolishValueParser::new())]
    trusted_only: bool,
    /// The folder that uploads to /imports are kept in until they are imported.
    #[arg(long, env = "PARTNERLOOP_SPOOL", default_value = ".partnerloop/spool")]
    spool: PathBuf,
    /// Serves the explorer page at `/`.
    #[arg(long, env = "PARTNERLOOP_EXPLORER", value_parser = clap::builder::BoolishValueParser::new())]
    explorer: bool,
    /// Points that a token's bucket holds.
    #[arg(long, env = "PARTNERLOOP_BUCKET", default_value_t = Limits::default().bucket, value_parser = clap::value_parser!(u64).range(1..))]
    bucket: u64,
    /// Points that flow back in a second.
    #[arg(long, env = "PARTNERLOOP_RESTORE_RATE", default_value_t = Limits::default().restore_rate, value_parser = clap::value_parser!(u64).range(1..))]
    restore_rate: u64,
}

/// Serves a program's data; refuses to start on an unsafe configuration.
#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    outside: Outside,
    /// A TOML file of the identity providers whose tokens are let in.
    #[arg(long, env = "PARTNERLOOP_ISSUERS")]
    issuers: Option<PathBuf>,
    /// The private key that signs partner and machine tokens; `partnerloop keygen FILE` makes one.
    #[arg(long, env = "PARTNERLOOP_SIGNING_KEY")]
    signing_key: Option<PathBuf>,
    /// Public keys of earlier signing keys, whose tokens still hold, with commas.
    #[arg(long, env = "PARTNERLOOP_RETIRED_KEYS", value_delimiter = ',')]
    retired_keys: Vec<PathBuf>,
    /// Brings the database up to date first; without this, `serve` refuses one that is not.
    #[arg(long, env = "PARTNERLOOP_MIGRATE", value_parser = clap::builder::BoolishValueParser::new())]
    migrate: bool,
}

impl Serve {
    /// # Errors
    /// What is unsafe or does not work.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        start_logs(LogFormat::Json);
        let office = self.database.open().await?;
        if self.migrate {
            Migrator::up(office.store.unhurried().write(), None)
                .await
                .context("the migration failed; nothing of the failed step was kept")?;
        } else if !Migrator::get_pending_migrations(office.store.write()).await?.is_empty() {
            eprintln!(
                "partnerloop: the database is not up to date: run `partnerloop migrate`, or set PARTNERLOOP_MIGRATE=1"
            );
            return Ok(ExitCode::from(1));
        }
        digest::open_all(&office).await?;
        let settings =
            Settings { issuers: self.issuers, signing_key: self.signing_key, retired_keys: self.retired_keys };
        let identity = match auth::serve(office, &settings).await {
            Ok(identity) => identity,
            Err(reasons) => {
                for reason in reasons {
                    eprintln!("partnerloop: {reason}");
                }
                return Ok(ExitCode::from(1));
            }
        };
        identity.authenticator.warm().await;
        let (http, listener) = self.outside.open(&identity).await?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let more = if self.outside.explorer { explorer::router(&http, None) } else { Router::new() };
        self.outside.serve(http, listener, &identity, more).await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Outside {
    /// The outside of the server and the socket it will listen on.
    ///
    /// # Errors
    /// What is wrong with the configuration, or with the schema.
    pub(super) async fn open(&self, identity: &Identity) -> anyhow::Result<(Arc<Http>, TcpListener)> {
        let limits = Limits { bucket: self.bucket, restore_rate: self.restore_rate, ..Limits::default() };
        let ready = Arc::new(Whole { identity: identity.clone() });
        let schemas =
            Schemas::build().map_err(|missing| anyhow!("without a declared audience: {}", missing.join(", ")))?;
        let mut http =
            assemble(identity, &schemas, limits, ready).with_origins(self.origins.clone()).with_proxies(self.proxies);
        if self.origins.iter().any(|origin| origin == "*") {
            bail!("PARTNERLOOP_ORIGINS must list origins; any origin is not one");
        }
        if let Some(folder) = &self.documents {
            let documents = Documents::read(folder, self.trusted_only);
            let documents =
                documents.with_context(|| format!("the documents in {} cannot be read", folder.display()))?;
            if self.trusted_only && documents.is_empty() {
                bail!("{} holds no .graphql document, so that nothing could run", folder.display());
            }
            http = http.with_documents(documents);
        }
        let listener =
            TcpListener::bind(self.listen).await.with_context(|| format!("{} cannot be listened on", self.listen))?;
        Ok((Arc::new(http), listener))
    }

    /// Serves until SIGTERM or Ctrl-C, then drains.
    ///
    /// # Errors
    /// The listener of the metrics.
    pub(super) async fn serve(
        &self,
        http: Arc<Http>,
        listener: TcpListener,
        identity: &Identity,
        more: Router,
    ) -> anyhow::Result<()> {
        if let Some(address) = self.metrics_listen {
            let handle = start_metrics()?;
            let listener =
                TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))?;
            let stop = http.stop().clone();
            tokio::spawn(serve_metrics(listener, handle, async move { stop.cancelled().await }));
        }
        tokio::spawn(crate::http::imports::go_on(identity.office.clone(), http.stop().clone()));
        tokio::spawn(keep_sealing(identity.office.clone(), http.stop().clone()));
        let router = http.router(routes(&http, identity, self.spool.clone()).merge(more));
        let stop = http.stop().clone();
        tokio::spawn(crate::usecase::follow::feed(identity.office.clone(), stop.clone()));
        let scheduler = tokio::spawn(crate::jobs::run_until(identity.office.clone(), stop));
        serve(http, listener, router, told_to_stop()).await;
        // A job at work is finished; one that takes too long is taken over by another server.
        let _ = tokio::time::timeout(LAST_JOB, scheduler).await;
        identity.authenticator.settle().await;
        Ok(())
    }
}

/// How long an entry of the ledger waits for its place at most, but for the work itself.
const SEALING: Duration = Duration::from_secs(1);

/// Seals the ledger's entries until the server stops.
async fn keep_sealing(office: Office, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(SEALING)).await.is_some() {
        if let Err(why) = seal::seal_all(&office).await {
            tracing::error!(%why, "the ledger could not be sealed; its entries wait");
        }
    }
}

/// How long a job may go on after the last request.
const LAST_JOB: Duration = Duration::from_secs(10);

/// SIGTERM, or Ctrl-C.
async fn told_to_stop() {
    let interrupt = async {
        // Where there is no such signal, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Everything that must hold before requests may come.
struct Whole {
    identity: Identity,
}

#[async_trait]
impl Ready for Whole {
    async fn missing(&self) -> Option<&'static str> {
        let Office { store, .. } = &self.identity.office;
        match Migrator::get_pending_migrations(store.read()).await {
            Err(_) => Some("database"),
            Ok(pending) if !pending.is_empty() => Some("migrations"),
            Ok(_) if !self.identity.authenticator.is_ready() => Some("keys"),
            Ok(_) => None,
        }
    }
}
