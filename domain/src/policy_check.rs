//! What the numbers of a policy must be beside each other. Each may be in its range, and the whole still mean nothing: a GREEN that is
//! easier than a YELLOW, a step down that goes up, shares of nothing.

use crate::policy::Policy;
use crate::policy_number::NotSo;
use rust_decimal::{Decimal, dec};

/// One breach: the number that is told, and why.
fn note(found: &mut Vec<NotSo>, is_so: bool, name: &str, message: String) {
    if !is_so {
        found.push(NotSo { name: name.to_owned(), message });
    }
}

impl Policy {
    /// Every number that does not go with another one; none for a policy that holds together.
    #[must_use]
    pub fn conflicts(&self) -> Vec<NotSo> {
        let mut found = Vec::new();
        self.check_order(&mut found);
        self.check_bands(&mut found);
        self.check_weights(&mut found);
        self.check_terms(&mut found);
        found
    }

    /// Pairs of which the first must not be above the second, and those that must be below it.
    fn check_order(&self, found: &mut Vec<NotSo>) {
        let (tam, level) = (&self.tam, &self.level);
        let days = |days: u32| Decimal::from(days);
        let up_to = [
            (
                ("typicalSizeMultipleLow", self.typical_size_multiple_low),
                ("typicalSizeMultipleHigh", self.typical_size_multiple_high),
            ),
            (("tierExitMultiple", self.tier_exit_multiple), ("tierInvestMultiple", self.tier_invest_multiple)),
            (("tamModerateRate", tam.moderate_rate), ("tamDeepRate", tam.deep_rate)),
            (("tamShallowRate", tam.shallow_rate), ("tamModerateRate", tam.moderate_rate)),
            (
                ("registrationMeetingDays", days(self.registration.meeting_days)),
                ("registrationValidityDays", days(self.registration.validity_days)),
            ),
        ];
        for ((name, value), (other, most)) in up_to {
            note(found, value <= most, name, format!("{name} is {value}: at most {other}, which is {most}"));
        }
        let below = [
            (("tamModerateOverlapRate", tam.moderate_overlap_rate), ("tamDeepOverlapRate", tam.deep_overlap_rate)),
            (("levelSilver", level.silver), ("levelGold", level.gold)),
            (("levelGold", level.gold), ("levelPlatinum", level.platinum)),
        ];
        for ((name, value), (other, bar)) in below {
            note(found, value < bar, name, format!("{name} is {value}: below {other}, which is {bar}"));
        }
    }

    /// The bands of the conservative Yield rule stand in order, and each steps down.
    fn check_bands(&self, found: &mut Vec<NotSo>) {
        let bands = &self.tam.yield_bands;
        for (at, band) in bands.iter().enumerate() {
            let number = at + 1;
            let (from, to) = (format!("tamYieldBands{number}From"), format!("tamYieldBands{number}To"));
            let message = format!("{to} is {}: at most {from}, which is {}: a band steps down", band.to, band.from);
            note(found, band.to <= band.from, &to, message);
            if let Some(above) = at.checked_sub(1).and_then(|before| bands.get(before)) {
                let message =
                    format!("{from} is {}: below that of the band before, which is {}", band.from, above.from);
                note(found, band.from < above.from, &from, message);
                let message = format!("{to} is {}: at most that of the band before, which is {}", band.to, above.to);
                note(found, band.to <= above.to, &to, message);
            }
        }
        // What a THIN Yield below the lowest band counts is not more than what one in it counts.
        if let Some(lowest) = bands.last() {
            let value = self.tam.thin_yield_multiple;
            let message =
                format!("tamThinYieldMultiple is {value}: at most that of the lowest band, which is {}", lowest.to);
            note(found, value <= lowest.to, "tamThinYieldMultiple", message);
        }
    }

    /// Weights of which a share is taken are something together; those that are points are 100 together.
    fn check_weights(&self, found: &mut Vec<NotSo>) {
        let (profile, level) = (&self.profile, &self.level);
        let matched = profile.match_capability_weight + profile.match_overlap_weight + profile.match_trust_gap_weight;
        let scored = profile.score_overlap_weight
            + profile.score_incumbency_weight
            + profile.score_seniority_weight
            + profile.score_deal_size_weight;
        let all_none = |what: &str| format!("all weights of {what} are 0: one of them weighs something");
        note(found, matched > Decimal::ZERO, "profileMatchCapabilityWeight", all_none("a match"));
        note(found, scored > Decimal::ZERO, "profileScoreOverlapWeight", all_none("the trust-gap score"));
        let points = level.sourced_weight + level.influenced_weight + level.engagement_weight;
        let message =
            format!("the weights of the program level are {points} together: they are 100, as its bars are of 100");
        note(found, points == dec!(100), "levelSourcedWeight", message);
        for (name, value) in [
            ("levelSourcedFull", level.sourced_full),
            ("levelInfluencedFull", level.influenced_full),
            ("levelEngagementFull", level.engagement_full),
            ("profileFullDealSizeMultiple", profile.full_deal_size_multiple),
        ] {
            note(found, value > Decimal::ZERO, name, format!("{name} is above 0: what earns full marks is something"));
        }
    }

    /// A term of nothing is missed as it begins, and a half-life of nothing has no half.
    fn check_terms(&self, found: &mut Vec<NotSo>) {
        let terms: [(&str, u32); 18] = [
            ("creditHalfLifeDays", self.credit_half_life_days),
            ("tierDays", self.tier_days),
            ("stageCoveredPartners", self.stage_covered_partners),
            ("profileCapabilityValidDays", self.profile.capability_valid_days),
            ("registrationValidityDays", self.registration.validity_days),
            ("registrationMeetingDays", self.registration.meeting_days),
            ("registrationSummaryHours", self.registration.summary_hours),
            ("registrationPrimarySaleDays", self.registration.primary_sale_days),
            ("eqlDecisionHours", self.eql_decision_hours.into()),
            ("leadDecisionHours", self.lead_decision_hours.into()),
            ("slaFirstTouchBusinessHours", self.sla_first_touch_business_hours.into()),
            ("slaHandoffSummaryHours", self.sla_handoff_summary_hours.into()),
            ("slaJoinFirstCallBusinessDays", self.sla_join_first_call_business_days.into()),
            ("slaEscalationHours", self.sla_escalation_hours.into()),
            ("slaRoutingMinutes", self.sla_routing_minutes.into()),
            ("slaMeetingSummaryHours", self.sla_meeting_summary_hours.into()),
            ("slaPodRequestHours", self.sla_pod_request_hours.into()),
            ("slaHandoffHours", self.sla_handoff_hours.into()),
        ];
        for (name, value) in terms {
            note(found, value >= 1, name, format!("{name} is at least 1"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(changes: Value) -> Vec<String> {
        let wrong = Policy::default().with(changes.as_object().unwrap());
        wrong.err().unwrap_or_default().into_iter().map(|it| it.name).collect()
    }

    #[test]
    fn the_defaults_hold_together_and_so_does_a_change_that_keeps_the_order() {
        assert_eq!(Policy::default().conflicts(), []);
        for fine in [
            json!({ "tamDeepRate": "0.25" }),
            json!({ "tamYieldBands3To": "3" }),
            json!({ "levelSourcedWeight": "50", "levelInfluencedWeight": "30" }),
            json!({ "tierExitMultiple": "3" }),
        ] {
            assert_eq!(told(fine.clone()), Vec::<String>::new(), "{fine}");
        }
    }

    /// 6x steps down to 5x by default. To 7x it would step up; from 11x on it would stand above the band of 10x.
    #[test]
    fn the_bands_of_yield_stand_in_order_and_step_down() {
        assert_eq!(told(json!({ "tamYieldBands2To": "7" })), ["tamYieldBands2To"]);
        assert_eq!(told(json!({ "tamYieldBands2From": "11" })), ["tamYieldBands2From"]);
        assert_eq!(told(json!({ "tamYieldBands1To": "4" })), ["tamYieldBands2To"], "5x below 4x");
        assert_eq!(told(json!({ "tamThinYieldMultiple": "2.6" })), ["tamThinYieldMultiple"]);
    }

    #[test]
    fn a_higher_bar_is_above_a_lower_one() {
        assert_eq!(told(json!({ "tamModerateRate": "0.6" })), ["tamModerateRate"]);
        assert_eq!(told(json!({ "tamShallowRate": "0.3" })), ["tamShallowRate"]);
        assert_eq!(
            told(json!({ "tamDeepOverlapRate": "0.15" })),
            ["tamModerateOverlapRate"],
            "equal leaves no MODERATE"
        );
        assert_eq!(told(json!({ "tierInvestMultiple": "0.9" })), ["tierExitMultiple"]);
        assert_eq!(told(json!({ "levelGold": "20" })), ["levelSilver"]);
        assert_eq!(told(json!({ "typicalSizeMultipleLow": "3.1" })), ["typicalSizeMultipleLow"]);
        assert_eq!(told(json!({ "registrationMeetingDays": 91 })), ["registrationMeetingDays"]);
    }

    #[test]
    fn weights_are_something_together_and_points_are_a_hundred() {
        assert_eq!(told(json!({ "levelSourcedWeight": "41" })), ["levelSourcedWeight"]);
        let none = json!({ "profileMatchCapabilityWeight": "0", "profileMatchOverlapWeight": "0", "profileMatchTrustGapWeight": "0" });
        assert_eq!(told(none), ["profileMatchCapabilityWeight"]);
        assert_eq!(told(json!({ "levelEngagementFull": "0" })), ["levelEngagementFull"]);
    }

    #[test]
    fn half_lives_and_terms_are_at_least_one_and_every_breach_is_told() {
        assert_eq!(
            told(json!({ "creditHalfLifeDays": 0, "slaHandoffHours": 0 })),
            ["creditHalfLifeDays", "slaHandoffHours"]
        );
        // A breach of a range comes first: beside a number that cannot be, nothing can be compared.
        assert_eq!(told(json!({ "tamDeepRate": "1.5", "creditHalfLifeDays": 0 })), ["tamDeepRate"]);
    }

    /// Each name that a breach tells is a number that a draft can change.
    #[test]
    fn a_breach_names_a_number_of_the_policy() {
        let mut broken = Policy::default();
        broken.tam.thin_yield_multiple = dec!(999);
        broken.tam.yield_bands[0].to = dec!(99);
        broken.tam.yield_bands[1].from = dec!(99);
        (broken.tam.moderate_rate, broken.tam.shallow_rate) = (dec!(0.8), dec!(0.9));
        broken.tam.moderate_overlap_rate = dec!(1);
        (broken.level.silver, broken.level.gold, broken.level.sourced_weight) = (dec!(100), dec!(100), dec!(1));
        (broken.level.sourced_full, broken.level.influenced_full, broken.level.engagement_full) =
            (dec!(0), dec!(0), dec!(0));
        broken.tier_exit_multiple = dec!(9);
        broken.typical_size_multiple_low = dec!(9);
        broken.registration = crate::registration::RegistrationPolicy {
            validity_days: 0,
            meeting_days: 0,
            summary_hours: 0,
            checks_per_day: 0,
            primary_sale_days: 0,
        };
        let names: Vec<String> = Policy::default().numbers().into_iter().map(|number| number.name).collect();
        let found = broken.conflicts();
        assert!(found.len() >= 15, "{found:?}");
        for breach in found {
            assert!(names.contains(&breach.name), "{breach:?}");
        }
    }
}
