//! Phase 1, Recruit: the four tiers, what the system recommends and why, when a decision is due, and what the Recruit Plan must
//! hold (LOOP.md section 2 with ruling 18).
//!
//! The system recommends, the operator decides. An investment tier is never shown to a partner; its program level is another
//! thing (`level`).

use crate::calendar::{Calendar, Quarter};
use crate::economics::PartnerYield;
use crate::evidence::Evidence;
use crate::iteration::Phase;
use crate::policy::Policy;
use crate::text::{self, BadText};
use crate::trust_gap::{TrustGap, TrustGapReading};
use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What is done with a partner in a quarter.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

/// Where a partner is heading, as Phase 6 labels it each quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Trajectory {
    /// One of the five metrics is below its forecast by more than the policy bears.
    Decaying,
    /// Neither.
    Holding,
    /// All five meet or exceed their forecast.
    Compounding,
}

/// What is known of a partner when its tier is recommended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Completed quarters since the first one with a closed deal or spend.
    pub completed_quarters: u32,
    /// Its Trust-Gap in each segment.
    pub trust_gaps: Vec<(Uuid, TrustGap)>,
    /// Its Yield.
    pub partner_yield: PartnerYield,
    /// Its labels, latest first; none until a quarter was measured.
    pub trajectories: Vec<Trajectory>,
    /// Whether it is in a TEST, or had one that no other may follow yet: then it is judged by the other three on what there is.
    pub is_in_test: bool,
}

/// The rule that decided a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TierRule {
    /// TEST: too few completed quarters of history.
    ShortHistory,
    /// TEST: no segment with SOLID evidence.
    NoSolidSegment,
    /// EXIT: it returns less than it costs.
    YieldBelowCost,
    /// EXIT: every segment with SOLID evidence reads DRAG.
    EverySegmentDrags,
    /// EXIT: its trajectory was DECAYING twice running.
    DecayingTwice,
    /// INVEST: Yield, the best segment's Trust-Gap and the trajectory all meet the bar.
    AllBarsMet,
    /// MAINTAIN: nothing else holds.
    NothingElse,
}

/// What a fact of a recommendation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TierFactKind {
    /// Completed quarters of history, and how many it takes.
    HistoryQuarters,
    /// Segments with SOLID evidence; one is enough.
    SolidSegments,
    /// Yield as a multiple, and the multiple below which it does not cover its cost.
    YieldCoversCost,
    /// Segments that read DRAG, of those with SOLID evidence.
    DraggingSegments,
    /// How often running the trajectory was DECAYING; twice is too often. Not measured until a quarter was labelled.
    DecayingRunning,
    /// Yield as a multiple, and the multiple that earns more spend.
    YieldEarnsMore,
    /// The best Trust-Gap of a segment with SOLID evidence, in points, and the bar.
    BestTrustGap,
}

/// One fact that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TierFact {
    /// What it is about.
    pub kind: TierFactKind,
    /// Its value; none where it is not measured, and then it meets no bar.
    #[serde(with = "rust_decimal::serde::str_option")]
    pub value: Option<Decimal>,
    /// What it is held against.
    #[serde(with = "rust_decimal::serde::str")]
    pub bar: Decimal,
    /// Whether the value reaches the bar.
    pub is_met: bool,
    /// The segment it is about, where it is about one.
    pub segment_id: Option<Uuid>,
}

/// What the system recommends, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// The tier.
    pub tier: Tier,
    /// The rule that decided.
    pub rule: TierRule,
    /// The facts that the rule looked at.
    pub facts: Vec<TierFact>,
    /// The policy it follows.
    pub policy_version: i64,
}

fn fact(kind: TierFactKind, value: Option<Decimal>, bar: Decimal) -> TierFact {
    TierFact { kind, value, bar, is_met: value.is_some_and(|value| value >= bar), segment_id: None }
}

/// Recommends a tier: the order is TEST, EXIT, INVEST, MAINTAIN. Only SOLID segments count, EXIT by DRAG needs at least one, a null
/// Yield meets no bar, and no trajectory is not decaying (ruling 18).
#[must_use]
pub fn recommend(audit: &Audit, policy: &Policy) -> Recommendation {
    use TierFactKind as Kind;
    let solid: Vec<&(Uuid, TrustGap)> =
        audit.trust_gaps.iter().filter(|(_, gap)| gap.evidence == Evidence::Solid).collect();
    let drags = solid.iter().filter(|(_, gap)| gap.reading == TrustGapReading::Drag).count();
    let decaying = audit.trajectories.iter().take_while(|label| **label == Trajectory::Decaying).count();
    let best = solid.iter().filter_map(|(segment, gap)| Some((gap.points.ok()?, *segment))).max();
    let count = |count: usize| Some(Decimal::from(count));
    let multiple = audit.partner_yield.multiple.ok();

    let history = fact(
        Kind::HistoryQuarters,
        Some(Decimal::from(audit.completed_quarters)),
        Decimal::from(policy.tier_history_quarters),
    );
    let solids = fact(Kind::SolidSegments, count(solid.len()), dec!(1));
    let covers = fact(Kind::YieldCoversCost, multiple, policy.tier_exit_multiple);
    let mut dragging = fact(Kind::DraggingSegments, count(drags), Decimal::from(solid.len()));
    dragging.is_met &= !solid.is_empty();
    // Nobody labelled a quarter: that is no 0 (ruling 39), and not decaying (ruling 18).
    let labelled = (!audit.trajectories.is_empty()).then_some(Decimal::from(decaying));
    let decayed = fact(Kind::DecayingRunning, labelled, dec!(2));
    let earns = fact(Kind::YieldEarnsMore, multiple, policy.tier_invest_multiple);
    let mut gap = fact(Kind::BestTrustGap, best.map(|(points, _)| points), policy.tier_invest_points);
    gap.segment_id = best.map(|(_, segment)| segment);

    let because = |tier, rule, facts| Recommendation { tier, rule, facts, policy_version: policy.version };
    let is_below_cost = covers.value.is_some() && !covers.is_met;
    if !audit.is_in_test && !history.is_met {
        because(Tier::Test, TierRule::ShortHistory, vec![history])
    } else if !audit.is_in_test && !solids.is_met {
        because(Tier::Test, TierRule::NoSolidSegment, vec![history, solids])
    } else if is_below_cost {
        because(Tier::Exit, TierRule::YieldBelowCost, vec![covers])
    } else if dragging.is_met {
        because(Tier::Exit, TierRule::EverySegmentDrags, vec![dragging])
    } else if decayed.is_met {
        because(Tier::Exit, TierRule::DecayingTwice, vec![decayed])
    } else if earns.is_met && gap.is_met && decaying == 0 {
        because(Tier::Invest, TierRule::AllBarsMet, vec![earns, gap, decayed])
    } else {
        because(Tier::Maintain, TierRule::NothingElse, vec![covers, dragging, decayed, earns, gap])
    }
}

/// A decision. Decisions are only ever added: the latest of a quarter is the one that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierDecision {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// 1 for the partner's first, and one more for each.
    pub number: i64,
    /// The quarter whose iteration it belongs to.
    pub quarter: Quarter,
    /// The tier.
    pub tier: Tier,
    /// What the system recommended at that moment.
    pub recommendation: Recommendation,
    /// Why, where it differs from the recommendation, and the verdict that ends a TEST.
    pub reason: Option<String>,
    /// Whether it ended a TEST.
    pub ends_test: bool,
    /// Who decided.
    pub seat_id: Uuid,
    /// The day in the program's zone.
    pub decided_on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl TierDecision {
    /// TEST: the last day of its quarter, the proof window; none of another tier. The decision that ends it is due in the next Recruit
    /// phase.
    #[must_use]
    pub fn test_ends_on(&self, calendar: &Calendar) -> Option<NaiveDate> {
        (self.tier == Tier::Test).then(|| calendar.last_day(self.quarter))
    }
}

/// Why a decision was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TierRefusal {
    /// TEST lasts one quarter.
    #[error(
        "TEST lasts one quarter and cannot follow TEST, of this quarter or of the one before: decide INVEST, MAINTAIN or EXIT"
    )]
    TestFollowsTest,
    /// A TEST ends with a documented decision.
    #[error("this decision ends a TEST: give the verdict as its reason")]
    TestVerdictMissing,
    /// The operator decides, and says why where the system would not have.
    #[error("this is not what the system recommends: give a reason")]
    TierReasonMissing,
    /// The relationship is not at work.
    #[error("only an ACTIVE partner gets a tier")]
    PartnerNotActive,
}

impl TierRefusal {
    /// The stable word of the rule.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.into()
    }
}

/// What a partner has of TEST when its tier is decided for a quarter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestState {
    /// Another tier now ends a TEST: one came into the quarter, or was decided in it, be it a minute ago.
    pub is_open: bool,
    /// No TEST may be decided now: one was in the quarter before, or came into this one, or has ended in it.
    pub is_spent: bool,
}

impl TestState {
    /// The state in a quarter, from the decisions up to it, oldest first; of those before the quarter before it, the last one is enough.
    /// Every TEST counts, also one that was taken back in its own quarter: what was tested for a day was tested, and a TEST cannot
    /// follow it. While it stands, TEST decided again in its quarter is still the same one.
    #[must_use]
    pub fn of(decisions: impl IntoIterator<Item = (Quarter, Tier)>, quarter: Quarter) -> Self {
        let (mut came_in, mut was_in_the_last, mut is_in_this, mut latest) = (None, false, false, None);
        for (of, tier) in decisions.into_iter().filter(|(of, _)| *of <= quarter) {
            let is_test = tier == Tier::Test;
            if of == quarter {
                is_in_this |= is_test;
            } else {
                was_in_the_last |= is_test && of == quarter.plus(-1);
                came_in = Some(tier);
            }
            latest = Some(tier);
        }
        let came_in = came_in == Some(Tier::Test);
        let has_ended = is_in_this && latest != Some(Tier::Test);
        Self { is_open: came_in || is_in_this, is_spent: came_in || was_in_the_last || has_ended }
    }
}

/// Whether a tier may be decided.
///
/// # Errors
/// [`TierRefusal`].
pub fn check(tier: Tier, recommended: Tier, test: TestState, reason: Option<&str>) -> Result<(), TierRefusal> {
    match (tier, reason) {
        (Tier::Test, _) if test.is_spent => Err(TierRefusal::TestFollowsTest),
        (Tier::Invest | Tier::Maintain | Tier::Exit, None) if test.is_open => Err(TierRefusal::TestVerdictMissing),
        (tier, None) if tier != recommended => Err(TierRefusal::TierReasonMissing),
        _ => Ok(()),
    }
}

/// The last day on which the next decision is in time: so many days after the last one (ninety by default), and not after the next
/// Recruit phase. A partner without one is due at the end of the first Recruit phase that it sees.
#[must_use]
pub fn due_on(
    calendar: &Calendar,
    latest: Option<(NaiveDate, Quarter)>,
    known_since: NaiveDate,
    policy: &Policy,
) -> NaiveDate {
    let recruit_ends = |quarter| Phase::Recruit.window(calendar, quarter).due_on;
    match latest {
        Some((decided_on, quarter)) => {
            let days = Days::new(u64::from(policy.tier_days));
            recruit_ends(quarter.plus(1)).min(decided_on.checked_add_days(days).unwrap_or(NaiveDate::MAX))
        }
        None => {
            let first = calendar.quarter(known_since);
            let seen = if known_since <= recruit_ends(first) { first } else { first.plus(1) };
            recruit_ends(seen)
        }
    }
}

/// A partner's section of the Recruit Plan: its kind goes with the tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tier", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Section {
    /// INVEST.
    Invest {
        /// The next quarter's activation step.
        activation_step: String,
    },
    /// MAINTAIN.
    Maintain {
        /// The hold-steady commitments.
        commitments: String,
    },
    /// TEST.
    Test {
        /// The trailing audit signals that are watched.
        audit_signals: String,
        /// What ends it, and how.
        exit_criteria: String,
    },
    /// EXIT.
    Exit {
        /// The offboarding mechanic.
        offboarding: String,
        /// Where the freed capacity goes.
        freed_capacity: String,
    },
}

/// The most characters of a part of a section.
pub const SECTION_TEXT_MAX: usize = 2000;

impl Section {
    /// The tier whose section it is.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        match self {
            Self::Invest { .. } => Tier::Invest,
            Self::Maintain { .. } => Tier::Maintain,
            Self::Test { .. } => Tier::Test,
            Self::Exit { .. } => Tier::Exit,
        }
    }

    /// With every part tidied.
    ///
    /// # Errors
    /// [`BadText`] when a part is empty or cannot be kept.
    pub fn tidied(self) -> Result<Self, BadText> {
        let tidy = |part: String| text::name(&part, SECTION_TEXT_MAX);
        Ok(match self {
            Self::Invest { activation_step } => Self::Invest { activation_step: tidy(activation_step)? },
            Self::Maintain { commitments } => Self::Maintain { commitments: tidy(commitments)? },
            Self::Test { audit_signals, exit_criteria } => {
                Self::Test { audit_signals: tidy(audit_signals)?, exit_criteria: tidy(exit_criteria)? }
            }
            Self::Exit { offboarding, freed_capacity } => {
                Self::Exit { offboarding: tidy(offboarding)?, freed_capacity: tidy(freed_capacity)? }
            }
        })
    }
}

impl Section {
    /// Its parts, as they are written.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Invest { activation_step } => vec![activation_step],
            Self::Maintain { commitments } => vec![commitments],
            Self::Test { audit_signals, exit_criteria } => vec![audit_signals, exit_criteria],
            Self::Exit { offboarding, freed_capacity } => vec![offboarding, freed_capacity],
        }
    }
}

/// How long a Recruit Plan is, beside the pages that it is to fit on (paper: three).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLength {
    /// Words that people wrote: sections, and the reasons of decisions.
    pub words: u64,
    /// Words of a page.
    pub page_words: u32,
    /// Pages that it is to fit on.
    pub budget_pages: u32,
}

impl PlanLength {
    /// The length of what people wrote.
    #[must_use]
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, policy: &Policy) -> Self {
        let words: usize = texts.map(|text| text.split_whitespace().count()).sum();
        Self {
            words: u64::try_from(words).unwrap_or(u64::MAX),
            page_words: policy.recruit_page_words,
            budget_pages: policy.recruit_plan_pages,
        }
    }

    /// Pages, unrounded; none where a page has no words.
    #[must_use]
    pub fn pages(&self) -> Option<Decimal> {
        Decimal::from(self.words).checked_div(Decimal::from(self.page_words))
    }

    /// Whether it is longer than it is to be: exactly the budget is not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.words > u64::from(self.page_words) * u64::from(self.budget_pages)
    }
}

/// A section as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSection {
    /// The row's id.
    pub id: Uuid,
    /// The iteration's quarter.
    pub quarter: Quarter,
    /// The partner.
    pub partner_id: Uuid,
    /// What it says.
    pub section: Section,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was last written.
    pub recorded_at: DateTime<Utc>,
}

/// What a partner lacks in the Recruit Plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PlanGap {
    /// No tier is decided in this quarter.
    TierDecisionMissing,
    /// Its section is not written.
    SectionMissing,
    /// Its section is of another tier than the one decided.
    SectionOfAnotherTier,
}

impl PlanGap {
    /// The stable word of the rule.
    #[must_use]
    pub fn rule(self) -> &'static str {
        self.into()
    }
}

/// What a partner lacks: the plan is published when nobody lacks anything.
#[must_use]
pub fn plan_gap(decided: Option<Tier>, section: Option<Tier>) -> Option<PlanGap> {
    match (decided, section) {
        (None, _) => Some(PlanGap::TierDecisionMissing),
        (Some(_), None) => Some(PlanGap::SectionMissing),
        (Some(decided), Some(written)) if decided != written => Some(PlanGap::SectionOfAnotherTier),
        (Some(_), Some(_)) => None,
    }
}

#[cfg(test)]
#[path = "recruit_tests.rs"]
mod tests;
