//! The Stage Deployment Plan: commitments per Invest partner, stage and quarter, held against BASE of the published forecast.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::funnel::{self, Funnel};
use super::office::Caller;
use super::{deliverable, iteration, money};
use domain::calendar::Quarter;
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::economics::major;
use domain::funnel::{Base, Commitment, FunnelStage, PLAN_QUARTERS, Reconciled, reconcile};
use domain::money::Currency;
use domain::role::Action;
use domain::slice::Slice;
use domain::tam::Forecast;
use domain::text;
use entity::Conn;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

/// The plan of an iteration as it stands.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The iteration's quarter.
    pub quarter: Quarter,
    /// The currency of every amount.
    pub currency: Currency,
    /// The commitments of the partners that the caller may list.
    pub commitments: Vec<Commitment>,
    /// The sums of the whole program beside BASE; none until the forecast is published.
    pub reconciled: Option<Vec<Reconciled>>,
    /// What was published last.
    pub published: Option<Deliverable>,
}

/// The commitments of Invest partners, of the whole program.
async fn committed(conn: &impl Conn, whole: &Slice, funnel: &Funnel) -> Result<Vec<Commitment>, Failure> {
    let invest = funnel.invest();
    let mut all = entity::commitment::of_quarter(conn, whole, funnel.quarter).await?;
    all.retain(|line| invest.contains(&line.partner_id));
    Ok(all)
}

/// BASE of a published forecast.
fn base(published: &Deliverable, funnel: &Funnel) -> Result<Base, Failure> {
    let forecast: Forecast = deliverable::content(published)?;
    Ok(Base::of_forecast(&forecast, &funnel.invest()))
}

/// The plan of an iteration as it stands; of the current one where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn deployment(caller: &Caller, quarter: Option<Quarter>) -> Result<Deployment, Failure> {
    let slice = caller.authorise(Action::ReadDeployment)?;
    let whole = funnel::whole(slice)?;
    let tx = caller.office.store.snapshot().await?;
    let quarter = funnel::quarter_or_current(caller, &tx, slice, quarter).await?;
    let funnel = funnel::measure(&tx, slice, quarter).await?;
    let lines = committed(&tx, &whole, &funnel).await?;
    let forecast = entity::deliverable::latest(&tx, slice, DeliverableKind::Forecast, quarter).await?;
    let base = forecast.map(|forecast| base(&forecast, &funnel)).transpose()?;
    let reconciled = base.map(|base| reconcile(&lines, &base, &funnel.policy));
    let commitments = entity::commitment::of_quarter(&tx, slice, quarter).await?;
    let published = entity::deliverable::latest(&tx, slice, DeliverableKind::StageDeploymentPlan, quarter).await?;
    tx.rollback().await?;
    Ok(Deployment { quarter, currency: funnel.currency, commitments, reconciled, published })
}

/// One commitment, if the caller may see it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Commitment>, Failure> {
    let slice = caller.authorise(Action::ReadDeployment)?;
    Ok(entity::commitment::find(caller.office.store.read(), slice, id).await?)
}

/// What a commitment says.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The partner.
    pub partner_id: Uuid,
    /// The stage.
    pub stage: FunnelStage,
    /// The quarter it is for.
    pub for_quarter: Quarter,
    /// ARR, in any currency with a rate.
    pub arr: (Decimal, Currency),
    /// How many deals.
    pub deals: i32,
}

/// Sets what an Invest partner commits to in a stage and a quarter of the current plan.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn set(caller: &Caller, facts: Facts, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::WriteDeployment, key, async |work| {
        let quarter = funnel::quarter_or_current(caller, &work.tx, work.slice, None).await?;
        let funnel = funnel::measure(&work.tx, work.slice, quarter).await?;
        let mut problems = Problems::default();
        if entity::partner::find(&work.tx, work.slice, facts.partner_id).await?.is_none() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        } else if !funnel.invest().contains(&facts.partner_id) {
            let message = "only an INVEST partner commits: decide its tier first";
            problems.push(Problem::at(["partnerId"], ProblemCode::RuleRefused, message).by("PARTNER_NOT_INVEST"));
        }
        if !(quarter..quarter.plus(PLAN_QUARTERS)).contains(&facts.for_quarter) {
            let message = format!("the plan of {quarter} looks at the four quarters from {quarter} on");
            problems.push(Problem::at(["forQuarter"], ProblemCode::RuleRefused, message).by("QUARTER_OUTSIDE_PLAN"));
        }
        if facts.deals < 0 {
            problems.note("deals", ProblemCode::Invalid, "the number of deals must not be negative");
        }
        let amount = money::amount("arr", facts.arr.0, facts.arr.1).map_err(|problem| problems.push(problem)).ok();
        problems.settle()?;
        let Some(amount) = amount else { return Err(Failure::NotFound) };
        let arr = money::into_program(&work.tx, work.slice, "arr", amount, funnel.currency, quarter).await?;
        let written = entity::commitment::of_quarter(&work.tx, work.slice, quarter).await?;
        let spot = (facts.partner_id, facts.stage, facts.for_quarter);
        let before = written.into_iter().find(|row| (row.partner_id, row.stage, row.for_quarter) == spot);
        work.expect_version(before.as_ref().map_or(0, |row| row.version), expected)?;
        let row = Commitment {
            id: before.as_ref().map_or_else(|| work.id(), |row| row.id),
            quarter,
            partner_id: facts.partner_id,
            stage: facts.stage,
            for_quarter: facts.for_quarter,
            arr_minor: arr.minor,
            deals: facts.deals,
            version: before.as_ref().map_or(1, |row| row.version + 1),
            recorded_at: work.now,
        };
        match before {
            Some(before) if (before.arr_minor, before.deals) == (row.arr_minor, row.deals) => return Ok(before.id),
            Some(_) => entity::commitment::update(&work.tx, work.slice, &row).await?,
            None => entity::commitment::insert(&work.tx, work.slice, &row).await?,
        }
        let mut said = line(&row);
        said["version"] = json!(row.version);
        work.record("deployment.commit", "StageCommitment", row.id, said);
        Ok(row.id)
    })
    .await
}

fn line(row: &Commitment) -> Value {
    json!({
        "partnerId": row.partner_id, "stage": row.stage, "forQuarter": row.for_quarter.to_string(),
        "arrMinor": row.arr_minor, "deals": row.deals,
    })
}

fn content(funnel: &Funnel, lines: &[Commitment], reconciled: &[Reconciled], reason: Option<&str>) -> Value {
    let amount = |minor: i128| minor.to_string();
    let rows = funnel.rows.iter().map(|(partner, row)| {
        let stages: Vec<Value> = Funnel::produced(row)
            .into_iter()
            .map(|(stage, worth)| {
                json!({ "stage": stage, "deals": worth.deals, "arrMinor": amount(worth.arr_minor), "withoutArr": worth.without_arr })
            })
            .collect();
        json!({ "partnerId": partner.id, "name": partner.name, "stages": stages })
    });
    let health = funnel
        .health
        .iter()
        .map(|stage| json!({ "stage": stage.stage, "coverage": stage.coverage, "producers": stage.producers }));
    let sums = reconciled.iter().map(|line| {
        json!({
            "stage": line.stage, "committedMinor": amount(line.committed_minor), "baseMinor": line.base_minor.map(amount),
            "differenceMinor": line.difference_minor.map(amount), "isWithin": line.is_within,
        })
    });
    json!({
        "currency": funnel.currency.code(), "window": [funnel.window.from.to_string(), funnel.window.to.to_string()],
        "findings": funnel.findings(), "stageMapping": rows.collect::<Vec<_>>(), "stageHealth": health.collect::<Vec<_>>(),
        "commitments": lines.iter().map(line).collect::<Vec<_>>(), "reconciliation": sums.collect::<Vec<_>>(),
        "reason": reason,
    })
}

/// Publishes the plan of the current quarter with the matrix and the card. It is refused until the forecast is published, and
/// while a stage differs from BASE by more than the policy bears without a written reason.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn publish(caller: &Caller, reason: Option<String>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::PublishDeployment, key, async |work| {
        let (_, quarter) = iteration::at_work(work).await?;
        let mut problems = Problems::default();
        let reason = reason.as_ref().and_then(|reason| problems.take("reason", text::name(reason, 2000)));
        problems.settle()?;
        let funnel = funnel::measure(&work.tx, work.slice, quarter).await?;
        let opened = entity::iteration::of_quarter(&work.tx, work.slice, quarter).await?;
        let forecast = entity::deliverable::latest(&work.tx, work.slice, DeliverableKind::Forecast, quarter).await?;
        // One that was published ahead, before the iteration began, is no work of its Phase 2.
        let is_of_it =
            |forecast: &Deliverable| opened.as_ref().is_some_and(|it| forecast.published_at >= it.opened_at);
        let Some(forecast) = forecast.filter(is_of_it) else {
            let message =
                format!("no forecast of {quarter} is published in this iteration, and the plan reconciles to it: publish it first");
            return Err(Problem::at([], ProblemCode::RuleRefused, message).by("FORECAST_MISSING").into());
        };
        let lines = committed(&work.tx, &funnel::whole(work.slice)?, &funnel).await?;
        let reconciled = reconcile(&lines, &base(&forecast, &funnel)?, &funnel.policy);
        let mut problems = Problems::default();
        for off in reconciled.iter().filter(|line| !line.is_within && reason.is_none()) {
            let stage: &'static str = off.stage.into();
            let money = |minor| major(minor, funnel.currency.minor_digits());
            let message = format!(
                "{stage}: {} is committed and BASE is {} {currency}: they differ by {}, and without a written reason by at most {} of BASE",
                money(off.committed_minor),
                money(off.base_minor.unwrap_or_default()),
                money(off.difference_minor.unwrap_or_default()),
                funnel.policy.deployment_tolerance_rate.normalize(),
                currency = funnel.currency,
            );
            problems.push(
                Problem::at(["reason"], ProblemCode::RuleRefused, message).by("COMMITMENTS_DO_NOT_RECONCILE"),
            );
        }
        problems.settle()?;
        let mut content = content(&funnel, &lines, &reconciled, reason.as_deref());
        // A later revision of the forecast has another BASE: the plan says which one it met.
        content["forecast"] =
            json!({ "id": forecast.id, "revision": forecast.revision, "sha256": forecast.sha256 });
        let kind = DeliverableKind::StageDeploymentPlan;
        Ok(deliverable::publish(work, kind, quarter, funnel.policy.version, content).await?.id)
    })
    .await
}
