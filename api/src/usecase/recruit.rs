//! Phase 1, Recruit: what the system recommends for each partner, and what the operator decides.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::ledger::rows;
use super::measurement::{Ask as MeasureAsk, Measures, measure};
use super::office::Caller;
use chrono::NaiveDate;
use domain::book::Place;
use domain::calendar::Quarter;
use domain::ledger::{EntryKind, FACT, INSIDE};
use domain::partner::{Partner, PartnerStatus};
use domain::program::Program;
use domain::recruit::{Audit, Recommendation, TestState, Tier, TierDecision, TierRefusal, check, due_on, recommend};
use domain::role::Action;
use domain::segment::Segment;
use domain::text;
use entity::page::{Ask, Page};
pub use entity::tier_decision::{Filter, key as position};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A partner with what is recommended for it.
#[derive(Clone, Debug)]
pub struct Recommended {
    /// The partner.
    pub partner: Partner,
    /// What the system recommends.
    pub recommendation: Recommendation,
    /// The decision that holds.
    pub decision: Option<TierDecision>,
    /// The last day on which the next decision is in time.
    pub due_on: NaiveDate,
    /// Whether that day has passed.
    pub is_overdue: bool,
    /// The numbers.
    pub measures: Arc<Measures>,
}

/// What recommendations are made from.
struct Desk {
    program: Program,
    today: NaiveDate,
    segments: Vec<Segment>,
    first_quarters: HashMap<Uuid, Quarter>,
    tests: HashMap<Uuid, TestState>,
    measures: Arc<Measures>,
}

impl Desk {
    async fn of(caller: &Caller, action: Action) -> Result<Self, Failure> {
        let measures = measure(caller, action, MeasureAsk::default(), None).await?;
        let slice = caller.authorise(action)?;
        let store = caller.office.store.read();
        let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
        let today = program.calendar.day(caller.office.clock.now());
        let quarter = program.calendar.quarter(today);
        let decisions = entity::tier_decision::around(store, slice, quarter, None).await?;
        Ok(Self {
            today,
            segments: entity::segment::all(store, slice).await?,
            first_quarters: entity::live::first_quarters(store, slice).await?,
            tests: test_states(&decisions, quarter),
            program,
            measures,
        })
    }

    fn recommend(&self, partner_id: Uuid) -> Recommendation {
        let policy = &self.measures.policy;
        let last = self.program.calendar.last_completed(self.today).index();
        let history = self.first_quarters.get(&partner_id).map_or(0, |first| last - first.index() + 1);
        let gap = |segment: &Segment| {
            (segment.id, self.measures.book.trust_gap(Some(partner_id), Place::Segment(segment.id), policy))
        };
        let audit = Audit {
            completed_quarters: u32::try_from(history).unwrap_or(0),
            trust_gaps: self.segments.iter().map(gap).collect(),
            partner_yield: self.measures.partner_yield(Some(partner_id)),
            // Phase 6 labels quarters; until it has labelled one, no trajectory is not decaying (ruling 18).
            trajectories: Vec::new(),
            is_in_test: self.tests.get(&partner_id).is_some_and(|test| test.is_spent),
        };
        recommend(&audit, policy)
    }
}

/// What each partner has of TEST in a quarter, from the decisions around it.
pub(super) fn test_states(decisions: &[TierDecision], quarter: Quarter) -> HashMap<Uuid, TestState> {
    let mut of: HashMap<Uuid, Vec<(Quarter, Tier)>> = HashMap::new();
    for row in decisions {
        of.entry(row.partner_id).or_default().push((row.quarter, row.tier));
    }
    of.into_iter().map(|(partner, decisions)| (partner, TestState::of(decisions, quarter))).collect()
}

/// Every partner at work that the caller lists, by name, with what the system recommends for it and whether its decision is
/// due.
///
/// # Errors
/// [`Failure::Denied`], or a storage failure.
pub async fn recommendations(caller: &Caller) -> Result<Vec<Recommended>, Failure> {
    let action = Action::ReadRecommendations;
    let desk = Desk::of(caller, action).await?;
    let slice = caller.authorise(action)?;
    let store = caller.office.store.read();
    let this_quarter = desk.program.calendar.quarter(desk.today);
    let mut standing: HashMap<Uuid, TierDecision> = entity::tier_decision::standing(store, slice, this_quarter)
        .await?
        .into_iter()
        .map(|row| (row.partner_id, row))
        .collect();
    let partners = entity::partner::all(store, slice).await?;
    let judged = partners.into_iter().filter(|partner| partner.status == PartnerStatus::Active).map(|partner| {
        let decision = standing.remove(&partner.id);
        let calendar = &desk.program.calendar;
        let latest = decision.as_ref().map(|row| (row.decided_on, row.quarter));
        let due_on = due_on(calendar, latest, calendar.day(partner.recorded_at), &desk.measures.policy);
        Recommended {
            recommendation: desk.recommend(partner.id),
            decision,
            due_on,
            is_overdue: desk.today > due_on,
            partner,
            measures: desk.measures.clone(),
        }
    });
    Ok(judged.collect())
}

/// A page of decisions.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<TierDecision>, Failure> {
    let slice = caller.authorise(Action::ReadTiers)?;
    Ok(entity::tier_decision::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many decisions there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadTiers)?;
    Ok(entity::tier_decision::count(caller.office.store.read(), slice, filter).await?)
}

/// One decision, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<TierDecision>, Failure> {
    let slice = caller.authorise(Action::ReadTiers)?;
    Ok(entity::tier_decision::find(caller.office.store.read(), slice, id).await?)
}

/// The latest decision on each of these partners that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn latest_of(caller: &Caller, partners: &[Uuid]) -> Result<Vec<TierDecision>, Failure> {
    let slice = caller.authorise(Action::ReadTiers)?;
    Ok(entity::tier_decision::latest_of(caller.office.store.read(), slice, partners).await?)
}

fn refused(path: &str, refusal: TierRefusal) -> Failure {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.rule()).into()
}

/// What the system recommends, with the codes of the facts that it looked at.
fn recommended(recommendation: &Recommendation) -> String {
    let tier: &str = recommendation.tier.into();
    let rule: &str = recommendation.rule.into();
    let codes: Vec<&str> = recommendation.facts.iter().map(|fact| fact.kind.into()).collect();
    format!("it recommends {tier} by {rule}, from {}", codes.join(", "))
}

/// Decides a partner's tier for the iteration of the current quarter. A decision of the same quarter is superseded, and stays
/// in the history; one that supersedes a TEST is its verdict.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn decide(
    caller: &Caller,
    partner_id: Uuid,
    tier: Tier,
    reason: Option<String>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    let desk = Desk::of(caller, Action::DecideTier).await?;
    commit(caller, Action::DecideTier, key, async |work| {
        let partner = entity::partner::find(&work.tx, work.slice, partner_id).await?.ok_or_else(|| {
            Failure::from(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner"))
        })?;
        if partner.status != PartnerStatus::Active {
            return Err(refused("partnerId", TierRefusal::PartnerNotActive));
        }
        let mut problems = Problems::default();
        let reason = reason.as_ref().and_then(|reason| problems.take("reason", text::name(reason, 2000)));
        problems.settle()?;
        let quarter = desk.program.calendar.quarter(desk.today);
        // Read here, so that no decision of the same moment slips in between.
        let around = entity::tier_decision::around(&work.tx, work.slice, quarter, Some(partner_id)).await?;
        let test = test_states(&around, quarter).remove(&partner_id).unwrap_or_default();
        let recommendation = desk.recommend(partner_id);
        check(tier, recommendation.tier, test, reason.as_deref()).map_err(|refusal| {
            let path = if refusal == TierRefusal::TestFollowsTest { "tier" } else { "reason" };
            match refusal {
                TierRefusal::TierReasonMissing => {
                    let message = format!("{refusal}; {}", recommended(&recommendation));
                    Problem::at([path], ProblemCode::RuleRefused, message).by(refusal.rule()).into()
                }
                TierRefusal::TestFollowsTest | TierRefusal::TestVerdictMissing | TierRefusal::PartnerNotActive => {
                    refused(path, refusal)
                }
            }
        })?;
        let latest = entity::tier_decision::latest_of(&work.tx, work.slice, &[partner_id]).await?.pop();
        let decision = TierDecision {
            id: work.id(),
            partner_id,
            number: latest.map_or(1, |latest| latest.number + 1),
            quarter,
            tier,
            recommendation,
            reason,
            ends_test: tier != Tier::Test && test.is_open,
            seat_id: work.seat_id(),
            decided_on: desk.today,
            recorded_at: work.now,
        };
        entity::tier_decision::insert(&work.tx, work.slice, &decision).await?;
        let facts = json!({
            "partnerId": partner_id, "quarter": decision.quarter.to_string(), "tier": tier,
            "recommended": decision.recommendation.tier, "rule": decision.recommendation.rule,
            "facts": decision.recommendation.facts, "policyVersion": decision.recommendation.policy_version,
            "reason": decision.reason, "endsTest": decision.ends_test,
        });
        // No partner ever learns its tier.
        work.record("tier.decide", "TierDecision", decision.id, facts.clone());
        let mut entered = facts;
        entered[INSIDE] = json!({ FACT: rows::tier_decision(&decision) });
        work.enter(EntryKind::TierDecided, "TierDecision", decision.id, &[], entered);
        work.announce("TIER_DECIDED", decision.id, json!({ "partnerId": partner_id }));
        Ok(decision.id)
    })
    .await
}
