//! The operator's answers of the confidence check, one a quarter and question.
use crate::column::{read, word};
use crate::foundation_step::signed;
use crate::store::{Conn, DbErr};
use crate::{cosell_triggers, deal};
use domain::calendar::Quarter;
use domain::foundation::{ConfidenceAnswer, ConfidenceFacts};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::Statement;
use sea_orm::entity::prelude::*;
use uuid::Uuid;

/// A row of `confidence_answer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "confidence_answer")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The quarter.
    pub quarter: i32,
    /// The question.
    pub question: String,
    /// Yes or no.
    pub is_yes: bool,
    /// What it rests on.
    pub statement: String,
    /// Who answered.
    pub seat_id: Uuid,
    /// Who co-signed.
    pub cosign_seat_id: Option<Uuid>,
    /// When.
    pub cosigned_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was given.
    pub recorded_at: DateTimeUtc,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for ConfidenceAnswer {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            quarter: Quarter::from_index(row.quarter),
            question: read("confidence_answer.question", &row.question)?,
            is_yes: row.is_yes,
            statement: row.statement,
            seat_id: row.seat_id,
            cosigned_by: signed(row.cosign_seat_id, row.cosigned_at),
            version: row.version,
            recorded_at: row.recorded_at,
        })
    }
}

/// The answers of a quarter.
///
/// # Errors
/// [`DbErr`].
pub async fn of_quarter(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<ConfidenceAnswer>, DbErr> {
    let select = Entity::find().filter(Column::ProgramId.eq(slice.program_id()));
    let rows = select.filter(Column::Quarter.eq(quarter.index())).all(conn).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes an answer: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else answered at the same moment.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &ConfidenceAnswer) -> Result<(), DbErr> {
    let row = ActiveModel {
        program_id: Set(slice.program_id()),
        id: Set(it.id),
        quarter: Set(it.quarter.index()),
        question: Set(word(it.question)),
        is_yes: Set(it.is_yes),
        statement: Set(it.statement.clone()),
        seat_id: Set(it.seat_id),
        cosign_seat_id: Set(it.cosigned_by.map(|signed| signed.seat_id)),
        cosigned_at: Set(it.cosigned_by.map(|signed| signed.at)),
        version: Set(it.version),
        recorded_at: Set(it.recorded_at),
    };
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).exec(conn).await?;
    }
    Ok(())
}

/// What the computed questions are answered from: the four quarters that end with `last`, and `last` alone.
///
/// # Errors
/// [`DbErr`].
pub async fn facts(conn: &impl Conn, slice: &Slice, last: Quarter) -> Result<ConfidenceFacts, DbErr> {
    let sql = "SELECT
        (SELECT COUNT(*) FROM deal d WHERE d.program_id = $1 AND d.outcome = 'WON' AND d.closed_quarter BETWEEN $2 AND $3
           AND EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND a.state = 'SOURCED')) AS sourced_won,
        (SELECT COUNT(*) FROM deal d WHERE d.program_id = $1 AND d.outcome = 'WON' AND d.closed_quarter BETWEEN $2 AND $3 AND d.arr_minor IS NULL
           AND EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = d.program_id AND a.deal_id = d.id AND a.state = 'SOURCED')) AS without_arr,
        (SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) FROM spend_line WHERE program_id = $1 AND quarter BETWEEN $2 AND $3) AS spend_minor";
    let values = [slice.program_id().into(), last.plus(-3).index().into(), last.index().into()];
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    let Some(row) = row else { return Ok(ConfidenceFacts::default()) };
    let count = |column: &str| row.try_get::<i64>("", column).map(|count| u64::try_from(count).unwrap_or_default());
    Ok(ConfidenceFacts {
        sourced_won: count("sourced_won")?,
        without_arr: count("without_arr")?,
        spend_minor: row.try_get::<i64>("", "spend_minor")?.into(),
        documented_deals: documented_deals(conn, slice, last).await?,
    })
}

/// Deals of the program closed in a quarter with a partner that was declared here and locked, and a documented outcome, that meet a
/// trigger; none while no trigger is set.
async fn documented_deals(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Option<u64>, DbErr> {
    let triggers = cosell_triggers::find(conn, slice).await?;
    if triggers.triggers.is_empty() {
        return Ok(None);
    }
    // What a file brought along was documented elsewhere, and what was added after the close proves no match (ruling 8).
    let documented = "deal.locked_at IS NOT NULL AND (deal.outcome = 'WON' OR (deal.outcome = 'LOST' AND deal.lost_reason IS NOT NULL))
        AND EXISTS (SELECT 1 FROM attribution a WHERE a.program_id = deal.program_id AND a.deal_id = deal.id
          AND a.provenance = 'DECLARED' AND NOT a.is_late)";
    let closed = deal::Entity::find().filter(deal::Column::ProgramId.eq(slice.program_id()));
    let closed = closed.filter(deal::Column::ClosedQuarter.eq(quarter.index())).filter(Expr::cust(documented));
    let mut met = 0;
    for row in closed.all(conn).await? {
        met += u64::from(triggers.was_met_by(&row.try_into()?));
    }
    Ok(Some(met))
}
