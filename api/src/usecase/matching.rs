//! Which partner for which deal.

use super::capability::Entry;
use super::failure::Failure;
use super::measurement::{Ask, Measures, measure};
use super::office::Caller;
use chrono::NaiveDate;
use domain::book::Place;
use domain::capability::Capability;
use domain::matching::{DealFacts, Match, MatchFacts, MatchReason, Need, rank};
use domain::overlap::Overlap;
use domain::partner::{Partner, PartnerStatus};
use domain::role::Action;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// The partners of a deal, ranked.
#[derive(Debug)]
pub struct Matches {
    /// The deal.
    pub deal_id: Uuid,
    /// What it asks for.
    pub needs: Vec<Need>,
    /// The partners at work that the caller lists, the best match first.
    pub ranked: Vec<(Partner, Match)>,
    /// What was measured, and the policy.
    pub measures: Arc<Measures>,
    today: NaiveDate,
}

impl Matches {
    /// An entry as it stands today.
    #[must_use]
    pub fn entry(&self, row: Capability) -> Entry {
        Entry::of(row, self.today, &self.measures.policy)
    }
}

/// Ranks the partners at work that the caller lists for a deal that it sees; none where it sees no such deal. What they are ranked by is
/// read program-wide, so that a score is the same for everybody who reads it (ruling 1).
///
/// # Errors
/// [`Failure`].
pub async fn matches(caller: &Caller, deal_id: Uuid, first: usize) -> Result<Option<Matches>, Failure> {
    let action = Action::MatchPartners;
    let (slice, conn) = (caller.authorise(action)?, caller.office.store.read());
    let Some(deal) = entity::deal::find(conn, slice, deal_id).await? else { return Ok(None) };
    let measures = measure(caller, action, Ask::default(), None).await?;
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let mut partners = entity::partner::all(conn, slice).await?;
    partners.retain(|partner| partner.status == PartnerStatus::Active);
    let accounts: Vec<Uuid> = deal.account_id.into_iter().collect();
    let account = entity::account::of_ids(conn, slice, &accounts).await?.pop();
    let firmographics = entity::firmographics::of_accounts(conn, slice, &accounts).await?.pop();
    let recorded = firmographics.as_ref();
    let region = account.as_ref().and_then(|account| account.region.clone());
    let installed = account.iter().flat_map(|account| account.integrations.clone());
    let facts = DealFacts {
        account_id: deal.account_id,
        industry: recorded.and_then(|row| row.industry.clone()),
        places: region.into_iter().chain(recorded.and_then(|row| row.country.clone())).collect(),
        technologies: deal.product_mix.iter().cloned().chain(installed).collect(),
    };
    let needs = facts.needs();
    let ids: Vec<Uuid> = partners.iter().map(|partner| partner.id).collect();
    let mut capabilities: HashMap<Uuid, Vec<Capability>> = HashMap::new();
    for entry in entity::capability::of_partners(conn, slice, &ids).await? {
        capabilities.entry(entry.partner_id).or_default().push(entry);
    }
    let is_recorded = entity::overlap::is_recorded(conn, slice).await?;
    let overlaps = entity::overlap::of_accounts(conn, slice, &accounts).await?;
    let overlap = |partner: Uuid| match deal.account_id {
        None => Err(MatchReason::NoAccount),
        Some(_) if !is_recorded => Err(MatchReason::NoOverlapFacts),
        Some(id) => {
            let found = overlaps.get(&id).and_then(|partners| partners.get(&partner));
            Ok(found.copied().unwrap_or(Overlap::Nothing))
        }
    };
    let gap = |partner: Uuid| {
        let place = deal.segment_id.map(Place::Segment)?;
        Some(measures.book.trust_gap(Some(partner), place, &measures.policy))
    };
    let known: Vec<MatchFacts> = partners
        .iter()
        .map(|partner| MatchFacts {
            partner_id: partner.id,
            name: partner.name.clone(),
            capabilities: capabilities.remove(&partner.id).unwrap_or_default(),
            overlap: overlap(partner.id),
            trust_gap: gap(partner.id),
        })
        .collect();
    let mut by_id: HashMap<Uuid, Partner> = partners.into_iter().map(|partner| (partner.id, partner)).collect();
    let ranked = rank(&needs, known, today, &measures.policy);
    let ranked = ranked.into_iter().take(first).filter_map(|it| Some((by_id.remove(&it.partner_id)?, it))).collect();
    Ok(Some(Matches { deal_id, needs, ranked, measures, today }))
}
