//! Ids of accounts, partners and deals in other systems.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::office::Caller;
use domain::external_ref::{ExternalRef, RefKind, SystemId};
use domain::role::Action;
use serde_json::json;
use uuid::Uuid;

/// The ids of these accounts, partners or deals, by system and id.
///
/// # Errors
/// [`Failure`].
pub async fn of_subjects(caller: &Caller, kind: RefKind, subjects: &[Uuid]) -> Result<Vec<ExternalRef>, Failure> {
    let slice = caller.authorise(Action::ReadExternalRefs)?;
    Ok(entity::external_ref::of_subjects(caller.office.store.read(), slice, kind, subjects).await?)
}

/// One of them, if what it is of is in the slice.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<ExternalRef>, Failure> {
    let slice = caller.authorise(Action::ReadExternalRefs)?;
    Ok(entity::external_ref::find(caller.office.store.read(), slice, id).await?)
}

async fn is_there(work: &Work<'_>, kind: RefKind, id: Uuid) -> Result<bool, Failure> {
    Ok(match kind {
        RefKind::Account => entity::account::find(&work.tx, work.slice, id).await?.is_some(),
        RefKind::Partner => entity::partner::find(&work.tx, work.slice, id).await?.is_some(),
        RefKind::Deal => entity::deal::find(&work.tx, work.slice, id).await?.is_some(),
    })
}

fn taken() -> Failure {
    Problem::at(["externalId"], ProblemCode::Taken, "another row of this kind has this id in that system").into()
}

/// Gives a row an id in another system. One it has already is no change.
///
/// # Errors
/// [`Failure`].
pub async fn set(
    caller: &Caller,
    kind: RefKind,
    subject_id: Uuid,
    system: &str,
    external_id: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageExternalRefs, key, async |work| {
        if !is_there(work, kind, subject_id).await? {
            return Err(Problem::at(["subjectId"], ProblemCode::NotFound, "there is no such row").into());
        }
        let at = SystemId::new(system, external_id)
            .map_err(|(path, why)| Problem::at([path], ProblemCode::Invalid, why.to_string()))?;
        if let Some(known) = entity::external_ref::known(&work.tx, work.slice, kind, [&at]).await?.pop() {
            return if known.subject_id == subject_id { Ok(known.id) } else { Err(taken()) };
        }
        let new = ExternalRef { id: work.id(), kind, subject_id, at, recorded_at: work.now };
        match entity::external_ref::insert(&work.tx, work.slice, std::slice::from_ref(&new)).await {
            Err(why) if entity::store::is_unique_violation(&why) => return Err(taken()),
            other => other?,
        }
        let body = json!({ "system": new.at.system, "externalId": new.at.id });
        work.record("externalRef.set", kind.into(), subject_id, body);
        Ok(new.id)
    })
    .await
}

/// Takes an id in another system away from its row. The done row is the account, partner or deal.
///
/// # Errors
/// [`Failure`].
pub async fn remove(caller: &Caller, id: Uuid, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageExternalRefs, key, async |work| {
        let known = entity::external_ref::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        entity::external_ref::delete(&work.tx, work.slice, id).await?;
        let body = json!({ "system": known.at.system, "externalId": known.at.id });
        work.record("externalRef.remove", known.kind.into(), known.subject_id, body);
        Ok(known.subject_id)
    })
    .await
}
