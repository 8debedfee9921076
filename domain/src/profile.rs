//! Phase 0, Profile: the ideal customer (ICP) and the ideal partner (IPP) as versioned definitions, and how well an account or a
//! partner fits one (LOOP.md section 2, Profile; seed 002, ICP and IPP; ruling 41).
//!
//! A definition is made of weighted attributes and of disqualifiers, each a test of one recorded fact. A fact that nobody recorded
//! is unknown: it counts neither for nor against, it is named, and too many of them leave the fit without a value. So a partner is
//! never ranked down because somebody did not fill in a form, and never up either.

mod fit;
mod policy;

pub use fit::{Disqualified, Fit, FitLine, Met, Verdict};
pub use policy::ProfilePolicy;

use crate::partner::PartnerKind;
use crate::qualification::Incumbency;
use crate::recruit::Tier;
use crate::text;
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// Whose profile it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProfileKind {
    /// The ideal customer profile: of accounts.
    Icp,
    /// The ideal partner profile: of partners and candidates.
    Ipp,
}

/// A recorded fact that a profile can test.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProfileFact {
    /// The segment of an account; the segments that a partner serves. Tested by id.
    Segment,
    /// The region of an account; the regions that a partner serves.
    Region,
    /// The country of an account, as ISO 3166-1 alpha-2.
    Country,
    /// The industry of an account; the verticals of a partner.
    Industry,
    /// The people an account employs.
    Employees,
    /// Whether an account has an integration installed.
    IntegrationPresent,
    /// The integrations that an account has installed.
    Integration,
    /// The clouds on which an account holds a commitment.
    CloudCommitment,
    /// Who is the vendor at an account today.
    Incumbency,
    /// The kind of a partner.
    Kind,
    /// The technical competencies of a partner, from the capability map.
    Technology,
    /// The motions that a partner runs, in the program's words.
    Motion,
    /// The customers that a partner has.
    InstallBase,
    /// The seats that a partner manages (MSP).
    SeatsManaged,
    /// The people that a partner's customer employs on average.
    AverageCustomerSize,
    /// The investment tier that was decided for a partner last.
    Tier,
}

/// What kind of value a fact has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Words, of which any may pass.
    Words,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
}

impl ProfileFact {
    /// What kind of value it has.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Self::Segment
            | Self::Region
            | Self::Country
            | Self::Industry
            | Self::Integration
            | Self::CloudCommitment
            | Self::Incumbency
            | Self::Kind
            | Self::Technology
            | Self::Motion
            | Self::Tier => Shape::Words,
            Self::Employees | Self::InstallBase | Self::SeatsManaged | Self::AverageCustomerSize => Shape::Number,
            Self::IntegrationPresent => Shape::Flag,
        }
    }

    /// Whether a profile of this kind can test it.
    #[must_use]
    pub const fn is_of(self, kind: ProfileKind) -> bool {
        match self {
            Self::Segment | Self::Region | Self::Industry => true,
            Self::Country
            | Self::Employees
            | Self::IntegrationPresent
            | Self::Integration
            | Self::CloudCommitment
            | Self::Incumbency => matches!(kind, ProfileKind::Icp),
            Self::Kind
            | Self::Technology
            | Self::Motion
            | Self::InstallBase
            | Self::SeatsManaged
            | Self::AverageCustomerSize
            | Self::Tier => matches!(kind, ProfileKind::Ipp),
        }
    }

    /// Whether a word can occur in this fact at all.
    fn knows(self, word: &str) -> bool {
        match self {
            Self::Kind => word.parse::<PartnerKind>().is_ok(),
            Self::Tier => word.parse::<Tier>().is_ok(),
            Self::Incumbency => word.parse::<Incumbency>().is_ok(),
            Self::Country => word.len() == 2 && word.chars().all(|c| c.is_ascii_alphabetic()),
            Self::Segment
            | Self::Region
            | Self::Industry
            | Self::Employees
            | Self::IntegrationPresent
            | Self::Integration
            | Self::CloudCommitment
            | Self::Technology
            | Self::Motion
            | Self::InstallBase
            | Self::SeatsManaged
            | Self::AverageCustomerSize => true,
        }
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words; none of them where it is known that there is none.
    Words(Vec<String>),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Flag(bool),
}

/// What is known of an account or a partner; a fact that is not there is unknown.
pub type Known = BTreeMap<ProfileFact, Value>;

/// What a fact is tested for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Test {
    /// One of the fact's words is one of these, but for case and white space.
    AnyOf(Vec<String>),
    /// The number is within these limits, which belong to it.
    Between {
        /// At least.
        least: Option<Decimal>,
        /// At most.
        most: Option<Decimal>,
    },
    /// The flag is this.
    Is(bool),
}

/// A test of one fact, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Criterion {
    /// What people call it.
    pub name: String,
    /// The fact.
    pub fact: ProfileFact,
    /// The test.
    pub test: Test,
}

impl Criterion {
    /// Whether it is met.
    #[must_use]
    pub fn met(&self, known: &Known) -> Met {
        let Some(value) = known.get(&self.fact) else { return Met::Unknown };
        let is_met = match (&self.test, value) {
            (Test::AnyOf(wanted), Value::Words(words)) => {
                let keys: HashSet<String> = words.iter().map(|word| text::key(word)).collect();
                wanted.iter().any(|word| keys.contains(&text::key(word)))
            }
            (Test::Between { least, most }, Value::Number(number)) => {
                least.is_none_or(|least| *number >= least) && most.is_none_or(|most| *number <= most)
            }
            (Test::Is(wanted), Value::Flag(flag)) => wanted == flag,
            // A definition is checked when it is set: this is none that was.
            (Test::AnyOf(_) | Test::Between { .. } | Test::Is(_), _) => return Met::Unknown,
        };
        if is_met { Met::Met } else { Met::NotMet }
    }
}

/// A criterion that counts for the fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// The test.
    pub criterion: Criterion,
    /// How much it counts beside the others.
    pub weight: Decimal,
}

/// One version of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdealProfile {
    /// The row's id.
    pub id: Uuid,
    /// Whose profile it is.
    pub kind: ProfileKind,
    /// The version, from 1; the latest one holds.
    pub version: i64,
    /// What counts for the fit.
    pub attributes: Vec<Attribute>,
    /// What ends it, whatever the rest says.
    pub disqualifiers: Vec<Criterion>,
    /// Why it was set so.
    pub reason: String,
    /// Who set it.
    pub seat_id: Uuid,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// The most attributes of a profile, and the most disqualifiers.
pub const CRITERIA_MAX: usize = 30;
/// The most words of a test.
pub const WORDS_MAX: usize = 100;
/// The most that an attribute weighs.
pub const WEIGHT_MAX: Decimal = dec!(1000);

/// What is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// In which list: `attributes` or `disqualifiers`.
    pub list: &'static str,
    /// At which place of it; none where it concerns the whole list.
    pub at: Option<usize>,
    /// Which field.
    pub field: &'static str,
    /// What is wrong, and what is right.
    pub message: String,
}

/// Holds a definition against the rules: every breach of it; none where it may be set.
#[must_use]
pub fn breaches(kind: ProfileKind, attributes: &[Attribute], disqualifiers: &[Criterion]) -> Vec<Breach> {
    let mut found = Vec::new();
    let whole = |list, message: String| Breach { list, at: None, field: list, message };
    if attributes.is_empty() {
        found.push(whole("attributes", "a profile has at least one attribute".into()));
    }
    for (list, size) in [("attributes", attributes.len()), ("disqualifiers", disqualifiers.len())] {
        if size > CRITERIA_MAX {
            found.push(whole(list, format!("at most {CRITERIA_MAX} entries")));
        }
    }
    for (at, attribute) in attributes.iter().enumerate() {
        if attribute.weight <= Decimal::ZERO || attribute.weight > WEIGHT_MAX {
            let message = format!("a weight is more than 0 and at most {WEIGHT_MAX}");
            found.push(Breach { list: "attributes", at: Some(at), field: "weight", message });
        }
    }
    let counted = attributes.iter().enumerate().map(|(at, it)| ("attributes", at, &it.criterion));
    let ending = disqualifiers.iter().enumerate().map(|(at, it)| ("disqualifiers", at, it));
    let mut names = HashSet::new();
    for (list, at, criterion) in counted.chain(ending) {
        let mut note = |field, message: String| found.push(Breach { list, at: Some(at), field, message });
        if let Err(why) = text::name(&criterion.name, 100) {
            note("name", why.to_string());
        } else if !names.insert(text::key(&criterion.name)) {
            note("name", "another criterion of this profile has this name".into());
        }
        if !criterion.fact.is_of(kind) {
            let kind: &str = kind.into();
            note("fact", format!("no such fact is recorded for the subject of an {kind}"));
        }
        if let Some((field, message)) = wrong(criterion) {
            note(field, message);
        }
    }
    found
}

/// What is wrong with a test.
fn wrong(criterion: &Criterion) -> Option<(&'static str, String)> {
    let word: &str = criterion.fact.into();
    match (&criterion.test, criterion.fact.shape()) {
        (Test::AnyOf(words), Shape::Words) => {
            let field = if criterion.fact == ProfileFact::Segment { "segmentIds" } else { "anyOf" };
            if words.is_empty() || words.len() > WORDS_MAX {
                return Some((field, format!("give 1 to {WORDS_MAX} entries")));
            }
            if let Some(why) = words.iter().find_map(|entry| text::name(entry, 100).err()) {
                return Some((field, why.to_string()));
            }
            let unknown = words.iter().find(|entry| !criterion.fact.knows(entry))?;
            Some((field, format!("{unknown:?} is not a value of {word}")))
        }
        (Test::Between { least, most }, Shape::Number) => match (least, most) {
            (None, None) => Some(("atLeast", "give atLeast, atMost or both".into())),
            (Some(least), Some(most)) if least > most => Some(("atMost", "atMost is below atLeast".into())),
            (Some(limit), _) | (_, Some(limit)) if limit.is_sign_negative() && !limit.is_zero() => {
                Some(("atLeast", "no such fact is below 0".into()))
            }
            (Some(_), _) | (_, Some(_)) => None,
        },
        (Test::Is(_), Shape::Flag) => None,
        (Test::Between { .. } | Test::Is(_), Shape::Words) => {
            Some(("fact", format!("{word} is tested with anyOf (SEGMENT with segmentIds)")))
        }
        (Test::AnyOf(_) | Test::Is(_), Shape::Number) => {
            Some(("fact", format!("{word} is tested with atLeast and atMost")))
        }
        (Test::AnyOf(_) | Test::Between { .. }, Shape::Flag) => Some(("fact", format!("{word} is tested with is"))),
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
