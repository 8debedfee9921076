//! The steps of the Foundation that a program made its own; what has no row is the template's.
use crate::column::{read, word};
use crate::store::{Conn, DbErr};
use domain::foundation::{Definition, FoundationStep, SignOff, StepRecord};
use domain::slice::Slice;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// A row of `foundation_step`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "foundation_step")]
pub struct Model {
    /// The program.
    #[sea_orm(primary_key, auto_increment = false)]
    pub program_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The step.
    pub step: String,
    /// The definition in force, as JSON.
    pub active: Option<String>,
    /// Whether that is the template's.
    pub by_template: bool,
    /// The definition that is worked at, as JSON.
    pub draft: Option<String>,
    /// Who signed for RevOps.
    pub revops_seat_id: Option<Uuid>,
    /// When.
    pub revops_at: Option<DateTimeUtc>,
    /// Who signed for Finance.
    pub finance_seat_id: Option<Uuid>,
    /// When.
    pub finance_at: Option<DateTimeUtc>,
    /// When it was activated.
    pub activated_at: Option<DateTimeUtc>,
    /// For optimistic concurrency.
    pub version: i64,
}

/// None: joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

fn definition(text: Option<&str>) -> Result<Option<Definition>, DbErr> {
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|_| DbErr::Type("a column of foundation_step is not a definition".into()))
}

/// Who signed, from two columns.
pub(crate) fn signed(seat_id: Option<Uuid>, at: Option<DateTimeUtc>) -> Option<SignOff> {
    Some(SignOff { seat_id: seat_id?, at: at? })
}

impl TryFrom<Model> for StepRecord {
    type Error = DbErr;
    fn try_from(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id,
            step: read("foundation_step.step", &row.step)?,
            active: definition(row.active.as_deref())?,
            by_template: row.by_template,
            draft: definition(row.draft.as_deref())?,
            revops: signed(row.revops_seat_id, row.revops_at),
            finance: signed(row.finance_seat_id, row.finance_at),
            activated_at: row.activated_at,
            version: row.version,
        })
    }
}

fn active(program_id: Uuid, it: &StepRecord) -> Result<ActiveModel, DbErr> {
    let text = |definition: &Option<Definition>| {
        let text = definition.as_ref().map(serde_json::to_string).transpose();
        text.map_err(|_| DbErr::Type("a definition is not JSON".into()))
    };
    Ok(ActiveModel {
        program_id: Set(program_id),
        id: Set(it.id),
        step: Set(word(it.step)),
        active: Set(text(&it.active)?),
        by_template: Set(it.by_template),
        draft: Set(text(&it.draft)?),
        revops_seat_id: Set(it.revops.map(|signed| signed.seat_id)),
        revops_at: Set(it.revops.map(|signed| signed.at)),
        finance_seat_id: Set(it.finance.map(|signed| signed.seat_id)),
        finance_at: Set(it.finance.map(|signed| signed.at)),
        activated_at: Set(it.activated_at),
        version: Set(it.version),
    })
}

/// All four steps, in order.
///
/// # Errors
/// [`DbErr`].
pub async fn all(conn: &impl Conn, slice: &Slice) -> Result<Vec<StepRecord>, DbErr> {
    let rows = Entity::find().filter(Column::ProgramId.eq(slice.program_id())).all(conn).await?;
    let own = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<StepRecord>, DbErr>>()?;
    let of = |step| own.iter().find(|row| row.step == step).cloned().unwrap_or_else(|| StepRecord::template(step));
    Ok(FoundationStep::iter().map(of).collect())
}

/// Writes a step: a new row at version 1, a changed one after that.
///
/// # Errors
/// [`DbErr`], a unique violation when somebody else made the step the program's own.
pub async fn write(conn: &impl Conn, slice: &Slice, it: &StepRecord) -> Result<(), DbErr> {
    let row = active(slice.program_id(), it)?;
    if it.version == 1 {
        Entity::insert(row).exec_without_returning(conn).await?;
    } else {
        Entity::update(row).exec(conn).await?;
    }
    Ok(())
}
