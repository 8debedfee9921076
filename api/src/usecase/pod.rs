//! Pods: the units that run deals, and the partners that they work with.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::seat::{by_a_person, missing_partners};
use domain::role::Action;
use domain::seat::Pod;
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// What may be said of a pod; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its name.
    pub name: Option<String>,
    /// Its partners, all of them.
    pub partners: Option<Vec<Uuid>>,
}

/// All pods of the program, by name.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<Pod>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::pod::all(caller.office.store.read(), slice).await?)
}

/// Those of these pods that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Pod>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::pod::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// The pods that the caller's own seat is bound to, by name.
///
/// # Errors
/// [`Failure`].
pub async fn of_viewer(caller: &Caller) -> Result<Vec<Pod>, Failure> {
    let slice = caller.authorise(Action::ReadProgram)?;
    let mut pods = entity::pod::of_ids(caller.office.store.read(), slice, &caller.viewer.bindings.pods).await?;
    pods.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pods)
}

async fn apply(work: &Work<'_>, pod: &mut Pod, facts: &Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 200))
    {
        pod.name = name;
    }
    if let Some(partners) = &facts.partners {
        missing_partners(work, partners).await?.into_iter().for_each(|problem| problems.push(problem));
        pod.partners.clone_from(partners);
        pod.partners.sort_unstable();
        pod.partners.dedup();
    }
    problems.settle()
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["name"], ProblemCode::Taken, "another pod has this name").into()
    } else {
        why.into()
    }
}

fn body(pod: &Pod) -> serde_json::Value {
    json!({ "name": pod.name, "partners": pod.partners, "version": pod.version })
}

/// Makes a pod.
///
/// # Errors
/// [`Failure`].
pub async fn create(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    by_a_person(caller)?;
    commit(caller, Action::ManageSeats, key, async |work| {
        let mut pod =
            Pod { id: work.id(), name: String::new(), partners: Vec::new(), version: 1, recorded_at: work.now };
        apply(work, &mut pod, &facts).await?;
        entity::pod::insert(&work.tx, work.slice, &pod).await.map_err(taken)?;
        work.record("pod.create", "Pod", pod.id, body(&pod));
        Ok(pod.id)
    })
    .await
}

/// Changes a pod. What its seats see changes with their next request.
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
    by_a_person(caller)?;
    commit(caller, Action::ManageSeats, key, async |work| {
        let before = entity::pod::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut pod = before.clone();
        apply(work, &mut pod, &facts).await?;
        if pod == before {
            return Ok(id);
        }
        pod.version = pod.version.saturating_add(1);
        entity::pod::update(&work.tx, work.slice, &pod).await.map_err(taken)?;
        if pod.partners != before.partners {
            entity::seat::bump_of_pod(&work.tx, work.slice, id).await?;
        }
        work.record("pod.update", "Pod", id, body(&pod));
        Ok(id)
    })
    .await
}
