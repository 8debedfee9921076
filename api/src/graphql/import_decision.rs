//! Decisions about held rows of imports.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::import::decision::Decided;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::import::{ImportRow, ImportRun};
use super::mutation::{UserError, run};
use super::scalar::DateTime;
use crate::usecase::import::{decide, list};

/// What becomes of a held row.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::import::decision::Decision")]
pub enum ImportRowDecision {
    /// It is read again, with the cells that `values` mends and the program as it is now, and written.
    Accept,
    /// It is written, but attribution, segment and kind of the locked deal stay as they are on record. Only for a row that was held
    /// because it would have changed them; whoever thinks that the record is wrong opens a dispute.
    Keep,
    /// It is not written: it is wrong.
    Refuse,
    /// It is not written: it does not matter.
    Skip,
}

/// What somebody decided about a held row.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct ImportRowDecided {
    /// What.
    pub decision: ImportRowDecision,
    /// Why.
    pub reason: String,
    /// The global id of the seat that decided.
    pub seat_id: ID,
    /// When.
    pub at: DateTime,
}

impl From<&Decided> for ImportRowDecided {
    fn from(decided: &Decided) -> Self {
        Self {
            decision: decided.decision.into(),
            reason: decided.reason.clone(),
            seat_id: global_id::encode("Seat", decided.seat_id),
            at: DateTime(decided.at),
        }
    }
}

/// A cell of a row, as it should have been.
#[derive(InputObject)]
pub struct ImportCellInput {
    /// The column, as the file's header names it.
    column: String,
    /// What stands in the cell.
    value: String,
}

/// A decision about a held row.
#[derive(InputObject)]
pub struct ImportRowDecideInput {
    /// The import.
    run_id: ID,
    /// The record's number in the file.
    row_number: i64,
    /// What becomes of it.
    decision: ImportRowDecision,
    /// Why, 1 to 1,000 characters.
    reason: String,
    /// Cells to mend before the row is read again; with ACCEPT only.
    values: Option<Vec<ImportCellInput>>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of a decision.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::Import))]
pub struct ImportRowDecidePayload {
    /// The row with its new verdict; null when the decision was refused.
    row: Option<ImportRow>,
    /// Its import, counted anew; null when the decision was refused.
    run: Option<ImportRun>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done. A row that is still wrong names each reason.
    user_errors: Vec<UserError>,
}

/// Changes of imports.
#[derive(Default)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Decides about a row that an import held: a typed alternative to mending the file and sending it again. The decision is
    /// counted in the run and recorded as a change.
    #[graphql(directive = Allow::apply(Action::Import))]
    async fn import_row_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: ImportRowDecideInput,
    ) -> Result<ImportRowDecidePayload> {
        let caller = caller(ctx)?;
        let run_id = global_id::of_kind(&input.run_id, "ImportRun");
        let row_number = u64::try_from(input.row_number).unwrap_or(0);
        let ruling = decide::Ruling {
            run_id,
            row_number,
            decision: input.decision.into(),
            reason: input.reason.clone(),
            mended: input.values.iter().flatten().map(|it| (it.column.clone(), it.value.clone())).collect(),
        };
        let work = async |key| decide::decide(caller, ruling, key).await;
        let (done, replayed, user_errors) =
            run("importRowDecide", input.idempotency_key.as_ref(), &input, work).await?;
        let (mut row, mut of) = (None, None);
        if done.is_some() {
            row = list::row(caller, run_id, row_number).await.map_err(|why| failed(&why))?.map(ImportRow);
            of = list::find(caller, run_id).await.map_err(|why| failed(&why))?.map(ImportRun);
        }
        Ok(ImportRowDecidePayload { row, run: of, replayed, user_errors })
    }
}
