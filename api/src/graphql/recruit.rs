//! Tiers on the wire: what is recommended, what was decided.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::recruit as method;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::measurement::{MeasuredFrame, decimal};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{Date, DateTime, Decimal, Quarter};
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::recruit::{self, Filter, Recommended, position};

/// An investment tier: what is done with a partner in a quarter. The program level that a partner sees is another thing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Tier")]
pub enum Tier {
    /// More is put in.
    Invest,
    /// What is there is held.
    Maintain,
    /// One quarter to prove itself: it ends with a documented decision and cannot follow itself.
    Test,
    /// It is wound down, and its capacity goes elsewhere.
    Exit,
}

/// The rule that decided a recommendation. They are asked in this order; the first that holds decides.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::TierRule")]
pub enum TierRule {
    /// TEST: fewer completed quarters of history than the policy asks for, 4 by default.
    ShortHistory,
    /// TEST: no segment with SOLID evidence.
    NoSolidSegment,
    /// EXIT: Yield is below 1x (by default): it returns less than it costs.
    YieldBelowCost,
    /// EXIT: every segment with SOLID evidence reads DRAG.
    EverySegmentDrags,
    /// EXIT: its trajectory was DECAYING twice running.
    DecayingTwice,
    /// INVEST: Yield 3x or more, the best SOLID segment 10 points or more (by default), and not DECAYING.
    AllBarsMet,
    /// MAINTAIN: nothing else holds.
    NothingElse,
}

/// What a fact of a recommendation is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::TierFactKind")]
pub enum TierFactKind {
    /// Completed quarters of history, and how many it takes.
    HistoryQuarters,
    /// Segments with SOLID evidence; one is enough.
    SolidSegments,
    /// Yield as a multiple, and the multiple below which it does not cover its cost.
    YieldCoversCost,
    /// Segments that read DRAG, and how many have SOLID evidence.
    DraggingSegments,
    /// How often running the trajectory was DECAYING; twice is too often. Its value is null until Phase 6 has labelled a quarter of the
    /// partner, and that counts as not decaying.
    DecayingRunning,
    /// Yield as a multiple, and the multiple that earns more spend.
    YieldEarnsMore,
    /// The best Trust-Gap of a segment with SOLID evidence, in points, and the bar.
    BestTrustGap,
}

/// One fact that a recommendation was decided by.
pub struct TierFact(pub(super) method::TierFact);

/// One fact that a recommendation was decided by.
#[Object(directive = Allow::apply(Action::ReadRecommendations))]
impl TierFact {
    /// What it is about.
    async fn kind(&self) -> TierFactKind {
        self.0.kind.into()
    }

    /// Its value; null where it is not measured, and then it meets no bar.
    async fn value(&self) -> Option<Decimal> {
        self.0.value.map(decimal)
    }

    /// What it is held against.
    async fn bar(&self) -> Decimal {
        decimal(self.0.bar)
    }

    /// Whether the value reaches the bar.
    async fn is_met(&self) -> bool {
        self.0.is_met
    }

    /// The segment it is about, where it is about one.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.0.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }
}

fn facts(recommendation: &method::Recommendation) -> Vec<TierFact> {
    recommendation.facts.iter().cloned().map(TierFact).collect()
}

/// A decision of a partner's investment tier. Decisions are only ever added; the latest one holds.
pub struct TierDecision(pub method::TierDecision);

/// A decision of a partner's investment tier. Decisions are only ever added; the latest one holds.
#[Object(directive = Allow::apply(Action::ReadTiers))]
impl TierDecision {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("TierDecision", self.0.id)
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The quarter whose iteration it belongs to.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// The tier.
    async fn tier(&self) -> Tier {
        self.0.tier.into()
    }

    /// What the system recommended at that moment.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn recommended(&self) -> Tier {
        self.0.recommendation.tier.into()
    }

    /// The rule by which it was recommended.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn rule(&self) -> TierRule {
        self.0.recommendation.rule.into()
    }

    /// The facts as they were then.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn facts(&self) -> Vec<TierFact> {
        facts(&self.0.recommendation)
    }

    /// Why, where it differs from the recommendation, and the verdict where it ended a TEST.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// TEST: the last day of the quarter in which the partner proves itself; null of another tier. What is watched and what ends it
    /// stands in its section of the Recruit Plan.
    async fn test_ends_on(&self, ctx: &Context<'_>) -> Result<Option<Date>> {
        Ok(self.0.test_ends_on(&loader::program(ctx).await?.calendar).map(Date))
    }

    /// Whether it ended a TEST: of an earlier quarter, or of the same one.
    async fn ends_test(&self) -> bool {
        self.0.ends_test
    }

    /// The day, in the program's time zone.
    async fn decided_on(&self) -> Date {
        Date(self.0.decided_on)
    }

    /// The version of the policy that the recommendation followed.
    async fn policy_version(&self) -> i64 {
        self.0.recommendation.policy_version
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// The latest decision on a partner.
pub(super) async fn latest(ctx: &Context<'_>, partner: Uuid) -> Result<Option<TierDecision>> {
    Ok(loader::tier(ctx, partner).await?.map(TierDecision))
}

/// What the system recommends for a partner today, and when its next decision is due.
pub struct TierRecommendation(Recommended);

/// What the system recommends for a partner today, and when its next decision is due.
#[Object(directive = Allow::apply(Action::ReadRecommendations))]
impl TierRecommendation {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.0.partner.clone())
    }

    /// The recommended tier.
    async fn tier(&self) -> Tier {
        self.0.recommendation.tier.into()
    }

    /// The rule that decided.
    async fn rule(&self) -> TierRule {
        self.0.recommendation.rule.into()
    }

    /// The facts that the rule looked at.
    async fn facts(&self) -> Vec<TierFact> {
        facts(&self.0.recommendation)
    }

    /// The window, the date and the policy that the facts follow.
    async fn frame(&self) -> MeasuredFrame {
        (&*self.0.measures).into()
    }

    /// The decision that holds; null where there never was one.
    async fn decision(&self) -> Option<TierDecision> {
        self.0.decision.clone().map(TierDecision)
    }

    /// The last day on which the next decision is in time: ninety days (by default) after the last one, and not after the end of
    /// the next Recruit phase.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// Whether that day has passed.
    async fn is_overdue(&self) -> bool {
        self.0.is_overdue
    }
}

/// Comparisons of a tier. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct TierFilter {
    /// Exactly this tier.
    eq: Option<Tier>,
    /// One of these tiers.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<Tier>>,
}

/// Which decisions to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct TierDecisionFilter {
    /// By partner.
    partner_id: Option<IdFilter>,
    /// By the tier decided.
    tier: Option<TierFilter>,
}

impl From<TierDecisionFilter> for Filter {
    fn from(filter: TierDecisionFilter) -> Self {
        let partners = filter.partner_id.and_then(|ids| both(ids.eq, ids.any));
        let tiers = filter.tier.and_then(|tier| both(tier.eq, tier.any));
        Self {
            partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")),
            tiers: tiers.map(|list| list.into_iter().map(Into::into).collect()),
        }
    }
}

/// Reads of tiers.
#[derive(Default)]
pub struct RecruitQuery;

#[Object]
impl RecruitQuery {
    /// What the system recommends for each partner at work that you may see, by name, with the facts that decided. The operator
    /// decides.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn recruit_recommendations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only partners whose decision is overdue.", default)] overdue_only: bool,
    ) -> Result<Vec<TierRecommendation>> {
        let rows = recruit::recommendations(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(rows.into_iter().filter(|row| row.is_overdue || !overdue_only).map(TierRecommendation).collect())
    }

    /// Every decision of a tier, latest first.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn tier_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which decisions to list.")] filter: Option<TierDecisionFilter>,
    ) -> Result<Connected<TierDecision>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let binding = Binding::of(caller, "tierDecisions", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = recruit::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::TierDecisions(filter), |row| (position(row), row.id), TierDecision))
    }
}

/// A decision of a tier.
#[derive(InputObject)]
pub struct TierDecideInput {
    /// The partner.
    partner_id: ID,
    /// The tier.
    tier: Tier,
    /// Why, at most 2000 characters: required where it differs from the recommendation, and as the verdict that ends a TEST, also one of
    /// the same quarter.
    reason: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of deciding a tier.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideTier))]
pub struct TierDecidePayload {
    /// The decision; null when it was refused.
    tier_decision: Option<TierDecision>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of tiers.
#[derive(Default)]
pub struct RecruitMutation;

#[Object]
impl RecruitMutation {
    /// Decides a partner's tier for the current quarter. What ends a TEST gives its verdict as its reason, also where the TEST was decided
    /// in this quarter. TEST cannot follow TEST: one is refused where another came into the quarter, was decided in the quarter before,
    /// or has ended in this one (TEST_FOLLOWS_TEST).
    #[graphql(directive = Allow::apply(Action::DecideTier))]
    async fn tier_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: TierDecideInput,
    ) -> Result<TierDecidePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            recruit::decide(caller, partner, input.tier.into(), input.reason.clone(), key).await
        };
        let (id, replayed, user_errors) = run("tierDecide", input.idempotency_key.as_ref(), &input, work).await?;
        let tier_decision = match id {
            Some(id) => recruit::find(caller, id).await.map_err(|why| failed(&why))?.map(TierDecision),
            None => None,
        };
        Ok(TierDecidePayload { tier_decision, replayed, user_errors })
    }
}
