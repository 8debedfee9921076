//! Activities, with their provenance.
use crate::bulk::array_of;
use crate::column::{Places, one_of, padded, read, read_words, word, words};
use crate::page::{self, Ask, Page};
use crate::scope;
use crate::store::{Conn, DbErr, is_sqlite};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, JoinType, Order, Query};
use sea_orm::{Iterable, QueryTrait};
use uuid::Uuid;

/// A row of `activity`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its id in the source system.
    pub external_id: Option<String>,
    /// The deal.
    pub deal_id: Option<Uuid>,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// The kind.
    pub kind: String,
    /// When it happened.
    pub happened_at: DateTimeUtc,
    /// Whether vendor and partner met the customer together.
    pub is_joint_meeting: bool,
    /// Meetings the line stands for.
    pub meeting_count: Option<i64>,
    /// The next step's date.
    pub next_step_on: Option<Date>,
    /// Functions in the room, as JSON.
    pub owner_functions: String,
    /// A note.
    pub note: Option<String>,
    /// Where it was recorded.
    pub source_system: String,
    /// Who recorded it.
    pub recorded_by: Uuid,
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
            external_id: places.next()?,
            deal_id: places.next()?,
            account_id: places.next()?,
            partner_id: places.next()?,
            kind: places.next()?,
            happened_at: places.next()?,
            is_joint_meeting: places.next()?,
            meeting_count: places.next()?,
            next_step_on: places.next()?,
            owner_functions: places.next()?,
            note: places.next()?,
            source_system: places.next()?,
            recorded_by: places.next()?,
            recorded_at: places.next()?,
        })
    }
}

impl TryFrom<Model> for domain::activity::Activity {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            external_id: row.external_id,
            deal_id: row.deal_id,
            account_id: row.account_id,
            partner_id: row.partner_id,
            kind: read("activity.kind", &row.kind)?,
            happened_at: row.happened_at,
            is_joint_meeting: row.is_joint_meeting,
            meeting_count: row.meeting_count,
            next_step_on: row.next_step_on,
            owner_functions: read_words("activity.owner_functions", &row.owner_functions)?,
            note: row.note,
            source_system: row.source_system,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        })
    }
}

pub(crate) fn active(program_id: Uuid, it: &domain::activity::Activity) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        external_id: Set(it.external_id.clone()),
        deal_id: Set(it.deal_id),
        account_id: Set(it.account_id),
        partner_id: Set(it.partner_id),
        kind: Set(word(it.kind)),
        happened_at: Set(it.happened_at),
        is_joint_meeting: Set(it.is_joint_meeting),
        meeting_count: Set(it.meeting_count),
        next_step_on: Set(it.next_step_on),
        owner_functions: Set(words(&it.owner_functions)),
        note: Set(it.note.clone()),
        source_system: Set(it.source_system.clone()),
        recorded_by: Set(it.recorded_by),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::activities(slice))
}

/// A page of activities of one deal, by when they happened.
///
/// # Errors
/// [`DbErr`].
pub async fn page_of_deal(
    conn: &impl Conn,
    slice: &Slice,
    deal: Uuid,
    ask: &Ask,
) -> Result<Page<domain::activity::Activity>, DbErr> {
    page::fetch(conn, within(slice).filter(Column::DealId.eq(deal)), "activity.happened_at", "activity.id", ask).await
}

/// How many activities a deal has.
///
/// # Errors
/// [`DbErr`].
pub async fn count_of_deal(conn: &impl Conn, slice: &Slice, deal: Uuid) -> Result<u64, DbErr> {
    within(slice).filter(Column::DealId.eq(deal)).count(conn).await
}

/// What partners did on a deal, and on its account where no deal is named: every activity that a partner took part in, notes
/// aside.
///
/// # Errors
/// [`DbErr`].
pub async fn touches_of_deal(
    conn: &impl Conn,
    slice: &Slice,
    deal: Uuid,
    account: Option<Uuid>,
) -> Result<Vec<domain::activity::Activity>, DbErr> {
    let mut about = Cond::any().add(Column::DealId.eq(deal));
    if let Some(account) = account {
        about = about.add(Cond::all().add(Column::DealId.is_null()).add(Column::AccountId.eq(account)));
    }
    let select = within(slice)
        .filter(about)
        .filter(Column::PartnerId.is_not_null())
        .filter(Column::Kind.ne(word(domain::activity::ActivityKind::Note)));
    select.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// The latest activity of each of these deals.
///
/// # Errors
/// [`DbErr`].
pub async fn latest_of_deals(
    conn: &impl Conn,
    slice: &Slice,
    deals: &[Uuid],
) -> Result<Vec<domain::activity::Activity>, DbErr> {
    // The latest of those that the slice holds: a later one that it does not hold must not stand in the way. One probe of the
    // index per deal, however long its history is.
    let mut latest = Query::select();
    latest
        .from(Entity)
        .and_where(Column::ProgramId.eq(slice.program_id()))
        .cond_where(scope::activities(slice))
        .order_by_expr(Expr::cust("activity.happened_at"), Order::Desc)
        .order_by_expr(Expr::cust("activity.id"), Order::Desc)
        .limit(1);
    let ids: Vec<_> = deals.iter().map(|id| (*id).into()).collect();
    let rows = match array_of(&ids).filter(|_| !is_sqlite(conn)) {
        Some(ids) => {
            latest
                .columns(Column::iter().map(|it| (Entity, it)))
                .and_where(Expr::cust("activity.deal_id = wanted.wanted"));
            let mut each = Query::select();
            each.columns(Column::iter().map(|it| (Entity, it)))
                .from_function(Func::cust("unnest").arg(ids), "wanted")
                .join_lateral(JoinType::InnerJoin, latest, Entity, Cond::all());
            conn.query_all(&each).await?
        }
        None => {
            latest.column((Entity, Column::Id)).and_where(Expr::cust("activity.deal_id = wanted.id"));
            let mut first = Query::select();
            first
                .expr(Expr::SubQuery(None, Box::new(latest.into())))
                .from_as("deal", "wanted")
                .and_where(Expr::cust("wanted.program_id").eq(slice.program_id()))
                .and_where(Expr::cust("wanted.id").is_in(padded(deals)));
            conn.query_all(&within(slice).filter(Column::Id.in_subquery(first)).into_query()).await?
        }
    };
    rows.iter().map(|row| Model::of(&mut Places::new(row))?.try_into()).collect()
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<domain::activity::Activity>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<domain::activity::Activity>, DbErr> {
    within(slice).filter(one_of(conn, Column::Id, ids)).all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &domain::activity::Activity) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`], a unique violation when a key is taken.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &domain::activity::Activity) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
