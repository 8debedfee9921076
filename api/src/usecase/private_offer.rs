//! Private offers that were accepted: Finance and the deal's people are told at once (seed 002, Private offer).
//!
//! \[ours\] An offer is accepted when the deal that is procured by it is won; where a won deal is said to be procured so only later, then.
//! Imported history tells nobody.

use super::commit::Work;
use super::failure::Failure;
use super::follow::{Followed, Told};
use super::office::Caller;
use domain::deal::{Deal, Outcome};
use domain::role::Action;
use serde_json::json;

/// The kind of the event that tells that a private offer was accepted.
pub const ACCEPTED_EVENT: &str = "privateOffer.accepted";

const fn is_accepted(deal: &Deal) -> bool {
    matches!(deal.outcome, Outcome::Won) && matches!(deal.is_private_offer, Some(true))
}

/// Tells of it, where a change of a deal makes it so.
pub(super) fn tell(work: &mut Work<'_>, before: Option<&Deal>, after: &Deal) {
    if is_accepted(after) && !before.is_some_and(is_accepted) {
        work.announce(ACCEPTED_EVENT, after.id, json!({ "offerId": after.offer_id }));
    }
}

/// A deal whose private offer was accepted.
#[derive(Clone, Debug)]
pub struct Accepted(pub Deal);

impl Followed for Accepted {
    const ACTION: Action = Action::ReadDealMoney;
    const KINDS: &'static [&'static str] = &[ACCEPTED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        Ok(super::deal::of_ids(caller, &[event.subject_id]).await?.pop().map(Self))
    }
}
