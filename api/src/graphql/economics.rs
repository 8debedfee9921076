//! Economics on the wire: Yield, what deals are worth, how fast they close and how large they are.

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use domain::book::{Kinds, Place};
use domain::cell::{CellValue, Cohort};
use domain::economics::{ContractValue as ContractValueOf, Worth, major};
use domain::evidence::Measured;
use domain::explanation::Explanation as Told;
use domain::role::Action;
use domain::spend::SpendCategory;
use domain::spread::Comparison;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::measurement::{Evidence, Explanation, Reason, decimal, explained, int, reason};
use super::scalar::{CurrencyCode, Decimal, Money};
use crate::usecase::measurement::Measures;

/// Sourced ARR won for each unit of program spend, in the same window: 8.2 means 8.20 for every 1.00. Spend is what Finance
/// booked on the partner: MDF, joint marketing, loaded time of people, tools.
pub struct PartnerYield {
    pub(super) value: domain::economics::PartnerYield,
    pub(super) partner_id: Option<Uuid>,
    pub(super) measures: Arc<Measures>,
}

/// Sourced ARR won for each unit of program spend, in the same window: 8.2 means 8.20 for every 1.00. Spend is what Finance
/// booked on the partner: MDF, joint marketing, loaded time of people, tools.
#[Object(directive = Allow::apply(Action::ReadYield))]
impl PartnerYield {
    /// The multiple; null without spend, and where sourced deals were won and none of them has a known ARR. Spend that brought no
    /// won sourced deal is 0.
    async fn multiple(&self) -> Option<Decimal> {
        self.value.multiple.ok().map(decimal)
    }

    /// ARR of won deals that the partner SOURCED.
    async fn sourced_arr(&self) -> Money {
        money(&self.measures, self.value.sourced_arr_minor)
    }

    /// How many won deals the partner SOURCED.
    async fn sourced_deals(&self) -> i32 {
        int(self.value.sourced_won)
    }

    /// Of these, how many have no ARR recorded and so add nothing.
    async fn sourced_deals_without_arr(&self) -> i32 {
        int(self.value.without_arr)
    }

    /// Program spend on the partner.
    async fn spend(&self) -> Money {
        money(&self.measures, self.value.spend_minor)
    }

    /// NONE where `multiple` is null, THIN under 10 won sourced deals by default.
    async fn evidence(&self) -> Evidence {
        self.value.evidence.into()
    }

    /// Why `multiple` is null.
    async fn reason(&self) -> Option<Reason> {
        reason(&self.value.multiple)
    }

    /// The version of the policy that it follows: the one that held on the as-of date.
    async fn policy_version(&self) -> i64 {
        self.value.policy_version
    }

    /// How it was computed, line by line.
    #[graphql(directive = Allow::apply(Action::ReadExplanation))]
    async fn explanation(&self, ctx: &Context<'_>) -> Result<Explanation> {
        let words = |(category, minor): (SpendCategory, i128)| (<&'static str>::from(category), minor);
        let spent: Vec<_> = self.measures.spending.by_category(self.partner_id).into_iter().map(words).collect();
        explained(ctx, self.value.explain(self.measures.frame, self.measures.currency.minor_digits(), &spent))
    }
}

pub(super) fn partner_yield(measures: &Arc<Measures>, partner_id: Option<Uuid>) -> PartnerYield {
    PartnerYield { value: measures.partner_yield(partner_id), partner_id, measures: measures.clone() }
}

/// An amount of the program's currency.
pub(super) fn money(measures: &Measures, minor: i128) -> Money {
    let currency = measures.currency;
    Money { amount: Decimal(major(minor, currency.minor_digits())), currency: CurrencyCode(currency) }
}

/// Deals with what they are worth.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecard))]
pub struct DealWorth {
    /// How many deals.
    pub deals: i32,
    /// ARR of those whose ARR is known.
    pub arr: Money,
    /// Deals whose ARR is not known; they add nothing to `arr`, and missing is not zero.
    pub without_arr: i32,
}

pub(super) fn worth(measures: &Measures, worth: Worth) -> DealWorth {
    DealWorth { deals: int(worth.deals), arr: money(measures, worth.arr_minor), without_arr: int(worth.without_arr) }
}

/// Won deals by what the partner did. One deal may be in several of these numbers: never add them.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecard))]
pub struct WorthByState {
    /// The partner brought the deal.
    pub sourced: DealWorth,
    /// The partner shaped a deal that was in motion.
    pub influenced: DealWorth,
    /// The partner shortened or unblocked it.
    pub accelerated: DealWorth,
    /// An upsell or a renewal after the first close.
    pub expansion_or_retention: DealWorth,
}

pub(super) fn by_state(measures: &Measures, partner_id: Option<Uuid>, place: Place) -> WorthByState {
    let of = |cohort| worth(measures, Worth::won(&measures.book.value(partner_id, place, cohort, Kinds::All)));
    WorthByState {
        sourced: of(Cohort::Sourced),
        influenced: of(Cohort::Influenced),
        accelerated: of(Cohort::Accelerated),
        expansion_or_retention: of(Cohort::ExpansionOrRetention),
    }
}

/// Contract value beside ARR, over won deals that have both: three years at 200,000 are 600,000 of contract value, 200,000 of ARR.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecardInside))]
pub struct ContractValue {
    /// Won deals with both values.
    pub deals: i32,
    /// Their contract value.
    pub tcv: Money,
    /// Their ARR.
    pub arr: Money,
    /// Contract value beyond a year of ARR.
    pub gap: Money,
}

pub(super) fn contract_value(measures: &Measures, value: &CellValue) -> ContractValue {
    let both = ContractValueOf::of(value);
    ContractValue {
        deals: int(both.deals),
        tcv: money(measures, both.tcv_minor),
        arr: money(measures, both.arr_minor),
        gap: money(measures, both.gap_minor()),
    }
}

/// How a measure of won NEW deals spreads on one side.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadVelocity))]
pub struct Spread {
    /// Deals whose value is known.
    pub deals: i32,
    /// The mean; null without deals.
    pub mean: Option<Decimal>,
    /// The median; null without deals.
    pub median: Option<Decimal>,
}

fn spread(of: &domain::spread::Spread, unit: rust_decimal::Decimal) -> Spread {
    let shown = |value: rust_decimal::Decimal| decimal(value / unit);
    Spread { deals: int(of.deals), mean: of.mean().map(shown), median: of.median.map(shown) }
}

/// How much faster deals with the partner close than direct ones: won NEW deals of the window, days from opening to close.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex, directive = Allow::apply(Action::ReadVelocity))]
pub struct DealVelocityPremium {
    /// (direct mean - partner mean) / direct mean; positive is faster. Null where a side has no won deal.
    pub premium_rate: Option<Decimal>,
    /// Direct mean minus partner mean, in days.
    pub mean_days_saved: Option<Decimal>,
    /// Direct median minus partner median, in days.
    pub median_days_saved: Option<Decimal>,
    /// Days to close with the partner.
    pub partner: Spread,
    /// Days to close of direct deals.
    pub direct: Spread,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// Why the premium is null.
    pub reason: Option<Reason>,
    /// The version of the policy that it follows: the one that held on the as-of date.
    pub policy_version: i64,
    #[graphql(skip)]
    told: Told,
}

#[ComplexObject]
impl DealVelocityPremium {
    /// How it was computed, line by line.
    #[graphql(directive = Allow::apply(Action::ReadExplanation))]
    async fn explanation(&self, ctx: &Context<'_>) -> Result<Explanation> {
        explained(ctx, self.told.clone())
    }
}

pub(super) fn velocity(measures: &Measures, cycles: &Comparison) -> DealVelocityPremium {
    let saved = |delta: Measured<rust_decimal::Decimal>| delta.ok().map(|delta| decimal(-delta));
    DealVelocityPremium {
        premium_rate: cycles.velocity_premium().ok().map(decimal),
        mean_days_saved: saved(cycles.mean_delta()),
        median_days_saved: saved(cycles.median_delta()),
        partner: spread(&cycles.partner, rust_decimal::Decimal::ONE),
        direct: spread(&cycles.direct, rust_decimal::Decimal::ONE),
        evidence: cycles.evidence.into(),
        reason: reason(&cycles.velocity_premium()),
        policy_version: cycles.policy_version,
        told: cycles.explain_velocity(measures.frame),
    }
}

/// How much larger deals with the partner are than direct ones: ARR of won NEW deals of the window, in the program's currency.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecardInside))]
pub struct DealSizeDelta {
    /// Mean ARR with the partner minus mean ARR of direct deals. Null where a side has no won deal with a known ARR.
    pub mean_delta: Option<Decimal>,
    /// The same of the medians.
    pub median_delta: Option<Decimal>,
    /// Mean ARR with the partner as a multiple of the direct one.
    pub mean_multiple: Option<Decimal>,
    /// Where that multiple typically lies (a reference, not a target): from here, 1.5 by default.
    pub typical_multiple_low: Decimal,
    /// To here, 3 by default.
    pub typical_multiple_high: Decimal,
    /// Whether it lies there; null without a multiple.
    pub is_typical: Option<bool>,
    /// ARR of a deal with the partner.
    pub partner: Spread,
    /// ARR of a direct deal.
    pub direct: Spread,
    /// The currency of all of these.
    pub currency: CurrencyCode,
    /// How much stands behind it.
    pub evidence: Evidence,
    /// Why the delta is null.
    pub reason: Option<Reason>,
    /// The version of the policy that it follows: the one that held on the as-of date.
    pub policy_version: i64,
}

pub(super) fn deal_size(measures: &Measures, sizes: &Comparison) -> DealSizeDelta {
    let unit = rust_decimal::Decimal::from(10_i64.pow(measures.currency.minor_digits()));
    let shown = |delta: Measured<rust_decimal::Decimal>| delta.ok().map(|delta| decimal(delta / unit));
    let (low, high) = (measures.policy.typical_size_multiple_low, measures.policy.typical_size_multiple_high);
    let multiple = sizes.mean_multiple();
    DealSizeDelta {
        mean_multiple: multiple.ok().map(decimal),
        typical_multiple_low: Decimal(low),
        typical_multiple_high: Decimal(high),
        is_typical: multiple.ok().map(|multiple| low <= multiple && multiple <= high),
        mean_delta: shown(sizes.mean_delta()),
        median_delta: shown(sizes.median_delta()),
        partner: spread(&sizes.partner, unit),
        direct: spread(&sizes.direct, unit),
        currency: CurrencyCode(measures.currency),
        evidence: sizes.evidence.into(),
        reason: reason(&sizes.mean_delta()),
        policy_version: sizes.policy_version,
    }
}
