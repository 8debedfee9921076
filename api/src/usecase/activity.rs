//! Activities: logged once, with who, when it happened, when it was recorded, and from which system.

use super::commit::{Done, Key, Work, commit};
use super::cosell;
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::joint_call::{self, Held};
use super::office::Caller;
use super::registration_step::meeting_held;
use chrono::{DateTime, NaiveDate, Utc};
use domain::activity::{Activity, ActivityKind};
use domain::joint_call::JointCallKind;
use domain::proof::is_in_time;
use domain::registration::Registration;
use domain::role::Action;
use domain::slice::Reach;
use domain::text;
use entity::page::{Ask, Key as PositionKey, Page};
use serde_json::json;
use uuid::Uuid;

/// What is logged.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The deal; the caller must see it. It, or the account, is named.
    pub deal_id: Option<Uuid>,
    /// The account, where there is no deal yet; the caller must see it.
    pub account_id: Option<Uuid>,
    /// The partner; the caller must see it.
    pub partner_id: Option<Uuid>,
    /// The kind.
    pub kind: ActivityKind,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// Whether vendor and partner met the customer together.
    pub is_joint_meeting: bool,
    /// How many meetings it stands for.
    pub meeting_count: Option<i64>,
    /// The next step's date.
    pub next_step_on: Option<NaiveDate>,
    /// Functions in the room.
    pub owner_functions: Vec<String>,
    /// A note.
    pub note: Option<String>,
}

/// A page of a deal's activities.
///
/// # Errors
/// [`Failure`].
pub async fn page_of_deal(caller: &Caller, deal: Uuid, ask: &Ask) -> Result<Page<Activity>, Failure> {
    let slice = caller.authorise(Action::ReadActivities)?;
    Ok(entity::activity::page_of_deal(caller.office.store.read(), slice, deal, ask).await?)
}

/// How many activities a deal has.
///
/// # Errors
/// [`Failure`].
pub async fn count_of_deal(caller: &Caller, deal: Uuid) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadActivities)?;
    Ok(entity::activity::count_of_deal(caller.office.store.read(), slice, deal).await?)
}

/// Where an activity stands in a deal's list.
#[must_use]
pub fn position(it: &Activity) -> PositionKey {
    PositionKey::Instant(it.happened_at)
}

/// The latest activity of each of these deals.
///
/// # Errors
/// [`Failure`].
pub async fn latest_of_deals(caller: &Caller, deals: &[Uuid]) -> Result<Vec<Activity>, Failure> {
    let slice = caller.authorise(Action::ReadActivities)?;
    Ok(entity::activity::latest_of_deals(caller.office.store.read(), slice, deals).await?)
}

/// The activity with this id, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Activity>, Failure> {
    let slice = caller.authorise(Action::ReadActivities)?;
    Ok(entity::activity::find(caller.office.store.read(), slice, id).await?)
}

/// Those of these activities that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Activity>, Failure> {
    let slice = caller.authorise(Action::ReadActivities)?;
    Ok(entity::activity::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// Logs an activity on a deal, or on an account that has none yet. The done row is the activity.
///
/// # Errors
/// [`Failure`].
pub async fn log(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::LogActivities, key, async |work| put(caller, work, facts).await).await
}

/// Puts an introduction on record: a partner's token its own, on the deals that are its own. The done row is the activity.
///
/// # Errors
/// [`Failure`].
pub async fn introduce(caller: &Caller, mut facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::RecordIntroductions, key, async |work| {
        if let Reach::Own { partner } = work.slice.reach() {
            facts.partner_id = Some(*partner);
        }
        if facts.partner_id.is_none() {
            return Err(
                Problem::at(["partnerId"], ProblemCode::Required, "say which partner introduced the buyer").into()
            );
        }
        put(caller, work, facts).await
    })
    .await
}

/// Logs the joint meeting that a partner tells of with its summary.
pub(super) async fn hold_meeting(
    work: &mut Work<'_>,
    on: &Registration,
    (id, held_at): (Uuid, DateTime<Utc>),
) -> Result<(), Failure> {
    if let Some(id) = on.deal_id
        && let Some(deal) = entity::deal::find(&work.tx, work.slice, id).await?
    {
        cosell::pass(work, &deal, "heldAt", Some(held_at)).await?;
    }
    let activity = Activity {
        id,
        external_id: None,
        deal_id: on.deal_id,
        account_id: on.account_id,
        partner_id: Some(on.partner_id),
        kind: ActivityKind::Meeting,
        happened_at: held_at,
        is_joint_meeting: true,
        meeting_count: None,
        next_step_on: None,
        owner_functions: Vec::new(),
        note: None,
        source_system: "partnerloop".into(),
        recorded_by: work.seat_id(),
        recorded_at: work.now,
    };
    entity::activity::insert(&work.tx, work.slice, &activity).await?;
    let body =
        json!({ "dealId": on.deal_id, "partnerId": on.partner_id, "kind": activity.kind, "happenedAt": held_at });
    work.record("activity.log", "Activity", activity.id, body);
    Ok(())
}

/// An introduction that the caller may see, and whether it was recorded in time for the partner to have SOURCED the deal.
///
/// # Errors
/// [`Failure`].
pub async fn introduction(caller: &Caller, id: Uuid) -> Result<Option<(Activity, bool)>, Failure> {
    let slice = caller.authorise(Action::RecordIntroductions)?;
    let store = caller.office.store.read();
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let policy = entity::policy::on(store, slice, program.calendar.day(caller.office.clock.now())).await?;
    let found = entity::activity::find(store, slice, id).await?;
    Ok(found.map(|it| {
        let is_in_time = is_in_time(&it, policy.introduction_hours);
        (it, is_in_time)
    }))
}

async fn put(caller: &Caller, work: &mut Work<'_>, facts: Facts) -> Result<Uuid, Failure> {
    let mut problems = Problems::default();
    let (mut deal_id, mut account_id) = (None, None);
    match (facts.deal_id, facts.account_id) {
        (Some(id), None) => match entity::deal::find(&work.tx, work.slice, id).await? {
            Some(deal) => {
                if facts.is_joint_meeting {
                    cosell::pass(work, &deal, "isJointMeeting", Some(facts.happened_at)).await?;
                }
                (deal_id, account_id) = (Some(deal.id), deal.account_id);
            }
            None => problems.note("dealId", ProblemCode::NotFound, "there is no such deal"),
        },
        (None, Some(_)) if facts.is_joint_meeting => {
            let message = "a joint meeting is logged on its deal: the Primary Sale gate stands there";
            problems.push(
                Problem::at(["isJointMeeting"], ProblemCode::RuleRefused, message).by("JOINT_MEETING_NEEDS_DEAL"),
            );
        }
        (None, Some(id)) => match entity::account::find(&work.tx, work.slice, id).await? {
            Some(account) => account_id = Some(account.id),
            None => problems.note("accountId", ProblemCode::NotFound, "there is no such account"),
        },
        _ => problems.note("dealId", ProblemCode::Required, "give either the deal, or the account that has none yet"),
    }
    if let Some(partner) = facts.partner_id
        && entity::partner::find(&work.tx, work.slice, partner).await?.is_none()
    {
        problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
    }
    if facts.happened_at > work.now {
        problems.note("happenedAt", ProblemCode::Invalid, "what has not happened yet cannot be logged");
    }
    if facts.owner_functions.len() > 20 {
        problems.note("ownerFunctions", ProblemCode::Invalid, "at most 20 functions");
    }
    let functions =
        facts.owner_functions.iter().filter_map(|f| problems.take("ownerFunctions", text::name(f, 50))).collect();
    let note = facts.note.as_ref().and_then(|note| problems.take("note", text::prose(note, 4000)));
    problems.settle()?;
    let activity = Activity {
        id: work.id(),
        external_id: None,
        deal_id,
        account_id,
        partner_id: facts.partner_id,
        kind: facts.kind,
        happened_at: entity::column::instant(facts.happened_at),
        is_joint_meeting: facts.is_joint_meeting,
        meeting_count: facts.meeting_count,
        next_step_on: facts.next_step_on,
        owner_functions: functions,
        note,
        source_system: "partnerloop".into(),
        recorded_by: caller.viewer.seat_id,
        recorded_at: work.now,
    };
    entity::activity::insert(&work.tx, work.slice, &activity).await.map_err(|why| {
        if entity::store::is_unique_violation(&why) {
            Failure::from(Problem::at(["dealId"], ProblemCode::Conflict, "try again"))
        } else {
            why.into()
        }
    })?;
    let body = json!({ "dealId": deal_id, "accountId": account_id, "partnerId": facts.partner_id, "kind": facts.kind, "happenedAt": activity.happened_at });
    work.record("activity.log", "Activity", activity.id, body);
    if let (true, Some(deal), Some(partner)) = (facts.is_joint_meeting, deal_id, facts.partner_id) {
        meeting_held(work, deal, partner, (activity.id, activity.happened_at)).await?;
        let call = Held {
            kind: JointCallKind::JointMeeting,
            partner_id: partner,
            deal_id,
            pod_id: None,
            subject_id: activity.id,
            at: activity.happened_at,
        };
        joint_call::held(work, call).await?;
    }
    Ok(activity.id)
}
