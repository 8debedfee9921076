//! The pre-check of an account before it is registered: four answers, and none of them names anybody.

use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a partner is told about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Precheck {
    /// Nothing stands in the way.
    Clear,
    /// Another claim, a deal of the vendor's own (direct, or not declared yet) or another partner's deal stands on it: a registration
    /// becomes a conflict.
    Contested,
    /// It is outside the partner's territory: a registration is refused.
    OutsideTerritory,
    /// It buys already: a registration opens an expansion.
    ExistingCustomer,
}

/// What the program knows of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// It is inside the partner's territory, as far as can be told.
    pub is_inside: bool,
    /// It has won a deal.
    pub is_customer: bool,
    /// Somebody else's claim or deal stands on it.
    pub is_contested: bool,
}

/// The one answer. The territory comes first, so that nothing is learned about accounts that are not the partner's to ask for;
/// a claim comes before the customer, because it decides what a registration becomes.
#[must_use]
pub const fn answer(known: Known) -> Precheck {
    match known {
        Known { is_inside: false, .. } => Precheck::OutsideTerritory,
        Known { is_contested: true, .. } => Precheck::Contested,
        Known { is_customer: true, .. } => Precheck::ExistingCustomer,
        Known { .. } => Precheck::Clear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_territory_nothing_else_is_told() {
        let know = |is_inside, is_customer, is_contested| answer(Known { is_inside, is_customer, is_contested });
        assert_eq!(know(false, true, true), Precheck::OutsideTerritory);
        assert_eq!(know(true, true, true), Precheck::Contested);
        assert_eq!(know(true, true, false), Precheck::ExistingCustomer);
        assert_eq!(know(true, false, false), Precheck::Clear);
    }
}
