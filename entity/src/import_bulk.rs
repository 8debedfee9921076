//! Facts in bulk: found by their ids in another system, written many at a time.

use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Iterable, QuerySelect};
use std::collections::HashMap;

/// How many rows of the widest table fit into one statement on both back ends (SQLite binds at most 32,766 values).
pub const ROWS_MOST: usize = 700;

macro_rules! bulk {
    ($table:ident, $fact:ty, $what:literal) => {
        #[doc = concat!($what, " in bulk.")]
        pub mod $table {
            use super::*;
            use crate::$table::{Column, Entity, active};

            #[doc = concat!($what, " with these ids in their own system.")]
            ///
            /// # Errors
            /// [`DbErr`].
            pub async fn of_external_ids(conn: &impl Conn, slice: &Slice, ids: &[&str]) -> Result<Vec<$fact>, DbErr> {
                Entity::find()
                    .filter(Column::ProgramId.eq(slice.program_id()))
                    .filter(Column::ExternalId.is_in(ids.iter().copied()))
                    .all(conn)
                    .await?
                    .into_iter()
                    .map(TryInto::try_into)
                    .collect()
            }

            #[doc = concat!($what, ": only their ids, by their ids in their own system.")]
            ///
            /// # Errors
            /// [`DbErr`].
            pub async fn ids(conn: &impl Conn, slice: &Slice, ids: &[&str]) -> Result<HashMap<String, Uuid>, DbErr> {
                let rows: Vec<(String, Uuid)> = Entity::find()
                    .select_only()
                    .columns([Column::ExternalId, Column::Id])
                    .filter(Column::ProgramId.eq(slice.program_id()))
                    .filter(Column::ExternalId.is_in(ids.iter().copied()))
                    .into_tuple()
                    .all(conn)
                    .await?;
                Ok(rows.into_iter().collect())
            }

            /// Whether the program has any.
            ///
            /// # Errors
            /// [`DbErr`].
            pub async fn any(conn: &impl Conn, slice: &Slice) -> Result<bool, DbErr> {
                let id: Option<Uuid> = Entity::find()
                    .select_only()
                    .column(Column::Id)
                    .filter(Column::ProgramId.eq(slice.program_id()))
                    .limit(1)
                    .into_tuple()
                    .one(conn)
                    .await?;
                Ok(id.is_some())
            }

            /// Writes rows: new ones, and those that are there already anew.
            ///
            /// # Errors
            /// [`DbErr`], a unique violation when a key is taken.
            pub async fn upsert(conn: &impl Conn, slice: &Slice, rows: &[$fact]) -> Result<(), DbErr> {
                for rows in rows.chunks(ROWS_MOST) {
                    let others = Column::iter().filter(|column| !matches!(column, Column::ProgramId | Column::Id));
                    let conflict =
                        OnConflict::columns([Column::ProgramId, Column::Id]).update_columns(others).to_owned();
                    let models = rows.iter().map(|it| active(slice.program_id(), it));
                    Entity::insert_many(models).on_conflict(conflict).exec_without_returning(conn).await?;
                }
                Ok(())
            }
        }
    };
}

bulk!(account, domain::account::Account, "Accounts");
bulk!(partner, domain::partner::Partner, "Partners");
bulk!(deal, domain::deal::Deal, "Deals");
bulk!(spend_line, domain::spend::SpendLine, "Lines of spend");
bulk!(activity, domain::activity::Activity, "Activities");

/// Writes new attributions.
///
/// # Errors
/// [`DbErr`], a unique violation when two partners of a deal are SOURCED.
pub async fn attributions(
    conn: &impl Conn,
    slice: &Slice,
    rows: &[domain::attribution::Attribution],
) -> Result<(), DbErr> {
    for rows in rows.chunks(ROWS_MOST) {
        let models = rows.iter().map(|it| crate::attribution::active(slice.program_id(), it));
        crate::attribution::Entity::insert_many(models).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// Every partner's id, external id and name.
///
/// # Errors
/// [`DbErr`].
pub async fn partners(conn: &impl Conn, slice: &Slice) -> Result<Vec<(Uuid, Option<String>, String)>, DbErr> {
    use crate::partner::{Column, Entity};
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::ExternalId, Column::Name])
        .filter(Column::ProgramId.eq(slice.program_id()))
        .into_tuple()
        .all(conn)
        .await
}

/// Every pod's id and name.
///
/// # Errors
/// [`DbErr`].
pub async fn pods(conn: &impl Conn, slice: &Slice) -> Result<Vec<(Uuid, String)>, DbErr> {
    use crate::pod::{Column, Entity};
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::Name])
        .filter(Column::ProgramId.eq(slice.program_id()))
        .into_tuple()
        .all(conn)
        .await
}
