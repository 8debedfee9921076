//! The nodes of each program's Merkle tree, by their place in storage. A node is written once and never again.

use crate::import_bulk::pieces;
use crate::store::{Conn, DbErr};
use domain::ledger::tree::{Hash, Nodes};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QuerySelect};
use uuid::Uuid;

/// A row of `ledger_node`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_node")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// Its place.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// 32 bytes.
    pub hash: Vec<u8>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// Writes new nodes.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, program_id: Uuid, nodes: &[(u64, Hash)]) -> Result<(), DbErr> {
    for nodes in pieces(nodes) {
        let rows: Vec<ActiveModel> = nodes
            .iter()
            .map(|(position, hash)| ActiveModel {
                program_id: Set(program_id),
                position: Set(place(*position)),
                hash: Set(hash.0.to_vec()),
            })
            .collect();
        Entity::insert_many(rows).exec_without_returning(conn).await?;
    }
    Ok(())
}

async fn fetch(conn: &impl Conn, program_id: Uuid, which: Condition) -> Result<Nodes, DbErr> {
    let rows: Vec<(i64, Vec<u8>)> = Entity::find()
        .select_only()
        .columns([Column::Position, Column::Hash])
        .filter(Column::ProgramId.eq(program_id))
        .filter(which)
        .into_tuple()
        .all(conn)
        .await?;
    // One that is no hash is as good as missing.
    let read = |(position, hash): (i64, Vec<u8>)| Some((u64::try_from(position).ok()?, Hash(hash.try_into().ok()?)));
    Ok(rows.into_iter().filter_map(read).collect())
}

/// The nodes at these places that there are.
///
/// # Errors
/// [`DbErr`].
pub async fn at(conn: &impl Conn, program_id: Uuid, positions: &[u64]) -> Result<Nodes, DbErr> {
    let mut nodes = Nodes::new();
    for positions in positions.chunks(crate::import_bulk::ROWS_MOST) {
        let places = positions.iter().copied().map(place);
        nodes.append(&mut fetch(conn, program_id, Condition::all().add(Column::Position.is_in(places))).await?);
    }
    Ok(nodes)
}

/// The nodes from one place to before another.
///
/// # Errors
/// [`DbErr`].
pub async fn between(conn: &impl Conn, program_id: Uuid, from: u64, to: u64) -> Result<Nodes, DbErr> {
    let range = Condition::all().add(Column::Position.gte(place(from))).add(Column::Position.lt(place(to)));
    fetch(conn, program_id, range).await
}
