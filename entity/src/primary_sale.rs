//! Primary Sales: one a deal. One whose partner was never on the deal commits nobody: it is as if it were not logged.
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::cosell::PrimarySale;
use domain::registration::Mark;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::Statement;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Cond, Expr};
use uuid::Uuid;

/// A row of `primary_sale`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "primary_sale")]
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
    /// The partner's rep.
    pub person_id: Uuid,
    /// A note.
    pub note: Option<String>,
    /// Who logged it.
    pub logged_by: Uuid,
    /// When.
    pub logged_at: DateTimeUtc,
    /// Who of the partner confirmed it.
    pub confirmed_by: Option<Uuid>,
    /// When.
    pub confirmed_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for PrimarySale {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            deal_id: row.deal_id,
            partner_id: row.partner_id,
            person_id: row.person_id,
            note: row.note,
            logged: Mark { at: row.logged_at, by: row.logged_by },
            confirmed: row.confirmed_at.zip(row.confirmed_by).map(|(at, by)| Mark { at, by }),
            version: row.version,
        }
    }
}

fn active(program_id: Uuid, it: &PrimarySale) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        deal_id: Set(it.deal_id),
        partner_id: Set(it.partner_id),
        person_id: Set(it.person_id),
        note: Set(it.note.clone()),
        logged_by: Set(it.logged.by),
        logged_at: Set(it.logged.at),
        confirmed_by: Set(it.confirmed.map(|mark| mark.by)),
        confirmed_at: Set(it.confirmed.map(|mark| mark.at)),
        version: Set(it.version),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find()
        .filter(Column::ProgramId.eq(slice.program_id()))
        .filter(scope::partners(slice, "primary_sale.partner_id"))
}

/// That the partner of a Primary Sale is on its deal: attributed, now or before a dispute set that aside, or with a registration that
/// was not turned away.
fn is_on_deal(sale: &str) -> String {
    format!(
        "(EXISTS (SELECT 1 FROM attribution_entry a WHERE a.program_id = {sale}.program_id AND a.deal_id = {sale}.deal_id
            AND a.partner_id = {sale}.partner_id)
          OR EXISTS (SELECT 1 FROM registration r WHERE r.program_id = {sale}.program_id AND r.deal_id = {sale}.deal_id
            AND r.partner_id = {sale}.partner_id AND r.state NOT IN ('REFUSED', 'WITHDRAWN')))"
    )
}

/// The Primary Sales of these deals by partners of the slice that are on them.
///
/// # Errors
/// [`DbErr`].
pub async fn of_deals(conn: &impl Conn, slice: &Slice, deals: &[Uuid]) -> Result<Vec<PrimarySale>, DbErr> {
    let logged = within(slice).filter(Column::DealId.is_in(deals.iter().copied()));
    let rows = logged.filter(Expr::cust(is_on_deal("primary_sale"))).all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The Primary Sales with these ids, by partners of the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<PrimarySale>, DbErr> {
    let rows = within(slice).filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Deals, open or closed on a day or since, whose Primary Sale is not logged, that were locked or registered before an instant and whose lapse no entry of the
/// ledger states, by id behind another: at most so many. Whether the time has passed is for the domain to say.
///
/// # Errors
/// [`DbErr`].
pub async fn maybe_lapsed(
    conn: &impl Conn,
    slice: &Slice,
    (before, closed_since): (DateTimeUtc, Date),
    after: Uuid,
    most: u64,
) -> Result<Vec<Uuid>, DbErr> {
    let counts = is_on_deal("p");
    let sql = format!(
        "SELECT d.id FROM deal d WHERE d.program_id = $1 AND d.id > $2
        AND (d.outcome = 'OPEN' OR d.closed_on >= $5)
        AND (d.provenance <> 'IMPORTED' OR EXISTS (SELECT 1 FROM registration r WHERE r.program_id = d.program_id AND r.deal_id = d.id))
        AND (d.locked_at < $3 OR EXISTS (SELECT 1 FROM registration r WHERE r.program_id = d.program_id AND r.deal_id = d.id
             AND r.submitted_at < $3))
        AND NOT EXISTS (SELECT 1 FROM primary_sale p WHERE p.program_id = d.program_id AND p.deal_id = d.id AND {counts})
        AND NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.program_id = d.program_id AND e.subject_id = d.id
             AND e.kind = 'PRIMARY_SALE_LAPSED')
        ORDER BY d.id LIMIT $4"
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values = [slice.program_id().into(), after.into(), before.into(), most.into(), closed_since.into()];
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    conn.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "id")).collect()
}

/// Deals that were locked or registered from an instant on and before another, by id. Which of the two begins the clock is for the
/// domain to say. As a measure, it is program-wide.
///
/// # Errors
/// [`DbErr`].
pub async fn begun(
    conn: &impl Conn,
    slice: &Slice,
    (from, until): (DateTimeUtc, DateTimeUtc),
) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT d.id FROM deal d WHERE d.program_id = $1
        AND (d.provenance <> 'IMPORTED' OR EXISTS (SELECT 1 FROM registration r WHERE r.program_id = d.program_id AND r.deal_id = d.id))
        AND ((d.locked_at >= $2 AND d.locked_at < $3) OR EXISTS (SELECT 1 FROM registration r WHERE r.program_id = d.program_id
             AND r.deal_id = d.id AND r.submitted_at >= $2 AND r.submitted_at < $3))
        ORDER BY d.id";
    let values = [slice.program_id().into(), from.into(), until.into()];
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    conn.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "id")).collect()
}

/// Writes a new row, in the place of one whose partner was never on the deal where there is one: with its id, and the next version.
/// Returns what is written.
///
/// # Errors
/// [`DbErr`], a unique violation when the deal has one that counts.
pub async fn put(conn: &impl Conn, slice: &Slice, it: PrimarySale) -> Result<PrimarySale, DbErr> {
    let counts_for_nothing = format!("NOT {}", is_on_deal("primary_sale"));
    let of_deal = Cond::all()
        .add(Column::ProgramId.eq(slice.program_id()))
        .add(Column::DealId.eq(it.deal_id))
        .add(Expr::cust(counts_for_nothing));
    let Some(before) = Entity::find().filter(of_deal.clone()).one(conn).await? else {
        Entity::insert(active(slice.program_id(), &it)).exec_without_returning(conn).await?;
        return Ok(it);
    };
    let it = PrimarySale { id: before.id, version: before.version + 1, ..it };
    let replaced = Entity::update_many().set(active(slice.program_id(), &it)).filter(of_deal).exec(conn).await?;
    if replaced.rows_affected == 0 {
        // Somebody else was first: the deal has one by now, which the insertion finds.
        Entity::insert(active(slice.program_id(), &it)).exec_without_returning(conn).await?;
    }
    Ok(it)
}

/// Writes a changed row.
///
/// # Errors
/// [`DbErr`].
pub async fn update(conn: &impl Conn, slice: &Slice, it: &PrimarySale) -> Result<(), DbErr> {
    Entity::update(active(slice.program_id(), it)).exec(conn).await?;
    Ok(())
}
