//! The running quarter: what people enter day by day, through the use cases that their clients would call.

use super::export::{local_time, pod};
use super::people::once;
use super::simulation::{Activity, Deal, World};
use crate::clock::Clock;
use crate::usecase::Office;
use crate::usecase::{
    Caller, account, activity, attribution, cosell, deal, joint_call, partner, pod as pods, segment, spend, stage,
};
use anyhow::{Context, anyhow};
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use domain::attribution::Claim;
use domain::deal::Outcome;
use domain::money::Currency;
use entity::page::Ask;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Ids of what the deals refer to, by name or external id.
struct Known {
    accounts: HashMap<String, Uuid>,
    partners: Vec<Uuid>,
    segments: HashMap<String, Uuid>,
    stages: HashMap<String, Uuid>,
    pods: HashMap<String, Uuid>,
}

/// Enters the running quarter, with progress told to `tick`.
///
/// # Errors
/// A refusal or a storage failure.
pub(super) async fn enter(world: &World, revops: &Caller, finance: &Caller, tick: &dyn Fn()) -> anyhow::Result<()> {
    let known = Known::read(world, revops).await?;
    for (at, deal) in world.deals.iter().enumerate().filter(|(_, deal)| world.is_live(deal)) {
        enter_deal(world, &known, revops, at, deal).await.with_context(|| format!("the deal {}", deal.id))?;
        tick();
    }
    for line in world.spend.iter().filter(|line| line.quarter == world.running) {
        let facts = spend::Facts {
            quarter: Some(line.quarter),
            category: Some(line.category),
            amount: Some((Decimal::from(line.amount), currency(line.currency)?)),
            ..spend::Facts::default()
        };
        spend::record(finance, known.partners[line.partner], facts, once("spendRecord", &line.id)).await?;
        tick();
    }
    Ok(())
}

fn currency(code: &str) -> anyhow::Result<Currency> {
    code.parse().map_err(|why| anyhow!("{code}: {why}"))
}

/// The same seat on an earlier day: what was entered then was recorded then.
fn on(caller: &Caller, at: DateTime<Utc>) -> Caller {
    let clock = Clock::fixed(at.min(caller.office.clock.now()));
    Caller::new(Office { clock, ..caller.office.clone() }, caller.viewer.clone())
}

fn instant(world: &World, local: &str) -> anyhow::Result<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M")?;
    let at = world.calendar.zone.from_local_datetime(&local).earliest();
    Ok(at.ok_or_else(|| anyhow!("{local} does not exist"))?.to_utc())
}

async fn enter_deal(world: &World, known: &Known, revops: &Caller, at: usize, it: &Deal) -> anyhow::Result<()> {
    let find =
        |map: &HashMap<String, Uuid>, name: &str| map.get(name).copied().ok_or_else(|| anyhow!("{name} is not there"));
    let currency = currency(it.currency)?;
    let money = |units: i64| Some(Some((Decimal::from(units), currency)));
    let first = deal::Facts {
        external_id: Some(Some(it.id.clone())),
        name: Some(it.name.clone()),
        account_id: Some(Some(find(&known.accounts, &world.accounts[it.account].id)?)),
        segment_id: Some(Some(find(&known.segments, world.market.segments[it.segment].name)?)),
        kind: Some(it.kind),
        stage_id: Some(find(&known.stages, "Prospecting")?),
        opened_on: Some(it.opened_on),
        expected_close_on: (it.outcome == Outcome::Open).then_some(Some(it.close_on)),
        arr: money(it.arr),
        tcv: money(it.arr * it.years + it.services),
        services: money(it.services),
        owner_external_id: Some(Some(it.owner.into())),
        pod_id: Some(Some(find(&known.pods, pod(world, it))?)),
        product_mix: Some(vec![it.product.into()]),
        discount_rate: Some(Some(Decimal::new(it.discount_percent, 2))),
        is_co_sell: Some(Some(!it.credits.is_empty())),
        is_marketplace: Some(Some(it.credits.iter().any(|(at, _)| world.is_marketplace(*at)))),
        ..deal::Facts::default()
    };
    let opened_at = instant(world, &format!("{} 09:00", it.opened_on))?;
    let id = deal::create(&on(revops, opened_at), first, once("dealCreate", &it.id)).await?.id;
    // Joint meetings come last: they need the Primary Sale, and that the partner is on the deal.
    let acts = world.activities.iter().filter(|act| act.deal == at);
    let (joint, alone): (Vec<&Activity>, Vec<&Activity>) = acts.partition(|act| act.is_joint && !it.is_unknown);
    // The attribution is locked when the partners' first touches are on record.
    let mut locked_at = opened_at;
    let mut touched = HashSet::new();
    for act in alone {
        let recorded_at = enter_activity(world, known, revops, id, act, false).await?;
        if act.partner.is_some() && act.kind != "INTRODUCTION" && touched.insert(act.partner) {
            locked_at = locked_at.max(recorded_at);
        }
    }
    let then = on(revops, locked_at);
    // A deal in Prospecting has not reached Stage 1: nobody has to declare before a rep is committed.
    let is_in_motion = it.stage != "Prospecting";
    if !it.is_unknown && (is_in_motion || !joint.is_empty()) {
        let claim =
            |&(at, state): &(usize, _)| Claim { partner_id: known.partners[at], state, evidence: None, basis_id: None };
        let claims = it.credits.iter().map(claim).collect();
        attribution::declare(&then, id, None, claims, once("attributionDeclare", &it.id)).await?;
    }
    if let Some(at) = joint.iter().find_map(|act| act.partner) {
        let people = partner::people(revops, &[known.partners[at]]).await?;
        let rep = people.iter().find(|person| person.is_rep).ok_or_else(|| anyhow!("a partner without a rep"))?;
        cosell::log(&on(revops, opened_at), id, rep.id, None, once("primarySaleLog", &it.id)).await?;
    }
    for act in joint {
        enter_activity(world, known, revops, id, act, true).await?;
    }
    if !is_in_motion {
        return Ok(());
    }
    if !it.is_unknown && it.outcome != Outcome::Disqualified {
        let stage_one = deal::Facts { stage_id: Some(find(&known.stages, "Discovery")?), ..deal::Facts::default() };
        deal::update(&then, id, None, stage_one, once("dealUpdate", format!("{} Stage 1", it.id))).await?;
    }
    let next = deal::Facts {
        stage_id: Some(find(&known.stages, it.stage)?),
        closed_on: (it.outcome != Outcome::Open).then_some(Some(it.close_on)),
        next_step: (it.outcome == Outcome::Open).then(|| Some("Agree on the success criteria in writing.".into())),
        lost_reason: it.lost_reason.map(|reason| Some(reason.into())),
        ..deal::Facts::default()
    };
    let closed_at = instant(world, &format!("{} 18:00", it.close_on))?;
    let then = if it.outcome == Outcome::Open { revops.clone() } else { on(revops, closed_at.max(locked_at)) };
    deal::update(&then, id, None, next, once("dealUpdate", &it.id)).await?;
    Ok(())
}

/// Logs what was done on a deal, two hours after it was. Returns when.
async fn enter_activity(
    world: &World,
    known: &Known,
    revops: &Caller,
    deal: Uuid,
    act: &Activity,
    is_joint: bool,
) -> anyhow::Result<DateTime<Utc>> {
    let happened_at = instant(world, &local_time(act))?;
    let recorded_at = happened_at + TimeDelta::hours(2);
    let facts = activity::Facts {
        deal_id: Some(deal),
        account_id: None,
        partner_id: act.partner.map(|at| known.partners[at]),
        kind: act.kind.parse()?,
        happened_at,
        is_joint_meeting: is_joint,
        meeting_count: None,
        next_step_on: None,
        owner_functions: if is_joint { vec!["AE".into(), "PartnerAE".into()] } else { vec!["AE".into()] },
        note: Some(act.note.into()),
    };
    let then = on(revops, recorded_at);
    let logged = activity::log(&then, facts, once("activityLog", &act.id)).await?;
    if let Some(call) = joint_call::of_subject(&then, logged.id).await?.filter(|call| call.summary.is_none()) {
        let key = once("jointCallSummarise", &act.id);
        joint_call::summarise(&then, call.id, None, act.note, key).await?;
    }
    Ok(recorded_at)
}

impl Known {
    async fn read(world: &World, caller: &Caller) -> anyhow::Result<Self> {
        let mut accounts = HashMap::new();
        for chunk in world.accounts.chunks(100) {
            let filter = account::Filter {
                external_ids: Some(chunk.iter().map(|account| account.id.clone()).collect()),
                ..account::Filter::default()
            };
            let page = account::page(caller, &filter, account::Order::default(), &Ask { limit: 100, ..Ask::default() })
                .await?;
            accounts.extend(page.rows.into_iter().filter_map(|account| Some((account.external_id?, account.id))));
        }
        let partners: Vec<String> = world.market.partners.iter().map(|partner| partner.id.to_owned()).collect();
        let mut ids = Vec::new();
        for partner in partners {
            ids.extend(crate::usecase::seat::partners_named(caller, &[partner]).await?);
        }
        Ok(Self {
            accounts,
            partners: ids,
            segments: segment::all(caller).await?.into_iter().map(|it| (it.name, it.id)).collect(),
            stages: stage::all(caller).await?.into_iter().map(|it| (it.crm_name, it.id)).collect(),
            pods: pods::all(caller).await?.into_iter().map(|it| (it.name, it.id)).collect(),
        })
    }
}
