//! Leads.
use crate::column::{read, read_optional, word};
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::lead::{Lead, LeadClass, LeadState, Tally};
use domain::origin::Origin;
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::Statement;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `lead`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lead")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it is about.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Where it came from.
    pub source: String,
    /// The partner through which it came.
    pub partner_id: Option<Uuid>,
    /// The source in detail.
    pub source_detail: Option<String>,
    /// The token of a partner's link.
    pub referral_token: Option<String>,
    /// The registrable domain of the account.
    pub account_domain: Option<String>,
    /// The account.
    pub account_id: Option<Uuid>,
    /// The buyer's role.
    pub contact_role: Option<String>,
    /// When it was received.
    pub received_at: DateTimeUtc,
    /// The seat that decides.
    pub owner_seat_id: Option<Uuid>,
    /// How it came to its owner.
    pub route: Option<String>,
    /// When it came to its owner.
    pub routed_at: Option<DateTimeUtc>,
    /// By when sales decides.
    pub decide_by: DateTimeUtc,
    /// Its place in the queue.
    pub queue_rank: i64,
    /// Where it is.
    pub state: String,
    /// When sales decided.
    pub decided_at: Option<DateTimeUtc>,
    /// The seat that decided.
    pub decided_by: Option<Uuid>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// What was said.
    pub note: Option<String>,
    /// The deal that it became.
    pub deal_id: Option<Uuid>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Lead {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            name: row.name,
            class: read("lead.class", &row.class)?,
            source: read("lead.source", &row.source)?,
            origin: Origin {
                partner_id: row.partner_id,
                source_detail: row.source_detail,
                referral_token: row.referral_token,
            },
            account_domain: row.account_domain,
            account_id: row.account_id,
            contact_role: row.contact_role,
            received_at: row.received_at,
            owner_seat_id: row.owner_seat_id,
            route: read_optional("lead.route", row.route.as_deref())?,
            routed_at: row.routed_at,
            decide_by: row.decide_by,
            state: read("lead.state", &row.state)?,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            refusal: read_optional("lead.refusal", row.refusal.as_deref())?,
            note: row.note,
            deal_id: row.deal_id,
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(program_id: Uuid, it: &Lead) -> ActiveModel {
    ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        name: Set(it.name.clone()),
        class: Set(word(it.class)),
        source: Set(word(it.source)),
        partner_id: Set(it.origin.partner_id),
        source_detail: Set(it.origin.source_detail.clone()),
        referral_token: Set(it.origin.referral_token.clone()),
        account_domain: Set(it.account_domain.clone()),
        account_id: Set(it.account_id),
        contact_role: Set(it.contact_role.clone()),
        received_at: Set(it.received_at),
        owner_seat_id: Set(it.owner_seat_id),
        route: Set(it.route.map(word)),
        routed_at: Set(it.routed_at),
        decide_by: Set(it.decide_by),
        queue_rank: Set(it.queue_rank()),
        state: Set(word(it.state)),
        decided_at: Set(it.decided_at),
        decided_by: Set(it.decided_by),
        refusal: Set(it.refusal.map(word)),
        note: Set(it.note.clone()),
        deal_id: Set(it.deal_id),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    }
}

fn within(slice: &Slice) -> Select<Entity> {
    Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::leads(slice))
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// In these states.
    pub states: Option<Vec<LeadState>>,
    /// Of these classes.
    pub classes: Option<Vec<LeadClass>>,
    /// Through these partners.
    pub partners: Option<Vec<Uuid>>,
    /// With these details of their source.
    pub details: Option<Vec<String>>,
    /// With these tokens.
    pub tokens: Option<Vec<String>>,
    /// With (or without) an owner.
    pub has_owner: Option<bool>,
    /// Owned by these seats.
    pub owners: Option<Vec<Uuid>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = within(slice);
    if let Some(states) = &filter.states {
        select = select.filter(Column::State.is_in(states.iter().map(|state| word(*state))));
    }
    if let Some(classes) = &filter.classes {
        select = select.filter(Column::Class.is_in(classes.iter().map(|class| word(*class))));
    }
    if let Some(partners) = &filter.partners {
        select = select.filter(Column::PartnerId.is_in(partners.iter().copied()));
    }
    if let Some(details) = &filter.details {
        select = select.filter(Column::SourceDetail.is_in(details.iter().map(String::as_str)));
    }
    if let Some(tokens) = &filter.tokens {
        select = select.filter(Column::ReferralToken.is_in(tokens.iter().map(String::as_str)));
    }
    if let Some(owners) = &filter.owners {
        select = select.filter(Column::OwnerSeatId.is_in(owners.iter().copied()));
    }
    match filter.has_owner {
        Some(true) => select.filter(Column::OwnerSeatId.is_not_null()),
        Some(false) => select.filter(Column::OwnerSeatId.is_null()),
        None => select,
    }
}

/// A page of leads, in the order of the queue.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Lead>, DbErr> {
    page::fetch(conn, select(slice, filter), "lead.queue_rank", "lead.id", ask).await
}

/// Where a lead stands in the queue.
#[must_use]
pub const fn key(it: &Lead) -> Key {
    Key::Int(it.queue_rank())
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One row, if it is in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Lead>, DbErr> {
    within(slice).filter(Column::Id.eq(id)).one(conn).await?.map(TryInto::try_into).transpose()
}

/// Those of these rows that are in the slice.
///
/// # Errors
/// [`DbErr`].
pub async fn of_ids(conn: &impl Conn, slice: &Slice, ids: &[Uuid]) -> Result<Vec<Lead>, DbErr> {
    let rows = within(slice).filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes a new row.
///
/// # Errors
/// [`DbErr`].
pub async fn insert(conn: &impl Conn, slice: &Slice, it: &Lead) -> Result<(), DbErr> {
    Entity::insert(active(slice.program_id(), it)).exec_without_returning(conn).await?;
    Ok(())
}

/// Writes a changed row, of the version that is one higher than the one on record.
///
/// # Errors
/// [`DbErr`], [`DbErr::RecordNotUpdated`] when somebody else changed it first.
pub async fn update(conn: &impl Conn, slice: &Slice, it: &Lead) -> Result<(), DbErr> {
    let guarded = Entity::update(active(slice.program_id(), it)).validate()?.filter(Column::Version.eq(it.version - 1));
    guarded.exec_without_returning(conn).await?;
    Ok(())
}

/// The program's leads that were received in a span, counted by what they are told apart by. Measures are program-wide.
///
/// # Errors
/// [`DbErr`].
pub async fn tallies(
    conn: &impl Conn,
    slice: &Slice,
    from: DateTimeUtc,
    to: DateTimeUtc,
    now: DateTimeUtc,
) -> Result<Vec<Tally>, DbErr> {
    let sql = "SELECT class, source, partner_id, source_detail,
        COUNT(CASE WHEN state IN ('ACCEPTED', 'CONVERTED') THEN 1 END) AS accepted,
        COUNT(CASE WHEN state = 'CONVERTED' THEN 1 END) AS converted,
        COUNT(CASE WHEN state = 'REFUSED' THEN 1 END) AS refused,
        COUNT(CASE WHEN state = 'OPEN' THEN 1 END) AS open,
        COUNT(CASE WHEN state = 'OPEN' AND decide_by < $4 THEN 1 END) AS overdue,
        COUNT(CASE WHEN state <> 'OPEN' AND decided_at <= decide_by THEN 1 END) AS on_time
      FROM lead WHERE program_id = $1 AND received_at >= $2 AND received_at < $3
      GROUP BY class, source, partner_id, source_detail";
    let values = [slice.program_id().into(), from.into(), to.into(), now.into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let count = |row: &sea_orm::QueryResult, column: &str| -> Result<u64, DbErr> {
        Ok(u64::try_from(row.try_get::<i64>("", column)?).unwrap_or_default())
    };
    rows.iter()
        .map(|row| {
            Ok(Tally {
                class: read("lead.class", &row.try_get::<String>("", "class")?)?,
                source: read("lead.source", &row.try_get::<String>("", "source")?)?,
                partner_id: row.try_get("", "partner_id")?,
                source_detail: row.try_get("", "source_detail")?,
                accepted: count(row, "accepted")?,
                converted: count(row, "converted")?,
                refused: count(row, "refused")?,
                open: count(row, "open")?,
                overdue: count(row, "overdue")?,
                on_time: count(row, "on_time")?,
            })
        })
        .collect()
}
