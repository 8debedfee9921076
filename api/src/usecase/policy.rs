//! The policy: read, drafted, activated. What a draft would have changed is in `preview`.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::ledger::rows;
use super::office::Caller;
use chrono::NaiveDate;
use domain::ledger::{EntryKind, FACT, INSIDE};
use domain::policy::Policy;
use domain::policy_version::{NotActivated, PolicyDraft, PolicyVersion};
use domain::role::Action;
use domain::slice::Slice;
use domain::text;
use entity::{Conn, policy, policy_draft};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The policy that holds on a day; today in the program's zone where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn on(caller: &Caller, day: Option<NaiveDate>) -> Result<Option<PolicyVersion>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    let store = caller.office.store.read();
    let day = match day {
        Some(day) => day,
        None => today(caller, store, slice).await?,
    };
    Ok(policy::version_on(store, slice, day).await?)
}

/// A version by its number.
///
/// # Errors
/// [`Failure`].
pub async fn of_version(caller: &Caller, version: i64) -> Result<Option<PolicyVersion>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    Ok(policy::of_version(caller.office.store.read(), slice, version).await?)
}

/// A version by its row.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<PolicyVersion>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    Ok(policy::find(caller.office.store.read(), slice, id).await?)
}

/// All versions, the latest first.
///
/// # Errors
/// [`Failure`].
pub async fn all(caller: &Caller) -> Result<Vec<PolicyVersion>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    Ok(policy::all(caller.office.store.read(), slice).await?)
}

/// Drafts that have not become a version, the latest first.
///
/// # Errors
/// [`Failure`].
pub async fn drafts(caller: &Caller) -> Result<Vec<PolicyDraft>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    Ok(policy_draft::open(caller.office.store.read(), slice).await?)
}

/// One draft.
///
/// # Errors
/// [`Failure`].
pub async fn find_draft(caller: &Caller, id: Uuid) -> Result<Option<PolicyDraft>, Failure> {
    let slice = caller.authorise(Action::ReadPolicy)?;
    Ok(policy_draft::find(caller.office.store.read(), slice, id).await?)
}

/// The latest version that a draft can change.
///
/// # Errors
/// A storage failure.
async fn latest(conn: &impl Conn, slice: &Slice) -> Result<Policy, Failure> {
    Ok(policy::latest(conn, slice).await?.map_or_else(Policy::default, |version| version.policy))
}

async fn today(caller: &Caller, conn: &impl Conn, slice: &Slice) -> Result<NaiveDate, Failure> {
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    Ok(program.calendar.day(caller.office.clock.now()))
}

fn refused(path: &'static str, why: NotActivated) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, why.to_string()).by(why.rule()).into()
}

/// What may be said of a draft; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What it is about.
    pub title: Option<String>,
    /// Numbers by their names.
    pub values: Map<String, Value>,
}

/// Begins a draft on the latest version, or changes one.
///
/// # Errors
/// [`Failure`].
pub async fn draft(
    caller: &Caller,
    id: Option<Uuid>,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManagePolicy, key, async |work| {
        let latest = latest(&work.tx, work.slice).await?;
        let before = match id {
            Some(id) => Some(policy_draft::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?),
            None => None,
        };
        if let Some(before) = &before {
            work.expect_version(before.version, expected)?;
            before.is_open(latest.version).map_err(|why| refused("id", why))?;
        }
        let mut draft = before.clone().unwrap_or_else(|| PolicyDraft {
            id: work.id(),
            title: String::new(),
            base_version: latest.version,
            policy: latest,
            seat_id: caller.viewer.seat_id,
            version: 1,
            activated_version: None,
            recorded_at: work.now,
            updated_at: work.now,
        });
        let mut problems = Problems::default();
        match (&facts.title, &before) {
            (Some(title), _) => draft.title = problems.take("title", text::name(title, 200)).unwrap_or_default(),
            (None, None) => problems.note("title", ProblemCode::Required, "a new draft says what it is about"),
            (None, Some(_)) => {}
        }
        match draft.policy.with(&facts.values) {
            Ok(policy) => draft.policy = policy,
            Err(wrong) => {
                for number in wrong {
                    problems.push(Problem::at(["values", &number.name], ProblemCode::Invalid, number.message));
                }
            }
        }
        problems.settle()?;
        match &before {
            None => policy_draft::insert(&work.tx, work.slice, &draft).await?,
            Some(before) if *before == draft => return Ok(draft.id),
            Some(_) => {
                draft.version += 1;
                draft.updated_at = work.now;
                policy_draft::update(&work.tx, work.slice, &draft).await?;
            }
        }
        let body = json!({ "title": draft.title, "baseVersion": draft.base_version, "values": facts.values });
        work.record("policy.draft", "PolicyDraft", draft.id, body);
        // Who reads the ledger does not read drafts: what one holds stands in the record of changes.
        let body = json!({ "version": draft.version, "baseVersion": draft.base_version });
        work.enter(EntryKind::PolicyChanged, "PolicyDraft", draft.id, &[], body);
        Ok(draft.id)
    })
    .await
}

/// Makes a draft the next version, from a day on.
///
/// # Errors
/// [`Failure`].
pub async fn activate(
    caller: &Caller,
    draft_id: Uuid,
    expected: Option<i64>,
    from: NaiveDate,
    reason: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManagePolicy, key, async |work| {
        let mut draft = policy_draft::find(&work.tx, work.slice, draft_id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(draft.version, expected)?;
        let mut problems = Problems::default();
        let reason = problems.take("reason", text::name(reason, 1000)).unwrap_or_default();
        problems.settle()?;
        let (latest, today) = (latest(&work.tx, work.slice).await?, today(caller, &work.tx, work.slice).await?);
        let policy = draft.activate(&latest, from, today).map_err(|why| {
            refused(if why == NotActivated::Retroactive { "activeFrom" } else { "draftId" }, why)
        })?;
        let version = PolicyVersion {
            id: work.id(),
            policy,
            active_from: from,
            seat_id: caller.viewer.seat_id,
            reason,
            recorded_at: work.now,
        };
        policy::insert(&work.tx, work.program_id(), &version).await?;
        draft.activated_version = Some(version.policy.version);
        draft.version += 1;
        draft.updated_at = work.now;
        policy_draft::update(&work.tx, work.slice, &draft).await?;
        let changes: Map<String, Value> = version
            .policy
            .changes_of(&latest)
            .into_iter()
            .map(|change| (change.name, json!([change.before, change.after])))
            .collect();
        let body = json!({ "version": version.policy.version, "activeFrom": from, "reason": version.reason, "changes": changes });
        work.record("policy.activate", "Policy", version.id, body.clone());
        let mut entered = body;
        entered[INSIDE] = json!({ FACT: rows::policy(&version) });
        work.enter(EntryKind::PolicyActivated, "Policy", version.id, &[], entered);
        Ok(version.id)
    })
    .await
}
