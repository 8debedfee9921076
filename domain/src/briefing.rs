//! The briefing before a joint call: what both teams need to know, and what nobody has recorded (seed 001, step 1; LOOP.md section 2,
//! Foundation).

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

/// What a briefing says: the template's account, buyer, problem, why this partner, who says what, next step with its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum BriefingItem {
    /// The account.
    Account,
    /// Who buys.
    Buyer,
    /// The buyer's problem.
    Problem,
    /// The partner that is brought.
    Partner,
    /// The partner's own rep, who speaks for it.
    PartnerRep,
    /// The vendor's owner, who speaks for the vendor.
    Owner,
    /// What happens next, with its day.
    NextStep,
}

/// Which items somebody has recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The deal names an account.
    pub account: bool,
    /// A registration or the account's firmographics say who buys.
    pub buyer: bool,
    /// A registration says what the problem is.
    pub problem: bool,
    /// A partner is on the deal: attributed, or with a live registration.
    pub partner: bool,
    /// One of these partners has a rep on record.
    pub partner_rep: bool,
    /// The deal has an owner.
    pub owner: bool,
    /// The deal has a next step with its day, or a registration the day of the next meeting.
    pub next_step: bool,
}

impl Recorded {
    const fn has(&self, item: BriefingItem) -> bool {
        match item {
            BriefingItem::Account => self.account,
            BriefingItem::Buyer => self.buyer,
            BriefingItem::Problem => self.problem,
            BriefingItem::Partner => self.partner,
            BriefingItem::PartnerRep => self.partner_rep,
            BriefingItem::Owner => self.owner,
            BriefingItem::NextStep => self.next_step,
        }
    }

    /// What is missing, in the order of the briefing.
    #[must_use]
    pub fn missing(&self) -> Vec<BriefingItem> {
        BriefingItem::iter().filter(|item| !self.has(*item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_recorded_is_named_in_order_and_nothing_else() {
        assert_eq!(Recorded::default().missing(), BriefingItem::iter().collect::<Vec<_>>());
        let half = Recorded { account: true, partner: true, owner: true, ..Recorded::default() };
        assert_eq!(
            half.missing(),
            [BriefingItem::Buyer, BriefingItem::Problem, BriefingItem::PartnerRep, BriefingItem::NextStep]
        );
        let whole = Recorded {
            account: true,
            buyer: true,
            problem: true,
            partner: true,
            partner_rep: true,
            owner: true,
            next_step: true,
        };
        assert_eq!(whole.missing(), []);
    }
}
