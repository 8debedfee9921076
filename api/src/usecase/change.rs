//! The record of changes, for RevOps.

use super::failure::Failure;
use super::office::Caller;
use domain::change::Change;
use domain::role::Action;
pub use entity::change::{Filter, key as position};
use entity::page::{Ask, Page};

/// A page of changes.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Change>, Failure> {
    let slice = caller.authorise(Action::ReadChanges)?;
    Ok(entity::change::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many changes there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadChanges)?;
    Ok(entity::change::count(caller.office.store.read(), slice, filter).await?)
}
