//! Measured numbers on the wire: what the matrix, the scorecard and the totals are made of.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::evidence::{Measured, round};
use domain::explanation::Explanation as Told;
use domain::role::Action;
use domain::trust_gap::WinRate as Rate;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::caller;
use super::scalar::{Date, Decimal, Quarter};
use crate::usecase::measurement::{Measures, WindowKind};

/// Digits after the point of a rate, of points and of a multiple: more than anybody shows, enough to check.
const DIGITS: u32 = 12;

/// A measured number on the wire: rounded half away from zero, once, as it leaves.
pub(super) fn decimal(value: rust_decimal::Decimal) -> Decimal {
    let mut rounded = round(value, DIGITS);
    rounded.rescale(DIGITS);
    Decimal(rounded)
}

pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// How much stands behind a measured number.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::evidence::Evidence")]
pub enum Evidence {
    /// Nothing to divide by: the value is null, and `reason` says why. Never read it as 0.
    None,
    /// Measured on few deals (fewer than 10 on a side by default): do not build on it.
    Thin,
    /// Measured on enough deals on every side.
    Solid,
}

/// What a Trust-Gap says, given its interval.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::trust_gap::TrustGapReading")]
pub enum TrustGapReading {
    /// The whole interval is above 0: deals with the partner are won more often.
    Lift,
    /// The whole interval is below 0: deals with the partner are won less often.
    Drag,
    /// The interval holds 0: these deals do not tell yet.
    Inconclusive,
    /// There is no closed deal on one of the two sides.
    Unmeasured,
}

/// Why a number is null.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::evidence::Reason")]
pub enum ReasonCode {
    /// No deal was won or lost on either side.
    NoClosedDeals,
    /// No deal with the partner was won or lost.
    NoCoSellDeals,
    /// No direct deal was won or lost.
    NoDirectDeals,
    /// No deal with the partner was won with this fact recorded.
    NoWonPartnerDeals,
    /// No direct deal was won with this fact recorded.
    NoWonDirectDeals,
    /// No program spend is recorded.
    NoSpend,
    /// No deal to take a share of.
    NoDeals,
    /// No known amount to take a share of.
    NoAmount,
    /// Deals were won, and none of them has its ARR recorded: the amount is unknown, and no 0.
    NoKnownArr,
    /// Direct deals close on the day they open.
    NoDirectCycle,
    /// The two rates are equal, which never becomes conclusive at the present rates.
    GapIsZero,
    /// It would take more deals than the policy looks ahead (10,000 by default).
    TooManyDeals,
    /// Sales has decided about no such lead.
    NoDecidedLeads,
    /// No spend is planned here.
    NoPlannedSpend,
    /// The spend is planned for no segment.
    NoSegment,
    /// Nobody said how many accounts of the segment could buy: `segmentUpdate` takes them as `addressableAccounts`.
    NoAddressableAccounts,
    /// No account overlap to read a penetration off, and none set by hand.
    NoPenetration,
    /// No relationship of the partner with any account is recorded: the overlap is unknown, and not nothing.
    NoOverlap,
    /// No NEW deal of the segment with a known ARR was won.
    NoWonNewDeals,
    /// The partner touches no customer of the segment.
    NoTouchedAccounts,
    /// No expansion was won on the customers that the partner touches.
    NoWonExpansions,
    /// The quarter is not over.
    QuarterNotClosed,
    /// Of what a sum adds up nothing is measured: each part has a reason of its own.
    NothingMeasured,
}

/// Why a number is null.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadSelf))]
pub struct Reason {
    /// A stable code to branch on.
    pub code: ReasonCode,
    /// The same as a sentence.
    pub message: &'static str,
}

pub(super) fn reason<T>(measured: &Measured<T>) -> Option<Reason> {
    measured.as_ref().err().map(|why| because(*why))
}

pub(super) fn because(why: domain::evidence::Reason) -> Reason {
    Reason { code: why.into(), message: why.sentence() }
}

/// Which quarters are measured.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// The four latest fiscal quarters whose last day is on or before the as-of date; nothing rolling.
    #[default]
    TrailingFour,
    /// Every quarter up to that of the as-of date, which may still be running.
    All,
}

impl From<Window> for WindowKind {
    fn from(window: Window) -> Self {
        match window {
            Window::TrailingFour => Self::TrailingFour,
            Window::All => Self::All,
        }
    }
}

impl From<WindowKind> for Window {
    fn from(kind: WindowKind) -> Self {
        match kind {
            WindowKind::TrailingFour => Self::TrailingFour,
            WindowKind::All => Self::All,
        }
    }
}

/// What numbers were read from.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecard))]
pub struct MeasuredFrame {
    /// The first fiscal quarter of the window.
    pub from: Quarter,
    /// The last fiscal quarter of the window.
    pub to: Quarter,
    /// The version of the program's policy that the numbers follow: the one that held on the as-of date.
    pub policy_version: i64,
    /// The edition of the methodology whose definitions the numbers follow.
    pub methodology_version: &'static str,
    /// Whether partners that were added after a deal's attribution was locked are counted. By default they are not.
    pub includes_late: bool,
}

impl From<&Measures> for MeasuredFrame {
    fn from(measures: &Measures) -> Self {
        let frame = measures.frame;
        Self {
            from: Quarter(frame.window.from),
            to: Quarter(frame.window.to),
            policy_version: frame.policy_version,
            methodology_version: domain::deliverable::METHODOLOGY,
            includes_late: measures.ask.with_late,
        }
    }
}

/// The limits between which the true value lies, at a level.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadScorecard))]
pub struct Interval {
    /// The lower limit, in the unit of the value.
    pub low: Decimal,
    /// The upper limit, in the unit of the value.
    pub high: Decimal,
    /// From 0 to 1: how often intervals made this way hold the true value; 0.80 by default.
    pub level: Decimal,
}

impl From<domain::evidence::Interval> for Interval {
    fn from(interval: domain::evidence::Interval) -> Self {
        Self { low: decimal(interval.low), high: decimal(interval.high), level: Decimal(interval.level.value()) }
    }
}

/// Won deals of closed ones (won or lost); NEW deals only. Disqualified deals count on neither side.
pub struct WinRate(pub Rate, pub Arc<Measures>);

/// Won deals of closed ones (won or lost); NEW deals only. Disqualified deals count on neither side.
#[Object(directive = Allow::apply(Action::ReadScorecard))]
impl WinRate {
    /// Deals won.
    async fn won(&self) -> i32 {
        int(self.0.won)
    }

    /// Deals lost; a loss by no decision is a loss.
    async fn lost(&self) -> i32 {
        int(self.0.lost)
    }

    /// won / (won + lost), from 0 to 1; null without a closed deal.
    async fn rate(&self) -> Option<Decimal> {
        self.0.rate().map(decimal)
    }

    /// The version of the policy that the interval follows: the one that held on the as-of date.
    async fn policy_version(&self) -> i64 {
        self.1.policy.version
    }

    /// Wilson's score interval of the rate; null without a closed deal.
    async fn interval(&self) -> Option<Interval> {
        self.0.interval(&self.1.policy).map(Into::into)
    }
}

/// The measurable advantage of a partner in one segment, in percentage points: its co-sell win rate minus the direct win rate
/// of the same segment, over closed NEW deals of the window. Co-sell: the partner is SOURCED, INFLUENCED or ACCELERATED on the
/// deal. Direct: no partner at all. A deal with two partners is in both partners' cells and once in a total.
pub struct TrustGap(pub domain::trust_gap::TrustGap, pub Arc<Measures>);

/// The measurable advantage of a partner in one segment, in percentage points: its co-sell win rate minus the direct win rate
/// of the same segment, over closed NEW deals of the window. Co-sell: the partner is SOURCED, INFLUENCED or ACCELERATED on the
/// deal. Direct: no partner at all. A deal with two partners is in both partners' cells and once in a total.
#[Object(directive = Allow::apply(Action::ReadTrustGapReading))]
impl TrustGap {
    /// Percentage points: 25 means that deals with the partner are won at a rate 25 points higher. Null where a side has no
    /// closed deal. The rates are subtracted unrounded.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn points(&self) -> Option<Decimal> {
        self.0.points.ok().map(decimal)
    }

    /// The same as a decimal, as a forecast multiplies with it: +25 points are 0.25.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn points_as_decimal(&self) -> Option<Decimal> {
        self.0.points.ok().map(|points| decimal(points / rust_decimal::Decimal::ONE_HUNDRED))
    }

    /// The partner's side.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn co_sell(&self) -> WinRate {
        WinRate(self.0.co_sell, self.1.clone())
    }

    /// The direct side.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn direct(&self) -> WinRate {
        WinRate(self.0.direct, self.1.clone())
    }

    /// Newcombe's hybrid score interval of the difference, in points; null where a side has no closed deal.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn interval(&self) -> Option<Interval> {
        self.0.interval.map(Into::into)
    }

    /// How much stands behind it: the smaller side decides. A partner's own token is told of its own side only.
    async fn evidence(&self) -> Evidence {
        self.0.evidence.into()
    }

    /// What it says.
    async fn reading(&self) -> TrustGapReading {
        self.0.reading.into()
    }

    /// How many more closed deals (both sides together, in their present proportion and at their present rates) it takes until
    /// the interval leaves 0; 0 where it has. Null where the gap is 0 or unmeasured, or beyond the policy's horizon.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn deals_until_conclusive(&self) -> Option<i32> {
        self.0.deals_until_conclusive(&self.1.policy).ok().and_then(|deals| i32::try_from(deals).ok())
    }

    /// Why `dealsUntilConclusive` is null.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn deals_until_conclusive_reason(&self) -> Option<Reason> {
        reason(&self.0.deals_until_conclusive(&self.1.policy))
    }

    /// Closed NEW deals of the segment whose attribution is unknown. They are on neither side: unknown is not direct.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn left_out_unknown(&self) -> i32 {
        int(self.0.left_out_unknown)
    }

    /// Why `points` is null.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn reason(&self) -> Option<Reason> {
        reason(&self.0.points)
    }

    /// The version of the policy that it follows: the one that held on the as-of date.
    #[graphql(directive = Allow::apply(Action::ReadTrustGap))]
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// How it was computed, line by line.
    #[graphql(directive = Allow::apply(Action::ReadExplanation))]
    async fn explanation(&self, ctx: &Context<'_>) -> Result<Explanation> {
        explained(ctx, self.0.explain(self.1.frame))
    }
}

/// How a number was computed. Following the steps gives the number again.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadExplanation))]
pub struct Explanation {
    /// The rule, in a sentence.
    pub rule: &'static str,
    /// The date as of which the window was taken.
    pub as_of: Date,
    /// The first quarter of the window.
    pub from: Quarter,
    /// The last quarter of the window.
    pub to: Quarter,
    /// The version of the policy.
    pub policy_version: i64,
    /// What went in.
    pub inputs: Vec<ExplanationInput>,
    /// The arithmetic, line by line.
    pub steps: Vec<String>,
    /// The result with its unit; where it is null, why.
    pub result: String,
}

/// One input of a computation.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadExplanation))]
pub struct ExplanationInput {
    /// What it is.
    pub name: &'static str,
    /// Its value; null where this seat may not read it.
    pub value: Option<String>,
}

pub(super) fn explained(ctx: &Context<'_>, told: Told) -> Result<Explanation> {
    let told = told.told_to(caller(ctx)?.viewer.role);
    Ok(Explanation {
        rule: told.rule,
        as_of: Date(told.frame.as_of),
        from: Quarter(told.frame.window.from),
        to: Quarter(told.frame.window.to),
        policy_version: told.frame.policy_version,
        steps: told.steps().map(str::to_owned).collect(),
        inputs: told
            .inputs
            .iter()
            .map(|input| ExplanationInput { name: input.name, value: input.value.clone() })
            .collect(),
        result: told.result,
    })
}

/// What a query asks for that costs more to read.
pub(super) mod wants {
    use async_graphql::Lookahead;

    /// Whether more than rates, Yield and sourced ARR is selected below a cell of the matrix.
    pub(in crate::graphql) fn breakdown(cell: &Lookahead<'_>) -> bool {
        ["attributed", "dealSize", "velocity"].into_iter().any(|name| cell.field(name).exists())
    }

    /// Whether any median is selected below a node that has `dealSize` and `velocity`.
    pub(in crate::graphql) fn medians(node: &Lookahead<'_>) -> bool {
        ["dealSize", "velocity"].into_iter().map(|name| node.field(name)).any(|comparison| {
            comparison.field("medianDelta").exists()
                || comparison.field("medianDaysSaved").exists()
                || ["partner", "direct"].into_iter().any(|side| comparison.field(side).field("median").exists())
        })
    }
}
