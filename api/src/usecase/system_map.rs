//! The system map: inputs, levers with their dated changes, loops; and what a lever's metric was before and after a change.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::measurement::{Ask, measure};
use super::office::Caller;
use chrono::NaiveDate;
use domain::calendar::Quarter;
use domain::evidence::Reason;
use domain::role::Action;
use domain::system_map::{
    CHANGES_MOST, LEVERS_MOST, LeverChange, LeverMetric, QuarterValue, SystemInput, SystemLever, SystemLoop, SystemMap,
    TEXT_MAX, around, closed, value_in,
};
use domain::text;
use serde_json::json;
use uuid::Uuid;

/// The whole map, retired parts among it.
///
/// # Errors
/// [`Failure`].
pub async fn read(caller: &Caller) -> Result<SystemMap, Failure> {
    let slice = caller.authorise(Action::ReadSystemMap)?;
    let tx = caller.office.store.snapshot().await?;
    let inputs = entity::system_input::all(&tx, slice).await?;
    let levers = entity::system_lever::all(&tx, slice).await?;
    let changes = entity::lever_change::all(&tx, slice).await?;
    let loops = entity::system_loop::all(&tx, slice).await?;
    tx.rollback().await?;
    let of = |lever: SystemLever| {
        let own = changes.iter().filter(|change| change.lever_id == lever.id).cloned().collect();
        (lever, own)
    };
    Ok(SystemMap { inputs, levers: levers.into_iter().map(of).collect(), loops })
}

/// A metric in one quarter, as it is measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The quarter.
    pub quarter: Quarter,
    /// The value with what stands behind it.
    pub value: QuarterValue,
    /// The policy that it was computed under; none of a quarter that is not over.
    pub policy_version: Option<i64>,
}

/// A metric in the quarter before the one of a change and in the quarter after it, each by itself.
///
/// # Errors
/// [`Failure`].
pub async fn before_and_after(
    caller: &Caller,
    metric: LeverMetric,
    changed_on: NaiveDate,
) -> Result<(Measured, Measured), Failure> {
    let slice = caller.authorise(Action::ReadLeverValues)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let in_quarter = async |quarter: Quarter| {
        if let Err(why) = closed(quarter, today, &program.calendar) {
            return Ok::<_, Failure>(Measured { quarter, value: QuarterValue::nothing(why), policy_version: None });
        }
        let as_of = Some(program.calendar.last_day(quarter));
        let ask = Ask { as_of, with_trend: true, ..Ask::default() };
        let measures = measure(caller, Action::ReadLeverValues, ask, None).await?;
        let point = measures.trend.iter().find(|point| point.quarter == quarter);
        let value = point.map_or_else(
            || QuarterValue::nothing(Reason::NoDeals),
            |point| value_in(metric, &point.book, point.spending.on(None), measures.currency, &measures.policy),
        );
        Ok(Measured { quarter, value, policy_version: Some(measures.policy.version) })
    };
    let (before, after) = around(changed_on, &program.calendar);
    Ok((in_quarter(before).await?, in_quarter(after).await?))
}

/// The row that is changed, or that there is none yet.
fn found<T>(
    work: &Work<'_>,
    rows: &[T],
    id: Option<Uuid>,
    of: impl Fn(&T) -> (Uuid, i64),
    expected: Option<i64>,
) -> Result<(Uuid, i64), Failure> {
    let Some(id) = id else {
        work.expect_version(0, expected)?;
        return Ok((work.id(), 1));
    };
    let (id, version) = rows.iter().map(of).find(|row| row.0 == id).ok_or(Failure::NotFound)?;
    work.expect_version(version, expected)?;
    Ok((id, version + 1))
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["name"], ProblemCode::Taken, "another one has this name").into()
    } else {
        why.into()
    }
}

/// What an input is.
#[derive(Clone, Debug)]
pub struct InputFacts {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// Who answers for it.
    pub owner: String,
    /// Whether it is retired.
    pub is_retired: bool,
}

/// Adds an input, or writes one anew.
///
/// # Errors
/// [`Failure`].
pub async fn write_input(
    caller: &Caller,
    id: Option<Uuid>,
    expected: Option<i64>,
    facts: InputFacts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteSystemMap, key, async |work| {
        let rows = entity::system_input::all(&work.tx, work.slice).await?;
        let (id, version) = found(work, &rows, id, |row| (row.id, row.version), expected)?;
        let mut problems = Problems::default();
        let name = problems.take("name", text::name(&facts.name, 200));
        let source = problems.take("source", text::name(&facts.source, TEXT_MAX));
        let owner = problems.take("owner", text::name(&facts.owner, 200));
        problems.settle()?;
        let input = SystemInput {
            id,
            name: name.unwrap_or_default(),
            source: source.unwrap_or_default(),
            owner: owner.unwrap_or_default(),
            is_retired: facts.is_retired,
            version,
            recorded_at: work.now,
        };
        entity::system_input::write(&work.tx, work.slice, &input).await.map_err(taken)?;
        let body = json!({ "name": input.name, "source": input.source, "owner": input.owner,
            "isRetired": input.is_retired, "version": version });
        work.record("systemInput.write", "SystemInput", id, body);
        Ok(id)
    })
    .await
}

/// Adds a lever, or writes one anew. The metric of one that has changes stays: they were judged by it.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn write_lever(
    caller: &Caller,
    id: Option<Uuid>,
    expected: Option<i64>,
    (name, metric, is_retired): (&str, LeverMetric, bool),
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteSystemMap, key, async |work| {
        let rows = entity::system_lever::all(&work.tx, work.slice).await?;
        let (id, version) = found(work, &rows, id, |row| (row.id, row.version), expected)?;
        let mut problems = Problems::default();
        let name = problems.take("name", text::name(name, 200));
        problems.settle()?;
        // The map is read whole, and each change of a lever is measured: both are bounded.
        if version == 1 && rows.len() >= LEVERS_MOST {
            let message = format!("a program has at most {LEVERS_MOST} levers, retired ones among them");
            return Err(Problem::at(["name"], ProblemCode::RuleRefused, message).by("TOO_MANY_LEVERS").into());
        }
        if rows.iter().any(|row| row.id == id && row.metric != metric) {
            let changes = entity::lever_change::all(&work.tx, work.slice).await?;
            if changes.iter().any(|change| change.lever_id == id) {
                let message = "a lever with changes keeps its metric: add another lever";
                return Err(Problem::at(["metric"], ProblemCode::RuleRefused, message).by("LEVER_HAS_CHANGES").into());
            }
        }
        let lever =
            SystemLever { id, name: name.unwrap_or_default(), metric, is_retired, version, recorded_at: work.now };
        entity::system_lever::write(&work.tx, work.slice, &lever).await.map_err(taken)?;
        let body =
            json!({ "name": lever.name, "metric": metric.measure(), "isRetired": is_retired, "version": version });
        work.record("systemLever.write", "SystemLever", id, body);
        Ok(id)
    })
    .await
}

/// Records a change of a lever, on a day that is not ahead. The done row is the change.
///
/// # Errors
/// [`Failure`].
pub async fn change_lever(
    caller: &Caller,
    lever: Uuid,
    changed_on: NaiveDate,
    what: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteSystemMap, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let levers = entity::system_lever::all(&work.tx, work.slice).await?;
        let mut problems = Problems::default();
        if !levers.iter().any(|row| row.id == lever && !row.is_retired) {
            problems.note("leverId", ProblemCode::NotFound, "there is no such lever, or it is retired");
        }
        if changed_on > program.calendar.day(work.now) {
            problems.note("changedOn", ProblemCode::Invalid, "a change is recorded when it has happened");
        }
        let what = problems.take("what", text::name(what, TEXT_MAX));
        problems.settle()?;
        if entity::lever_change::count(&work.tx, work.slice).await? >= CHANGES_MOST {
            let message = format!("a program has at most {CHANGES_MOST} changes of levers");
            return Err(Problem::at(["leverId"], ProblemCode::RuleRefused, message).by("TOO_MANY_CHANGES").into());
        }
        let change = LeverChange {
            id: work.id(),
            lever_id: lever,
            changed_on,
            what: what.unwrap_or_default(),
            seat_id: work.seat_id(),
            recorded_at: work.now,
        };
        entity::lever_change::insert(&work.tx, work.slice, &change).await?;
        let body = json!({ "leverId": lever, "changedOn": changed_on, "what": change.what });
        work.record("systemLever.change", "LeverChange", change.id, body);
        Ok(change.id)
    })
    .await
}

/// What a loop is.
#[derive(Clone, Debug)]
pub struct LoopFacts {
    /// Its name.
    pub name: String,
    /// The output of one cycle.
    pub output: String,
    /// The input of the next one.
    pub input_id: Uuid,
    /// Whether it is retired.
    pub is_retired: bool,
}

/// Adds a loop, or writes one anew.
///
/// # Errors
/// [`Failure`].
pub async fn write_loop(
    caller: &Caller,
    id: Option<Uuid>,
    expected: Option<i64>,
    facts: LoopFacts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteSystemMap, key, async |work| {
        let rows = entity::system_loop::all(&work.tx, work.slice).await?;
        let (id, version) = found(work, &rows, id, |row| (row.id, row.version), expected)?;
        let inputs = entity::system_input::all(&work.tx, work.slice).await?;
        let mut problems = Problems::default();
        let name = problems.take("name", text::name(&facts.name, 200));
        let output = problems.take("output", text::name(&facts.output, TEXT_MAX));
        if !inputs.iter().any(|input| input.id == facts.input_id) {
            problems.note("inputId", ProblemCode::NotFound, "there is no such input");
        }
        problems.settle()?;
        let edge = SystemLoop {
            id,
            name: name.unwrap_or_default(),
            output: output.unwrap_or_default(),
            input_id: facts.input_id,
            is_retired: facts.is_retired,
            version,
            recorded_at: work.now,
        };
        entity::system_loop::write(&work.tx, work.slice, &edge).await.map_err(taken)?;
        let body = json!({ "name": edge.name, "output": edge.output, "inputId": edge.input_id,
            "isRetired": edge.is_retired, "version": version });
        work.record("systemLoop.write", "SystemLoop", id, body);
        Ok(id)
    })
    .await
}
