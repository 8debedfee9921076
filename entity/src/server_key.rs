//! Keys that the server makes for itself and keeps in its database: for `demo`, and for the local development key. `serve`
//! signs with a file instead.

use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

/// A key's row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "server_key")]
pub struct Model {
    /// The key's id: its RFC 7638 thumbprint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// One key, one purpose: `MINT` or `DEV`.
    pub purpose: String,
    /// PKCS#8.
    pub private_pem: String,
    /// SubjectPublicKeyInfo.
    pub public_pem: String,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: nothing refers to a key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Without the private key, which must never reach a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerKey").field("kid", &self.kid).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// The key of a purpose; the first one, should two processes have made one at the same time.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, purpose: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Purpose.eq(purpose))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Kid)
        .one(conn)
        .await
}

/// The ids of all keys in the database.
///
/// # Errors
/// [`DbErr`].
pub async fn kids(conn: &impl Conn) -> Result<Vec<String>, DbErr> {
    Ok(Entity::find().all(conn).await?.into_iter().map(|row| row.kid).collect())
}

/// Writes a new key.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(
    conn: &impl Conn,
    purpose: &str,
    kid: &str,
    private_pem: &str,
    public_pem: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        kid: Set(kid.to_owned()),
        purpose: Set(purpose.to_owned()),
        private_pem: Set(private_pem.to_owned()),
        public_pem: Set(public_pem.to_owned()),
        recorded_at: Set(at),
    };
    Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}
