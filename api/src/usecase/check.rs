//! Cells against facts: `partnerloop rebuild` computes all cells again, `partnerloop check` compares them with the facts, and the
//! facts with what the ledger states of them.

use super::failure::Failure;
use super::office::{Caller, Office};
use domain::attribution::Declaration;
use domain::calendar::{Calendar, Quarter};
use domain::cell::{Cell, CellKey, Fact, count};
use domain::program::Program;
use domain::role::Action;
use entity::fact::Closed;
use std::collections::HashMap;

/// So many differences are named; the rest is only counted.
const MOST_NAMED: usize = 200;

/// Computes every cell of a program again from its facts.
///
/// # Errors
/// [`Failure`].
pub async fn rebuild(office: &Office, program: &Program) -> Result<(), Failure> {
    let caller = Caller::system(office.unhurried(), program.id);
    let slice = caller.authorise(Action::ManageProgram)?;
    let tx = caller.office.store.begin().await?;
    entity::cell::rebuild(&tx, slice, None).await?;
    // Whatever was answered from the old cells must not be served again.
    entity::program::bump_data_version(&tx, program.id).await?;
    tx.commit().await?;
    Ok(())
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Found {
    /// Closed deals that were read.
    pub deals: u64,
    /// Cells that were compared.
    pub cells: u64,
    /// Deals that were compared one by one with what the ledger states of them.
    pub stated: u64,
    /// The first differences, each as a sentence.
    pub differences: Vec<String>,
    /// How many differences there are in all.
    pub count: u64,
}

impl Found {
    fn note(&mut self, difference: impl FnOnce() -> String) {
        self.count += 1;
        if self.differences.len() < MOST_NAMED {
            self.differences.push(difference());
        }
    }
}

/// Compares every cell with the facts and every fact with its entry in the ledger, quarter by quarter in one snapshot: memory grows with a quarter's cells, not with
/// the deals.
///
/// # Errors
/// [`Failure`].
pub async fn check(office: &Office, program: &Program) -> Result<Found, Failure> {
    let caller = Caller::system(office.unhurried(), program.id);
    let slice = caller.authorise(Action::ManageProgram)?;
    let tx = caller.office.store.snapshot().await?;
    let mut found = Found::default();
    for quarter in entity::fact::quarters(&tx, slice).await? {
        let mut expected: HashMap<CellKey, Cell> = HashMap::new();
        entity::fact::closed_in(&tx, slice, quarter, |deal| {
            found.deals += 1;
            check_deal(&mut found, deal, quarter, &program.calendar);
            count(&mut expected, &fact(deal, quarter));
        })
        .await?;
        for (key, cell) in entity::cell::of_quarter(&tx, slice, quarter).await? {
            found.cells += 1;
            match expected.remove(&key) {
                None => found.note(|| format!("{} is kept, but no deal belongs in it: {:?}", name(&key), cell.value)),
                Some(right) if right.value != cell.value => {
                    found.note(|| format!("{} holds {:?}, the deals give {:?}", name(&key), cell.value, right.value));
                }
                Some(right) if right != cell => {
                    found
                        .note(|| format!("{} holds other ARR or days for its medians than the deals give", name(&key)));
                }
                Some(_) => {}
            }
        }
        let mut missing: Vec<String> =
            expected.into_iter().map(|(key, cell)| format!("{} is missing: {:?}", name(&key), cell.value)).collect();
        missing.sort_unstable();
        for sentence in missing {
            found.note(|| sentence);
        }
    }
    found.stated = super::ledger::compare(&tx, slice, |difference| found.note(|| difference)).await?;
    tx.rollback().await?;
    Ok(found)
}

fn fact(deal: &Closed, quarter: Quarter) -> Fact<'_> {
    Fact {
        kind: deal.kind,
        outcome: deal.outcome,
        has_reached_stage_one: deal.has_reached_stage_one,
        closed_quarter: Some(quarter),
        segment_id: deal.segment_id,
        declaration: deal.declaration,
        provenance: deal.provenance,
        arr_minor: deal.arr_minor,
        tcv_minor: deal.tcv_minor,
        cycle_days: deal.cycle_days,
        credits: &deal.credits,
    }
}

/// What is derived on a deal's row must follow from its facts.
fn check_deal(found: &mut Found, deal: &Closed, quarter: Quarter, calendar: &Calendar) {
    let name = || deal.external_id.clone().unwrap_or_else(|| deal.id.to_string());
    match deal.closed_on {
        None => found.note(|| format!("deal {} has a closed quarter but no closing date", name())),
        Some(closed_on) => {
            let right = calendar.quarter(closed_on);
            if right != quarter {
                found.note(|| format!("deal {} closed on {closed_on}, which is in {right}, not in {quarter}", name()));
            }
            let days = (closed_on - deal.opened_on).num_days();
            if deal.outcome.is_closed() && deal.cycle_days != Some(days) {
                found.note(|| format!("deal {} took {days} days, its row says {:?}", name(), deal.cycle_days));
            }
        }
    }
    let is_declared_so = match deal.declaration {
        Declaration::Partners => !deal.credits.is_empty(),
        Declaration::Direct | Declaration::Unknown => deal.credits.iter().all(|credit| credit.is_late),
    };
    if !is_declared_so {
        found.note(|| {
            format!(
                "deal {} is declared {:?}, which its {} attributions contradict",
                name(),
                deal.declaration,
                deal.credits.len()
            )
        });
    }
    for credit in deal.credits.iter().filter(|credit| !credit.state.fits(deal.kind)) {
        found.note(|| format!("deal {} is {:?} and has a partner in state {:?}", name(), deal.kind, credit.state));
    }
}

fn name(key: &CellKey) -> String {
    let spot = key.spot;
    let id = |id: Option<uuid::Uuid>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let (segment, partner) = (id(spot.segment_id), id(spot.partner_id));
    let late = if spot.is_late { ", late" } else { "" };
    format!(
        "cell {} segment {segment} partner {partner} {:?} {:?} {:?}{late}",
        key.quarter, spot.cohort, spot.kind, key.provenance
    )
}
