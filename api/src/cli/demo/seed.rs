//! Seeding: the simulated exports go through the import, the running quarter through the use cases of single facts.
//!
//! A seeding that was interrupted is gone on with: the day of the simulation is kept with the program, imports change nothing
//! the second time, and every other step carries an idempotency key. The portfolio is made last and says that all is there.

use super::export::{Export, exports, masters};
use super::live;
use super::market::Market;
use super::people::{self, once};
use super::simulation::{QUARTERS, World};
use super::{plan, publish};
use crate::usecase::import::{self, Request};
use crate::usecase::{Caller, Failure, Office, partner, pod, portfolio, program, seat, segment, spend, stage, trigger};
use anyhow::{Context, anyhow, bail};
use chrono::TimeDelta;
use domain::deal::{DealKind, Outcome};
use domain::program::Program;
use domain::role::Role;
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;
use std::path::Path;

/// Idempotency keys are kept for 24 hours: an interrupted seeding that is older cannot be gone on with.
const RESUMABLE: TimeDelta = TimeDelta::hours(20);

/// The pipeline of the simulated CRM: stage, what a deal in it is, whether Stage 1 is reached.
pub(super) const STAGES: &[(&str, Outcome, bool)] = &[
    ("Prospecting", Outcome::Open, false),
    ("Discovery", Outcome::Open, true),
    ("Solution Fit", Outcome::Open, true),
    ("Proposal", Outcome::Open, true),
    ("Negotiation", Outcome::Open, true),
    ("Closed Won", Outcome::Won, true),
    ("Closed Lost", Outcome::Lost, true),
    ("Disqualified", Outcome::Disqualified, false),
];

/// How much of the demo a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seeded {
    /// Nothing.
    Not,
    /// A seeding was interrupted and can be gone on with.
    Partly,
    /// A seeding was interrupted too long ago.
    Broken,
    /// Everything.
    Wholly,
}

/// How much of the demo is there.
///
/// # Errors
/// A storage failure.
pub(super) async fn state(office: &Office, markets: &[&Market]) -> anyhow::Result<Seeded> {
    if portfolio::find_by_slug(office, people::PORTFOLIO).await?.is_some() {
        return Ok(Seeded::Wholly);
    }
    let mut state = Seeded::Not;
    for market in markets {
        if let Some(program) = program::find_by_slug(office, market.slug).await? {
            let is_fresh = office.clock.now() - program.recorded_at < RESUMABLE;
            state = if is_fresh && state != Seeded::Broken { Seeded::Partly } else { Seeded::Broken };
        }
    }
    Ok(state)
}

/// Seeds the demo's programs, or goes on with it.
///
/// # Errors
/// What was refused, or a storage failure. It can be begun again.
pub(super) async fn seed(office: &Office, markets: &[&'static Market]) -> anyhow::Result<()> {
    let bar = bar();
    let mut programs = Vec::new();
    for market in markets {
        bar.set_message(market.name);
        programs.push(seed_market(office, market, &bar).await.with_context(|| format!("seeding {}", market.name))?);
    }
    people::seat_portfolio(office, &programs).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Drawn on stderr, and only where that is a terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("simulating {msg:16} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

async fn make(office: &Office, market: &Market) -> anyhow::Result<Program> {
    if let Some(program) = program::find_by_slug(office, market.slug).await? {
        return Ok(program);
    }
    let new = program::New {
        slug: market.slug.into(),
        name: market.name.into(),
        currency: market.currency.into(),
        zone: market.zone.into(),
        fiscal_start_month: market.fiscal_start_month,
    };
    Ok(program::create(office, new).await?)
}

async fn seed_market(office: &Office, market: &'static Market, bar: &ProgressBar) -> anyhow::Result<uuid::Uuid> {
    let program = make(office, market).await?;
    let today = program.calendar.day(program.recorded_at);
    let world = World::simulate(market, program.calendar, today);
    let live = world.deals.iter().filter(|deal| world.is_live(deal)).count();
    bar.inc_length(u64::try_from(world.deals.len()).unwrap_or(0));
    people::seat_office(office, program.id).await?;
    let revops = people::caller(office, market.slug, Role::Revops).await?;
    let finance = people::caller(office, market.slug, Role::Finance).await?;
    frame(&world, &revops, &finance).await?;
    let folder = tempfile::tempdir()?;
    for export in masters(&world)? {
        bring_in(&revops, folder.path(), export).await?;
    }
    staff(&world, &revops).await?;
    for export in exports(&world)? {
        bring_in(&revops, folder.path(), export).await?;
    }
    bar.inc(u64::try_from(world.deals.len() - live).unwrap_or(0));
    live::enter(&world, &revops, &finance, &|| bar.inc(1)).await?;
    let operator = people::caller(office, market.slug, Role::Operator).await?;
    plan::enter(&world, &operator).await?;
    publish::enter(&operator, world.running).await?;
    Ok(program.id)
}

/// Segments, stages and exchange rates.
async fn frame(world: &World, revops: &Caller, finance: &Caller) -> Result<(), Failure> {
    for it in world.market.segments {
        let facts = segment::Facts { name: Some(it.name.into()), addressable_accounts: Some(Some(it.addressable)) };
        segment::create(revops, facts, once("segmentCreate", it.name)).await?;
    }
    for (position, &(name, outcome, is_stage_one_or_later)) in (0..).zip(STAGES) {
        let facts = stage::Facts {
            crm_name: Some(name.into()),
            outcome: Some(outcome),
            position: Some(position),
            is_stage_one_or_later: Some(is_stage_one_or_later),
        };
        stage::map(revops, None, None, facts, once("stageMap", name)).await?;
    }
    let new_business = trigger::Given {
        name: "New business".into(),
        segments: Vec::new(),
        stages: Vec::new(),
        kinds: vec![DealKind::New],
        arr_from: None,
    };
    trigger::set(revops, vec![new_business], None, once("cosellTriggersSet", "new business")).await?;
    for (code, ..) in world.market.foreign {
        let Ok(currency) = code.parse() else { continue };
        for step in -1..=QUARTERS {
            let quarter = world.running.plus(step - QUARTERS);
            let rate = Decimal::new(world.rate(code, step), 4);
            spend::set_rate(finance, quarter, currency, rate, None, once("fxRateSet", format!("{code} {quarter}")))
                .await?;
        }
    }
    Ok(())
}

/// People of the partners, pods, and the seats that are bound to them.
async fn staff(world: &World, revops: &Caller) -> anyhow::Result<()> {
    for it in world.market.partners {
        let [id] = seat::partners_named(revops, &[it.id.to_owned()]).await?[..] else {
            bail!("{} is not there", it.id)
        };
        for (at, (name, title)) in it.people.iter().enumerate() {
            let host = it.name.to_lowercase().replace(' ', "");
            let facts = partner::PersonFacts {
                name: Some((*name).into()),
                email: Some(Some(format!("{}@{host}.example", name.to_lowercase().replace(' ', ".")))),
                title: Some(Some((*title).into())),
                is_rep: Some(at == 0),
            };
            partner::add_person(revops, id, facts, once("partnerPersonAdd", format!("{} {name}", it.id))).await?;
        }
    }
    let mut names = Vec::new();
    for it in world.market.pods {
        let partners: Vec<String> = it.partners.iter().map(|id| (*id).to_owned()).collect();
        let partners = seat::partners_named(revops, &partners).await?;
        let facts = pod::Facts { name: Some(it.name.into()), partners: Some(partners) };
        pod::create(revops, facts, once("podCreate", it.name)).await?;
        names.push(it.name.to_owned());
    }
    people::seat_all(revops, &names).await
}

/// Imports a simulated export. The simulation and its mappings are ours: a row that is not taken is a fault.
async fn bring_in(revops: &Caller, folder: &Path, export: Export) -> anyhow::Result<()> {
    let path = folder.join(export.file_name);
    std::fs::write(&path, &export.csv).with_context(|| format!("{} cannot be written", path.display()))?;
    let request = Request {
        object: export.object,
        file_name: export.file_name.into(),
        path,
        mapping: export.mapping.into(),
        mapping_folder: None,
        is_dry_run: false,
        resume: true,
        is_spooled: false,
        run_id: None,
    };
    let run = import::import(revops, request, &|_| {}).await.map_err(|why| anyhow!("{}: {why}", export.file_name))?;
    let counts = &run.counts;
    if counts.held + counts.refused > 0 {
        let rows = import::list::rows(revops, run.id, &import::rejects::NOT_TAKEN, 0, 3).await?;
        let why: Vec<&str> =
            rows.iter().flat_map(|row| &row.problems).map(|problem| problem.message.as_str()).collect();
        bail!("{}: {} rows held and {} refused: {}", export.file_name, counts.held, counts.refused, why.join("; "));
    }
    Ok(())
}
