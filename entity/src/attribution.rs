//! Who did what for a deal: the entries that hold. Rows are written through [`crate::attribution_entry`].
use crate::attribution_entry;
use crate::column::{Places, one_of, read};
use crate::deal_around::{beside, found};
use crate::store::{Conn, DbErr};
use crate::{partner, scope};
use domain::slice::Slice;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Expr};
use sea_orm::{Iterable, QueryOrder, QueryResult, QueryTrait};
use uuid::Uuid;

/// A row of `attribution`, the view of the entries that no decision set aside.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attribution")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The deal.
    pub deal_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What it did.
    pub state: String,
    /// Added after the lock.
    pub is_late: bool,
    /// Where it came from.
    pub provenance: String,
    /// The evidence.
    pub evidence: Option<String>,
    /// The activity that it rests on.
    pub basis_id: Option<Uuid>,
    /// When it was locked.
    pub locked_at: Option<DateTimeUtc>,
    /// The decision that added it.
    pub dispute_id: Option<Uuid>,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row whose columns come next, in the order in which they are declared.
    pub(crate) fn of(places: &mut Places<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            program_id: places.next()?,
            id: places.next()?,
            deal_id: places.next()?,
            partner_id: places.next()?,
            state: places.next()?,
            is_late: places.next()?,
            provenance: places.next()?,
            evidence: places.next()?,
            basis_id: places.next()?,
            locked_at: places.next()?,
            dispute_id: places.next()?,
            recorded_at: places.next()?,
        })
    }
}

impl TryFrom<Model> for domain::attribution::Attribution {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            deal_id: row.deal_id,
            partner_id: row.partner_id,
            state: read("attribution.state", &row.state)?,
            is_late: row.is_late,
            provenance: read("attribution.provenance", &row.provenance)?,
            evidence: row.evidence,
            basis_id: row.basis_id,
            locked_at: row.locked_at,
            recorded_at: row.recorded_at,
        })
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::attributions(slice))
}

/// The attributions of these deals that the slice holds, in the order they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(
    conn: &impl Conn,
    slice: &Slice,
    deals: &[Uuid],
) -> Result<Vec<domain::attribution::Attribution>, DbErr> {
    within(slice)
        .filter(one_of(conn, Column::DealId, deals))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
}

/// As [`of_deals`], each with its partner as far as the slice holds it, in one statement.
///
/// # Errors
/// [`DbErr`].
pub async fn with_partners(
    conn: &impl Conn,
    slice: &Slice,
    deals: &[Uuid],
) -> Result<Vec<(domain::attribution::Attribution, Option<domain::partner::Partner>)>, DbErr> {
    let mut select = within(slice)
        .filter(one_of(conn, Column::DealId, deals))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id);
    let is_its = Cond::all()
        .add(Expr::cust("partner.program_id = attribution.program_id AND partner.id = attribution.partner_id"))
        .add(scope::partners(slice, "partner.id"));
    beside::<partner::Entity>(&mut select, "partner", is_its);
    let rows = conn.query_all(&select.into_query()).await?;
    let read_row = |row: &QueryResult| {
        let mut places = Places::new(row);
        let attribution = Model::of(&mut places)?.try_into()?;
        Ok((attribution, found(&mut places, partner::Model::of, &partner::Column::iter())?))
    };
    rows.iter().map(read_row).collect()
}

/// Replaces the attributions of a deal that is not locked.
///
/// # Errors
/// [`DbErr`], a unique violation when two partners are SOURCED.
pub async fn replace(
    conn: &impl Conn,
    slice: &Slice,
    deal: Uuid,
    with: &[domain::attribution::Attribution],
) -> Result<(), DbErr> {
    attribution_entry::forget_unlocked(conn, slice, deal).await?;
    attribution_entry::insert(conn, slice, with, None).await
}
