//! The program's totals on the wire.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::book::{Kinds, Place};
use domain::cell::Cohort;
use domain::economics::{Attach as AttachOf, Concentration as ConcentrationOf, Worth};
use domain::role::Action;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::economics::{ContractValue, DealSizeDelta, DealVelocityPremium, DealWorth, PartnerYield, WorthByState};
use super::economics::{by_state, contract_value, deal_size, money, partner_yield, velocity, worth};
use super::loader;
use super::measurement::{MeasuredFrame, Reason, TrustGap, WinRate, Window, decimal, int, reason, wants};
use super::partner::Partner;
use super::scalar::{Date, Decimal, Money, Quarter};
use super::scorecard::{SegmentTrustGap, SpendByCategory, spend_by_category};
use super::segment::Segment;
use super::touch::{WinRatesByTouch, by_touch};
use crate::usecase::measurement::{Ask, Measures, measure};
use crate::usecase::segment;

/// The program as a whole. In a total each deal counts once, so a total is not the sum of the partners' numbers.
pub struct ProgramTotals(Arc<Measures>);

/// The program as a whole. In a total each deal counts once, so a total is not the sum of the partners' numbers.
#[Object(directive = Allow::apply(Action::ReadTotals))]
impl ProgramTotals {
    /// The date as of which the window was taken.
    async fn as_of(&self) -> Date {
        Date(self.0.frame.as_of)
    }

    /// Which quarters were measured.
    async fn window(&self) -> Window {
        self.0.ask.window.into()
    }

    /// The first and last of these quarters, and the policy.
    async fn frame(&self) -> MeasuredFrame {
        (&*self.0).into()
    }

    /// Trust-Gap of deals with any partner, over all segments and the deals without one.
    async fn trust_gap(&self) -> TrustGap {
        TrustGap(self.0.book.trust_gap(None, Place::All, &self.0.policy), self.0.clone())
    }

    /// Trust-Gap of deals with any partner in each segment.
    async fn trust_gaps(&self, ctx: &Context<'_>) -> Result<Vec<SegmentTrustGap>> {
        let segments = segment::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let of = |segment: domain::segment::Segment| {
            let gap = self.0.book.trust_gap(None, Place::Segment(segment.id), &self.0.policy);
            SegmentTrustGap { segment: Segment(segment), trust_gap: TrustGap(gap, self.0.clone()) }
        };
        Ok(segments.into_iter().map(of).collect())
    }

    /// Win rates by touch type, beside the direct one.
    async fn win_rates_by_touch(&self) -> WinRatesByTouch {
        by_touch(&self.0, None, Place::All)
    }

    /// All Sourced ARR won for each unit of all program spend.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn partner_yield(&self) -> PartnerYield {
        partner_yield(&self.0, None)
    }

    /// Program spend by category.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    async fn spend(&self) -> SpendByCategory {
        spend_by_category(&self.0, None)
    }

    /// Won deals by what partners did. One deal may be in several: they are never added.
    async fn attributed(&self) -> WorthByState {
        by_state(&self.0, None, Place::All)
    }

    /// Won deals on which a partner was INFLUENCED or ACCELERATED, each once: for a business review. It is never added to the
    /// sourced pipeline or to the co-sell pipeline.
    async fn influenced(&self) -> DealWorth {
        worth(&self.0, Worth::won(&self.0.book.value(None, Place::All, Cohort::InfluencedOrAccelerated, Kinds::All)))
    }

    /// Open NEW deals that a partner SOURCED, now: in the commit. Never added to `coSellPipeline` or `influenced`.
    #[graphql(directive = Allow::apply(Action::ReadPipeline))]
    async fn sourced_pipeline(&self) -> DealWorth {
        worth(&self.0, self.0.pipeline.unwrap_or_default().sourced)
    }

    /// Open deals on which a partner is INFLUENCED or ACCELERATED, now: context. Never added to `sourcedPipeline` or `influenced`.
    #[graphql(directive = Allow::apply(Action::ReadPipeline))]
    async fn co_sell_pipeline(&self) -> DealWorth {
        worth(&self.0, self.0.pipeline.unwrap_or_default().co_sell)
    }

    /// The share of closed deals of the window that have a partner.
    async fn attach_rate_closed(&self) -> AttachRate {
        attach(&self.0, &AttachOf::of(&self.0.book, Place::All, Worth::closed))
    }

    /// The share of won deals of the window that have a partner.
    async fn attach_rate_won(&self) -> AttachRate {
        attach(&self.0, &AttachOf::of(&self.0.book, Place::All, Worth::won))
    }

    /// The share of closed deals of the window that have a partner, in each segment.
    async fn attach_rates(&self, ctx: &Context<'_>) -> Result<Vec<SegmentAttachRate>> {
        let segments = segment::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let of = |segment: domain::segment::Segment| {
            let closed = AttachOf::of(&self.0.book, Place::Segment(segment.id), Worth::closed);
            SegmentAttachRate { segment: Segment(segment), attach_rate: attach(&self.0, &closed) }
        };
        Ok(segments.into_iter().map(of).collect())
    }

    /// The share of the deals that closed in the window or are open now that have a partner.
    #[graphql(directive = Allow::apply(Action::ReadPipeline))]
    async fn attach_rate_all(&self) -> AttachRate {
        let closed = AttachOf::of(&self.0.book, Place::All, Worth::closed);
        attach(&self.0, &closed.and(self.0.pipeline.unwrap_or_default().attach))
    }

    /// How fast deals with any partner close beside direct ones.
    async fn velocity(&self) -> DealVelocityPremium {
        velocity(&self.0, &self.0.cycles(None, Place::All))
    }

    /// How large deals with any partner are beside direct ones.
    async fn deal_size(&self) -> DealSizeDelta {
        deal_size(&self.0, &self.0.sizes(None, Place::All))
    }

    /// Contract value of won deals with any partner, beside their ARR.
    async fn contract_value(&self) -> ContractValue {
        contract_value(&self.0, &self.0.book.value(None, Place::All, Cohort::AnyPartner, Kinds::All))
    }

    /// Closed deals whose attribution is unknown: in no rate, on no side.
    async fn unknown(&self) -> DealWorth {
        worth(&self.0, Worth::closed(&self.0.book.value(None, Place::All, Cohort::Unknown, Kinds::All)))
    }

    /// Which partners drive the most revenue, and how much hangs on few of them.
    async fn concentration(&self) -> Concentration {
        Concentration { of: ConcentrationOf::of(&self.0.book), measures: self.0.clone() }
    }

    /// The same quarter by quarter, the oldest first: each quarter by itself.
    async fn trend(&self) -> Vec<TotalsQuarter> {
        let quarter = |point: &crate::usecase::measurement::Point| TotalsQuarter {
            quarter: Quarter(point.quarter),
            trust_gap: TrustGap(point.book.trust_gap(None, Place::All, &self.0.policy), self.0.clone()),
            sourced: worth(&self.0, Worth::won(&point.book.value(None, Place::All, Cohort::Sourced, Kinds::All))),
            influenced: {
                let value = point.book.value(None, Place::All, Cohort::InfluencedOrAccelerated, Kinds::All);
                worth(&self.0, Worth::won(&value))
            },
            attach_rate_won: attach(&self.0, &AttachOf::of(&point.book, Place::All, Worth::won)),
            spend: money(&self.0, point.spending.on(None)),
        };
        self.0.trend.iter().map(quarter).collect()
    }
}

/// One quarter of the totals.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTotals))]
pub struct TotalsQuarter {
    /// The fiscal quarter.
    pub quarter: Quarter,
    /// Trust-Gap of the deals with any partner that closed in it.
    pub trust_gap: TrustGap,
    /// Won deals that a partner brought.
    pub sourced: DealWorth,
    /// Won deals that a partner shaped, shortened or unblocked, each once.
    pub influenced: DealWorth,
    /// The share of won deals that have a partner.
    pub attach_rate_won: AttachRate,
    /// Program spend that was booked in it.
    pub spend: Money,
}

/// The share of deals that have a partner. Deals whose attribution is unknown are on neither side.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTotals))]
pub struct AttachRate {
    /// Deals with a partner / (deals with a partner + direct deals), from 0 to 1; null without deals.
    pub deals_rate: Option<Decimal>,
    /// The same of their ARR; null without a known ARR.
    pub arr_rate: Option<Decimal>,
    /// Deals with any partner.
    pub with_partner: DealWorth,
    /// Deals without one.
    pub direct: DealWorth,
    /// Deals whose attribution is unknown.
    pub unknown: DealWorth,
    /// Why `dealsRate` is null.
    pub reason: Option<Reason>,
}

/// The attach rate of one segment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTotals))]
pub struct SegmentAttachRate {
    /// The segment.
    pub segment: Segment,
    /// The share of its closed deals that have a partner.
    pub attach_rate: AttachRate,
}

fn attach(measures: &Measures, of: &AttachOf) -> AttachRate {
    AttachRate {
        deals_rate: of.deals_rate().ok().map(decimal),
        arr_rate: of.arr_rate().ok().map(decimal),
        with_partner: worth(measures, of.with_partner),
        direct: worth(measures, of.direct),
        unknown: worth(measures, of.unknown),
        reason: reason(&of.deals_rate()),
    }
}

/// Which partners drive the most revenue.
pub struct Concentration {
    of: ConcentrationOf,
    measures: Arc<Measures>,
}

/// Which partners drive the most revenue.
#[Object(directive = Allow::apply(Action::ReadTotals))]
impl Concentration {
    /// Sourced ARR of all partners.
    async fn sourced_arr(&self) -> Money {
        money(&self.measures, self.of.sourced_arr_minor)
    }

    /// The Herfindahl-Hirschman index of Sourced ARR, from 0 to 1: the sum of the squared shares. 1 is a single partner. Null
    /// without Sourced ARR.
    async fn index_rate(&self) -> Option<Decimal> {
        self.of.index.ok().map(decimal)
    }

    /// How many partners have a won deal.
    async fn partner_count(&self) -> i32 {
        int(self.of.partners.len() as u64)
    }

    /// The partners with the most Sourced ARR, the largest first.
    async fn partners(
        &self,
        #[graphql(desc = "How many, at most 100.", default = 10, validator(minimum = 1, maximum = 100))] top: i32,
    ) -> Vec<RankedPartner> {
        let top = usize::try_from(top).unwrap_or(10);
        self.of
            .partners
            .iter()
            .take(top)
            .map(|ranked| RankedPartner { of: *ranked, measures: self.measures.clone() })
            .collect()
    }

    /// Why the index is null.
    async fn reason(&self) -> Option<Reason> {
        reason(&self.of.index)
    }
}

/// A partner's place in the ranking by Sourced ARR.
pub struct RankedPartner {
    of: domain::economics::Ranked,
    measures: Arc<Measures>,
}

/// A partner's place in the ranking by Sourced ARR.
#[Object(directive = Allow::apply(Action::ReadTotals))]
impl RankedPartner {
    /// The place, from 1. Partners with the same Sourced ARR share one.
    async fn rank(&self) -> i32 {
        int(self.of.rank)
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        let id: Uuid = self.of.partner_id;
        Ok(loader::partner(ctx, id).await?.map(Partner))
    }

    /// Won deals that it sourced. A deal has one source, so these add up over partners.
    async fn sourced(&self) -> DealWorth {
        worth(&self.measures, self.of.sourced)
    }

    /// Won deals that it is on as SOURCED, INFLUENCED or ACCELERATED. These do not add up over partners.
    async fn co_sell(&self) -> DealWorth {
        worth(&self.measures, self.of.co_sell)
    }

    /// Its share of all Sourced ARR, from 0 to 1; null without any.
    async fn share_rate(&self) -> Option<Decimal> {
        self.of.share.ok().map(decimal)
    }

    /// The share of all partners down to this place, from 0 to 1.
    async fn cumulative_share_rate(&self) -> Option<Decimal> {
        self.of.cumulative_share.ok().map(decimal)
    }

    /// Its win rate where it is SOURCED, INFLUENCED or ACCELERATED, over all segments.
    async fn win_rate(&self) -> WinRate {
        WinRate(
            self.measures.book.win_rate(Some(self.of.partner_id), Place::All, Cohort::CoSell),
            self.measures.clone(),
        )
    }
}

/// Reads of totals.
#[derive(Default)]
pub struct TotalsQuery;

#[Object]
impl TotalsQuery {
    /// The program's totals.
    #[graphql(directive = Allow::apply(Action::ReadTotals))]
    async fn program_totals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.")]
        as_of: Option<Date>,
        #[graphql(desc = "Which quarters to measure.", default)] window: Window,
        #[graphql(desc = "Whether to count partners that were added after a deal's attribution was locked.", default)]
        include_late: bool,
    ) -> Result<ProgramTotals> {
        let asked = ctx.look_ahead();
        let is_asked = |field: &str| asked.field(field).exists();
        let ask = Ask {
            as_of: as_of.map(|day| day.0),
            window: window.into(),
            with_late: include_late,
            with_medians: wants::medians(&asked),
            with_trend: is_asked("trend"),
            with_pipeline: is_asked("sourcedPipeline") || is_asked("coSellPipeline") || is_asked("attachRateAll"),
            is_lean: false,
        };
        let measures = measure(caller(ctx)?, Action::ReadTotals, ask, None).await.map_err(|why| failed(&why))?;
        Ok(ProgramTotals(measures))
    }
}
