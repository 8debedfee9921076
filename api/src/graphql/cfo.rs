//! The CFO pack on the wire: exactly four metrics, each with its definition and its evidence.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::book::{Kinds, Place};
use domain::catalogue::for_pack;
use domain::cell::Cohort;
use domain::deliverable::METHODOLOGY;
use domain::economics::Worth;
use domain::evidence::Evidence as How;
use domain::positive_share::Pair;
use domain::role::Action;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::catalogue::{MeasureDefinition, define};
use super::deliverable::{DeliverableDocuments, documents_at};
use super::economics::{DealVelocityPremium, DealWorth, PartnerYield, WorthByState};
use super::economics::{by_state, partner_yield, velocity, worth};
use super::measurement::{Evidence, MeasuredFrame, Reason, TrustGap, decimal, reason};
use super::partner::Partner;
use super::scalar::{CurrencyCode, Date, Decimal, Quarter};
use super::segment::Segment;
use crate::usecase::cfo::{self, Pack};

/// A partner's Yield in the pack.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoPartnerYield {
    /// The partner.
    partner: Partner,
    /// Its Yield.
    partner_yield: PartnerYield,
}

/// Partner Yield in the pack: what program spend brought.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoYield {
    /// What the metric means.
    definition: MeasureDefinition,
    /// Of the program: all Sourced ARR for each unit of all spend.
    program: PartnerYield,
    /// Of each partner that was spent on or that sourced a won deal, by name.
    partners: Vec<CfoPartnerYield>,
}

/// A pair of partner and segment in the pack.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoTrustGapCell {
    /// The partner.
    partner: Partner,
    /// The segment.
    segment: Segment,
    /// Its Trust-Gap.
    trust_gap: TrustGap,
    /// Its closed NEW co-sell deals: their ARR is its weight.
    co_sell: DealWorth,
    /// Whether the gap is above 0. One that is not measured is not.
    is_positive: bool,
}

/// Trust-Gap in the pack. A Trust-Gap is per partner and segment and is never one number, so this is the share of co-sell ARR that
/// lies in pairs with a positive one, and the pairs.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoTrustGap {
    /// What the metric means.
    definition: MeasureDefinition,
    /// ARR of closed NEW co-sell deals in pairs with a positive Trust-Gap / that in all pairs, 0 to 1. A deal of two partners weighs in
    /// both pairs. Null without a known ARR.
    positive_share_rate: Option<Decimal>,
    /// The deals in positive pairs. They are counted as pairs of a deal and a partner: a deal of two partners counts once for each
    /// whose pair is positive.
    positive: DealWorth,
    /// The deals in all pairs, also in those that are not measured: a deal of two partners counts twice.
    all: DealWorth,
    /// NONE without a known ARR, THIN under 10 closed deals by default.
    evidence: Evidence,
    /// Why the share is null.
    reason: Option<Reason>,
    /// The pairs with a closed co-sell deal, by partner and segment.
    cells: Vec<CfoTrustGapCell>,
}

/// Partner-influenced ARR in the pack.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoInfluencedArr {
    /// What the metric means.
    definition: MeasureDefinition,
    /// Won deals with any partner in any state, each once: what the method calls partner-influenced.
    partner_involved: DealWorth,
    /// The same by what partners did. One deal may be in several: they are never added.
    by_state: WorthByState,
    /// NONE without a known ARR, THIN under 10 won deals by default.
    evidence: Evidence,
}

/// Deal Velocity Premium in the pack.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCfoPack))]
pub struct CfoVelocity {
    /// What the metric means.
    definition: MeasureDefinition,
    /// Deals with any partner beside direct ones.
    program: DealVelocityPremium,
}

/// What an operator reports to the CFO: four financial metrics and no activity metric. The numbers are those of `programTotals`,
/// `auditMatrix` and the scorecards as of the quarter's last day.
pub struct CfoPack(Pack);

fn definition(name: &'static str) -> Result<MeasureDefinition> {
    let barred = |_| coded("INTERNAL_SERVER_ERROR", "this measure does not stand in the CFO pack");
    for_pack(name).map(define).map_err(barred)
}

/// What an operator reports to the CFO: four financial metrics and no activity metric. The numbers are those of `programTotals`,
/// `auditMatrix` and the scorecards as of the quarter's last day.
#[Object(directive = Allow::apply(Action::ReadCfoPack))]
impl CfoPack {
    /// The quarter; the trailing four end with it.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// The quarter's last day, as of which everything is read.
    async fn as_of(&self) -> Date {
        Date(self.0.measures.frame.as_of)
    }

    /// Where it can be had as a document, to be fetched with your token.
    async fn documents(&self) -> DeliverableDocuments {
        documents_at(&format!("/documents/cfo-pack/{}", self.0.quarter))
    }

    /// The window and the policy.
    async fn frame(&self) -> MeasuredFrame {
        (&*self.0.measures).into()
    }

    /// The currency of every amount.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.measures.currency)
    }

    /// The edition of the methodology whose definitions these are.
    async fn definitions_version(&self) -> &str {
        METHODOLOGY
    }

    /// Partner Yield.
    async fn partner_yield(&self) -> Result<CfoYield> {
        let measures = &self.0.measures;
        let of = |partner: &domain::partner::Partner| {
            let value = measures.partner_yield(Some(partner.id));
            (value.spend_minor != 0 || value.sourced_won > 0).then(|| CfoPartnerYield {
                partner: Partner(partner.clone()),
                partner_yield: partner_yield(measures, Some(partner.id)),
            })
        };
        Ok(CfoYield {
            definition: definition("partnerYield")?,
            program: partner_yield(measures, None),
            partners: self.0.partners.iter().filter_map(of).collect(),
        })
    }

    /// Trust-Gap.
    async fn trust_gap(&self) -> Result<CfoTrustGap> {
        let (measures, share) = (&self.0.measures, &self.0.share);
        let mut pairs: HashMap<Uuid, Vec<&Pair>> = HashMap::new();
        for pair in &share.pairs {
            pairs.entry(pair.partner_id).or_default().push(pair);
        }
        let mut cells = Vec::new();
        for partner in &self.0.partners {
            let mut own: Vec<_> = pairs
                .remove(&partner.id)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|pair| Some((pair, self.0.segments.get(&pair.segment_id)?)))
                .collect();
            own.sort_by(|(_, one), (_, other)| (&one.name, one.id).cmp(&(&other.name, other.id)));
            cells.extend(own.into_iter().map(|(pair, segment)| CfoTrustGapCell {
                partner: Partner(partner.clone()),
                segment: Segment(segment.clone()),
                trust_gap: TrustGap(pair.trust_gap.clone(), Arc::clone(measures)),
                co_sell: worth(measures, pair.co_sell),
                is_positive: pair.is_positive(),
            }));
        }
        Ok(CfoTrustGap {
            definition: definition("trustGap")?,
            positive_share_rate: share.rate.ok().map(decimal),
            positive: worth(measures, share.positive),
            all: worth(measures, share.all),
            evidence: share.evidence.into(),
            reason: reason(&share.rate),
            cells,
        })
    }

    /// Partner-influenced ARR.
    async fn partner_influenced_arr(&self) -> Result<CfoInfluencedArr> {
        let measures = &self.0.measures;
        let involved = Worth::won(&measures.book.value(None, Place::All, Cohort::AnyPartner, Kinds::All));
        let evidence = match involved.deals - involved.without_arr {
            0 => How::None,
            known if known < measures.policy.solid_deals => How::Thin,
            _ => How::Solid,
        };
        Ok(CfoInfluencedArr {
            definition: definition("attributed")?,
            partner_involved: worth(measures, involved),
            by_state: by_state(measures, None, Place::All),
            evidence: evidence.into(),
        })
    }

    /// Deal Velocity Premium.
    async fn deal_velocity_premium(&self) -> Result<CfoVelocity> {
        let measures = &self.0.measures;
        Ok(CfoVelocity {
            definition: definition("velocity")?,
            program: velocity(measures, &measures.cycles(None, Place::All)),
        })
    }
}

/// Reads of the CFO pack.
#[derive(Default)]
pub struct CfoQuery;

#[Object]
impl CfoQuery {
    /// The CFO pack of a completed quarter.
    #[graphql(directive = Allow::apply(Action::ReadCfoPack))]
    async fn cfo_pack(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A quarter that is over; the last one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<CfoPack> {
        let quarter = quarter.map(|quarter| quarter.0);
        Ok(CfoPack(cfo::pack(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?))
    }
}
