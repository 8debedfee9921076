//! The numbers of a window: read from cells in one snapshot, computed once per state of the data, shared by all who ask.
//!
//! Measures are program-wide (ruling 1): two roles that may both see a number see the same number. Which rows a seat may list,
//! and which fields it has, is decided where they are listed.

use super::failure::Failure;
use super::office::Caller;
use chrono::NaiveDate;
use domain::book::{Book, Kinds, Place, with_partner};
use domain::calendar::{Calendar, Quarter, Window};
use domain::cell::{Cohort, Histogram, Late, is_counted};
use domain::economics::{PartnerYield, Pipeline};
use domain::explanation::Frame;
use domain::money::Currency;
use domain::policy::Policy;
use domain::program::Program;
use domain::role::Action;
use domain::slice::Slice;
use domain::spend::SpendCategory;
use domain::spread::{Comparison, Spread};
use entity::Tx;
use entity::cell::Whose;
use entity::live::Spent;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Which quarters are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WindowKind {
    /// The four latest quarters whose last day is on or before the as-of date.
    #[default]
    TrailingFour,
    /// Every quarter up to that of the as-of date, which may still be running.
    All,
}

impl WindowKind {
    pub(super) fn window(self, calendar: &Calendar, as_of: NaiveDate) -> Window {
        match self {
            Self::TrailingFour => calendar.trailing_four(as_of),
            Self::All => Window { from: Quarter::from_index(0), to: calendar.quarter(as_of) },
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The date; today in the program's zone where none is named.
    pub as_of: Option<NaiveDate>,
    /// The quarters.
    pub window: WindowKind,
    /// Whether late amendments count.
    pub with_late: bool,
    /// Whether medians are asked: they need the histograms.
    pub with_medians: bool,
    /// Whether the quarters are asked one by one.
    pub with_trend: bool,
    /// Whether the open pipeline is asked.
    pub with_pipeline: bool,
    /// Whether rates, Yield and sourced ARR are all that is asked: then half of the cells and columns are read.
    pub is_lean: bool,
}

/// What a computed answer is kept under: the same question has one place, so that an answer of an earlier state of the data
/// does not lie about for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    program_id: Uuid,
    as_of: NaiveDate,
    whose: Option<Uuid>,
    ask: Ask,
}

/// The state that an answer is of: the same facts and the same policy give the same numbers.
type State = (i64, i64);

/// Answers that were computed, until the data changes.
pub type Kept = moka::sync::Cache<Key, (State, Arc<Measures>)>;

/// The most sums that all kept answers may have: some twenty megabytes.
const SUMS_MOST: u64 = 100_000;

/// Room for the answers of a few dozen programs; the oldest go first.
#[must_use]
pub fn kept() -> Kept {
    let weigh = |_: &Key, kept: &(State, Arc<Measures>)| u32::try_from(kept.1.sums()).unwrap_or(u32::MAX);
    Kept::builder().weigher(weigh).max_capacity(SUMS_MOST).build()
}

/// Program spend of a window.
#[derive(Clone, Debug, Default)]
pub struct Spending {
    total: i128,
    by_category: HashMap<(Option<Uuid>, SpendCategory), i128>,
    by_partner: HashMap<Uuid, i128>,
    by_segment: HashMap<(Uuid, Option<Uuid>), i128>,
}

impl Spending {
    fn of(lines: &[Spent]) -> Self {
        let mut spending = Self::default();
        for line in lines {
            spending.total += line.amount_minor;
            *spending.by_partner.entry(line.partner_id).or_default() += line.amount_minor;
            *spending.by_segment.entry((line.partner_id, line.segment_id)).or_default() += line.amount_minor;
            for whose in [None, Some(line.partner_id)] {
                *spending.by_category.entry((whose, line.category)).or_default() += line.amount_minor;
            }
        }
        spending
    }

    /// On a partner, or in all.
    #[must_use]
    pub fn on(&self, partner_id: Option<Uuid>) -> i128 {
        partner_id.map_or(self.total, |partner| self.by_partner.get(&partner).copied().unwrap_or_default())
    }

    /// On a partner in one segment; `None` is what no segment was named for.
    #[must_use]
    pub fn in_segment(&self, partner_id: Uuid, segment_id: Option<Uuid>) -> i128 {
        self.by_segment.get(&(partner_id, segment_id)).copied().unwrap_or_default()
    }

    /// By category, in the order of the paper; categories without spend are left out.
    #[must_use]
    pub fn by_category(&self, partner_id: Option<Uuid>) -> Vec<(SpendCategory, i128)> {
        use strum::IntoEnumIterator;
        let amount = |category| self.by_category.get(&(partner_id, category)).map(|minor| (category, *minor));
        SpendCategory::iter().filter_map(amount).collect()
    }

    /// Every partner that something was spent on.
    pub fn partners(&self) -> impl Iterator<Item = Uuid> {
        self.by_partner.keys().copied()
    }
}

/// One quarter of a trend.
#[derive(Clone, Debug)]
pub struct Point {
    /// The quarter.
    pub quarter: Quarter,
    /// Its cells.
    pub book: Book,
    /// Its spend.
    pub spending: Spending,
}

/// The numbers of one window.
#[derive(Debug)]
pub struct Measures {
    /// The currency of every amount.
    pub currency: Currency,
    /// The policy they are computed under.
    pub policy: Policy,
    /// The window, the date and the policy's version.
    pub frame: Frame,
    /// What was asked.
    pub ask: Ask,
    /// The cells.
    pub book: Book,
    /// The spend.
    pub spending: Spending,
    /// Quarter by quarter, where that was asked.
    pub trend: Vec<Point>,
    /// The open pipeline, where that was asked.
    pub pipeline: Option<Pipeline>,
    medians: HashMap<(Option<Uuid>, Place, Cohort), (Histogram, Histogram)>,
}

impl Measures {
    /// How many sums are held: what its memory grows with.
    fn sums(&self) -> usize {
        // A median's histograms are some ten times a cell's sums.
        1 + self.book.len() + self.trend.iter().map(|point| point.book.len()).sum::<usize>() + 20 * self.medians.len()
    }

    /// Yield of a partner, or of the program.
    #[must_use]
    pub fn partner_yield(&self, partner_id: Option<Uuid>) -> PartnerYield {
        self.partner_yield_under(partner_id, &self.policy)
    }

    /// The same under another policy.
    #[must_use]
    pub fn partner_yield_under(&self, partner_id: Option<Uuid>, policy: &Policy) -> PartnerYield {
        let sourced = self.book.value(partner_id, Place::All, Cohort::Sourced, Kinds::All);
        PartnerYield::measure(&sourced, self.spending.on(partner_id), policy)
    }

    /// ARR of won NEW deals with a partner (or any) beside the direct ones, in minor units.
    #[must_use]
    pub fn sizes(&self, partner_id: Option<Uuid>, place: Place) -> Comparison {
        self.compare(partner_id, |measures, who, cohort| {
            let value = measures.book.value(who, place, cohort, Kinds::New);
            Spread {
                deals: value.won_arr_count,
                sum: value.won_arr_minor,
                median: measures.median(who, place, cohort).0,
            }
        })
    }

    /// Days to close of won NEW deals with a partner (or any) beside the direct ones.
    #[must_use]
    pub fn cycles(&self, partner_id: Option<Uuid>, place: Place) -> Comparison {
        self.compare(partner_id, |measures, who, cohort| {
            let value = measures.book.value(who, place, cohort, Kinds::New);
            Spread { deals: value.won_days_count, sum: value.won_days, median: measures.median(who, place, cohort).1 }
        })
    }

    fn compare(&self, partner_id: Option<Uuid>, of: impl Fn(&Self, Option<Uuid>, Cohort) -> Spread) -> Comparison {
        let partner = of(self, partner_id, with_partner(partner_id));
        Comparison::of(partner, of(self, None, Cohort::Direct), &self.policy)
    }

    fn median(&self, partner_id: Option<Uuid>, place: Place, cohort: Cohort) -> (Option<Decimal>, Option<Decimal>) {
        let both = self.medians.get(&(partner_id, place, cohort));
        (both.and_then(|both| both.0.median()), both.and_then(|both| both.1.median()))
    }
}

/// The numbers of a window, for a caller that may do `action`; of one partner beside the totals, or of all.
///
/// # Errors
/// [`Failure::Denied`], or a storage failure.
pub async fn measure(caller: &Caller, action: Action, ask: Ask, whose: Option<Uuid>) -> Result<Arc<Measures>, Failure> {
    let slice = caller.authorise(action)?;
    let tx = caller.office.store.snapshot().await?;
    // All in one snapshot, so that no answer mixes two states and none is kept under a state that it is not of.
    let program = entity::program::find(&tx, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let as_of = ask.as_of.unwrap_or(today);
    // The version of that day: a later one rewrites no past.
    let policy = entity::policy::on(&tx, slice, as_of).await?;
    let key = Key { program_id: program.id, as_of, whose, ask };
    let state = (program.data_version, policy.version);
    if let Some((_, kept)) = caller.office.measures.get(&key).filter(|(of, _)| *of == state) {
        tx.rollback().await?;
        return Ok(kept);
    }
    let measures = Arc::new(read(&tx, slice, &program, policy, as_of, ask, whose).await?);
    tx.rollback().await?;
    caller.office.measures.insert(key, (state, measures.clone()));
    Ok(measures)
}

/// The date that a seat is answered for when it may not choose one: the last day of the last completed quarter (ruling 31).
///
/// # Errors
/// A storage failure.
pub async fn last_completed(caller: &Caller, slice: &Slice) -> Result<NaiveDate, Failure> {
    let program =
        entity::program::find(caller.office.store.read(), slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = program.calendar;
    Ok(calendar.last_day(calendar.last_completed(calendar.day(caller.office.clock.now()))))
}

/// The numbers of a window as a transaction sees them, and nothing kept.
///
/// # Errors
/// A storage failure.
pub(super) async fn read(
    tx: &Tx,
    slice: &Slice,
    program: &Program,
    policy: Policy,
    as_of: NaiveDate,
    ask: Ask,
    partner: Option<Uuid>,
) -> Result<Measures, Failure> {
    let mut window = ask.window.window(&program.calendar, as_of);
    if ask.window == WindowKind::All {
        let first = entity::cell::first_quarter(tx, slice).await?;
        window.from = first.map_or(window.to, |first| first.min(window.to));
    }
    let late = if ask.with_late { Late::Counted } else { Late::LeftOut };
    let whose = partner.map_or(Whose::Everybodys, Whose::Partner);
    let book = Book::new(entity::cell::window(tx, slice, window, whose, ask.is_lean).await?, late);
    let spent = entity::live::spend(tx, slice, window, partner).await?;
    let mut medians: HashMap<_, (Histogram, Histogram)> = HashMap::new();
    if ask.with_medians {
        for (spot, arr, days) in entity::cell::histograms(tx, slice, window, whose).await? {
            if is_counted(spot.cohort, spot.is_late, late) {
                for place in [Place::All, Place::from(spot.segment_id)] {
                    let both = medians.entry((spot.partner_id, place, spot.cohort)).or_default();
                    both.0.merge(&arr);
                    both.1.merge(&days);
                }
            }
        }
    }
    let trend = if ask.with_trend { trend(tx, slice, window, partner, late, &spent).await? } else { Vec::new() };
    let pipeline = if ask.with_pipeline { Some(entity::live::pipeline(tx, slice, late).await?) } else { None };
    let frame = Frame { window, as_of, policy_version: policy.version };
    let (currency, spending) = (program.currency, Spending::of(&spent));
    Ok(Measures { currency, policy, frame, ask, book, spending, trend, pipeline, medians })
}

async fn trend(
    tx: &Tx,
    slice: &Slice,
    window: Window,
    partner: Option<Uuid>,
    late: Late,
    spent: &[Spent],
) -> Result<Vec<Point>, Failure> {
    // Of a program, the sourced rows without a partner hold each deal once, so the partners' own rows are not read.
    let whose = partner.map_or(Whose::Nobodys, Whose::Partner);
    let mut points: Vec<Point> = (window.from.index()..=window.to.index())
        .map(Quarter::from_index)
        .map(|quarter| {
            let lines: Vec<Spent> = spent.iter().filter(|line| line.quarter == quarter).copied().collect();
            Point { quarter, book: Book::default(), spending: Spending::of(&lines) }
        })
        .collect();
    for (quarter, spot, value) in entity::cell::quarters(tx, slice, window, whose).await? {
        let at = usize::try_from(quarter.index() - window.from.index()).unwrap_or_default();
        if let Some(point) = points.get_mut(at) {
            point.book.enter(&spot, &value, late);
        }
    }
    Ok(points)
}
