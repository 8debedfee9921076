//! The connection to SQLite or PostgreSQL. Reads go to a pool; writes go through [`Store::begin`].

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::time::Duration;

/// Anything a finder can run on: the read pool or a transaction.
pub use sea_orm::ConnectionTrait as Conn;
pub use sea_orm::DbErr;
/// A transaction; dropped without commit, it is rolled back.
pub type Tx = DatabaseTransaction;

/// How long a statement of a request may run in PostgreSQL.
const STATEMENT: Duration = Duration::from_secs(5);

/// For how long a connection that was just used is taken to be there still: to ask before each statement would double the round
/// trips of a request.
const TRUSTED: Duration = Duration::from_secs(1);

/// The two sides of one database, and a third for work that takes its time.
#[derive(Clone, Debug)]
pub struct Store {
    read: DatabaseConnection,
    write: DatabaseConnection,
    unhurried: Option<DatabaseConnection>,
}

impl Store {
    /// Connects. SQLite gets one writer connection and a pool of readers on one WAL file; PostgreSQL a pool for requests and, once
    /// it is needed, a small one for imports and rebuilds.
    ///
    /// # Errors
    /// [`DbErr`] when the URL is of neither back end or the database cannot be reached.
    pub async fn connect(url: &str, connections_max: u32) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            let url = if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
            let write = Database::connect(sqlite(&url, 1)).await?;
            let read = Database::connect(sqlite(&url, connections_max.clamp(1, 8))).await?;
            Ok(Self { read, write, unhurried: None })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(connections_max)
                .acquire_timeout(Duration::from_secs(8))
                .test_before_acquire_if_idle_for(TRUSTED)
                .sqlx_logging(false);
            let mut slow = options.clone();
            slow.max_connections(connections_max.min(8)).acquire_timeout(Duration::from_secs(60)).connect_lazy(true);
            options.statement_timeout(STATEMENT);
            let pool = Database::connect(options).await?;
            Ok(Self { read: pool.clone(), write: pool, unhurried: Some(Database::connect(slow).await?) })
        } else {
            Err(DbErr::Custom("DATABASE_URL must begin with sqlite:// or postgres://".into()))
        }
    }

    /// The same database for what may take long: migrations, imports, recounts. No statement of it is cut off, and none of it
    /// takes a connection away from a request.
    #[must_use]
    pub fn unhurried(&self) -> Self {
        match &self.unhurried {
            Some(pool) => Self { read: pool.clone(), write: pool.clone(), unhurried: Some(pool.clone()) },
            None => self.clone(),
        }
    }

    /// The read side.
    #[must_use]
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The write side outside a transaction: migrations and single statements.
    #[must_use]
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a write transaction (IMMEDIATE on SQLite, so that two writers queue instead of failing midway).
    ///
    /// # Errors
    /// [`DbErr`] when no connection can be had.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.write.begin_with_options(options).await
    }

    /// Begins a read transaction in which every statement sees the same state.
    ///
    /// # Errors
    /// [`DbErr`] when no connection can be had.
    pub async fn snapshot(&self) -> Result<Tx, DbErr> {
        // A deferred transaction of SQLite in WAL mode is a snapshot already, and knows no isolation levels.
        let isolation_level = (!self.is_sqlite()).then_some(IsolationLevel::RepeatableRead);
        let access_mode = (!self.is_sqlite()).then_some(AccessMode::ReadOnly);
        self.read
            .begin_with_options(TransactionOptions { isolation_level, access_mode, ..TransactionOptions::default() })
            .await
    }

    /// Whether this is SQLite.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        is_sqlite(&self.read)
    }
}

/// Whether a connection speaks to SQLite.
pub fn is_sqlite(connection: &impl ConnectionTrait) -> bool {
    connection.get_database_backend() == sea_orm::DbBackend::Sqlite
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire_if_idle_for(TRUSTED)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(Duration::from_secs(30))
                .pragma("mmap_size", "268435456")
                .pragma("cache_size", "-16000")
        });
    options
}

/// Whether the database refused a row because a unique key is taken.
#[must_use]
pub fn is_unique_violation(why: &DbErr) -> bool {
    matches!(why.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}
