//! Escalations on deals, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::escalation as method;
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::escalation_path::EscalationContact;
use super::follow::{event_id, follow};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::DateTime;
use super::sla::SlaOwner;
use super::{deal_list, global_id, loader};
use crate::usecase::escalation::{self, Facts, Filter, Step, position};

/// What stalls.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::EscalationKind")]
pub enum EscalationKind {
    /// A review of security.
    Security,
    /// A contract, or another legal question.
    Legal,
    /// Anything else.
    Other,
}

/// How an escalation stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::EscalationState")]
pub enum EscalationState {
    /// Nobody took it up.
    Open,
    /// Somebody took it up, and has not answered.
    Acknowledged,
    /// It was answered.
    Answered,
    /// It is over.
    Resolved,
}

/// What stalls a deal, put before a named contact who answers within 48 hours.
pub struct Escalation(method::Escalation);

/// What stalls a deal, put before a named contact who answers within 48 hours.
#[Object(directive = Allow::apply(Action::ReadEscalations))]
impl Escalation {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Escalation", self.0.id)
    }

    /// The deal; null when the caller may not see it.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, Some(self.0.deal_id)).await
    }

    /// The partner with which the deal is worked.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// What stalls.
    async fn kind(&self) -> EscalationKind {
        self.0.kind.into()
    }

    /// The side that raised it.
    async fn raised_by(&self) -> SlaOwner {
        self.0.raised_by.into()
    }

    /// The side that owes the answer.
    async fn addressed_to(&self) -> SlaOwner {
        self.0.addressed_to.into()
    }

    /// What is asked.
    async fn question(&self) -> &str {
        &self.0.question
    }

    /// Who was named for it on the side that is asked, when it was opened; null where nobody was.
    async fn contact(&self) -> Option<EscalationContact> {
        self.0.contact.clone().map(EscalationContact)
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened.at)
    }

    /// By when the answer is due, inclusive: 48 hours after it was opened by default, or what the partner's contract says.
    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    /// How it stands.
    async fn state(&self) -> EscalationState {
        self.0.state().into()
    }

    /// Whether the answer is owed and its time is over.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.is_overdue(caller(ctx)?.office.clock.now()))
    }

    /// When somebody took it up; null while nobody did.
    async fn acknowledged_at(&self) -> Option<DateTime> {
        self.0.acknowledged.map(|mark| DateTime(mark.at))
    }

    /// The answer; null while it is owed.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_ref().map(|said| said.text.as_str())
    }

    /// When it was answered; null while it was not.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answer.as_ref().map(|said| DateTime(said.mark.at))
    }

    /// Whether the answer came after its due time.
    async fn is_late(&self) -> bool {
        self.0.is_late()
    }

    /// What came of it, as the side that raised it says; null while it goes on.
    async fn resolution(&self) -> Option<&str> {
        self.0.resolution.as_ref().map(|said| said.text.as_str())
    }

    /// When it was resolved; null while it goes on.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolution.as_ref().map(|said| DateTime(said.mark.at))
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// An escalation that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Escalation>> {
    let Some(id) = id else { return Ok(None) };
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadEscalations) {
        return Ok(None);
    }
    Ok(escalation::find(caller, id).await.map_err(|why| failed(&why))?.map(Escalation))
}

/// Comparisons of how an escalation stands. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct EscalationStateFilter {
    /// Exactly this state.
    eq: Option<EscalationState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<EscalationState>>,
}

/// Comparisons of what stalls. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct EscalationKindFilter {
    /// Exactly this kind.
    eq: Option<EscalationKind>,
    /// One of these kinds.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<EscalationKind>>,
}

/// Which escalations to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct EscalationFilter {
    /// By how it stands.
    state: Option<EscalationStateFilter>,
    /// By what stalls.
    kind: Option<EscalationKindFilter>,
    /// By whether the answer is owed and its time is over.
    is_overdue: Option<bool>,
    /// By deal.
    deal_id: Option<IdFilter>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
}

impl EscalationFilter {
    fn at(self, now: chrono::DateTime<chrono::Utc>) -> Filter {
        let ids = |given: Option<IdFilter>, kind| {
            given.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
        };
        let states = self.state.and_then(|state| both(state.eq, state.any));
        let kinds = self.kind.and_then(|kind| both(kind.eq, kind.any));
        Filter {
            states: states.map(|list| list.into_iter().map(Into::into).collect()),
            kinds: kinds.map(|list| list.into_iter().map(Into::into).collect()),
            is_overdue: self.is_overdue.map(|is_overdue| (is_overdue, now)),
            partners: ids(self.partner_id, "Partner"),
            deals: ids(self.deal_id, "Deal"),
        }
    }
}

/// Reads of escalations.
#[derive(Default)]
pub struct EscalationQuery;

#[Object]
impl EscalationQuery {
    /// Escalations on deals, the latest first; a partner's token those that it raised or is asked.
    #[graphql(directive = Allow::apply(Action::ReadEscalations))]
    async fn escalations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which escalations to list.")] filter: Option<EscalationFilter>,
    ) -> Result<Connected<Escalation>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default().at(caller.office.clock.now());
        // A cursor goes on while time does: it is bound to what was asked for, not to the instant.
        let shape = Filter {
            is_overdue: filter.is_overdue.map(|(is_overdue, _)| (is_overdue, chrono::DateTime::UNIX_EPOCH)),
            ..filter.clone()
        };
        let binding = Binding::of(caller, "escalations", &shape);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = escalation::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Escalations(filter), |row| (position(row), row.id), Escalation))
    }
}

/// An escalation to open.
#[derive(InputObject)]
pub struct EscalationOpenInput {
    /// The deal that stalls; it is open.
    deal_id: ID,
    /// The partner with which it is worked; a partner's own token has no such field.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<ID>,
    /// What stalls.
    kind: EscalationKind,
    /// The side that is asked: the partner where it is left out. VENDOR puts it before the vendor's own contact, and the partner sees
    /// nothing of it. A partner's own token asks the vendor and has no such field.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    addressed_to: Option<SlaOwner>,
    /// What is asked, 1 to 4000 characters.
    question: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of opening an escalation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::OpenEscalations))]
pub struct EscalationOpenPayload {
    /// The escalation, with who is named for it; null when it was refused.
    escalation: Option<Escalation>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// An escalation to take up.
#[derive(InputObject)]
pub struct EscalationAcknowledgeInput {
    /// The escalation.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An answer to an escalation.
#[derive(InputObject)]
pub struct EscalationAnswerInput {
    /// The escalation.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The answer, 1 to 10,000 characters.
    answer: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An escalation that is over.
#[derive(InputObject)]
pub struct EscalationResolveInput {
    /// The escalation.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What came of it, 1 to 10,000 characters.
    resolution: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of taking up or answering an escalation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AnswerEscalations))]
pub struct EscalationAnswerPayload {
    /// The escalation; null when it was refused.
    escalation: Option<Escalation>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of resolving an escalation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::OpenEscalations))]
pub struct EscalationResolvePayload {
    /// The escalation; null when it was refused.
    escalation: Option<Escalation>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of escalations.
#[derive(Default)]
pub struct EscalationMutation;

#[Object]
impl EscalationMutation {
    /// Puts what stalls an open deal before the named contact of a side, and starts the clock of the answer.
    #[graphql(directive = Allow::apply(Action::OpenEscalations))]
    async fn escalation_open(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The escalation.")] input: EscalationOpenInput,
    ) -> Result<EscalationOpenPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = input.partner_id.as_ref();
            let facts = Facts {
                deal_id: global_id::input(&input.deal_id, "Deal", "dealId")?,
                partner_id: partner.map(|id| global_id::input(id, "Partner", "partnerId")).transpose()?,
                kind: input.kind.into(),
                addressed_to: input.addressed_to.map(Into::into),
                question: input.question.clone(),
            };
            escalation::open(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("escalationOpen", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(EscalationOpenPayload { escalation: one(ctx, id).await?, replayed, user_errors })
    }

    /// Takes an escalation up, once, as the side that is asked. The answer is owed all the same.
    #[graphql(directive = Allow::apply(Action::AnswerEscalations))]
    async fn escalation_acknowledge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The escalation.")] input: EscalationAcknowledgeInput,
    ) -> Result<EscalationAnswerPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Escalation", "id")?;
            escalation::step(caller, id, input.expected_version, Step::Acknowledge, key).await
        };
        let (id, replayed, user_errors) =
            run("escalationAcknowledge", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(EscalationAnswerPayload { escalation: one(ctx, id).await?, replayed, user_errors })
    }

    /// Answers an escalation, once, as the side that is asked: the promise ESCALATION is met.
    #[graphql(directive = Allow::apply(Action::AnswerEscalations))]
    async fn escalation_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: EscalationAnswerInput,
    ) -> Result<EscalationAnswerPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Escalation", "id")?;
            escalation::step(caller, id, input.expected_version, Step::Answer(input.answer.clone()), key).await
        };
        let (id, replayed, user_errors) = run("escalationAnswer", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(EscalationAnswerPayload { escalation: one(ctx, id).await?, replayed, user_errors })
    }

    /// Says that an escalation is over, as the side that raised it, or as RevOps. Before an answer, none is owed any more.
    #[graphql(directive = Allow::apply(Action::OpenEscalations))]
    async fn escalation_resolve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came of it.")] input: EscalationResolveInput,
    ) -> Result<EscalationResolvePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Escalation", "id")?;
            escalation::step(caller, id, input.expected_version, Step::Resolve(input.resolution.clone()), key).await
        };
        let (id, replayed, user_errors) =
            run("escalationResolve", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(EscalationResolvePayload { escalation: one(ctx, id).await?, replayed, user_errors })
    }
}

/// What happened to an escalation: read the escalation for how it stands now.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadEscalations))]
pub struct EscalationTold {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// Whether it was opened; else it was taken up, answered or resolved.
    is_opened: bool,
    /// The escalation.
    escalation: Escalation,
}

/// Follows of escalations.
#[derive(Default)]
pub struct EscalationSubscription;

#[Subscription]
impl EscalationSubscription {
    /// Escalations that are opened, taken up, answered and resolved. Each is told once, of those that you may see, in the order in
    /// which it happened.
    #[graphql(directive = Allow::apply(Action::ReadEscalations))]
    async fn escalation_told(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = EscalationTold> + use<>> {
        let events = follow::<method::Escalation>(ctx, after).await?;
        Ok(events.map(|(event, it)| EscalationTold {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_opened: event.kind == escalation::OPENED_EVENT,
            escalation: Escalation(it),
        }))
    }
}
