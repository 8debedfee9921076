//! How well a subject fits a profile: a weighted sum that shows its parts.

use super::{IdealProfile, Known, ProfileFact};
use crate::policy::Policy;
use rust_decimal::{Decimal, dec};
use strum::{EnumIter, IntoStaticStr};

/// Whether a criterion is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Met {
    /// The fact passes the test.
    Met,
    /// It is known, and does not.
    NotMet,
    /// Nobody recorded it.
    Unknown,
}

/// What a fit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The fit is at the program's bar or above it.
    Fits,
    /// It is below the bar.
    BelowBar,
    /// A disqualifier is met: the fit is 0, whatever the attributes say.
    Disqualified,
    /// Too little is known for a value.
    NotKnown,
}

/// An attribute in a fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitLine {
    /// The criterion's name.
    pub name: String,
    /// The fact that it tests.
    pub fact: ProfileFact,
    /// Its weight.
    pub weight: Decimal,
    /// Whether it is met.
    pub met: Met,
    /// The points that it adds to the fit, unrounded: 100 x weight / known weights where it is met, else 0; none while it is unknown.
    pub contribution: Option<Decimal>,
}

/// A disqualifier in a fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disqualified {
    /// The criterion's name.
    pub name: String,
    /// The fact that it tests.
    pub fact: ProfileFact,
    /// Whether it is met, which ends the matter.
    pub met: Met,
}

/// How well a subject fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The version of the profile.
    pub profile_version: i64,
    /// The version of the policy.
    pub policy_version: i64,
    /// From 0 to 100, unrounded: 100 x weights met / weights known; 0 where a disqualifier is met; none where too little is known.
    pub value: Option<Decimal>,
    /// What it would be at the least: every unknown attribute not met; 0 where a disqualifier is unknown, because it may be met.
    pub lowest: Decimal,
    /// What it would be at the most: every unknown attribute met.
    pub highest: Decimal,
    /// The weights whose fact is known, as a share of all, 0 to 1.
    pub known_rate: Decimal,
    /// The bar it is held against.
    pub bar: Decimal,
    /// What it says.
    pub verdict: Verdict,
    /// The attributes, in the profile's order.
    pub lines: Vec<FitLine>,
    /// The disqualifiers, in the profile's order.
    pub disqualifiers: Vec<Disqualified>,
}

impl IdealProfile {
    /// How well a subject fits, of which this much is known.
    #[must_use]
    pub fn fit(&self, known: &Known, policy: &Policy) -> Fit {
        let met: Vec<Met> = self.attributes.iter().map(|attribute| attribute.criterion.met(known)).collect();
        let sum = |wanted: &dyn Fn(Met) -> bool| -> Decimal {
            self.attributes.iter().zip(&met).filter(|(_, met)| wanted(**met)).map(|(it, _)| it.weight).sum()
        };
        let all = sum(&|_| true);
        let (passed, unknown) = (sum(&|met| met == Met::Met), sum(&|met| met == Met::Unknown));
        let known_sum = all - unknown;
        let hundredth = |part: Decimal, whole: Decimal| (part * dec!(100)).checked_div(whole).unwrap_or_default();
        let known_rate = known_sum.checked_div(all).unwrap_or_default();
        let lines = self.attributes.iter().zip(&met).map(|(attribute, met)| FitLine {
            name: attribute.criterion.name.clone(),
            fact: attribute.criterion.fact,
            weight: attribute.weight,
            met: *met,
            contribution: match met {
                Met::Met => Some(hundredth(attribute.weight, known_sum)),
                Met::NotMet => Some(Decimal::ZERO),
                Met::Unknown => None,
            },
        });
        let disqualifiers: Vec<Disqualified> = self
            .disqualifiers
            .iter()
            .map(|it| Disqualified { name: it.name.clone(), fact: it.fact, met: it.met(known) })
            .collect();
        let numbers = &policy.profile;
        let bar = numbers.fit_bar_score;
        let is_disqualified = disqualifiers.iter().any(|it| it.met == Met::Met);
        let value = if is_disqualified {
            Some(Decimal::ZERO)
        } else {
            (known_sum > Decimal::ZERO && known_rate >= numbers.fit_known_rate).then(|| hundredth(passed, known_sum))
        };
        let verdict = match value {
            _ if is_disqualified => Verdict::Disqualified,
            None => Verdict::NotKnown,
            Some(value) if value >= bar => Verdict::Fits,
            Some(_) => Verdict::BelowBar,
        };
        let (lowest, highest) = if is_disqualified {
            (Decimal::ZERO, Decimal::ZERO)
        } else {
            let may_be_ended = disqualifiers.iter().any(|it| it.met == Met::Unknown);
            let lowest = if may_be_ended { Decimal::ZERO } else { hundredth(passed, all) };
            (lowest, hundredth(passed + unknown, all))
        };
        Fit {
            profile_version: self.version,
            policy_version: policy.version,
            value,
            lowest,
            highest,
            known_rate,
            bar,
            verdict,
            lines: lines.collect(),
            disqualifiers,
        }
    }
}

impl Fit {
    /// The attributes and disqualifiers whose fact nobody recorded, by name.
    #[must_use]
    pub fn unknown(&self) -> Vec<&str> {
        let counted = self.lines.iter().map(|line| (line.met, line.name.as_str()));
        let ending = self.disqualifiers.iter().map(|it| (it.met, it.name.as_str()));
        counted.chain(ending).filter(|(met, _)| *met == Met::Unknown).map(|(_, name)| name).collect()
    }

    /// The disqualifiers that are met, by name.
    #[must_use]
    pub fn disqualified_by(&self) -> Vec<&str> {
        let met = self.disqualifiers.iter().filter(|it| it.met == Met::Met);
        met.map(|it| it.name.as_str()).collect()
    }
}
