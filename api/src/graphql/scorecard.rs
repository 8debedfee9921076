//! A partner's scorecard on the wire.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::book::{Kinds, Place, with_partner};
use domain::cell::Cohort;
use domain::economics::Worth;
use domain::role::Action;
use domain::spend::SpendCategory;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::economics::{ContractValue, DealSizeDelta, DealVelocityPremium, DealWorth, PartnerYield, WorthByState};
use super::economics::{by_state, contract_value, deal_size, money, partner_yield, velocity, worth};
use super::global_id;
use super::measurement::{MeasuredFrame, TrustGap, WinRate, Window, wants};
use super::partner::Partner;
use super::scalar::{Date, Money, Quarter};
use super::segment::Segment;
use super::sla::{KeptPromises, promises};
use super::touch::{WinRatesByTouch, by_touch};
use crate::usecase::measurement::{Ask, Measures};
use crate::usecase::scorecard::{self, Scorecard};
use crate::usecase::sla;

/// How a partner does: realised numbers of closed quarters.
pub struct PartnerScorecard(Scorecard);

/// How a partner does: realised numbers of closed quarters.
#[Object(directive = Allow::apply(Action::ReadScorecard))]
impl PartnerScorecard {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.0.partner.clone())
    }

    /// The date as of which the window was taken; for a partner's own token the last day of the last completed quarter.
    async fn as_of(&self) -> Date {
        Date(self.0.measures.frame.as_of)
    }

    /// Which quarters were measured.
    async fn window(&self) -> Window {
        self.0.measures.ask.window.into()
    }

    /// The first and last of these quarters, and the policy.
    async fn frame(&self) -> MeasuredFrame {
        (&*self.0.measures).into()
    }

    /// Win rate of the deals on which the partner is SOURCED, INFLUENCED or ACCELERATED, over all segments.
    async fn win_rate(&self) -> WinRate {
        win_rate(&self.0.measures, self.0.partner.id)
    }

    /// Won deals by what the partner did.
    async fn attributed(&self) -> WorthByState {
        by_state(&self.0.measures, Some(self.0.partner.id), Place::All)
    }

    /// Trust-Gap in each segment in which the partner has a closed deal. There is no single one per partner: it would hide the
    /// differences that decide where to work together.
    #[graphql(directive = Allow::apply(Action::ReadTrustGapReading))]
    async fn trust_gaps(&self) -> Vec<SegmentTrustGap> {
        let of = |(segment, gap): &(domain::segment::Segment, domain::trust_gap::TrustGap)| SegmentTrustGap {
            segment: Segment(segment.clone()),
            trust_gap: TrustGap(gap.clone(), self.0.measures.clone()),
        };
        self.0.trust_gaps.iter().map(of).collect()
    }

    /// Win rates by what the partner did, beside the direct rate, over all segments.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn win_rates_by_touch(&self) -> WinRatesByTouch {
        by_touch(&self.0.measures, Some(self.0.partner.id), Place::All)
    }

    /// Sourced ARR won for each unit of spend on the partner.
    #[graphql(directive = Allow::apply(Action::ReadYield))]
    async fn partner_yield(&self) -> PartnerYield {
        partner_yield(&self.0.measures, Some(self.0.partner.id))
    }

    /// Spend on the partner by category.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    async fn spend(&self) -> SpendByCategory {
        spend_by_category(&self.0.measures, Some(self.0.partner.id))
    }

    /// How fast the partner's deals close beside direct ones.
    #[graphql(directive = Allow::apply(Action::ReadScorecardInside))]
    async fn velocity(&self) -> DealVelocityPremium {
        velocity(&self.0.measures, &self.0.measures.cycles(Some(self.0.partner.id), Place::All))
    }

    /// How large the partner's deals are beside direct ones.
    #[graphql(directive = Allow::apply(Action::ReadScorecardInside))]
    async fn deal_size(&self) -> DealSizeDelta {
        deal_size(&self.0.measures, &self.0.measures.sizes(Some(self.0.partner.id), Place::All))
    }

    /// Contract value of the partner's won deals beside their ARR.
    #[graphql(directive = Allow::apply(Action::ReadScorecardInside))]
    async fn contract_value(&self) -> ContractValue {
        let partner = Some(self.0.partner.id);
        contract_value(
            &self.0.measures,
            &self.0.measures.book.value(partner, Place::All, with_partner(partner), Kinds::All),
        )
    }

    /// How promises between the vendor and the partner were kept that fell due in these quarters: the vendor's to the partner,
    /// and the partner's own, with its response times.
    async fn promises(&self, ctx: &Context<'_>) -> Result<Vec<KeptPromises>> {
        let window = self.0.measures.frame.window;
        let rates = sla::with_partner(caller(ctx)?, self.0.partner.id, window).await;
        Ok(promises(rates.map_err(|why| failed(&why))?))
    }

    /// The same quarter by quarter, the oldest first: each quarter by itself.
    async fn trend(&self) -> Vec<ScorecardQuarter> {
        let partner = Some(self.0.partner.id);
        let measures = &self.0.measures;
        measures
            .trend
            .iter()
            .map(|point| {
                let won = |cohort| Worth::won(&point.book.value(partner, Place::All, cohort, Kinds::All));
                let rate = point.book.win_rate(partner, Place::All, Cohort::CoSell);
                ScorecardQuarter {
                    quarter: Quarter(point.quarter),
                    win_rate: WinRate(rate, measures.clone()),
                    sourced: worth(measures, won(Cohort::Sourced)),
                    influenced: worth(measures, won(Cohort::Influenced)),
                    spend: money(measures, point.spending.on(partner)),
                }
            })
            .collect()
    }
}

fn win_rate(measures: &Arc<Measures>, partner: uuid::Uuid) -> WinRate {
    WinRate(measures.book.win_rate(Some(partner), Place::All, Cohort::CoSell), measures.clone())
}

/// A partner's Trust-Gap in one segment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTrustGapReading))]
pub struct SegmentTrustGap {
    /// The segment.
    pub segment: Segment,
    /// The Trust-Gap.
    pub trust_gap: TrustGap,
}

/// One quarter of a scorecard.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadScorecard))]
pub struct ScorecardQuarter {
    /// The fiscal quarter.
    pub quarter: Quarter,
    /// Win rate of the partner's co-sell deals that closed in it.
    pub win_rate: WinRate,
    /// Won deals that the partner brought.
    pub sourced: DealWorth,
    /// Won deals that the partner shaped.
    pub influenced: DealWorth,
    /// Spend that was booked on the partner in it.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    pub spend: Money,
}

/// Program spend by what it was spent on. Payouts to partners are not program spend.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSpend))]
pub struct SpendByCategory {
    /// All of it.
    pub total: Money,
    /// Market development funds.
    pub mdf: Money,
    /// Joint marketing.
    pub joint_marketing: Money,
    /// The loaded cost of people's time that is spent on this partner.
    pub loaded_fte: Money,
    /// Partner-specific tools and licences.
    pub tools: Money,
}

pub(super) fn spend_by_category(measures: &Measures, partner: Option<uuid::Uuid>) -> SpendByCategory {
    let lines = measures.spending.by_category(partner);
    let of = |category| money(measures, lines.iter().filter(|line| line.0 == category).map(|line| line.1).sum());
    SpendByCategory {
        total: money(measures, measures.spending.on(partner)),
        mdf: of(SpendCategory::Mdf),
        joint_marketing: of(SpendCategory::JointMarketing),
        loaded_fte: of(SpendCategory::LoadedFte),
        tools: of(SpendCategory::Tools),
    }
}

/// Reads of scorecards.
#[derive(Default)]
pub struct ScorecardQuery;

#[Object]
impl ScorecardQuery {
    /// A partner's scorecard; null for a partner that you may not see. A partner's own token sees its own and gives no argument.
    #[graphql(directive = Allow::apply(Action::ReadScorecard))]
    async fn scorecard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner. Required, except that a partner's own token has no such argument.", directive = Allow::apply(Action::ReadScorecardInside))]
        partner_id: Option<ID>,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.", directive = Allow::apply(Action::ReadScorecardInside))]
        as_of: Option<Date>,
        #[graphql(desc = "Which quarters to measure.", default, directive = Allow::apply(Action::ReadScorecardInside))]
        window: Window,
        #[graphql(desc = "Whether to count partners that were added after a deal's attribution was locked.", default, directive = Allow::apply(Action::ReadScorecardInside))]
        include_late: bool,
    ) -> Result<Option<PartnerScorecard>> {
        let asked = ctx.look_ahead();
        let ask = Ask {
            as_of: as_of.map(|day| day.0),
            window: window.into(),
            with_late: include_late,
            with_medians: wants::medians(&asked),
            with_trend: asked.field("trend").exists(),
            with_pipeline: false,
            is_lean: false,
        };
        let partner = partner_id.map(|id| global_id::of_kind(&id, "Partner"));
        let found = scorecard::read(caller(ctx)?, partner, ask).await.map_err(|why| failed(&why))?;
        Ok(found.map(PartnerScorecard))
    }
}
