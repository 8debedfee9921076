//! The spend that is planned on a partner, and how far it reaches into segments: what Phase 2 computes with.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::measurement::{self, Ask};
use super::money;
use super::office::Caller;
use domain::calendar::{Quarter, Window};
use domain::economics::{PartnerYield, major};
use domain::evidence::round;
use domain::money::Currency;
use domain::partner::Partner;
use domain::program::Program;
use domain::role::Action;
use domain::slice::Slice;
use domain::tam::plan::{QUARTERS_AHEAD, runs_of_four};
use domain::tam::yield_rule::is_refused;
use domain::tam::{Penetration, PenetrationLevel, PenetrationSetting, PlannedSpend, YieldRule};
use domain::text;
use entity::Tx;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The most lines of one change.
const LINES_MAX: usize = 100;

/// A line to plan: the amount takes the place of what was planned for the same quarter and segment.
#[derive(Clone, Debug)]
pub struct Line {
    /// The fiscal quarter.
    pub quarter: Quarter,
    /// The segment; none where it is planned for no one segment.
    pub segment_id: Option<Uuid>,
    /// The amount, in any currency with a rate for the running quarter.
    pub amount: (Decimal, Currency),
    /// The version that the caller read; 0 where there was no such line.
    pub expected: Option<i64>,
}

/// A partner's plan for four quarters, with what the conservative Yield rule says of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The partner.
    pub partner: Partner,
    /// The first of the four quarters.
    pub quarter: Quarter,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines, by quarter.
    pub lines: Vec<PlannedSpend>,
    /// What the rule says.
    pub rule: YieldRule,
    /// How far the partner reaches into segments, where that was set by hand.
    pub penetrations: Vec<PenetrationSetting>,
}

/// The running quarter of a program.
pub(super) fn running(program: &Program, caller: &Caller) -> Quarter {
    program.calendar.quarter(program.calendar.day(caller.office.clock.now()))
}

/// The policy's rule of a partner, computed as the transaction sees the facts.
async fn measured(
    tx: &Tx,
    slice: &Slice,
    program: &Program,
    caller: &Caller,
    partner: Uuid,
) -> Result<(PartnerYield, domain::policy::Policy), Failure> {
    let today = program.calendar.day(caller.office.clock.now());
    let policy = entity::policy::on(tx, slice, today).await?;
    let measures = measurement::read(tx, slice, program, policy, today, Ask::default(), Some(partner)).await?;
    Ok((measures.partner_yield(Some(partner)), measures.policy))
}

/// A partner's plan for the four quarters from one on, the running one where none is named; none where there is no such partner.
///
/// # Errors
/// [`Failure`].
pub async fn of_partner(caller: &Caller, partner: Uuid, quarter: Option<Quarter>) -> Result<Option<Plan>, Failure> {
    let slice = caller.authorise(Action::ReadSpendPlan)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let Some(partner) = entity::partner::find(&tx, slice, partner).await? else { return Ok(None) };
    let quarter = quarter.unwrap_or_else(|| running(&program, caller));
    let window = Window { from: quarter, to: quarter.plus(3) };
    let lines = entity::planned_spend::window(&tx, slice, window, Some(partner.id)).await?;
    let (partner_yield, policy) = measured(&tx, slice, &program, caller, partner.id).await?;
    let planned = lines.iter().map(|line| i128::from(line.amount_minor)).sum();
    let rule = YieldRule::apply(&partner_yield, planned, &policy.tam);
    let mut penetrations = entity::penetration::all(&tx, slice).await?;
    penetrations.retain(|setting| setting.partner_id == partner.id);
    tx.rollback().await?;
    Ok(Some(Plan { partner, quarter, currency: program.currency, lines, rule, penetrations }))
}

fn by_quarter(lines: &[PlannedSpend]) -> Vec<(Quarter, i128)> {
    lines.iter().map(|line| (line.quarter, line.amount_minor.into())).collect()
}

fn body(lines: &[&PlannedSpend]) -> Value {
    let line = |line: &&PlannedSpend| {
        json!({
            "id": line.id, "quarter": line.quarter.to_string(), "segmentId": line.segment_id, "amountMinor": line.amount_minor,
            "version": line.version,
        })
    };
    lines.iter().map(line).collect()
}

/// Plans spend on a partner. An increase over the trailing four quarters is refused where its Yield qualifies for none. The done row
/// is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn set(caller: &Caller, partner: Uuid, lines: Vec<Line>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::PlanSpend, key, async |work| {
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            return Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into());
        }
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let running = running(&program, caller);
        let ahead = Window { from: running, to: running.plus(QUARTERS_AHEAD) };
        let before = entity::planned_spend::window(&work.tx, work.slice, ahead, Some(partner)).await?;
        let after = planned(work, &program, ahead, partner, &before, &lines).await?;
        refuse_unqualified(work, &program, caller, partner, &before, &after, &lines).await?;
        let (mut was, mut is) = (Vec::new(), Vec::new());
        for line in &after {
            match before.iter().find(|old| old.id == line.id) {
                Some(old) if old == line => {}
                Some(old) => {
                    entity::planned_spend::update(&work.tx, work.slice, line).await?;
                    was.push(old);
                    is.push(line);
                }
                None => {
                    entity::planned_spend::insert(&work.tx, work.slice, line).await?;
                    is.push(line);
                }
            }
        }
        if !is.is_empty() {
            let body = json!({ "before": body(&was), "after": body(&is) });
            work.record("spendPlan.set", "Partner", partner, body);
        }
        Ok(partner)
    })
    .await
}

/// The plan as it would be.
async fn planned(
    work: &Work<'_>,
    program: &Program,
    ahead: Window,
    partner: Uuid,
    before: &[PlannedSpend],
    lines: &[Line],
) -> Result<Vec<PlannedSpend>, Failure> {
    let mut problems = Problems::default();
    if lines.is_empty() || lines.len() > LINES_MAX {
        problems.note("lines", ProblemCode::Invalid, format!("a plan has 1 to {LINES_MAX} lines"));
    }
    problems.settle()?;
    let (mut after, mut problems, mut seen) = (before.to_vec(), Problems::default(), BTreeSet::new());
    for (at, line) in lines.iter().enumerate() {
        let at = at.to_string();
        let mut refuse =
            |field: &str, code, message: String| problems.push(Problem::at(["lines", &at, field], code, message));
        if !(ahead.from..=ahead.to).contains(&line.quarter) {
            refuse("quarter", ProblemCode::Invalid, format!("spend is planned from {} to {}", ahead.from, ahead.to));
            continue;
        }
        if !seen.insert((line.quarter, line.segment_id)) {
            refuse("quarter", ProblemCode::Invalid, "another line names the same quarter and segment".into());
            continue;
        }
        if let Some(id) = line.segment_id
            && entity::segment::find(&work.tx, work.slice, id).await?.is_none()
        {
            refuse("segmentId", ProblemCode::NotFound, "there is no such segment".into());
            continue;
        }
        let amount = match money::amount("amount", line.amount.0, line.amount.1) {
            Ok(amount) => amount,
            Err(problem) => {
                refuse("amount", problem.code, problem.message);
                continue;
            }
        };
        let minor =
            money::into_program(&work.tx, work.slice, "lines", amount, program.currency, ahead.from).await?.minor;
        let same = |old: &&mut PlannedSpend| (old.quarter, old.segment_id) == (line.quarter, line.segment_id);
        if let Some(old) = after.iter_mut().find(same) {
            work.expect_version(old.version, line.expected)?;
            if old.amount_minor != minor {
                (old.amount_minor, old.version, old.recorded_at) = (minor, old.version + 1, work.now);
            }
        } else {
            work.expect_version(0, line.expected)?;
            after.push(PlannedSpend {
                id: work.id(),
                partner_id: partner,
                segment_id: line.segment_id,
                quarter: line.quarter,
                amount_minor: minor,
                version: 1,
                recorded_at: work.now,
            });
        }
    }
    problems.settle()?;
    Ok(after)
}

/// Below the lowest band any increase is refused, in every four quarters that the change touches.
async fn refuse_unqualified(
    work: &Work<'_>,
    program: &Program,
    caller: &Caller,
    partner: Uuid,
    before: &[PlannedSpend],
    after: &[PlannedSpend],
    lines: &[Line],
) -> Result<(), Failure> {
    let measured = measured(&work.tx, work.slice, program, caller, partner).await?;
    let changed: Vec<Quarter> = lines.iter().map(|line| line.quarter).collect();
    match unqualified(program, running(program, caller), (&measured.0, &measured.1), &changed, (before, after)) {
        Some(message) => Err(Problem::at(["lines"], ProblemCode::RuleRefused, message).by(YIELD_RULE).into()),
        None => Ok(()),
    }
}

/// The rule that refuses an increase.
pub(super) const YIELD_RULE: &str = "YIELD_BELOW_LOWEST_BAND";

/// Why a partner's plan is refused: the first four quarters in which it raises spend although Yield qualifies for none.
pub(super) fn unqualified(
    program: &Program,
    running: Quarter,
    (measured, policy): (&PartnerYield, &domain::policy::Policy),
    changed: &[Quarter],
    (before, after): (&[PlannedSpend], &[PlannedSpend]),
) -> Option<String> {
    let runs = runs_of_four(running, changed, &by_quarter(before), &by_quarter(after));
    let (first, _, planned) =
        runs.into_iter().find(|(_, before, after)| is_refused(measured, *after, *before, &policy.tam))?;
    let money = |minor| major(minor, program.currency.minor_digits());
    let bars: Vec<Decimal> = policy.tam.yield_bands.iter().map(|band| band.from).collect();
    let lowest = bars.iter().min().copied().unwrap_or_default();
    Some(format!(
        "Yield is {}x over the trailing four quarters: below {}x a partner qualifies for no additional spend, so at most {} {currency} \
         (the trailing spend) can be planned for the four quarters from {first}, and this plan comes to {} {currency}",
        beside(measured.multiple.unwrap_or_default(), &bars),
        lowest.normalize(),
        money(measured.spend_minor),
        money(planned),
        currency = program.currency,
    ))
}

/// A multiple with two digits, or with as many more as it takes to stand on its own side of every bar, and of 1x, where it covers its cost:
/// 2.9999 is no 3.
fn beside(multiple: Decimal, bars: &[Decimal]) -> Decimal {
    let is_true = |shown: &Decimal| bars.iter().chain([&Decimal::ONE]).all(|bar| shown.cmp(bar) == multiple.cmp(bar));
    (2..=12).map(|digits| round(multiple, digits)).find(is_true).unwrap_or(multiple).normalize()
}

/// Takes away what was set by hand: from then on the penetration is read off the overlap. The done row is the partner.
///
/// # Errors
/// [`Failure`]; NOT_FOUND where nothing is set by hand.
pub async fn clear_penetration(
    caller: &Caller,
    partner: Uuid,
    segment: Uuid,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SetPenetration, key, async |work| {
        let Some(before) = entity::penetration::find(&work.tx, work.slice, partner, segment).await? else {
            let message = "no penetration of this partner is set by hand in this segment";
            return Err(Problem::at(["segmentId"], ProblemCode::NotFound, message).into());
        };
        work.expect_version(before.version, expected)?;
        if !entity::penetration::remove(&work.tx, work.slice, &before).await? {
            return Err(Failure::Stale);
        }
        let body = json!({ "segmentId": segment, "before": said(&before), "after": null });
        work.record("penetration.clear", "Partner", partner, body);
        Ok(partner)
    })
    .await
}

fn said(row: &PenetrationSetting) -> Value {
    json!({ "level": row.penetration.level, "reason": row.penetration.reason })
}

/// Sets by hand how far a partner reaches into a segment, with the reason. The done row is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn set_penetration(
    caller: &Caller,
    partner: Uuid,
    segment: Uuid,
    level: PenetrationLevel,
    reason: &str,
    expected: Option<i64>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SetPenetration, key, async |work| {
        let mut problems = Problems::default();
        if entity::partner::find(&work.tx, work.slice, partner).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        if entity::segment::find(&work.tx, work.slice, segment).await?.is_none() {
            problems.note("segmentId", ProblemCode::NotFound, "there is no such segment");
        }
        let reason = problems.take("reason", text::name(reason, 1000)).unwrap_or_default();
        problems.settle()?;
        let before = entity::penetration::find(&work.tx, work.slice, partner, segment).await?;
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let penetration = Penetration { level, reason };
        let after = match &before {
            Some(before) if before.penetration == penetration => return Ok(partner),
            Some(before) => {
                let row = PenetrationSetting {
                    penetration,
                    version: before.version + 1,
                    recorded_at: work.now,
                    ..before.clone()
                };
                entity::penetration::update(&work.tx, work.slice, &row).await?;
                row
            }
            None => {
                let (id, recorded_at) = (work.id(), work.now);
                let row = PenetrationSetting {
                    id,
                    partner_id: partner,
                    segment_id: segment,
                    penetration,
                    version: 1,
                    recorded_at,
                };
                entity::penetration::insert(&work.tx, work.slice, &row).await?;
                row
            }
        };
        let body = json!({ "segmentId": segment, "before": before.as_ref().map(said), "after": said(&after) });
        work.record("penetration.set", "Partner", partner, body);
        Ok(partner)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn a_multiple_is_shown_on_its_own_side_of_every_bar() {
        let bars = [dec!(3), dec!(6), dec!(10)];
        for (multiple, shown) in [
            (dec!(2.4), "2.4"),
            (dec!(2.345678), "2.35"),
            (dec!(2.99), "2.99"),
            (dec!(2.99991), "2.9999"),
            (dec!(0.99991), "0.9999"),
            (dec!(1.00001), "1.00001"),
            (dec!(1), "1"),
            (dec!(0), "0"),
            // Closer than any digits that are shown: whole.
            (dec!(2.9999999999999), "2.9999999999999"),
        ] {
            assert_eq!(beside(multiple, &bars).to_string(), shown);
        }
    }
}
