//! What would be otherwise: hypothetical tiers and planned spend, through the functions of the forecast draft and of the funnel, in a
//! snapshot that is given back. Nothing is written.

use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::funnel::measure_with;
use super::money;
use super::office::Caller;
use super::recruit::test_states;
use super::spend_plan::{Line, YIELD_RULE, running, unqualified};
use super::tam::{Decided, Desk};
use domain::calendar::{Quarter, Window};
use domain::funnel::Base;
use domain::partner::{Partner, PartnerStatus};
use domain::program::Program;
use domain::recruit::{Tier, TierRefusal, check};
use domain::role::Action;
use domain::slice::Slice;
use domain::tam::plan::QUARTERS_AHEAD;
use domain::tam::{Forecast, PlannedSpend};
use domain::what_if::{StageShift, stages};
use entity::Tx;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What is tried.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// The first of the four quarters; the running one where none is named.
    pub quarter: Option<Quarter>,
    /// Spend, each line with its partner: the amount takes the place of what is planned for the same quarter and segment.
    pub spend: Vec<(Uuid, Line)>,
    /// Tiers.
    pub tiers: Vec<(Uuid, Tier)>,
}

/// What really writing it would be refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The partner.
    pub partner_id: Uuid,
    /// The rule.
    pub rule: &'static str,
    /// Why, in a sentence.
    pub message: String,
}

/// Both sides.
#[derive(Debug)]
pub struct WhatIf {
    /// The forecast as it would be published now.
    pub before: Forecast,
    /// The forecast with the spend that is tried.
    pub after: Forecast,
    /// The stages of the funnel, before and after.
    pub stages: Vec<StageShift>,
    /// The partners, by id.
    pub partners: HashMap<Uuid, Partner>,
    /// The tiers of partners that have one or are given one: as it stands, and as it would be.
    pub tiers: BTreeMap<Uuid, (Option<Tier>, Tier)>,
    /// What really writing it would be refused for.
    pub refusals: Vec<Refusal>,
}

/// The most lines, and the most tiers, of one question.
const TRIED_MAX: usize = 500;

/// Tries spend and tiers.
///
/// # Errors
/// [`Failure`].
pub async fn what_if(caller: &Caller, tried: &Tried) -> Result<WhatIf, Failure> {
    let slice = caller.authorise(Action::TryPlans)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let running = running(&program, caller);
    let quarter = tried.quarter.unwrap_or(running);
    let today = program.calendar.day(caller.office.clock.now());
    let desk = Desk::of(&tx, slice, &program, today).await?;
    let partners: HashMap<Uuid, Partner> =
        entity::partner::all(&tx, slice).await?.into_iter().map(|partner| (partner.id, partner)).collect();
    let lines = read(&tx, slice, &program, running, &partners, tried).await?;
    let decided = Decided::read(&tx, slice, quarter).await?;
    let mut changed = decided.clone();
    lines.iter().for_each(|line| changed.put(quarter, line));
    let (before, after) = (desk.forecast(quarter, &decided), desk.forecast(quarter, &changed));
    let mut refusals = over_spent(&tx, slice, &program, running, &desk, &lines).await?;
    let standing = entity::tier_decision::standing(&tx, slice, quarter).await?;
    // What a decision for the tried quarter would follow.
    let tests = test_states(&entity::tier_decision::around(&tx, slice, quarter, None).await?, quarter);
    for (partner_id, tier) in &tried.tiers {
        let is_active = partners.get(partner_id).is_some_and(|partner| partner.status == PartnerStatus::Active);
        // Held against itself and with a reason: whether one must be given is for the decision.
        let held = check(*tier, *tier, tests.get(partner_id).copied().unwrap_or_default(), Some("tried"));
        let refusal = if is_active { held.err() } else { Some(TierRefusal::PartnerNotActive) };
        refusals.extend(refusal.map(|it| Refusal {
            partner_id: *partner_id,
            rule: it.rule(),
            message: it.to_string(),
        }));
    }
    let (was, is) =
        (measure_with(&tx, slice, quarter, &[]).await?, measure_with(&tx, slice, quarter, &tried.tiers).await?);
    tx.rollback().await?;
    let (invest_before, invest_after) = (was.invest(), is.invest());
    let base_before = |stage| Base::measured(&before, &invest_before, stage);
    let base_after = |stage| Base::measured(&after, &invest_after, stage);
    let mut tiers: BTreeMap<Uuid, (Option<Tier>, Tier)> =
        standing.iter().map(|row| (row.partner_id, (Some(row.tier), row.tier))).collect();
    for (partner_id, tier) in &tried.tiers {
        let standing = tiers.get(partner_id).and_then(|(before, _)| *before);
        tiers.insert(*partner_id, (standing, *tier));
    }
    let stages = stages((&was.health, &base_before), (&is.health, &base_after));
    Ok(WhatIf { before, after, stages, partners, tiers, refusals })
}

/// The lines that are tried, in minor units of the program's currency.
async fn read(
    tx: &Tx,
    slice: &Slice,
    program: &Program,
    running: Quarter,
    partners: &HashMap<Uuid, Partner>,
    tried: &Tried,
) -> Result<Vec<PlannedSpend>, Failure> {
    let (mut problems, mut lines, mut seen) = (Problems::default(), Vec::new(), BTreeSet::new());
    let ahead = Window { from: running, to: running.plus(QUARTERS_AHEAD) };
    for (list, size) in [("spend", tried.spend.len()), ("tiers", tried.tiers.len())] {
        if size > TRIED_MAX {
            problems.note(list, ProblemCode::Invalid, format!("at most {TRIED_MAX} entries"));
        }
    }
    problems.settle()?;
    let mut problems = Problems::default();
    let mut named = BTreeSet::new();
    for (partner_id, _) in &tried.tiers {
        if !partners.contains_key(partner_id) {
            problems.note("tiers", ProblemCode::NotFound, "there is no such partner");
        } else if !named.insert(*partner_id) {
            problems.note("tiers", ProblemCode::Invalid, "a partner is given two tiers");
        }
    }
    let segments: BTreeSet<Uuid> = entity::segment::all(tx, slice).await?.into_iter().map(|it| it.id).collect();
    for (at, (partner_id, line)) in tried.spend.iter().enumerate() {
        let at = at.to_string();
        let mut refuse =
            |field: &str, code, message: &str| problems.push(Problem::at(["spend", &at, field], code, message));
        if !partners.contains_key(partner_id) {
            refuse("partnerId", ProblemCode::NotFound, "there is no such partner");
        } else if !(ahead.from..=ahead.to).contains(&line.quarter) {
            refuse("quarter", ProblemCode::Invalid, &format!("spend is planned from {} to {}", ahead.from, ahead.to));
        } else if line.segment_id.is_some_and(|id| !segments.contains(&id)) {
            refuse("segmentId", ProblemCode::NotFound, "there is no such segment");
        } else if !seen.insert((*partner_id, line.quarter, line.segment_id)) {
            refuse("quarter", ProblemCode::Invalid, "another line names the same partner, quarter and segment");
        } else {
            match money::amount("amount", line.amount.0, line.amount.1) {
                Err(problem) => refuse("amount", problem.code, &problem.message),
                Ok(amount) => {
                    let amount = money::into_program(tx, slice, "spend", amount, program.currency, running).await?;
                    lines.push(PlannedSpend {
                        id: Uuid::nil(),
                        partner_id: *partner_id,
                        segment_id: line.segment_id,
                        quarter: line.quarter,
                        amount_minor: amount.minor,
                        version: 0,
                        recorded_at: chrono::DateTime::UNIX_EPOCH,
                    });
                }
            }
        }
    }
    problems.settle()?;
    Ok(lines)
}

/// The partners whose spend would be refused, by the rule that planning it is held against.
async fn over_spent(
    tx: &Tx,
    slice: &Slice,
    program: &Program,
    running: Quarter,
    desk: &Desk,
    lines: &[PlannedSpend],
) -> Result<Vec<Refusal>, Failure> {
    let ahead = Window { from: running, to: running.plus(QUARTERS_AHEAD) };
    let planned = entity::planned_spend::window(tx, slice, ahead, None).await?;
    let touched: BTreeSet<Uuid> = lines.iter().map(|line| line.partner_id).collect();
    let mut refusals = Vec::new();
    for partner_id in touched {
        let of = |line: &&PlannedSpend| line.partner_id == partner_id;
        let before: Vec<PlannedSpend> = planned.iter().filter(of).cloned().collect();
        let mine: Vec<&PlannedSpend> = lines.iter().filter(of).collect();
        let place = |line: &PlannedSpend| (line.quarter, line.segment_id);
        let mut after: Vec<PlannedSpend> =
            before.iter().filter(|old| !mine.iter().any(|line| place(line) == place(old))).cloned().collect();
        after.extend(mine.iter().map(|line| (*line).clone()));
        let changed: Vec<Quarter> = mine.iter().map(|line| line.quarter).collect();
        let measured = desk.measures.partner_yield(Some(partner_id));
        let policy = &desk.measures.policy;
        let message = unqualified(program, running, (&measured, policy), &changed, (&before, &after));
        refusals.extend(message.map(|message| Refusal { partner_id, rule: YIELD_RULE, message }));
    }
    Ok(refusals)
}
