//! Segments: named parts of the market.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::role::Action;
use domain::segment::Segment;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// What may be said of a segment; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its name.
    pub name: Option<String>,
    /// Accounts of the segment that could buy; `Some(None)` clears it.
    pub addressable_accounts: Option<Option<i64>>,
}

/// All segments, by name.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<Segment>, Failure> {
    let slice = caller.authorise(Action::ReadSegments)?;
    Ok(entity::segment::all(caller.office.store.read(), slice).await?)
}

/// Those of these segments that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Segment>, Failure> {
    let slice = caller.authorise(Action::ReadSegments)?;
    Ok(entity::segment::of_ids(caller.office.store.read(), slice, ids).await?)
}

fn apply(segment: &mut Segment, facts: &Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 200))
    {
        segment.name = name;
    }
    if let Some(accounts) = facts.addressable_accounts {
        if accounts.is_some_and(|count| !(0..=i64::from(i32::MAX)).contains(&count)) {
            problems.note("addressableAccounts", ProblemCode::Invalid, "a count is 0 to 2147483647");
        }
        segment.addressable_accounts = accounts;
    }
    problems.settle()
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["name"], ProblemCode::Taken, "a segment with this name exists; names differ by more than case")
            .into()
    } else {
        why.into()
    }
}

fn body(segment: &Segment) -> serde_json::Value {
    json!({ "name": segment.name, "addressableAccounts": segment.addressable_accounts, "version": segment.version })
}

/// Makes a segment.
///
/// # Errors
/// [`Failure`].
pub async fn create(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageSegments, key, async |work| {
        let mut segment = Segment {
            id: work.id(),
            name: String::new(),
            addressable_accounts: None,
            version: 1,
            recorded_at: work.now,
        };
        apply(&mut segment, &facts)?;
        entity::segment::insert(&work.tx, work.slice, &segment).await.map_err(taken)?;
        work.record("segment.create", "Segment", segment.id, body(&segment));
        Ok(segment.id)
    })
    .await
}

/// Changes a segment.
///
/// # Errors
/// [`Failure`].
pub async fn update(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageSegments, key, async |work| {
        let before = entity::segment::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut segment = before.clone();
        apply(&mut segment, &facts)?;
        if segment != before {
            segment.version += 1;
            entity::segment::update(&work.tx, work.slice, &segment).await.map_err(taken)?;
            work.record("segment.update", "Segment", segment.id, body(&segment));
        }
        Ok(id)
    })
    .await
}
