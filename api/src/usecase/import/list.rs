//! Reading import runs and their rows.

use crate::usecase::{Caller, Failure};
use domain::import::Verdict;
use domain::import::run::{ImportRow, ImportRun};
use domain::role::Action;
use entity::page::{Ask, Key, Page};
use entity::{import_row, import_run};
use uuid::Uuid;

/// A page of runs.
///
/// # Errors
/// [`Failure`].
pub async fn runs(caller: &Caller, ask: &Ask) -> Result<Page<ImportRun>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_run::page(caller.office.store.read(), slice, ask).await?)
}

/// How many runs there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_run::count(caller.office.store.read(), slice).await?)
}

/// Where a run stands in the list.
#[must_use]
pub fn key(run: &ImportRun) -> Key {
    import_run::key(run)
}

/// One run.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<ImportRun>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_run::find(caller.office.store.read(), slice, id).await?)
}

/// One row of a run.
///
/// # Errors
/// [`Failure`].
pub async fn row(caller: &Caller, run_id: Uuid, row_number: u64) -> Result<Option<ImportRow>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_row::find(caller.office.store.read(), slice, run_id, row_number).await?)
}

/// Rows of a run behind a row, by their number.
///
/// # Errors
/// [`Failure`].
pub async fn rows(
    caller: &Caller,
    run_id: Uuid,
    verdicts: &[Verdict],
    after: u64,
    most: u64,
) -> Result<Vec<ImportRow>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_row::after(caller.office.store.read(), slice, run_id, verdicts, after, most).await?)
}

/// Rows of a run before a row, latest first.
///
/// # Errors
/// [`Failure`].
pub async fn rows_before(
    caller: &Caller,
    run_id: Uuid,
    verdicts: &[Verdict],
    before: u64,
    most: u64,
) -> Result<Vec<ImportRow>, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_row::before(caller.office.store.read(), slice, run_id, verdicts, before, most).await?)
}

/// How many rows of a run have one of these verdicts.
///
/// # Errors
/// [`Failure`].
pub async fn row_count(caller: &Caller, run_id: Uuid, verdicts: &[Verdict]) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadImports)?;
    Ok(import_row::count(caller.office.store.read(), slice, run_id, verdicts).await?)
}
