//! Ids of accounts, partners and deals in other systems.
use crate::column::one_of;
use crate::import_bulk::pieces;
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::external_ref::{ExternalRef, RefKind, SystemId};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A row of `external_ref`: of an account, of a partner or of a deal.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_ref")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The system, case-folded.
    pub system: String,
    /// The id there.
    pub external_id: String,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// The deal.
    pub deal_id: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for ExternalRef {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let (kind, subject_id) = match (row.account_id, row.partner_id, row.deal_id) {
            (Some(id), None, None) => (RefKind::Account, id),
            (None, Some(id), None) => (RefKind::Partner, id),
            (None, None, Some(id)) => (RefKind::Deal, id),
            _ => return Err(DbErr::Type("external_ref is of one account, partner or deal".into())),
        };
        let at = SystemId { system: row.system, id: row.external_id };
        Ok(Self { id: row.id, kind, subject_id, at, recorded_at: row.recorded_at })
    }
}

fn active(program_id: Uuid, it: &ExternalRef) -> ActiveModel {
    let of = |kind: RefKind| Set((it.kind == kind).then_some(it.subject_id));
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        system: Set(it.at.system.clone()),
        external_id: Set(it.at.id.clone()),
        account_id: of(RefKind::Account),
        partner_id: of(RefKind::Partner),
        deal_id: of(RefKind::Deal),
        recorded_at: Set(it.recorded_at),
    }
}

const fn subject(kind: RefKind) -> Column {
    match kind {
        RefKind::Account => Column::AccountId,
        RefKind::Partner => Column::PartnerId,
        RefKind::Deal => Column::DealId,
    }
}

fn within(slice: &Slice, kind: RefKind) -> Select<Entity> {
    let visible = match kind {
        RefKind::Account => scope::on_accounts(slice, "external_ref.account_id"),
        RefKind::Partner => scope::partners(slice, "external_ref.partner_id"),
        RefKind::Deal => scope::on_deals(slice, "external_ref.deal_id"),
    };
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(subject(kind).is_not_null()).filter(visible)
}

fn read(rows: Vec<Model>) -> Result<Vec<ExternalRef>, DbErr> {
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The ids of these accounts, partners or deals, by system and id.
///
/// # Errors
/// [`DbErr`].
pub async fn of_subjects(
    conn: &impl Conn,
    slice: &Slice,
    kind: RefKind,
    subjects: &[Uuid],
) -> Result<Vec<ExternalRef>, DbErr> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let found = within(slice, kind)
        .filter(one_of(conn, subject(kind), subjects))
        .order_by_asc(Column::System)
        .order_by_asc(Column::ExternalId)
        .all(conn)
        .await?;
    read(found)
}

/// Those of these ids that are on record.
///
/// # Errors
/// [`DbErr`].
pub async fn known(
    conn: &impl Conn,
    slice: &Slice,
    kind: RefKind,
    wanted: impl IntoIterator<Item = &SystemId>,
) -> Result<Vec<ExternalRef>, DbErr> {
    let mut by_system: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for at in wanted {
        by_system.entry(&at.system).or_default().push(&at.id);
    }
    let mut found = Vec::new();
    for (system, ids) in by_system {
        let rows = within(slice, kind)
            .filter(Column::System.eq(system))
            .filter(one_of(conn, Column::ExternalId, &ids))
            .all(conn)
            .await?;
        found.extend(read(rows)?);
    }
    Ok(found)
}

/// One row, if what it is of is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<ExternalRef>, DbErr> {
    let row =
        Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.eq(id)).one(conn).await?;
    let Some(found) = row.map(ExternalRef::try_from).transpose()? else { return Ok(None) };
    within(slice, found.kind).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Writes new rows.
///
/// # Errors
/// [`DbErr`], a unique violation when an id of a system is taken by another row of the kind.
pub async fn insert(conn: &impl Conn, slice: &Slice, rows: &[ExternalRef]) -> Result<(), DbErr> {
    for rows in pieces(rows) {
        let models = rows.iter().map(|it| active(slice.program_id(), it));
        Entity::insert_many(models).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// Takes a row away.
///
/// # Errors
/// [`DbErr`].
pub async fn delete(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ProgramId.eq(slice.program_id())).filter(Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}

/// The condition on a table's id column: rows that have this id in another system.
pub(crate) fn having(slice: &Slice, kind: RefKind, id_column: &'static str, at: &SystemId) -> Condition {
    let id = match kind {
        RefKind::Account => "r.account_id",
        RefKind::Partner => "r.partner_id",
        RefKind::Deal => "r.deal_id",
    };
    scope::among(
        id_column,
        id,
        "external_ref",
        Condition::all()
            .add(Expr::cust("r.program_id").eq(slice.program_id()))
            .add(Expr::cust("r.system").eq(at.system.as_str()))
            .add(Expr::cust("r.external_id").eq(at.id.as_str()))
            .add(Expr::cust(id).is_not_null()),
    )
}
