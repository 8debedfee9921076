//! Word of committed events between processes: LISTEN and NOTIFY of PostgreSQL. SQLite has no such thing, and one process.

use crate::store::{Conn, DbErr, Store, is_sqlite};
use sea_orm::Statement;
use sqlx::postgres::PgListener;

const CHANNEL: &str = "partnerloop_event";

/// Tells all processes, when the transaction commits, that a program has new events.
pub(crate) async fn notify(conn: &impl Conn, program_id: uuid::Uuid) -> Result<(), DbErr> {
    if !is_sqlite(conn) {
        let values = [CHANNEL.into(), program_id.to_string().into()];
        let sql = "SELECT pg_notify($1, $2)";
        conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

/// An ear for that word, on a connection of its own.
pub struct Listener(PgListener);

impl Listener {
    /// Opens one; none on SQLite.
    ///
    /// # Errors
    /// [`DbErr`] when no connection can be had.
    pub async fn open(store: &Store) -> Result<Option<Self>, DbErr> {
        if store.is_sqlite() {
            return Ok(None);
        }
        let lost = |why: sqlx::Error| DbErr::Custom(why.to_string());
        let mut listener = PgListener::connect_with(store.read().get_postgres_connection_pool()).await.map_err(lost)?;
        listener.listen(CHANNEL).await.map_err(lost)?;
        Ok(Some(Self(listener)))
    }

    /// Waits for the next word, or for the connection to be made anew after a loss: either is a reason to look.
    ///
    /// # Errors
    /// [`DbErr`] when the connection is lost and cannot be made anew.
    pub async fn heard(&mut self) -> Result<(), DbErr> {
        self.0.try_recv().await.map(|_| ()).map_err(|why| DbErr::Custom(why.to_string()))
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}
