//! What phases publish, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::follow::{event_id, follow};
use super::global_id;
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, both, connect};
use super::scalar::{DateTime, Quarter};
use crate::usecase::deliverable::{self, Filter, position};

/// What a phase publishes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::deliverable::DeliverableKind")]
pub enum DeliverableKind {
    /// Phase 1: what is done with each partner in this quarter.
    RecruitPlan,
    /// Phase 2: the Total Partner-Influenced TAM of the next four quarters.
    Forecast,
    /// Phase 3: who produces in which stage, how healthy each stage is, and what is committed.
    StageDeploymentPlan,
    /// Phase 6: realised against forecast.
    RealizedMetricsAudit,
    /// Phase 6: partners by what they realised.
    PartnerPerformanceRanking,
    /// Phase 6: what the next iteration's Recruit starts from.
    InputsBrief,
}

/// Something published. It is never changed: a correction is a new revision that names the one it replaces.
pub struct Deliverable(pub domain::deliverable::Deliverable);

/// Something published. It is never changed: a correction is a new revision that names the one it replaces.
#[Object(directive = Allow::apply(Action::ReadDeliverables))]
impl Deliverable {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Deliverable", self.0.id)
    }

    /// What it is.
    async fn kind(&self) -> DeliverableKind {
        self.0.kind.into()
    }

    /// The quarter of its iteration.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// 1, and one more for each correction.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// The global id of the revision that it replaces; null of the first.
    async fn replaces_id(&self) -> Option<ID> {
        self.0.replaces_id.map(|id| global_id::encode("Deliverable", id))
    }

    /// SHA-256 of `content`, in lower-case hex.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// The whole content as canonical JSON: members sorted, no white space (RFC 8785). Hash these bytes to check `sha256`.
    #[graphql(directive = Allow::apply(Action::ReadDeliverableContent))]
    async fn content(&self) -> &str {
        &self.0.body
    }

    /// The version of the policy that its numbers follow.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// The global id of the seat that published it; null when it was the server itself.
    async fn published_by(&self) -> Option<ID> {
        (!self.0.seat_id.is_nil()).then(|| global_id::encode("Seat", self.0.seat_id))
    }

    /// When it was published.
    async fn published_at(&self) -> DateTime {
        DateTime(self.0.published_at)
    }
}

/// Comparisons of the kind of a deliverable. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DeliverableKindFilter {
    /// Exactly this kind.
    eq: Option<DeliverableKind>,
    /// One of these kinds.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<DeliverableKind>>,
}

/// Which deliverables to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct DeliverableFilter {
    /// By what it is.
    kind: Option<DeliverableKindFilter>,
    /// Of this quarter's iteration.
    quarter: Option<Quarter>,
}

impl From<DeliverableFilter> for Filter {
    fn from(filter: DeliverableFilter) -> Self {
        let kinds = filter.kind.and_then(|kind| both(kind.eq, kind.any));
        Self {
            kinds: kinds.map(|list| list.into_iter().map(Into::into).collect()),
            quarter: filter.quarter.map(|quarter| quarter.0.index()),
        }
    }
}

/// One by its id, if the caller may see it.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Deliverable>> {
    let Some(id) = id else { return Ok(None) };
    Ok(deliverable::find(caller(ctx)?, id).await.map_err(|why| failed(&why))?.map(Deliverable))
}

/// Reads of what was published.
#[derive(Default)]
pub struct DeliverableQuery;

#[Object]
impl DeliverableQuery {
    /// What was published, latest first, every revision.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn deliverables(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which deliverables to list.")] filter: Option<DeliverableFilter>,
    ) -> Result<Connected<Deliverable>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let binding = Binding::of(caller, "deliverables", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = deliverable::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Deliverables(filter), |row| (position(row), row.id), Deliverable))
    }
}

/// Something was published, such as a forecast or a Recruit Plan.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDeliverables))]
pub struct DeliverablePublished {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it happened.
    at: DateTime,
    /// What was published.
    deliverable: Deliverable,
}

/// Follows of what is published.
#[derive(Default)]
pub struct DeliverableSubscription;

#[Subscription]
impl DeliverableSubscription {
    /// What is published: forecasts, plans, audits, and corrections of them. Each is told once, in the order in which it happened.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn deliverable_published(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = DeliverablePublished> + use<>> {
        let events = follow::<domain::deliverable::Deliverable>(ctx, after).await?;
        Ok(events.map(|(event, row)| DeliverablePublished {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            deliverable: Deliverable(row),
        }))
    }
}
