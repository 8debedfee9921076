//! Phase 2, TAM: the forecast as it would be now, publishing it, and reading what was published.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{self, Ask, Measures};
use super::office::Caller;
use super::spend_plan::running;
use super::{deliverable, iteration};
use chrono::{DateTime, NaiveDate, Utc};
use domain::book::{Book, Kinds, Place};
use domain::calendar::{Quarter, Window};
use domain::cell::Late;
use domain::deliverable::{Deliverable, DeliverableKind};
use domain::explanation::Frame;
use domain::money::Currency;
use domain::partner::{Partner, PartnerStatus};
use domain::policy::Policy;
use domain::program::Program;
use domain::role::Action;
use domain::segment::Segment;
use domain::slice::Slice;
use domain::tam::influenced::{Market, Reach};
use domain::tam::plan::QUARTERS_AHEAD;
use domain::tam::{CellFacts, ExpansionFacts, Facts, Forecast, PartnerFacts, Penetration, PlannedSpend};
use entity::Tx;
use entity::cell::Whose;
use entity::reach::Span;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

const KIND: DeliverableKind = DeliverableKind::Forecast;

/// The forecast of the four quarters from one on (the running one where none is named) as it would be published now.
///
/// # Errors
/// [`Failure`].
pub async fn draft(caller: &Caller, quarter: Option<Quarter>) -> Result<Forecast, Failure> {
    let slice = caller.authorise(Action::ReadForecastDraft)?;
    let tx = caller.office.store.snapshot().await?;
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let quarter = quarter.unwrap_or_else(|| running(&program, caller));
    let forecast = compute(&tx, slice, &program, quarter, caller.office.clock.now()).await?;
    tx.rollback().await?;
    Ok(forecast)
}

/// A forecast as it was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The deliverable: revision, hash, who, when.
    pub deliverable: Deliverable,
    /// What it says.
    pub forecast: Forecast,
}

impl TryFrom<Deliverable> for Published {
    type Error = Failure;
    fn try_from(deliverable: Deliverable) -> Result<Self, Failure> {
        let forecast = serde_json::from_str(&deliverable.body)
            .map_err(|why| entity::DbErr::Type(format!("the deliverable {} is no forecast: {why}", deliverable.id)))?;
        Ok(Self { deliverable, forecast })
    }
}

/// The published forecast of the four quarters from one on, in its latest revision or in one. Where no quarter is named: that of
/// the running quarter, or the latest one before it.
///
/// # Errors
/// [`Failure`].
pub async fn published(
    caller: &Caller,
    quarter: Option<Quarter>,
    revision: Option<i32>,
) -> Result<Option<Published>, Failure> {
    let slice = caller.authorise(Action::ReadForecast)?;
    let conn = caller.office.store.read();
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let mut found = match quarter {
        Some(quarter) => entity::deliverable::latest(conn, slice, KIND, quarter).await?,
        None => entity::deliverable::latest_up_to(conn, slice, KIND, running(&program, caller)).await?,
    };
    if let (Some(latest), Some(revision)) = (&found, revision)
        && latest.revision != revision
    {
        let all = entity::deliverable::revisions(conn, slice, KIND, latest.quarter).await?;
        found = all.into_iter().find(|one| one.revision == revision);
    }
    found.map(TryInto::try_into).transpose()
}

/// The forecast as it stood at the end of a day in the program's zone: the latest revision that was published by then, of the
/// quarter of that day or of the latest one before it.
///
/// # Errors
/// [`Failure`].
pub async fn published_by(caller: &Caller, day: NaiveDate) -> Result<Option<Published>, Failure> {
    let slice = caller.authorise(Action::ReadForecast)?;
    let conn = caller.office.store.read();
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let (quarter, end) = (program.calendar.quarter(day), program.calendar.ending(day));
    let found = entity::deliverable::latest_published_by(conn, slice, KIND, quarter, end).await?;
    found.map(TryInto::try_into).transpose()
}

/// Every revision of the forecast of the four quarters from one on, the latest first.
///
/// # Errors
/// [`Failure`].
pub async fn revisions(caller: &Caller, quarter: Quarter) -> Result<Vec<Published>, Failure> {
    let slice = caller.authorise(Action::ReadForecast)?;
    let all = entity::deliverable::revisions(caller.office.store.read(), slice, KIND, quarter).await?;
    all.into_iter().map(TryInto::try_into).collect()
}

/// One of them.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Published>, Failure> {
    let slice = caller.authorise(Action::ReadForecast)?;
    let found = entity::deliverable::find(caller.office.store.read(), slice, id).await?;
    found.filter(|found| found.kind == KIND).map(TryInto::try_into).transpose()
}

/// The partners of a forecast that the caller may list. Its amounts are the program's and shown whole (ruling 1).
///
/// # Errors
/// [`Failure`].
pub async fn listed(caller: &Caller, forecast: &Forecast) -> Result<HashMap<Uuid, Partner>, Failure> {
    let slice = caller.authorise(Action::ReadForecast)?;
    let ids: Vec<Uuid> = forecast.partners.iter().map(|partner| partner.partner_id).collect();
    let partners = entity::partner::of_ids(caller.office.store.read(), slice, &ids).await?;
    Ok(partners.into_iter().map(|partner| (partner.id, partner)).collect())
}

/// Publishes the forecast of the four quarters from one on: frozen, with its hash. It is Phase 2 of the iteration of the running
/// quarter, which must be open: a forecast of later quarters is published from there as well, and is no work of their phases. Where there is one already, the caller names
/// the revision that this one replaces. The done row is the deliverable.
///
/// # Errors
/// [`Failure`].
pub async fn publish(
    caller: &Caller,
    quarter: Quarter,
    replaces: Option<i32>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::PublishForecast, key, async |work| {
        let (program, running) = iteration::at_work(work).await?;
        if !(running..=running.plus(QUARTERS_AHEAD - 3)).contains(&quarter) {
            let message = format!("a forecast begins with the running quarter, {running}, or one of the four after it");
            return Err(Problem::at(["quarter"], ProblemCode::RuleRefused, message).by("FORECAST_LOOKS_AHEAD").into());
        }
        let before = entity::deliverable::latest(&work.tx, work.slice, KIND, quarter).await?;
        let latest = before.map(|latest| latest.revision);
        if latest != replaces {
            let message = match latest {
                Some(latest) => format!(
                    "revision {latest} of {quarter} is published and stays: name it in replacesRevision to publish its successor"
                ),
                None => format!("no forecast of {quarter} is published that this one could replace"),
            };
            let problem = Problem::at(["replacesRevision"], ProblemCode::RuleRefused, message);
            return Err(problem.by("REVISION_NAMES_WHAT_IT_REPLACES").into());
        }
        let forecast = compute(&work.tx, work.slice, &program, quarter, work.now).await?;
        let content = serde_json::to_value(&forecast)
            .map_err(|why| entity::DbErr::Type(format!("a forecast has no JSON: {why}")))?;
        Ok(deliverable::publish(work, KIND, quarter, forecast.policy_version, content).await?.id)
    })
    .await
}

/// What of a forecast is planned and set by hand.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    plan: HashMap<(Uuid, Option<Uuid>), [i128; 4]>,
    penetrations: HashMap<(Uuid, Uuid), Penetration>,
}

impl Decided {
    pub(super) async fn read(tx: &Tx, slice: &Slice, quarter: Quarter) -> Result<Self, Failure> {
        let window = Window { from: quarter, to: quarter.plus(3) };
        let settings = entity::penetration::all(tx, slice).await?;
        let penetrations = settings.into_iter().map(|it| ((it.partner_id, it.segment_id), it.penetration)).collect();
        let mut decided = Self { plan: HashMap::new(), penetrations };
        for PlannedSpend { partner_id, segment_id, quarter: of, amount_minor, .. } in
            entity::planned_spend::window(tx, slice, window, None).await?
        {
            if let Some(sum) = decided.place(quarter, partner_id, segment_id, of) {
                *sum += i128::from(amount_minor);
            }
        }
        Ok(decided)
    }

    /// Where the spend of a quarter stands; nowhere outside the four from `first` on.
    fn place(&mut self, first: Quarter, partner: Uuid, segment: Option<Uuid>, of: Quarter) -> Option<&mut i128> {
        let at = usize::try_from(of.index() - first.index()).ok().filter(|at| *at < 4)?;
        self.plan.entry((partner, segment)).or_default().get_mut(at)
    }

    /// Puts an amount in the place of what is planned for the same quarter and segment, as planning it would.
    pub(super) fn put(&mut self, first: Quarter, line: &PlannedSpend) {
        if let Some(sum) = self.place(first, line.partner_id, line.segment_id, line.quarter) {
            *sum = line.amount_minor.into();
        }
    }
}

/// The facts of a forecast: what is measured, whatever is planned.
pub(super) struct Desk {
    pub(super) measures: Measures,
    currency: Currency,
    customers: HashMap<entity::reach::Pair, ExpansionFacts>,
    sourced: HashMap<entity::reach::Pair, u64>,
    overlap: HashMap<entity::reach::Pair, u64>,
    won_arr_minor: Vec<i128>,
    segments: Vec<Segment>,
    partners: Vec<Partner>,
}

/// Gathers the facts and lets the domain compute.
async fn compute(
    tx: &Tx,
    slice: &Slice,
    program: &Program,
    quarter: Quarter,
    now: DateTime<Utc>,
) -> Result<Forecast, Failure> {
    let decided = Decided::read(tx, slice, quarter).await?;
    let today = program.calendar.day(now);
    Ok(Desk::of(tx, slice, program, today).await?.forecast(quarter, &decided))
}

impl Desk {
    /// What is measured as of a day.
    pub(super) async fn of(tx: &Tx, slice: &Slice, program: &Program, as_of: NaiveDate) -> Result<Self, Failure> {
        let calendar = program.calendar;
        let policy = entity::policy::on(tx, slice, as_of).await?;
        let measures = measurement::read(tx, slice, program, policy, as_of, Ask::default(), None).await?;
        let window = measures.frame.window;
        let (first_day, last_day) = (calendar.first_day(window.from), calendar.last_day(window.to));
        let (from, until) = (calendar.beginning(first_day), calendar.beginning(calendar.first_day(window.to.plus(1))));
        let span = Span { window, first_day, last_day, from, until };
        Ok(Self {
            customers: entity::reach::customers(tx, slice, &span).await?,
            overlap: entity::reach::overlap(tx, slice, &span).await?,
            sourced: entity::reach::sourced_accounts(tx, slice, window).await?,
            won_arr_minor: history(tx, slice, window.to).await?,
            segments: entity::segment::all(tx, slice).await?,
            partners: entity::partner::all(tx, slice).await?,
            currency: program.currency,
            measures,
        })
    }

    /// The forecast of what is decided. It covers the partners that are at work, and those that spend is planned on, in every segment
    /// where there is a plan or anything to count.
    pub(super) fn forecast(&self, quarter: Quarter, decided: &Decided) -> Forecast {
        self.under(quarter, decided, &self.measures.policy)
    }

    /// The same under another policy: which partners and lines there are depends on no number of it.
    pub(super) fn under(&self, quarter: Quarter, decided: &Decided, policy: &Policy) -> Forecast {
        let measures = &self.measures;
        let measured: HashSet<(Uuid, Place)> = measures.book.pairs().collect();
        let recorded: HashSet<Uuid> = self.overlap.keys().map(|(partner, _)| *partner).collect();
        let mut partners = Vec::new();
        for partner in &self.partners {
            let id = partner.id;
            let places = self.segments.iter().map(Some).chain([None]);
            let cells: Vec<CellFacts> = places
                .filter_map(|segment| {
                    let segment_id = segment.map(|segment| segment.id);
                    let place = Place::from(segment_id);
                    let planned = decided.plan.get(&(id, segment_id)).copied().unwrap_or_default();
                    let by_hand = segment_id.and_then(|segment| decided.penetrations.get(&(id, segment)).cloned());
                    let expansion = self.customers.get(&(id, segment_id)).copied().unwrap_or_default();
                    let is_empty = planned == [0; 4]
                        && by_hand.is_none()
                        && expansion.touched_accounts == 0
                        && (segment.is_none() || !measured.contains(&(id, place)));
                    let won = measures.book.everything(place, Kinds::New);
                    (!is_empty).then(|| CellFacts {
                        segment_id,
                        planned_minor: planned,
                        market: Market {
                            addressable_accounts: segment.and_then(|segment| segment.addressable_accounts),
                            won_deals: won.won_arr_count,
                            won_arr_minor: won.won_arr_minor,
                        },
                        reach: Reach {
                            by_hand,
                            overlap_accounts: recorded
                                .contains(&id)
                                .then(|| self.overlap.get(&(id, segment_id)).copied().unwrap_or_default()),
                            sourced_accounts: self.sourced.get(&(id, segment_id)).copied().unwrap_or_default(),
                        },
                        trust_gap: measures.book.trust_gap(Some(id), place, policy),
                        expansion,
                    })
                })
                .collect();
            let is_planned = cells.iter().any(|cell| cell.planned_minor != [0; 4]);
            if !cells.is_empty() && (partner.status == PartnerStatus::Active || is_planned) {
                let partner_yield = measures.partner_yield_under(Some(id), policy);
                partners.push(PartnerFacts { partner_id: id, partner_yield, cells });
            }
        }
        Forecast::of(Facts {
            quarter,
            frame: Frame { policy_version: policy.version, ..measures.frame },
            currency: self.currency,
            policy: policy.clone(),
            won_arr_minor: self.won_arr_minor.clone(),
            partners,
        })
    }
}

/// Won ARR of every completed quarter since the first one with facts, each deal once.
async fn history(tx: &Tx, slice: &Slice, last: Quarter) -> Result<Vec<i128>, Failure> {
    let Some(first) = entity::cell::first_quarter(tx, slice).await?.filter(|first| *first <= last) else {
        return Ok(Vec::new());
    };
    let mut books: BTreeMap<Quarter, Book> = BTreeMap::new();
    let all = Window { from: first, to: last };
    for (quarter, spot, value) in entity::cell::quarters(tx, slice, all, Whose::Nobodys).await? {
        books.entry(quarter).or_default().enter(&spot, &value, Late::LeftOut);
    }
    let won = |quarter| books.get(&quarter).map_or(0, |book| book.everything(Place::All, Kinds::All).won_arr_minor);
    Ok((first.index()..=last.index()).map(Quarter::from_index).map(won).collect())
}
