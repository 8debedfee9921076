//! The Recruit Plan: one section a partner, of the kind of its tier; published when nobody lacks anything.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::{deliverable, funnel, iteration};
use domain::calendar::{Calendar, Quarter};
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::partner::{Partner, PartnerStatus};
use domain::recruit::{PlanGap, PlanLength, PlanSection, Section, TierDecision, plan_gap};
use domain::role::Action;
use domain::slice::Slice;
use entity::Conn;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// A partner in the plan.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The partner.
    pub partner: Partner,
    /// The decision of the plan's quarter.
    pub decision: Option<TierDecision>,
    /// Its section.
    pub section: Option<PlanSection>,
    /// What it lacks.
    pub gap: Option<PlanGap>,
}

/// The plan of a quarter as it stands.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The quarter.
    pub quarter: Quarter,
    /// Every partner at work that the caller lists, by name.
    pub entries: Vec<Entry>,
    /// How long the whole plan is, whoever asks.
    pub length: PlanLength,
    /// What was published last.
    pub published: Option<Deliverable>,
}

async fn entries(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<Entry>, Failure> {
    let decisions = entity::tier_decision::standing(conn, slice, quarter).await?;
    let mut decisions: HashMap<Uuid, TierDecision> =
        decisions.into_iter().filter(|row| row.quarter == quarter).map(|row| (row.partner_id, row)).collect();
    let sections = entity::recruit_section::of_quarter(conn, slice, quarter).await?;
    let mut sections: HashMap<Uuid, PlanSection> = sections.into_iter().map(|row| (row.partner_id, row)).collect();
    let partners = entity::partner::all(conn, slice).await?;
    let is_in_plan = |partner: &Partner| partner.status == PartnerStatus::Active;
    let entry = |partner: Partner| {
        let (decision, section) = (decisions.remove(&partner.id), sections.remove(&partner.id));
        let tiers = (decision.as_ref().map(|row| row.tier), section.as_ref().map(|row| row.section.tier()));
        Entry { gap: plan_gap(tiers.0, tiers.1), partner, decision, section }
    };
    Ok(partners.into_iter().filter(is_in_plan).map(entry).collect())
}

/// What people wrote about a partner.
fn written(entry: &Entry) -> impl Iterator<Item = &str> {
    let section = entry.section.iter().flat_map(|row| row.section.texts());
    section.chain(entry.decision.as_ref().and_then(|row| row.reason.as_deref()))
}

/// The plan of a quarter as it stands; of the current one where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn plan(caller: &Caller, quarter: Option<Quarter>) -> Result<Plan, Failure> {
    let slice = caller.authorise(Action::ReadRecruitPlan)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = &program.calendar;
    let quarter = quarter.unwrap_or_else(|| calendar.quarter(calendar.day(caller.office.clock.now())));
    let whole = entries(&tx, &funnel::whole(slice)?, quarter).await?;
    let policy = entity::policy::on(&tx, slice, calendar.day(caller.office.clock.now())).await?;
    let length = PlanLength::of(whole.iter().flat_map(written), &policy);
    let entries = entries(&tx, slice, quarter).await?;
    let published = entity::deliverable::latest(&tx, slice, DeliverableKind::RecruitPlan, quarter).await?;
    tx.rollback().await?;
    Ok(Plan { quarter, entries, length, published })
}

/// Writes a partner's section for the current quarter. It may be written before its tier is decided; publishing asks that both
/// agree.
///
/// # Errors
/// [`Failure`].
pub async fn write_section(
    caller: &Caller,
    partner_id: Uuid,
    section: Section,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::WriteRecruitPlan, key, async |work| {
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let quarter = program.calendar.quarter(program.calendar.day(work.now));
        let mut problems = Problems::default();
        if entity::partner::find(&work.tx, work.slice, partner_id).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        let section = problems.take("section", section.tidied());
        problems.settle()?;
        let Some(section) = section else { return Err(Failure::NotFound) };
        let written = entity::recruit_section::of_quarter(&work.tx, work.slice, quarter).await?;
        let before = written.into_iter().find(|row| row.partner_id == partner_id);
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let row = PlanSection {
            id: before.as_ref().map_or_else(|| work.id(), |row| row.id),
            quarter,
            partner_id,
            section,
            version: before.as_ref().map_or(1, |row| row.version + 1),
            recorded_at: work.now,
        };
        match before {
            Some(before) if before.section == row.section => return Ok(partner_id),
            Some(_) => entity::recruit_section::update(&work.tx, work.slice, &row).await?,
            None => entity::recruit_section::insert(&work.tx, work.slice, &row).await?,
        }
        let facts = json!({
            "partnerId": partner_id, "quarter": quarter.to_string(), "section": row.section, "version": row.version,
        });
        work.record("recruitPlan.writeSection", "RecruitSection", row.id, facts);
        Ok(partner_id)
    })
    .await
}

/// What is frozen. The facts of a decision are of its own day: under the policy that held then, over the quarters that were complete
/// then, whatever holds when the plan is published.
fn content(calendar: &Calendar, entries: &[Entry]) -> Value {
    let line = |entry: &Entry| {
        let decision = entry.decision.as_ref();
        let window = decision.map(|row| calendar.trailing_four(row.decided_on));
        json!({
            "partnerId": entry.partner.id, "name": entry.partner.name, "tier": decision.map(|row| row.tier),
            "recommended": decision.map(|row| row.recommendation.tier),
            "rule": decision.map(|row| row.recommendation.rule),
            "facts": decision.map(|row| &row.recommendation.facts),
            "reason": decision.and_then(|row| row.reason.as_deref()),
            "decidedOn": decision.map(|row| row.decided_on),
            "policyVersion": decision.map(|row| row.recommendation.policy_version),
            "window": window.map(|window| [window.from.to_string(), window.to.to_string()]),
            "section": entry.section.as_ref().map(|row| &row.section),
        })
    };
    json!({ "partners": entries.iter().map(line).collect::<Vec<_>>() })
}

/// Publishes the plan of the current quarter. It is refused while a partner has no decision of this quarter or no section of its
/// tier: each is named.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn publish(caller: &Caller, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::PublishRecruitPlan, key, async |work| {
        let (program, quarter) = iteration::at_work(work).await?;
        let entries = entries(&work.tx, work.slice, quarter).await?;
        let mut problems = Problems::default();
        for (entry, gap) in entries.iter().filter_map(|entry| Some((entry, entry.gap?))) {
            let lack = match gap {
                PlanGap::TierDecisionMissing => "no tier is decided in this quarter",
                PlanGap::SectionMissing => "its section of the plan is not written",
                PlanGap::SectionOfAnotherTier => "its section is of another tier than the one decided",
            };
            let message = format!("{}: {lack}", entry.partner.name);
            problems.push(Problem::at([], ProblemCode::RuleRefused, message).by(gap.rule()));
        }
        problems.settle()?;
        let policy = entity::policy::on(&work.tx, work.slice, program.calendar.day(work.now)).await?;
        let kind = DeliverableKind::RecruitPlan;
        Ok(deliverable::publish(work, kind, quarter, policy.version, content(&program.calendar, &entries)).await?.id)
    })
    .await
}
