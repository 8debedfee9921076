//! May a partner be SOURCED on a deal? Asked at every place where a SOURCED row comes to be: the declaration, its lock, and the decision
//! of a contest or a dispute (LOOP.md section 2, Phase 4; docs/REGISTRATION.md, Conflicts).
//!
//! A claim that met a deal, or got less than the whole credit, cannot be SOURCED. What was declared before a conflict is asked again at
//! the lock, so that nothing locks what a conflict took away. A partner without any registration may be SOURCED, unless another's holds
//! the account.

use crate::attribution::AttributionRefusal;
use crate::claim::Conflict;
use crate::registration::Registration;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What stands of claims on a deal and on its account.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The deal.
    pub deal_id: Uuid,
    /// The registrations of the deal and of its account's domain, each as it stands today.
    pub registrations: Vec<Registration>,
    /// The conflicts that they are part of.
    pub conflicts: Vec<Conflict>,
    /// The lock, with its local day; before the lock it is now.
    pub at: (NaiveDate, DateTime<Utc>),
}

impl Claims {
    /// Whether a partner may be SOURCED on the deal.
    ///
    /// # Errors
    /// [`AttributionRefusal`]: what stands against it.
    pub fn may_be_sourced(&self, partner: Uuid) -> Result<(), AttributionRefusal> {
        let own = || self.registrations.iter().filter(|it| it.partner_id == partner);
        if own().any(|it| self.has_met_a_deal(it) || self.got_less(it)) {
            return Err(AttributionRefusal::ChannelConflict);
        }
        if own().any(|it| self.is_undecided(it)) {
            return Err(AttributionRefusal::ConflictOpen);
        }
        let holds_it_all = own().any(|it| self.holds(it) && it.can_be_sourced());
        let others = || self.registrations.iter().filter(|it| it.partner_id != partner);
        if !holds_it_all && others().any(|it| self.holds(it) && !it.is_channel_conflict && it.influence_bps != Some(0))
        {
            return Err(AttributionRefusal::RegisteredByAnother);
        }
        Ok(())
    }

    fn is_of_deal(&self, it: &Registration) -> bool {
        it.deal_id == Some(self.deal_id)
    }

    /// Whether it was there by the lock. What is claimed later took nothing from what was locked before.
    fn is_by_then(&self, it: &Registration) -> bool {
        it.submitted_at <= self.at.1
    }

    /// Whether it met a deal that stood on the account, and this is that deal, or may be it while none is linked. Which of the two was
    /// there first does not change with what becomes of the claim, so that taking it back frees no deal that it was found on.
    fn has_met_a_deal(&self, it: &Registration) -> bool {
        it.is_channel_conflict && (self.is_of_deal(it) || it.deal_id.is_none() && it.state.word().is_live())
    }

    /// Whether a decided conflict left it less than the whole credit, which concerns this deal: it is the deal of one of the claims, or
    /// one of those that got the credit still holds the account. A later claim of the same partner is judged in its place.
    fn got_less(&self, it: &Registration) -> bool {
        if it.influence_bps.is_none_or(|bps| bps == 10_000) || !self.is_by_then(it) || self.is_followed(it) {
            return false;
        }
        let shares = self.conflict(it).and_then(|conflict| conflict.decision.as_ref()).map(|it| it.shares.as_slice());
        let has_credit = |other: &&Registration| {
            let share = shares.unwrap_or_default().iter().find(|share| share.registration_id == other.id);
            other.id != it.id && share.is_some_and(|share| share.bps > 0)
        };
        let concerns = |other: &Registration| self.is_of_deal(other) || other.state.word().is_live();
        self.is_of_deal(it) || self.registrations.iter().filter(has_credit).any(concerns)
    }

    /// Whether its partner registered the account again later, and that claim stands or was locked.
    fn is_followed(&self, it: &Registration) -> bool {
        let is_later = |other: &&Registration| {
            (other.partner_id, &other.domain) == (it.partner_id, &it.domain) && other.claim_number > it.claim_number
        };
        let stands = |other: &Registration| other.state.word().is_live() || other.state.is_converted();
        self.registrations.iter().filter(is_later).any(stands)
    }

    /// Whether it stands in a conflict that nobody has decided.
    fn is_undecided(&self, it: &Registration) -> bool {
        let is_open = |conflict: &Conflict| conflict.decision.is_none();
        it.state.word().is_live() && self.is_by_then(it) && self.conflict(it).is_some_and(is_open)
    }

    fn conflict(&self, it: &Registration) -> Option<&Conflict> {
        self.conflicts.iter().find(|conflict| Some(conflict.id) == it.conflict_id)
    }

    /// Whether it protected its partner then. One that was converted has handed that to a lock, which is what a dispute is about.
    fn holds(&self, it: &Registration) -> bool {
        let (day, at) = self.at;
        self.is_by_then(it) && !it.state.is_converted() && it.state.protected(day, at)
    }
}

#[cfg(test)]
#[path = "sourcing_tests.rs"]
mod tests;
