//! Joint calls with their summaries, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::joint_call as method;
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::follow::{event_id, follow};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::pod_session::{self, PodSession};
use super::scalar::DateTime;
use super::{deal_list, global_id, loader};
use crate::usecase::joint_call::{self, Filter, position};

/// What kind of call it was.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::JointCallKind")]
pub enum JointCallKind {
    /// Vendor and partner met the customer of a deal.
    JointMeeting,
    /// A session of the weekly joint pod.
    PodSession,
}

/// How the summary of a call stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::JointCallState")]
pub enum JointCallState {
    /// It is owed, in time.
    Due,
    /// It is owed, and its time is over.
    Overdue,
    /// It is there, in time or late.
    Summarised,
}

/// A call in which vendor and partner were together, with its summary: the notes of both sides in one place.
pub struct JointCall(method::JointCall);

/// A call in which vendor and partner were together, with its summary: the notes of both sides in one place.
#[Object(directive = Allow::apply(Action::ReadJointCalls))]
impl JointCall {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("JointCall", self.0.id)
    }

    /// What kind of call it was.
    async fn kind(&self) -> JointCallKind {
        self.0.kind.into()
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The deal of a joint meeting; null of a session, and when the caller may not see it.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, self.0.deal_id).await
    }

    /// The session that it was; null of a joint meeting.
    async fn pod_session(&self, ctx: &Context<'_>) -> Result<Option<PodSession>> {
        match self.0.kind {
            method::JointCallKind::PodSession => pod_session::one(ctx, Some(self.0.subject_id)).await,
            method::JointCallKind::JointMeeting => Ok(None),
        }
    }

    /// When it was held.
    async fn held_at(&self) -> DateTime {
        DateTime(self.0.held_at)
    }

    /// By when its summary is due, inclusive: 48 hours after it was held by default, or what the partner's contract says.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    /// How its summary stands now.
    async fn state(&self, ctx: &Context<'_>) -> Result<JointCallState> {
        Ok(self.0.state(caller(ctx)?.office.clock.now()).into())
    }

    /// Its summary; null while it is owed.
    async fn summary(&self) -> Option<&str> {
        self.0.summary.as_ref().map(|summary| summary.text.as_str())
    }

    /// When it was written; null while it is owed.
    async fn summarised_at(&self) -> Option<DateTime> {
        self.0.summary.as_ref().map(|summary| DateTime(summary.mark.at))
    }

    /// Whether it was written after its due time.
    async fn is_late(&self) -> bool {
        self.0.is_late()
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A call that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<JointCall>> {
    let Some(id) = id else { return Ok(None) };
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadJointCalls) {
        return Ok(None);
    }
    Ok(joint_call::find(caller, id).await.map_err(|why| failed(&why))?.map(JointCall))
}

/// The call that a session is.
pub(super) async fn of_session(ctx: &Context<'_>, session: Uuid) -> Result<Option<JointCall>> {
    let found = joint_call::of_subject(caller(ctx)?, session).await.map_err(|why| failed(&why))?;
    Ok(found.map(JointCall))
}

/// Comparisons of how a call's summary stands. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct JointCallStateFilter {
    /// Exactly this state.
    eq: Option<JointCallState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<JointCallState>>,
}

/// Which calls to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct JointCallFilter {
    /// By how its summary stands now.
    state: Option<JointCallStateFilter>,
    /// By deal.
    deal_id: Option<IdFilter>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
}

impl JointCallFilter {
    fn at(self, now: chrono::DateTime<chrono::Utc>) -> Filter {
        let states = self.state.and_then(|state| both(state.eq, state.any));
        let ids = |given: Option<IdFilter>, kind| {
            given.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
        };
        Filter {
            states: states.map(|list| (list.into_iter().map(Into::into).collect(), now)),
            partners: ids(self.partner_id, "Partner"),
            deals: ids(self.deal_id, "Deal"),
        }
    }
}

/// Reads of joint calls.
#[derive(Default)]
pub struct JointCallQuery;

#[Object]
impl JointCallQuery {
    /// Joint calls with their summaries, the latest first; a partner's token its own.
    #[graphql(directive = Allow::apply(Action::ReadJointCalls))]
    async fn joint_calls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which calls to list.")] filter: Option<JointCallFilter>,
    ) -> Result<Connected<JointCall>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default().at(caller.office.clock.now());
        // A cursor goes on while time does: it is bound to the states asked for, not to the instant.
        let shape = Filter {
            states: filter.states.clone().map(|(states, _)| (states, chrono::DateTime::UNIX_EPOCH)),
            ..filter.clone()
        };
        let binding = Binding::of(caller, "jointCalls", &shape);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = joint_call::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::JointCalls(filter), |row| (position(row), row.id), JointCall))
    }
}

/// The summary of a call.
#[derive(InputObject)]
pub struct JointCallSummariseInput {
    /// The call.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What was said and agreed, 1 to 10,000 characters. Both sides read it.
    summary: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of writing a summary.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordJointCalls))]
pub struct JointCallSummarisePayload {
    /// The call; null when it was refused.
    joint_call: Option<JointCall>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of joint calls.
#[derive(Default)]
pub struct JointCallMutation;

#[Object]
impl JointCallMutation {
    /// Writes the summary of a joint call, once: the promise HANDOFF_SUMMARY is met.
    #[graphql(directive = Allow::apply(Action::RecordJointCalls))]
    async fn joint_call_summarise(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The summary.")] input: JointCallSummariseInput,
    ) -> Result<JointCallSummarisePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "JointCall", "id")?;
            joint_call::summarise(caller, id, input.expected_version, &input.summary, key).await
        };
        let (id, replayed, user_errors) =
            run("jointCallSummarise", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(JointCallSummarisePayload { joint_call: one(ctx, id).await?, replayed, user_errors })
    }
}

/// The summary of a joint call, as it was put on record.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadJointCalls))]
pub struct JointCallSummarised {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// The call with its summary.
    joint_call: JointCall,
}

/// Follows of joint calls.
#[derive(Default)]
pub struct JointCallSubscription;

#[Subscription]
impl JointCallSubscription {
    /// Summaries of joint calls, for both sides. Each is told once, of those that you may see, in the order in which it happened. That
    /// one is due is told by `slaDue`.
    #[graphql(directive = Allow::apply(Action::ReadJointCalls))]
    async fn joint_call_summarised(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = JointCallSummarised> + use<>> {
        let events = follow::<method::JointCall>(ctx, after).await?;
        Ok(events.map(|(event, call)| JointCallSummarised {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            joint_call: JointCall(call),
        }))
    }
}
