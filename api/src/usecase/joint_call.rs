//! Joint calls: each put on record in the transaction of the meeting or session that it is, with the clock of its summary.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::follow::{Followed, Told};
use super::office::Caller;
use super::sla;
use chrono::{DateTime, Utc};
use domain::joint_call::{JointCall, JointCallKind};
use domain::registration::Mark;
use domain::role::Action;
use domain::sla::SlaKind;
use domain::text;
pub use entity::joint_call::{Filter, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use uuid::Uuid;

/// A call that was held: what it is, and with whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// What kind of call it was.
    pub kind: JointCallKind,
    /// The partner.
    pub partner_id: Uuid,
    /// The deal, of a joint meeting.
    pub deal_id: Option<Uuid>,
    /// The pod, of a session.
    pub pod_id: Option<Uuid>,
    /// The activity or the session that it is.
    pub subject_id: Uuid,
    /// When it was held.
    pub at: DateTime<Utc>,
}

/// Puts a call on record: its summary is owed from when it was held.
///
/// # Errors
/// A storage failure.
pub(super) async fn held(work: &mut Work<'_>, it: Held) -> Result<(), Failure> {
    let (id, partner) = (work.id(), Some(it.partner_id));
    let clock = sla::start(work, SlaKind::HandoffSummary, "JointCall", id, partner, it.at).await?;
    let call = JointCall {
        id,
        kind: it.kind,
        partner_id: it.partner_id,
        deal_id: it.deal_id,
        pod_id: it.pod_id,
        subject_id: it.subject_id,
        held_at: it.at,
        due_at: clock.due_at,
        summary: None,
        version: 1,
    };
    entity::joint_call::insert(&work.tx, work.slice, &call).await?;
    let body = json!({ "partnerId": call.partner_id, "dealId": call.deal_id, "podId": call.pod_id,
        "subjectId": call.subject_id, "heldAt": call.held_at, "dueAt": call.due_at });
    work.record("jointCall.hold", "JointCall", id, body);
    Ok(())
}

/// A page of calls.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<JointCall>, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::joint_call::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many calls there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::joint_call::count(caller.office.store.read(), slice, filter).await?)
}

/// One call, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<JointCall>, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::joint_call::find(caller.office.store.read(), slice, id).await?)
}

/// The call that an activity or a session is, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn of_subject(caller: &Caller, subject: Uuid) -> Result<Option<JointCall>, Failure> {
    let slice = caller.authorise(Action::ReadJointCalls)?;
    Ok(entity::joint_call::of_subject(caller.office.store.read(), slice, subject).await?)
}

/// Writes the summary of a call, once: both sides read it.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn summarise(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    summary: &str,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::RecordJointCalls, key, async |work| {
        let call = entity::joint_call::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(call.version, expected)?;
        let text = text::name(summary, 10_000);
        let text = text.map_err(|why| Problem::at(["summary"], ProblemCode::Invalid, why.to_string()))?;
        let call = call
            .summarise(text, Mark { at: work.now, by: work.seat_id() })
            .map_err(|refusal| Problem::at(["id"], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into()))?;
        if !entity::joint_call::summarise(&work.tx, work.slice, &call).await? {
            return Err(Failure::Stale);
        }
        sla::meet(work, SlaKind::HandoffSummary, id, work.now).await?;
        let body = json!({ "partnerId": call.partner_id, "isLate": call.is_late(), "version": call.version });
        work.record("jointCall.summarise", "JointCall", id, body);
        work.announce(SUMMARISED_EVENT, id, json!({ "partnerId": call.partner_id }));
        Ok(id)
    })
    .await
}

/// The kind of the event that tells that the summary of a call is on record.
pub const SUMMARISED_EVENT: &str = "jointCall.summarised";

impl Followed for JointCall {
    const ACTION: Action = Action::ReadJointCalls;
    const KINDS: &'static [&'static str] = &[SUMMARISED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}
