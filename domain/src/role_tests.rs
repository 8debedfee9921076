use super::Role::{Partner, Portfolio};
use super::*;
use strum::IntoEnumIterator;

#[test]
fn every_action_is_for_somebody() {
    assert!(Action::iter().all(|action| Role::iter().any(|role| may(role, action))));
}

#[test]
fn a_partner_never_reads_spend_yield_points_or_money() {
    for action in
        [Action::ReadSpend, Action::ReadYield, Action::ReadTrustGap, Action::ReadDealMoney, Action::ReadExplanation]
    {
        assert!(!may(Partner, action), "{action:?}");
    }
}

/// LOOP.md section 5: never the investment tier, and nothing that leads to it.
#[test]
fn a_partner_never_reads_a_tier_or_the_plan() {
    for action in [Action::ReadTiers, Action::ReadRecommendations, Action::ReadRecruitPlan, Action::ReadDeliverables] {
        assert!(!may(Partner, action), "{action:?}");
    }
}

#[test]
fn a_portfolio_reads_only_itself_yield_and_roll_ups() {
    let reads: Vec<Action> = Action::iter().filter(|action| may(Portfolio, *action)).collect();
    assert_eq!(
        reads,
        [
            Action::ReadSelf,
            Action::ReadVelocity,
            Action::ReadYield,
            Action::ReadPortfolio,
            Action::ReadForecastConservative
        ]
    );
}
