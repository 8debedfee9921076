//! Requests of the Pod to partners, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime as Instant, Utc};
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::deal_list;
use super::follow::{event_id, follow};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::{Partner, PartnerPerson};
use super::registration::{self, Registration};
use super::scalar::{DateTime, Decimal};
use super::{global_id, loader};
use crate::usecase::pod_request::{self, Facts, Filter, position};

/// A request of the Pod to a partner's rep. The time to its answer feeds the mean time to respond.
pub struct PodRequest {
    row: domain::pod_request::PodRequest,
    now: Instant<Utc>,
}

/// A request of the Pod to a partner's rep. The time to its answer feeds the mean time to respond.
#[Object(directive = Allow::apply(Action::ReadPodRequests))]
impl PodRequest {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("PodRequest", self.row.id)
    }

    /// The partner that is asked.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.row.partner_id).await?.map(Partner))
    }

    /// The deal it is about.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        deal_list::one(ctx, self.row.deal_id).await
    }

    /// The registration it is about.
    async fn registration(&self, ctx: &Context<'_>) -> Result<Option<Registration>> {
        registration::one(ctx, self.row.registration_id).await
    }

    /// The partner's person who is asked.
    #[graphql(directive = Allow::apply(Action::ReadContacts))]
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<PartnerPerson>> {
        let people = loader::people(ctx, self.row.partner_id).await?;
        Ok(people.into_iter().find(|person| Some(person.id) == self.row.person_id).map(PartnerPerson))
    }

    /// The question.
    async fn question(&self) -> &str {
        &self.row.question
    }

    /// When it was asked.
    async fn asked_at(&self) -> DateTime {
        DateTime(self.row.asked.at)
    }

    /// The answer; null while it waits.
    async fn answer(&self) -> Option<&str> {
        self.row.answer.as_ref().map(|answer| answer.text.as_str())
    }

    /// When it was answered; null while it waits.
    async fn answered_at(&self) -> Option<DateTime> {
        self.row.answer.as_ref().map(|answer| DateTime(answer.mark.at))
    }

    /// Hours to the answer, to two decimals; of a request that waits, its age so far: silence does not look fast.
    async fn response_hours(&self) -> Decimal {
        let seconds = rust_decimal::Decimal::from(self.row.response(self.now).num_seconds());
        Decimal((seconds / rust_decimal::Decimal::from(3600)).round_dp(2).normalize())
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// Which requests to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct PodRequestFilter {
    /// Answered, or not.
    is_answered: Option<bool>,
    /// By partner.
    #[graphql(directive = Allow::apply(Action::ReadRegistrationsInside))]
    partner_id: Option<IdFilter>,
}

impl From<PodRequestFilter> for Filter {
    fn from(filter: PodRequestFilter) -> Self {
        let partners = filter.partner_id.and_then(|ids| both(ids.eq, ids.any));
        Self { is_answered: filter.is_answered, partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")) }
    }
}

/// A request to make.
#[derive(InputObject)]
pub struct PodRequestCreateInput {
    /// The partner that is asked.
    partner_id: ID,
    /// The deal it is about.
    deal_id: Option<ID>,
    /// The registration it is about.
    registration_id: Option<ID>,
    /// The partner's person who is asked.
    person_id: Option<ID>,
    /// The question, at most 4000 characters.
    question: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An answer to give.
#[derive(InputObject)]
pub struct PodRequestAnswerInput {
    /// The request.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The answer, at most 10000 characters.
    answer: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of asking.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AskPartners))]
pub struct PodRequestCreatePayload {
    /// The request; null when it was refused.
    pod_request: Option<PodRequest>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of answering.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AnswerPod))]
pub struct PodRequestAnswerPayload {
    /// The request with its answer; null when it was refused.
    pod_request: Option<PodRequest>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// A request that the caller may see.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<PodRequest>> {
    let Some(id) = id else { return Ok(None) };
    let caller = caller(ctx)?;
    if !caller.viewer.may(Action::ReadPodRequests) {
        return Ok(None);
    }
    let now = caller.office.clock.now();
    let row = pod_request::find(caller, id).await.map_err(|why| failed(&why))?;
    Ok(row.map(|row| PodRequest { row, now }))
}

/// Reads of requests.
#[derive(Default)]
pub struct PodRequestQuery;

#[Object]
impl PodRequestQuery {
    /// Requests of the Pod to partners, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadPodRequests))]
    async fn pod_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which requests to list.")] filter: Option<PodRequestFilter>,
    ) -> Result<Connected<PodRequest>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let binding = Binding::of(caller, "podRequests", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = pod_request::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        let (total, now) = (TotalCount::PodRequests(filter), caller.office.clock.now());
        Ok(connect(page, &binding, total, |row| (position(row), row.id), |row| PodRequest { row, now }))
    }
}

/// Changes of requests.
#[derive(Default)]
pub struct PodRequestMutation;

#[Object]
impl PodRequestMutation {
    /// Asks a partner's rep for something. The clock runs until the partner answers.
    #[graphql(directive = Allow::apply(Action::AskPartners))]
    async fn pod_request_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: PodRequestCreateInput,
    ) -> Result<PodRequestCreatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id =
                |given: &Option<ID>, kind, path| given.as_ref().map(|id| global_id::input(id, kind, path)).transpose();
            let facts = Facts {
                partner_id: global_id::input(&input.partner_id, "Partner", "partnerId")?,
                deal_id: id(&input.deal_id, "Deal", "dealId")?,
                registration_id: id(&input.registration_id, "Registration", "registrationId")?,
                person_id: id(&input.person_id, "PartnerPerson", "personId")?,
                question: input.question.clone(),
            };
            pod_request::create(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("podRequestCreate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PodRequestCreatePayload { pod_request: one(ctx, id).await?, replayed, user_errors })
    }

    /// Answers a request of the Pod, once.
    #[graphql(directive = Allow::apply(Action::AnswerPod))]
    async fn pod_request_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: PodRequestAnswerInput,
    ) -> Result<PodRequestAnswerPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "PodRequest", "id")?;
            pod_request::answer(caller, id, input.expected_version, &input.answer, key).await
        };
        let (id, replayed, user_errors) = run("podRequestAnswer", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PodRequestAnswerPayload { pod_request: one(ctx, id).await?, replayed, user_errors })
    }
}

/// What happened to a request of the Pod.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPodRequests))]
pub struct PodRequestTold {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// Whether the partner answered; else the Pod asked.
    is_answered: bool,
    /// The request.
    pod_request: PodRequest,
}

/// Follows of requests.
#[derive(Default)]
pub struct PodRequestSubscription;

#[Subscription]
impl PodRequestSubscription {
    /// What the Pod asks partners for, and their answers. Each is told once, of those that you may see, in the order in which it
    /// happened.
    #[graphql(directive = Allow::apply(Action::ReadPodRequests))]
    async fn pod_request_told(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = PodRequestTold> + use<>> {
        let events = follow::<domain::pod_request::PodRequest>(ctx, after).await?;
        Ok(events.map(|(event, row)| PodRequestTold {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            is_answered: event.kind == pod_request::ANSWERED_EVENT,
            // The time it took is measured until the event, or runs on from there.
            pod_request: PodRequest { row, now: event.recorded_at },
        }))
    }
}
