//! The briefing of a deal before a joint call, gathered from what is recorded. Within the caller's slice.

use super::failure::Failure;
use super::matching::{Matches, matches};
use super::office::Caller;
use domain::activity::Activity;
use domain::briefing::{BriefingItem, Recorded};
use domain::deal::Deal;
use domain::firmographics::Firmographics;
use domain::foundation::{DefinitionPart, FoundationStep};
use domain::partner::PartnerPerson;
use domain::registration::Registration;
use domain::role::Action;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// How many partners are ranked for the deal beside those that are on it.
const MATCHES_MOST: usize = 5;

/// The latest touches that are shown.
const TOUCHES_MOST: usize = 10;

/// What both teams need to know.
#[derive(Debug)]
pub struct Briefing {
    /// What a briefing says by the codified motion; none where that step is not in force.
    pub standard: Option<String>,
    /// The deal.
    pub deal: Deal,
    /// What is recorded of its account.
    pub firmographics: Option<Firmographics>,
    /// Its registrations, in the order they were submitted, those that were refused or taken back left out.
    pub registrations: Vec<Registration>,
    /// The partners on it: attributed, or with a registration above.
    pub partners: Vec<Uuid>,
    /// Their reps.
    pub reps: Vec<PartnerPerson>,
    /// The latest touches with a partner on it and its account, the latest first.
    pub touches: Vec<Activity>,
    /// Which partners match it, and why.
    pub matches: Arc<Matches>,
    /// What is not recorded, as far as the caller sees.
    pub missing: Vec<BriefingItem>,
}

/// The briefing of a deal; none where the caller sees no such deal.
///
/// # Errors
/// [`Failure`].
pub async fn of_deal(caller: &Caller, id: Uuid) -> Result<Option<Briefing>, Failure> {
    let slice = caller.authorise(Action::ReadBriefing)?;
    let conn = caller.office.store.read();
    let Some(deal) = entity::deal::find(conn, slice, id).await? else { return Ok(None) };
    let Some(matches) = matches(caller, id, MATCHES_MOST).await? else { return Ok(None) };
    let steps = entity::foundation_step::all(conn, slice).await?;
    let motion = steps.into_iter().find(|step| step.step == FoundationStep::CoSellMotion);
    let standard = motion.and_then(|step| step.active?.remove(&DefinitionPart::BriefingTemplate));
    let accounts: Vec<Uuid> = deal.account_id.into_iter().collect();
    let firmographics = entity::firmographics::of_accounts(conn, slice, &accounts).await?.pop();
    let mut registrations = entity::registration::of_deals(conn, slice, &[id]).await?;
    registrations.retain(|row| row.state.grant().is_some() || row.state.word().is_live());
    let credits = entity::attribution::of_deals(conn, slice, &[id]).await?;
    let on_it: BTreeSet<Uuid> =
        credits.iter().map(|row| row.partner_id).chain(registrations.iter().map(|row| row.partner_id)).collect();
    let partners: Vec<Uuid> = on_it.into_iter().collect();
    let mut reps = entity::partner_person::of_partners(conn, slice, &partners).await?;
    reps.retain(|person| person.is_rep);
    let mut touches = entity::activity::touches_of_deal(conn, slice, id, deal.account_id).await?;
    touches.sort_by_key(|touch| std::cmp::Reverse((touch.happened_at, touch.id)));
    touches.truncate(TOUCHES_MOST);
    let recorded = Recorded {
        account: deal.account_id.is_some(),
        buyer: !registrations.is_empty() || firmographics.as_ref().is_some_and(|it| it.buyer_seniority.is_some()),
        problem: !registrations.is_empty(),
        partner: !partners.is_empty(),
        partner_rep: !reps.is_empty(),
        owner: deal.owner_seat_id.is_some() || deal.owner_external_id.is_some(),
        next_step: (deal.next_step.is_some() && deal.next_step_on.is_some()) || !registrations.is_empty(),
    };
    let missing = recorded.missing();
    Ok(Some(Briefing {
        standard,
        deal,
        firmographics,
        registrations,
        partners,
        reps,
        touches,
        matches: Arc::new(matches),
        missing,
    }))
}
