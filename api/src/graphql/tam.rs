//! Phase 2, TAM, on the wire: the forecast.
//!
//! Each band is a field with its own audience, so a schema that has not a band has no field, value or explanation of it.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::deliverable::Deliverable;
use domain::partner::Partner as PartnerRow;
use domain::role::Action;
use domain::tam::{Band, Component, Finding, FindingKind, Forecast as Computed, Spot};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deliverable::{DeliverableDocuments, documents};
use super::forecast_line::{ForecastBand, ForecastPartner, ForecastSegment};
use super::global_id;
use super::loader;
use super::measurement::{Reason, because, decimal, int};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{CurrencyCode, Date, DateTime, Decimal, Quarter};
use super::segment::Segment;
use crate::usecase::tam;

/// A forecast as a resolver reads it.
pub(super) struct Read {
    /// The forecast.
    pub(super) computed: Computed,
    /// The deliverable, where it is published.
    deliverable: Option<Deliverable>,
    /// The partners that the caller may list.
    pub(super) partners: HashMap<Uuid, PartnerRow>,
}

/// Whether a forecast is frozen.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastState {
    /// As it would be published now; it moves with the facts.
    #[graphql(directive = Allow::apply(Action::ReadForecastDraft))]
    Draft,
    /// Frozen when it was published.
    Published,
}

/// What a forecast is made of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Component")]
pub enum ForecastComponent {
    /// Planned spend x Yield.
    Sourced,
    /// Accounts engaged x Trust-Gap x average ACV, where the Trust-Gap is not negative.
    Influenced,
    /// The same where it is: a line of its own, never above 0.
    Drag,
    /// Touched customers x Expansion Probability x average expansion ACV.
    Expansion,
}

/// What was found in a forecast.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "FindingKind")]
pub enum ForecastFindingCode {
    /// A negative Trust-Gap: the partner drags the segment's win rate down.
    Drag,
    /// Planned spend is so much above the trailing spend (30 % by default) that Yield steps down one band.
    YieldSteppedDown,
    /// Planned spend rises although Yield is too low for it (below 3x by default): the increase adds nothing.
    SpendNotQualified,
    /// A component is not measured and adds nothing.
    NotMeasured,
    /// Accounts counted both as sourced and as engaged reach the warning share (10 % by default).
    DoubleCounted,
    /// Partners together engage more accounts than the segment has: one account may be engaged by several.
    EngagedBeyondSegment,
    /// The partner has more accounts of a segment in common with the vendor than the segment is said to have: `addressableAccounts` is too
    /// low. Accounts engaged are a share of what it is said to have.
    OverlapBeyondSegment,
}

/// What a reader of a forecast must not overlook.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadForecast))]
pub struct ForecastFinding {
    /// A stable code to branch on.
    code: ForecastFindingCode,
    /// The same as a sentence.
    message: &'static str,
    /// Of which partner; null where it is of several.
    partner: Option<Partner>,
    /// In which segment; null where it is of all.
    segment: Option<Segment>,
    /// In which component.
    component: Option<ForecastComponent>,
    /// Why it is not measured.
    reason: Option<Reason>,
    /// DOUBLE_COUNTED: the share of the engaged accounts, 0 to 1.
    share_rate: Option<Decimal>,
    /// ENGAGED_BEYOND_SEGMENT: by how many accounts.
    accounts: Option<Decimal>,
}

const fn sentence(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Drag => {
            "Deals with the partner are won less often than direct ones: the drag is a line of its own."
        }
        FindingKind::YieldSteppedDown => {
            "Planned spend rises so much that Yield steps down one band before it is applied."
        }
        FindingKind::SpendNotQualified => {
            "Yield is too low for additional spend: the plan counts up to the trailing spend, and the increase adds nothing."
        }
        FindingKind::NotMeasured => "This component is not measured and adds nothing.",
        FindingKind::DoubleCounted => "Many of the accounts engaged are counted as sourced as well.",
        FindingKind::OverlapBeyondSegment => {
            "More accounts of the segment are in common than it is said to have: correct its addressableAccounts with segmentUpdate."
        }
        FindingKind::EngagedBeyondSegment => {
            "Partners together engage more accounts than the segment has: one account may be engaged by several."
        }
    }
}

/// The partner-influenced revenue of four quarters: Sourced, Influenced (with its drag) and Expansion TAM, per partner, per segment,
/// per quarter, and in total. Every figure explains itself. Amounts are program-wide and shown whole; only which partners are listed
/// depends on who asks.
pub struct Forecast(Arc<Read>);

/// The partner-influenced revenue of four quarters: Sourced, Influenced (with its drag) and Expansion TAM, per partner, per segment,
/// per quarter, and in total. Every figure explains itself. Amounts are program-wide and shown whole; only which partners are listed
/// depends on who asks.
#[Object(directive = Allow::apply(Action::ReadForecast))]
impl Forecast {
    /// The deliverable's global id; null before it is published.
    async fn id(&self) -> Option<ID> {
        self.deliverable().map(|it| global_id::encode("Deliverable", it.id))
    }

    /// Whether it is frozen.
    async fn state(&self) -> ForecastState {
        if self.deliverable().is_some() { ForecastState::Published } else { ForecastState::Draft }
    }

    /// The first of the four quarters.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.computed.quarter)
    }

    /// The four quarters.
    async fn quarters(&self) -> Vec<Quarter> {
        self.0.computed.quarters().map(Quarter).to_vec()
    }

    /// The revision, from 1. A correction is a new one.
    async fn revision(&self) -> Option<i32> {
        self.deliverable().map(|it| it.revision)
    }

    /// The global id of the revision that this one replaces.
    async fn replaces_id(&self) -> Option<ID> {
        self.deliverable().and_then(|it| it.replaces_id).map(|id| global_id::encode("Deliverable", id))
    }

    /// SHA-256 of what was published (canonical JSON of the whole forecast), in lower-case hex.
    async fn sha256(&self) -> Option<&str> {
        self.deliverable().map(|it| it.sha256.as_str())
    }

    /// The global id of the seat that published it; null when it was the server itself.
    async fn published_by(&self) -> Option<ID> {
        let seat_id = self.deliverable().map(|it| it.seat_id).filter(|id| !id.is_nil());
        seat_id.map(|id| global_id::encode("Seat", id))
    }

    /// When it was published.
    async fn published_at(&self) -> Option<DateTime> {
        self.deliverable().map(|it| DateTime(it.published_at))
    }

    /// Where it can be had as a document, with your slice of it; null before it is published.
    async fn documents(&self) -> Option<DeliverableDocuments> {
        self.deliverable().map(documents)
    }

    /// The date as of which the trailing four quarters were taken.
    async fn as_of(&self) -> Date {
        Date(self.0.computed.as_of)
    }

    /// The first of the trailing four quarters that it was read from.
    async fn from(&self) -> Quarter {
        Quarter(self.0.computed.from)
    }

    /// The last of them.
    async fn to(&self) -> Quarter {
        Quarter(self.0.computed.to)
    }

    /// The currency of every amount.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.computed.currency)
    }

    /// The version of the program's policy that it follows.
    async fn policy_version(&self) -> i64 {
        self.0.computed.policy_version
    }

    /// From how many realised quarters the seasonality of Influenced and Expansion TAM was read; 0 where it is a quarter each,
    /// because there are fewer than 8 (by default).
    async fn seasonal_quarters(&self) -> i32 {
        int(self.0.computed.seasonality.quarters.into())
    }

    /// What the CFO budgets against: no credit on THIN evidence, lower limits where it is SOLID, every measured drag.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::All, Band::Conservative)
    }

    /// The method's formulas as they stand.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::All, Band::Base)
    }

    /// Upper limits, and Yield as it was measured. For internal use only.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> ForecastBand {
        ForecastBand(self.0.clone(), Spot::All, Band::Stretch)
    }

    /// The partners that you may see, each with its lines.
    async fn partners(&self) -> Vec<ForecastPartner> {
        let listed = |id: &Uuid| self.0.partners.contains_key(id);
        let all = self.0.computed.partners.iter().enumerate();
        all.filter(|(_, partner)| listed(&partner.partner_id))
            .map(|(at, _)| ForecastPartner(self.0.clone(), at))
            .collect()
    }

    /// The segments, of all partners together; what is planned for no segment comes last.
    async fn segments(&self) -> Vec<ForecastSegment> {
        let segments = self.0.computed.segments();
        segments.into_iter().map(|segment| ForecastSegment(self.0.clone(), segment)).collect()
    }

    /// What must not be overlooked: of the partners that you may see, and of segments.
    async fn findings(&self, ctx: &Context<'_>) -> Result<Vec<ForecastFinding>> {
        let mut all = Vec::new();
        for Finding { kind, partner_id, segment_id, component, reason, measure } in self.0.computed.findings() {
            let partner = partner_id.and_then(|id| self.0.partners.get(&id));
            if partner_id.is_some() && partner.is_none() {
                continue;
            }
            let segment = match segment_id {
                Some(id) => loader::segment(ctx, id).await?.map(Segment),
                None => None,
            };
            let of = |wanted| measure.filter(|_| kind == wanted).map(decimal);
            all.push(ForecastFinding {
                code: kind.into(),
                message: sentence(kind),
                partner: partner.cloned().map(Partner),
                segment,
                component: component.map(Into::into),
                reason: reason.map(because),
                share_rate: of(FindingKind::DoubleCounted),
                accounts: of(FindingKind::EngagedBeyondSegment),
            });
        }
        Ok(all)
    }
}

impl Forecast {
    fn deliverable(&self) -> Option<&Deliverable> {
        self.0.deliverable.as_ref()
    }

    pub(super) async fn read(ctx: &Context<'_>, computed: Computed, deliverable: Option<Deliverable>) -> Result<Self> {
        let partners = tam::listed(caller(ctx)?, &computed).await.map_err(|why| failed(&why))?;
        Ok(Self(Arc::new(Read { computed, deliverable, partners })))
    }

    pub(super) async fn published(ctx: &Context<'_>, of: tam::Published) -> Result<Self> {
        Self::read(ctx, of.forecast, Some(of.deliverable)).await
    }
}

/// Reads of forecasts.
#[derive(Default)]
pub struct TamQuery;

#[Object]
impl TamQuery {
    /// The published forecast of the four quarters from one on, in its latest revision; null where none is published.
    #[graphql(directive = Allow::apply(Action::ReadForecast))]
    async fn forecast(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The first of the four quarters. Where it is left out: the running one, or the latest before it that is published."
        )]
        quarter: Option<Quarter>,
        #[graphql(desc = "A revision; the latest where it is left out.")] revision: Option<i32>,
    ) -> Result<Option<Forecast>> {
        let found = tam::published(caller(ctx)?, quarter.map(|quarter| quarter.0), revision).await;
        match found.map_err(|why| failed(&why))? {
            Some(publication) => Ok(Some(Forecast::published(ctx, publication).await?)),
            None => Ok(None),
        }
    }

    /// The forecast of the four quarters from one on as it would be published now.
    #[graphql(directive = Allow::apply(Action::ReadForecastDraft))]
    async fn forecast_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first of the four quarters; the running one where it is left out.")] quarter: Option<
            Quarter,
        >,
    ) -> Result<Forecast> {
        let draft = tam::draft(caller(ctx)?, quarter.map(|quarter| quarter.0)).await.map_err(|why| failed(&why))?;
        Forecast::read(ctx, draft, None).await
    }

    /// Every revision of the forecast of the four quarters from one on, the latest first.
    #[graphql(directive = Allow::apply(Action::ReadForecast))]
    async fn forecast_revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first of the four quarters.")] quarter: Quarter,
    ) -> Result<Vec<Forecast>> {
        let mut all = Vec::new();
        for publication in tam::revisions(caller(ctx)?, quarter.0).await.map_err(|why| failed(&why))? {
            all.push(Forecast::published(ctx, publication).await?);
        }
        Ok(all)
    }
}

/// A forecast to publish.
#[derive(InputObject)]
pub struct ForecastPublishInput {
    /// The first of the four quarters: the running one or one of the four after it.
    quarter: Quarter,
    /// The revision that this one replaces: the latest of the quarter. Left out for the first one.
    replaces_revision: Option<i32>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of publishing a forecast.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::PublishForecast))]
pub struct ForecastPublishPayload {
    /// The publication; null when it was refused.
    forecast: Option<Forecast>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of forecasts.
#[derive(Default)]
pub struct TamMutation;

#[Object]
impl TamMutation {
    /// Publishes the forecast of the four quarters from one on, as Phase 2 of the iteration of the running quarter, which must be open.
    /// It is frozen: a correction is a new revision.
    #[graphql(directive = Allow::apply(Action::PublishForecast))]
    async fn forecast_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which forecast.")] input: ForecastPublishInput,
    ) -> Result<ForecastPublishPayload> {
        let caller = caller(ctx)?;
        let work = async |key| tam::publish(caller, input.quarter.0, input.replaces_revision, key).await;
        let (id, replayed, user_errors) = run("forecastPublish", input.idempotency_key.as_ref(), &input, work).await?;
        let found = match id {
            Some(id) => tam::find(caller, id).await.map_err(|why| failed(&why))?,
            None => None,
        };
        let forecast = match found {
            Some(publication) => Some(Forecast::published(ctx, publication).await?),
            None => None,
        };
        Ok(ForecastPublishPayload { forecast, replayed, user_errors })
    }
}
