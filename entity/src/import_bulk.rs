//! Facts in bulk: found by their ids in another system, written many at a time.

use crate::bulk::{self, SIZES};
use crate::column::one_of;
use crate::store::{Conn, DbErr};
use domain::slice::Slice;
use sea_orm::QuerySelect;
use sea_orm::entity::prelude::*;
use std::collections::HashMap;

/// How many rows go together.
pub const ROWS_MOST: usize = bulk::ROWS_MOST;

/// Rows in pieces of those sizes.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

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
                    .filter(one_of(conn, Column::ExternalId, ids))
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
                    .filter(one_of(conn, Column::ExternalId, ids))
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
                let rows = rows.iter().map(|it| active(slice.program_id(), it)).collect();
                bulk::write(conn, rows, &[Column::ProgramId, Column::Id]).await
            }
        }
    };
}

bulk!(account, domain::account::Account, "Accounts");
bulk!(partner, domain::partner::Partner, "Partners");
bulk!(deal, domain::deal::Deal, "Deals");
bulk!(spend_line, domain::spend::SpendLine, "Lines of spend");
bulk!(activity, domain::activity::Activity, "Activities");

/// Writes new deals.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn new_deals(conn: &impl Conn, slice: &Slice, rows: &[domain::deal::Deal]) -> Result<(), DbErr> {
    bulk::write(conn, rows.iter().map(|it| crate::deal::active(slice.program_id(), it)).collect(), &[]).await
}

/// Writes new attributions.
///
/// # Errors
/// [`DbErr`], a unique violation when two partners of a deal are SOURCED.
pub async fn attributions(
    conn: &impl Conn,
    slice: &Slice,
    rows: &[domain::attribution::Attribution],
) -> Result<(), DbErr> {
    crate::attribution_entry::insert(conn, slice, rows, None).await
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

/// Tells PostgreSQL's planner how the tables have grown within the transaction: autovacuum cannot see rows that are not
/// committed, and a foreign key checked by a plan made for an empty table reads the whole of it, row after row.
///
/// # Errors
/// [`DbErr`].
pub async fn analyze(conn: &impl Conn) -> Result<(), DbErr> {
    if !crate::store::is_sqlite(conn) {
        conn.execute_unprepared(
            "ANALYZE account, segment, partner, stage, deal, attribution_entry, spend_line, activity",
        )
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_piece_and_sizes_are_few() {
        for count in [0, 1, 4, 5, 233, 699, 700, 701, 2000] {
            let rows: Vec<usize> = (0..count).collect();
            let pieces: Vec<&[usize]> = pieces(&rows).collect();
            assert_eq!(pieces.concat(), rows);
            assert!(pieces.iter().all(|piece| SIZES.contains(&piece.len())));
        }
    }
}
