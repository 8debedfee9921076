//! The contacts that are named for escalations: a row of the program, and one of each partner that has its own.

use crate::scope;
use crate::store::{Conn, DbErr};
use chrono::{DateTime, Utc};
use domain::escalation::EscalationPath;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Cond;
use uuid::Uuid;

/// A row of `escalation_path`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "escalation_path")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The partner, or the program itself: each has one row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The partner; none for the program's.
    pub partner_id: Option<Uuid>,
    /// The contacts, as JSON.
    pub contacts: String,
    /// For optimistic concurrency.
    pub version: i64,
    /// When they were recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The path of the program (no partner), or of a partner of the slice; no contacts, at version 0, where none were set.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, partner: Option<Uuid>) -> Result<EscalationPath, DbErr> {
    let own = Cond::any().add(Column::PartnerId.is_null()).add(scope::partners(slice, "escalation_path.partner_id"));
    let row = Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(Column::Id.eq(partner.unwrap_or(slice.program_id())))
        .filter(own)
        .one(conn)
        .await?;
    let unknown = |_| DbErr::Type("column escalation_path.contacts holds what this version does not know".into());
    row.map_or_else(
        || Ok(EscalationPath { partner_id: partner, ..EscalationPath::default() }),
        |row| {
            let contacts = serde_json::from_str(&row.contacts).map_err(unknown)?;
            Ok(EscalationPath { partner_id: row.partner_id, contacts, version: row.version })
        },
    )
}

/// Writes a path: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else set it first; [`DbErr::RecordNotUpdated`] when somebody else changed it first.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &EscalationPath, at: DateTime<Utc>) -> Result<(), DbErr> {
    let contacts = serde_json::to_string(&it.contacts).map_err(|_| DbErr::Type("the contacts are not JSON".into()))?;
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.partner_id.unwrap_or(slice.program_id())),
        partner_id: Set(it.partner_id),
        contacts: Set(contacts),
        version: Set(it.version),
        recorded_at: Set(at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).validate()?.filter(Column::Version.eq(it.version - 1)).exec_without_returning(conn).await?;
    }
    Ok(())
}
