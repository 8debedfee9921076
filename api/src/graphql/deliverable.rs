//! What phases publish, on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject, Subscription};
use domain::deliverable::DeliverableKind as Kind;
use domain::role::Action;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::follow::{event_id, follow};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, both, connect};
use super::published::{PublishedRecruitPlan, PublishedStagePlan};
use super::scalar::{DateTime, Quarter};
use super::seat::Seat;
use super::tam::Forecast;
use super::{global_id, loader};
use crate::usecase::Failure;
use crate::usecase::deliverable::{self, By, Filter, position};

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

    /// The version of the policy that held when it was published, and that its numbers follow. The facts in a Recruit Plan are of the days
    /// of their decisions: each line names its own.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// The edition of the methodology that it follows, as its frozen content says; null where it says none.
    async fn methodology_version(&self) -> Option<String> {
        self.0.methodology()
    }

    /// The global id of the seat that published it; null when it was the server itself.
    async fn published_by(&self) -> Option<ID> {
        (!self.0.seat_id.is_nil()).then(|| global_id::encode("Seat", self.0.seat_id))
    }

    /// The seat that published it; null when it was the server itself.
    #[graphql(directive = Allow::apply(Action::ReadSeats))]
    async fn publisher(&self, ctx: &Context<'_>) -> Result<Option<Seat>> {
        Ok(loader::seat(ctx, self.0.seat_id).await?.map(Seat))
    }

    /// When it was published.
    async fn published_at(&self) -> DateTime {
        DateTime(self.0.published_at)
    }

    /// The latest revision of the same kind and quarter. Where it is a later one than `revision`, this one is replaced.
    async fn latest_revision(&self, ctx: &Context<'_>) -> Result<i32> {
        deliverable::latest_revision(caller(ctx)?, &self.0).await.map_err(|why| failed(&why))
    }

    /// Where it can be had as a document, with your slice of it.
    async fn documents(&self) -> DeliverableDocuments {
        documents(&self.0)
    }

    /// FORECAST: what it says. Null for every other kind.
    #[graphql(directive = Allow::apply(Action::ReadForecast))]
    async fn forecast(&self, ctx: &Context<'_>) -> Result<Option<Forecast>> {
        if self.0.kind != Kind::Forecast {
            return Ok(None);
        }
        let published = self.0.clone().try_into().map_err(|why: Failure| failed(&why))?;
        Forecast::published(ctx, published).await.map(Some)
    }

    /// RECRUIT_PLAN: what it says. Null for every other kind.
    #[graphql(directive = Allow::apply(Action::ReadRecruitPlan))]
    async fn recruit_plan(&self, ctx: &Context<'_>) -> Result<Option<PublishedRecruitPlan>> {
        if self.0.kind == Kind::RecruitPlan {
            PublishedRecruitPlan::read(ctx, &self.0).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// STAGE_DEPLOYMENT_PLAN: what it says. Null for every other kind.
    #[graphql(directive = Allow::apply(Action::ReadFunnel))]
    async fn stage_deployment_plan(&self, ctx: &Context<'_>) -> Result<Option<PublishedStagePlan>> {
        if self.0.kind == Kind::StageDeploymentPlan {
            PublishedStagePlan::read(ctx, &self.0).await.map(Some)
        } else {
            Ok(None)
        }
    }
}

/// Where a deliverable can be had as a document: paths of this server, to be fetched with your token. Every format holds the same
/// slice, which is that of your role and its rows.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDeliverables))]
pub struct DeliverableDocuments {
    /// A page to read and to print, in one file.
    html: String,
    /// Markdown.
    markdown: String,
    /// Its tables, one below the other.
    csv: String,
    /// A workbook with a sheet for each table.
    xlsx: String,
    /// The slice as canonical JSON (RFC 8785). Its SHA-256 is the slice's hash that every other format shows.
    json: String,
}

/// The paths of a deliverable.
pub(super) fn documents(of: &domain::deliverable::Deliverable) -> DeliverableDocuments {
    documents_at(&format!("/documents/{}/{}/{}", of.kind.slug(), of.quarter, of.revision))
}

/// The paths of a document, of what stands before their endings.
pub(super) fn documents_at(stem: &str) -> DeliverableDocuments {
    let path = |suffix: &str| format!("{stem}.{suffix}");
    DeliverableDocuments {
        html: path("html"),
        markdown: path("md"),
        csv: path("csv"),
        xlsx: path("xlsx"),
        json: path("json"),
    }
}

/// One deliverable by what it is.
#[derive(InputObject)]
pub struct DeliverableOf {
    /// What it is.
    kind: DeliverableKind,
    /// The quarter of its iteration.
    quarter: Quarter,
    /// A revision; the latest where it is left out.
    revision: Option<i32>,
}

/// Which deliverable.
#[derive(OneofObject)]
pub enum DeliverableBy {
    /// By its global id.
    Id(ID),
    /// By what it is.
    Of(DeliverableOf),
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
    let Some(id) = id.filter(|_| caller(ctx).is_ok_and(|it| it.viewer.may(Action::ReadDeliverables))) else {
        return Ok(None);
    };
    Ok(deliverable::find(caller(ctx)?, id).await.map_err(|why| failed(&why))?.map(Deliverable))
}

/// Reads of what was published.
#[derive(Default)]
pub struct DeliverableQuery;

#[Object]
impl DeliverableQuery {
    /// One deliverable; null where there is none.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn deliverable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] by: DeliverableBy,
    ) -> Result<Option<Deliverable>> {
        let by = match by {
            DeliverableBy::Id(id) => By::Id(global_id::of_kind(&id, "Deliverable")),
            DeliverableBy::Of(of) => By::Of(of.kind.into(), of.quarter.0, of.revision),
        };
        Ok(deliverable::by(caller(ctx)?, by).await.map_err(|why| failed(&why))?.map(Deliverable))
    }

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
