//! Stages of the CRM's pipeline, mapped to what they mean here.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::deal::{Outcome, Stage};
use domain::role::Action;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// What may be said of a stage; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The CRM's name.
    pub crm_name: Option<String>,
    /// What a deal in it is.
    pub outcome: Option<Outcome>,
    /// Its place, from 0.
    pub position: Option<i32>,
    /// Whether Stage 1 is reached in it.
    pub is_stage_one_or_later: Option<bool>,
}

/// All stages, in the order of the pipeline.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<Stage>, Failure> {
    let slice = caller.authorise(Action::ReadDealWork)?;
    Ok(entity::stage::all(caller.office.store.read(), slice).await?)
}

/// Those of these stages that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Stage>, Failure> {
    let slice = caller.authorise(Action::ReadDealWork)?;
    Ok(entity::stage::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// Makes a stage, or changes the one with this id.
///
/// # Errors
/// [`Failure`].
pub async fn map(
    caller: &Caller,
    id: Option<Uuid>,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageProgram, key, async |work| {
        let before = match id {
            Some(id) => Some(entity::stage::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?),
            None => None,
        };
        let mut stage = match &before {
            Some(before) => {
                work.expect_version(before.version, expected)?;
                before.clone()
            }
            None => Stage {
                id: work.id(),
                crm_name: String::new(),
                outcome: Outcome::Open,
                position: 0,
                is_stage_one_or_later: true,
                version: 0,
                recorded_at: work.now,
            },
        };
        let mut problems = Problems::default();
        match &facts.crm_name {
            Some(name) => stage.crm_name = problems.take("crmName", text::name(name, 200)).unwrap_or_default(),
            None if before.is_none() => {
                problems.note("crmName", ProblemCode::Required, "a new stage needs the CRM's name for it")
            }
            None => {}
        }
        if facts.position.is_some_and(|position| !(0..1000).contains(&position)) {
            problems.note("position", ProblemCode::Invalid, "a position is 0 to 999");
        }
        problems.settle()?;
        stage.outcome = facts.outcome.unwrap_or(stage.outcome);
        stage.position = facts.position.unwrap_or(stage.position);
        stage.is_stage_one_or_later = facts.is_stage_one_or_later.unwrap_or(stage.is_stage_one_or_later);
        if before.as_ref() == Some(&stage) {
            return Ok(stage.id);
        }
        stage.version += 1;
        let written = if before.is_some() {
            entity::stage::update(&work.tx, work.slice, &stage).await
        } else {
            entity::stage::insert(&work.tx, work.slice, &stage).await
        };
        written.map_err(|why| {
            if entity::store::is_unique_violation(&why) {
                Failure::from(Problem::at(["crmName"], ProblemCode::Taken, "a stage with this name exists"))
            } else {
                why.into()
            }
        })?;
        let body = json!({ "crmName": stage.crm_name, "outcome": stage.outcome, "position": stage.position,
            "isStageOneOrLater": stage.is_stage_one_or_later, "version": stage.version });
        work.record("stage.map", "Stage", stage.id, body);
        Ok(stage.id)
    })
    .await
}
