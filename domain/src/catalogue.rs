//! The catalogue of measures: what each number means, in the financial dialect (paper: Economics). No partner-specific metric
//! is invented; each names the term that Finance knows it by.

use crate::role::Action;
use strum::IntoStaticStr;

/// The discipline of A.S.S.E.T. a measure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
pub enum Discipline {
    /// Who did what for a deal.
    Attribution,
    /// What partners do, week by week.
    Signal,
    /// Gates, automations, pre-loads.
    Stack,
    /// Money and time.
    Economics,
    /// The measurable advantage of a partner.
    TrustGap,
}

/// Whether a CFO reads it or a relationship manager (the CFO test).
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
pub enum MeasureClass {
    /// Stands in the CFO pack.
    Financial,
    /// Describes what happens, and is barred from the CFO pack.
    Activity,
}

/// One measure.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// The name of its field in the API.
    pub name: &'static str,
    /// The name people use.
    pub title: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// Its formula.
    pub formula: &'static str,
    /// Its window.
    pub window: &'static str,
    /// What Finance calls it.
    pub finance_term: &'static str,
    /// Its discipline.
    pub discipline: Discipline,
    /// Its class.
    pub class: MeasureClass,
    /// What a seat must be allowed to read.
    pub action: Action,
}

/// The measures of the CFO pack, and no other (paper: the CFO test).
pub const PACK: [&str; 4] = ["partnerYield", "trustGap", "attributed", "velocity"];

/// A measure that does not stand in the CFO pack: one of activity, or none of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this measure does not stand in the CFO pack")]
pub struct Barred;

/// The definition of a measure for the CFO pack.
///
/// # Errors
/// [`Barred`] for a measure of activity, and for one that is none of the four.
pub fn for_pack(name: &str) -> Result<&'static Measure, Barred> {
    let found = MEASURES.iter().find(|measure| measure.name == name).ok_or(Barred)?;
    let stands = match found.class {
        MeasureClass::Financial => PACK.contains(&name),
        MeasureClass::Activity => false,
    };
    if stands { Ok(found) } else { Err(Barred) }
}

const TRAILING: &str = "the trailing four fiscal quarters";

/// Every measure the server computes today.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "trustGap",
        title: "Trust-Gap",
        unit: "percentage points",
        formula: "co-sell win rate of a partner in a segment - direct win rate of that segment; closed NEW deals",
        window: TRAILING,
        finance_term: "difference of conversion rates",
        discipline: Discipline::TrustGap,
        class: MeasureClass::Financial,
        action: Action::ReadTrustGap,
    },
    Measure {
        name: "partnerYield",
        title: "Partner Yield",
        unit: "multiple",
        formula: "ARR of won deals that the partner SOURCED / program spend on the partner",
        window: TRAILING,
        finance_term: "return on program spend",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadYield,
    },
    Measure {
        name: "velocity",
        title: "Deal Velocity Premium",
        unit: "rate",
        formula: "(direct mean days to close - partner mean days to close) / direct mean days to close; won NEW deals",
        window: TRAILING,
        finance_term: "sales cycle difference",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadVelocity,
    },
    Measure {
        name: "attributed",
        title: "Partner-influenced ARR by state",
        unit: "money",
        formula: "ARR of won deals per attribution state; states are never added",
        window: TRAILING,
        finance_term: "ARR by source",
        discipline: Discipline::Attribution,
        class: MeasureClass::Financial,
        action: Action::ReadScorecard,
    },
    Measure {
        name: "dealSize",
        title: "Deal size delta",
        unit: "money",
        formula: "mean ARR with the partner - mean ARR of direct deals, and the same of medians; won NEW deals with a known ARR",
        window: TRAILING,
        finance_term: "average contract value difference",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadScorecardInside,
    },
    Measure {
        name: "contractValue",
        title: "TCV beside ARR",
        unit: "money",
        formula: "total contract value and ARR of the won deals that have both, and the difference",
        window: TRAILING,
        finance_term: "total contract value",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadScorecardInside,
    },
    Measure {
        name: "attachRateWon",
        title: "Partner attach rate",
        unit: "rate",
        formula: "deals with any partner / deals with any partner or declared direct; by count and by ARR",
        window: TRAILING,
        finance_term: "channel mix",
        discipline: Discipline::Attribution,
        class: MeasureClass::Financial,
        action: Action::ReadTotals,
    },
    Measure {
        name: "winRate",
        title: "Win rate",
        unit: "rate",
        formula: "won / (won + lost) of deals that reached Stage 1; disqualified deals on neither side",
        window: TRAILING,
        finance_term: "conversion rate",
        discipline: Discipline::TrustGap,
        class: MeasureClass::Financial,
        action: Action::ReadScorecard,
    },
    Measure {
        name: "sourcedPipeline",
        title: "Sourced pipeline",
        unit: "money",
        formula: "ARR of open NEW deals that a partner SOURCED; it stands in the commit",
        window: "now",
        finance_term: "commit pipeline from partners",
        discipline: Discipline::Attribution,
        class: MeasureClass::Financial,
        action: Action::ReadPipeline,
    },
    Measure {
        name: "coSellPipeline",
        title: "Co-sell pipeline",
        unit: "money",
        formula: "ARR of open deals on which a partner is INFLUENCED or ACCELERATED; context, never added to the commit",
        window: "now",
        finance_term: "assisted pipeline",
        discipline: Discipline::Attribution,
        class: MeasureClass::Financial,
        action: Action::ReadPipeline,
    },
    Measure {
        name: "influenced",
        title: "Influenced ARR",
        unit: "money",
        formula: "ARR of won deals on which a partner was INFLUENCED or ACCELERATED; a trailing number for a business review",
        window: TRAILING,
        finance_term: "assisted ARR",
        discipline: Discipline::Attribution,
        class: MeasureClass::Financial,
        action: Action::ReadTotals,
    },
    Measure {
        name: "forecast",
        title: "Partner-influenced TAM",
        unit: "money",
        formula: "planned spend x Yield + accounts engaged x Trust-Gap x average ACV + touched customers x Expansion Probability x average expansion ACV",
        window: "the next four fiscal quarters, from the trailing four",
        finance_term: "revenue forecast",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadForecast,
    },
    Measure {
        name: "customerRevenue",
        title: "Revenue of customers who use a partner",
        unit: "money",
        formula: "won ARR on accounts that have a deal with any partner, beside all other accounts",
        window: TRAILING,
        finance_term: "ARR by customer cohort",
        discipline: Discipline::Economics,
        class: MeasureClass::Financial,
        action: Action::ReadTotals,
    },
    Measure {
        name: "creditShares",
        title: "Credit models",
        unit: "rate",
        formula: "a deal's credit among its partners, linear or with time decay (half-life 30 days); sums to exactly 1",
        window: "one deal",
        finance_term: "multi-touch attribution",
        discipline: Discipline::Attribution,
        class: MeasureClass::Activity,
        action: Action::ReadCredit,
    },
];

/// A report of relationship management that this method retires (paper: about half of a marketing-led program's reporting).
#[derive(Clone, Copy, Debug)]
pub struct Retired {
    /// The name people use.
    pub title: &'static str,
    /// Why it is retired.
    pub reason: &'static str,
    /// The measures that answer its question, by name.
    pub replaced_by: &'static [&'static str],
}

/// The legacy reports: none is computed here, and none stands in the CFO pack.
pub const RETIRED: &[Retired] = &[
    Retired {
        title: "Partner count",
        reason: "It counts who signed, not who produces.",
        replaced_by: &["partnerYield", "attributed"],
    },
    Retired {
        title: "Event and training attendance",
        reason: "It counts presence; what it is for shows in win rates and cycles.",
        replaced_by: &["trustGap", "velocity"],
    },
    Retired {
        title: "MDF utilisation",
        reason: "Spent is not earned: money that was used up says nothing of what it brought.",
        replaced_by: &["partnerYield"],
    },
    Retired {
        title: "Certifications earned",
        reason: "A certificate is an input; what it changes is the win rate with the partner.",
        replaced_by: &["trustGap", "winRate"],
    },
    Retired {
        title: "Registrations submitted",
        reason: "It rewards claims; what comes of them is sourced ARR.",
        replaced_by: &["sourcedPipeline", "attributed"],
    },
    Retired {
        title: "Portal logins and content downloads",
        reason: "They count clicks of the program's own making.",
        replaced_by: &["coSellPipeline"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retired_is_computed_nowhere_barred_from_the_pack_and_answered_by_a_measure() {
        for retired in RETIRED {
            assert!(MEASURES.iter().all(|measure| measure.title != retired.title), "{retired:?}");
            assert_eq!(for_pack(retired.title).map(|measure| measure.name), Err(Barred));
            assert!(!retired.replaced_by.is_empty());
            for name in retired.replaced_by {
                let measure = MEASURES.iter().find(|measure| measure.name == *name);
                assert!(measure.is_some_and(|it| it.class == MeasureClass::Financial), "{name}");
            }
        }
    }

    #[test]
    fn the_pack_is_four_financial_measures_and_activity_is_barred() {
        assert!(PACK.iter().all(|name| for_pack(name).is_ok_and(|measure| measure.name == *name)));
        let mut barred = MEASURES.iter().filter(|measure| for_pack(measure.name).is_err());
        assert!(barred.any(|measure| measure.class == MeasureClass::Activity));
        assert_eq!(for_pack("dealSize").map(|measure| measure.name), Err(Barred));
        assert_eq!(for_pack("partnerCount").map(|measure| measure.name), Err(Barred));
    }
}
