//! The ledger's entries, with the partners that may hold a receipt of each.

use crate::column::{one_of, read, word};
use crate::ledger_fact::Locked;
use crate::page::{self, Ask, Key, Page};
use crate::scope;
use crate::store::{Conn, DbErr};
use domain::ledger::{Entry, EntryKind, Salt};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{QueryOrder, QuerySelect, Statement};
use uuid::Uuid;

/// A row of `ledger_entry`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entry")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it records.
    pub kind: String,
    /// The kind of row it is about.
    pub subject_type: String,
    /// The row it is about.
    pub subject_id: Uuid,
    /// The partners that may hold a receipt, as JSON.
    pub partners: String,
    /// What is recorded, as canonical JSON.
    pub body: String,
    /// Its secret.
    pub salt: Vec<u8>,
    /// Who did it.
    pub seat_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTimeUtc,
    /// Its place in the log.
    pub sequence: Option<i64>,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A row of `ledger_entry_partner`.
mod link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_entry_partner")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) program_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) partner_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) entry_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<Model> for Entry {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        let broken = |column: &str| DbErr::Type(format!("column ledger_entry.{column} of {} is broken", row.id));
        Ok(Self {
            id: row.id,
            program_id: row.program_id,
            kind: read("ledger_entry.kind", &row.kind)?,
            partners: serde_json::from_str(&row.partners).map_err(|_| broken("partners"))?,
            salt: Salt(row.salt.as_slice().try_into().map_err(|_| broken("salt"))?),
            sequence: row.sequence.map(u64::try_from).transpose().map_err(|_| broken("sequence"))?,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            body: row.body,
            seat_id: row.seat_id,
            recorded_at: row.recorded_at,
        })
    }
}

fn active(it: &Entry) -> ActiveModel {
    ActiveModel {
        program_id: Set(it.program_id),
        id: Set(it.id),
        kind: Set(word(it.kind)),
        subject_type: Set(it.subject_type.clone()),
        subject_id: Set(it.subject_id),
        partners: Set(serde_json::Value::from_iter(it.partners.iter().map(Uuid::to_string)).to_string()),
        body: Set(it.body.clone()),
        salt: Set(it.salt.0.to_vec()),
        seat_id: Set(it.seat_id),
        recorded_at: Set(it.recorded_at),
        sequence: Set(None),
    }
}

/// Writes new entries. No row but their own is touched, so that writers never wait for each other.
///
/// # Errors
/// [`DbErr`], also when a partner is not the program's.
pub async fn insert(conn: &impl Conn, entries: &[Entry]) -> Result<(), DbErr> {
    let rows: Vec<ActiveModel> = entries.iter().map(active).collect();
    Entity::insert_many(rows).exec_without_returning(conn).await?;
    let mut links = Vec::new();
    for it in entries {
        for partner in &it.partners {
            let (program_id, partner_id, entry_id) = (Set(it.program_id), Set(*partner), Set(it.id));
            links.push(link::ActiveModel { program_id, partner_id, entry_id });
        }
    }
    if !links.is_empty() {
        link::Entity::insert_many(links).exec_without_returning(conn).await?;
    }
    Ok(())
}

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Option<Vec<EntryKind>>,
    /// About these rows.
    pub subjects: Option<Vec<Uuid>>,
}

fn select(slice: &Slice, filter: &Filter) -> Select<Entity> {
    let mut select = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).filter(scope::ledger(slice));
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| word(*kind))));
    }
    if let Some(subjects) = &filter.subjects {
        select = select.filter(Column::SubjectId.is_in(subjects.iter().copied()));
    }
    select
}

/// A page of entries, by when they were recorded: all of the program, or those that name the slice's own partner.
///
/// # Errors
/// [`DbErr`].
pub async fn page(conn: &impl Conn, slice: &Slice, filter: &Filter, ask: &Ask) -> Result<Page<Entry>, DbErr> {
    page::fetch(conn, select(slice, filter), "ledger_entry.recorded_at", "ledger_entry.id", ask).await
}

/// Where an entry stands.
#[must_use]
pub fn key(it: &Entry) -> Key {
    Key::Instant(it.recorded_at)
}

/// How many there are.
///
/// # Errors
/// [`DbErr`].
pub async fn count(conn: &impl Conn, slice: &Slice, filter: &Filter) -> Result<u64, DbErr> {
    select(slice, filter).count(conn).await
}

/// One entry.
///
/// # Errors
/// [`DbErr`].
pub async fn find(conn: &impl Conn, slice: &Slice, id: Uuid) -> Result<Option<Entry>, DbErr> {
    let found = select(slice, &Filter::default()).filter(Column::Id.eq(id)).one(conn).await?;
    found.map(TryInto::try_into).transpose()
}

/// Gives the next places in the log to entries that have none, at most so many, and returns them in their new order. The caller
/// holds the log.
///
/// # Errors
/// [`DbErr`].
pub async fn place(conn: &impl Conn, program_id: Uuid, from: u64, most: u32) -> Result<Vec<Entry>, DbErr> {
    let sql = "UPDATE ledger_entry SET sequence = $2 + waiting.turn FROM (
                 SELECT id, ROW_NUMBER() OVER (ORDER BY recorded_at, id) - 1 AS turn FROM ledger_entry
                 WHERE program_id = $1 AND sequence IS NULL ORDER BY recorded_at, id LIMIT $3) AS waiting
               WHERE ledger_entry.program_id = $1 AND ledger_entry.id = waiting.id";
    let start = i64::try_from(from).unwrap_or(i64::MAX);
    let values = [program_id.into(), start.into(), i64::from(most).into()];
    conn.execute_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    sealed(conn, program_id, from, from + u64::from(most)).await
}

async fn all(conn: &impl Conn, select: Select<Entity>) -> Result<Vec<Entry>, DbErr> {
    select.all(conn).await?.into_iter().map(TryInto::try_into).collect()
}

fn within(program_id: Uuid, from: u64, to: u64) -> Select<Entity> {
    let place = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
    Entity::find()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::Sequence.gte(place(from)))
        .filter(Column::Sequence.lt(place(to)))
        .order_by_asc(Column::Sequence)
}

/// The entries from one place in the log to before another.
///
/// # Errors
/// [`DbErr`].
pub async fn sealed(conn: &impl Conn, program_id: Uuid, from: u64, to: u64) -> Result<Vec<Entry>, DbErr> {
    all(conn, within(program_id, from, to)).await
}

/// As [`sealed`], for who must go on where a row was made unreadable: that row comes with its id instead.
///
/// # Errors
/// [`DbErr`].
pub async fn sealed_rows(
    conn: &impl Conn,
    program_id: Uuid,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, Result<Entry, Uuid>)>, DbErr> {
    let rows = within(program_id, from, to).all(conn).await?;
    let read = |row: Model| {
        let (sequence, id) = (row.sequence.and_then(|at| u64::try_from(at).ok()).unwrap_or(from), row.id);
        (sequence, Entry::try_from(row).map_err(|_| id))
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How many entries wait to be sealed.
///
/// # Errors
/// [`DbErr`].
pub async fn waiting(conn: &impl Conn, program_id: Uuid) -> Result<u64, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(program_id)).filter(Column::Sequence.is_null());
    select.count(conn).await
}

/// The entries about the next rows of a type, by the row's id and then in the order they were recorded; at most so many rows.
///
/// # Errors
/// [`DbErr`].
pub async fn about(
    conn: &impl Conn,
    program_id: Uuid,
    subject_type: &str,
    after: Uuid,
    most: u64,
) -> Result<Vec<Entry>, DbErr> {
    let of_type =
        || Entity::find().filter(Column::ProgramId.eq(program_id)).filter(Column::SubjectType.eq(subject_type));
    let subjects: Vec<Uuid> = of_type()
        .filter(Column::SubjectId.gt(after))
        .select_only()
        .column(Column::SubjectId)
        .distinct()
        .order_by_asc(Column::SubjectId)
        .limit(most)
        .into_tuple()
        .all(conn)
        .await?;
    let select = of_type()
        .filter(Column::SubjectId.is_in(subjects))
        .order_by_asc(Column::SubjectId)
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id);
    all(conn, select).await
}

/// The entries of a kind, in the order they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn of_kind(conn: &impl Conn, program_id: Uuid, kind: EntryKind) -> Result<Vec<Entry>, DbErr> {
    let select = Entity::find()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::Kind.eq(word(kind)))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id);
    all(conn, select).await
}

/// The entries of a kind about these rows, in the order they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn of_subjects(
    conn: &impl Conn,
    slice: &Slice,
    kind: EntryKind,
    subjects: &[Uuid],
) -> Result<Vec<Entry>, DbErr> {
    let filter = Filter { kinds: Some(vec![kind]), subjects: None };
    let select = select(slice, &filter).filter(one_of(conn, Column::SubjectId, subjects));
    all(conn, select.order_by_asc(Column::RecordedAt).order_by_asc(Column::Id)).await
}

/// The partners that each of these entries is open to, sorted.
///
/// # Errors
/// [`DbErr`].
pub async fn open_to(conn: &impl Conn, program_id: Uuid, entries: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, DbErr> {
    let mut found = Vec::new();
    for entries in entries.chunks(crate::import_bulk::ROWS_MOST) {
        let rows = link::Entity::find()
            .filter(link::Column::ProgramId.eq(program_id))
            .filter(link::Column::EntryId.is_in(entries.iter().copied()))
            .order_by_asc(link::Column::EntryId)
            .order_by_asc(link::Column::PartnerId)
            .all(conn)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.entry_id, row.partner_id)));
    }
    Ok(found)
}

/// The entries about the deals of a group of locks, in the order they were recorded.
///
/// # Errors
/// [`DbErr`].
pub async fn about_locked(conn: &impl Conn, program_id: Uuid, which: Locked) -> Result<Vec<Entry>, DbErr> {
    let locked_at = Expr::cust("d.locked_at");
    let in_group = match which {
        Locked::ImportedAt(at) => locked_at.eq(at).and(Expr::cust("d.provenance = 'IMPORTED'")),
        Locked::Until(at) => locked_at.lte(at),
    };
    let mut deals = Query::select();
    deals
        .expr(Expr::cust("d.id"))
        .from_as(Alias::new("deal"), Alias::new("d"))
        .and_where(Expr::cust("d.program_id").eq(program_id).and(in_group));
    let select = Entity::find()
        .filter(Column::ProgramId.eq(program_id))
        .filter(Column::SubjectType.eq("Deal"))
        .filter(Column::SubjectId.in_subquery(deals))
        .order_by_asc(Column::RecordedAt)
        .order_by_asc(Column::Id);
    all(conn, select).await
}
