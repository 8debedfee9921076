//! Phase 0, Foundation: the build order with its sign-offs, and the operator's confidence check (LOOP.md section 2, seeds 001 and
//! 004).
//!
//! The motion is codified first, then what it is attributed by, then who can do what; only then the administrative layer. A program
//! starts from a template with the first three in force, marked as signed by template (ruling 37).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

use crate::calendar::Quarter;
use crate::role::Role;

/// The steps, in the order in which they are built.
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
pub enum FoundationStep {
    /// 1: the co-sell motion is codified.
    CoSellMotion,
    /// 2: the attribution framework, agreed by RevOps and by Finance.
    AttributionFramework,
    /// 3: the capability map.
    CapabilityMap,
    /// 4: program levels, portal tokens for partners, deal-registration rules.
    AdministrativeLayer,
}

/// A part of a step's definition.
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
pub enum DefinitionPart {
    /// What starts a co-sell.
    Trigger,
    /// How a partner is matched.
    MatchCriteria,
    /// What a briefing says.
    BriefingTemplate,
    /// What is logged, where, and when.
    ActivityLoggingStandard,
    /// What SOURCED means here.
    SourcedDefinition,
    /// What co-sell means here.
    CoSellDefinition,
    /// What INFLUENCED means here.
    InfluencedDefinition,
    /// What is mapped of a partner, and what counts as evidence.
    CapabilityStandard,
    /// What each program level asks and gives.
    ProgramLevels,
    /// Who gets a portal token, for how long.
    PartnerTokens,
    /// What a registration asks and how long it holds.
    RegistrationRules,
}

/// A definition in words.
pub type Definition = BTreeMap<DefinitionPart, String>;

/// The most characters of a part.
pub const PART_TEXT_MAX: usize = 4000;

impl FoundationStep {
    /// The parts that its definition must have.
    #[must_use]
    pub const fn parts(self) -> &'static [DefinitionPart] {
        use DefinitionPart as Part;
        match self {
            Self::CoSellMotion => {
                &[Part::Trigger, Part::MatchCriteria, Part::BriefingTemplate, Part::ActivityLoggingStandard]
            }
            Self::AttributionFramework => {
                &[Part::SourcedDefinition, Part::CoSellDefinition, Part::InfluencedDefinition]
            }
            Self::CapabilityMap => &[Part::CapabilityStandard],
            Self::AdministrativeLayer => &[Part::ProgramLevels, Part::PartnerTokens, Part::RegistrationRules],
        }
    }

    /// Who must agree to its definition before it is activated.
    #[must_use]
    pub const fn signers(self) -> &'static [Role] {
        match self {
            Self::AttributionFramework => &[Role::Revops, Role::Finance],
            Self::CoSellMotion | Self::CapabilityMap | Self::AdministrativeLayer => &[],
        }
    }

    /// What a program starts with; none of the last step, which is the program's own.
    #[must_use]
    pub fn template(self) -> Option<Definition> {
        use DefinitionPart as Part;
        let words: &[(Part, &str)] = match self {
            Self::CoSellMotion => &[
                (Part::Trigger, "A deal on an account where a partner has an active relationship reaches Stage 1."),
                (Part::MatchCriteria, "Capability for the need, overlap on the account, Trust-Gap in the segment."),
                (
                    Part::BriefingTemplate,
                    "Account, buyer, problem, why this partner, who says what, next step with its date.",
                ),
                (
                    Part::ActivityLoggingStandard,
                    "Each joint touch is logged with who was there, on the day it happened.",
                ),
            ],
            Self::AttributionFramework => &[
                (
                    Part::SourcedDefinition,
                    "The partner brought the deal: its introduction was recorded within 48 hours.",
                ),
                (
                    Part::CoSellDefinition,
                    "The partner works an open deal with us: it is INFLUENCED or ACCELERATED on it.",
                ),
                (Part::InfluencedDefinition, "The partner shaped a deal in motion: a recorded touch before the lock."),
            ],
            Self::CapabilityMap => &[(
                Part::CapabilityStandard,
                "Industry expertise, buyer relationships, technical competencies and geography, each with evidence and a validation date.",
            )],
            Self::AdministrativeLayer => return None,
        };
        Some(words.iter().map(|(part, text)| (*part, (*text).to_owned())).collect())
    }
}

/// An agreement to a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOff {
    /// Who agreed.
    pub seat_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
}

/// A step as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// The row's id; nil of a step that is the template's.
    pub id: Uuid,
    /// The step.
    pub step: FoundationStep,
    /// The definition in force; none while the step is not active.
    pub active: Option<Definition>,
    /// Whether that is the template's, signed by template.
    pub by_template: bool,
    /// The definition that is worked at; none where there is none beside the one in force.
    pub draft: Option<Definition>,
    /// RevOps's agreement to the draft.
    pub revops: Option<SignOff>,
    /// Finance's agreement to the draft.
    pub finance: Option<SignOff>,
    /// When it was activated.
    pub activated_at: Option<DateTime<Utc>>,
    /// For optimistic concurrency; 0 of the template's.
    pub version: i64,
}

impl StepRecord {
    /// A step that nobody has touched.
    #[must_use]
    pub fn template(step: FoundationStep) -> Self {
        let active = step.template();
        Self {
            id: Uuid::nil(),
            step,
            by_template: active.is_some(),
            active,
            draft: None,
            revops: None,
            finance: None,
            activated_at: None,
            version: 0,
        }
    }

    /// Those who have still to agree to the draft.
    #[must_use]
    pub fn unsigned(&self) -> Vec<Role> {
        let signed = |role: Role| match role {
            Role::Revops => self.revops.is_some(),
            Role::Finance => self.finance.is_some(),
            Role::Operator
            | Role::PartnerAe
            | Role::CustomerAe
            | Role::PartnerManager
            | Role::Leadership
            | Role::Portfolio
            | Role::Partner => false,
        };
        self.step.signers().iter().copied().filter(|role| !signed(*role)).collect()
    }
}

/// Why a step cannot be activated, signed or given back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoundationRefusal {
    /// A step before it is not active: build in order.
    #[error(
        "{0} is not active: the order is CO_SELL_MOTION, ATTRIBUTION_FRAMEWORK, CAPABILITY_MAP, ADMINISTRATIVE_LAYER"
    )]
    StepMissing(&'static str),
    /// There is no draft, or a part of it is missing.
    #[error("the definition lacks {0}")]
    DefinitionIncomplete(&'static str),
    /// Somebody has still to agree.
    #[error("{0} has not signed this definition")]
    SignOffMissing(&'static str),
    /// Nobody signs this step.
    #[error("this step needs no signature")]
    NothingToSign,
    /// A map of the program's own without an entry: three to five partners on, nobody remembers who knows whom (seed 001, step 3).
    #[error("the capability map has no entry of a partner at work: record at least one before the map is in force")]
    MapEmpty,
    /// A step of one's own is active: there is no template to give back.
    #[error("a step of the program's own is active: the template is given back only before that")]
    OwnStepActive,
}

impl FoundationRefusal {
    /// The stable word of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::StepMissing(_) => "FOUNDATION_STEP_MISSING",
            Self::DefinitionIncomplete(_) => "DEFINITION_INCOMPLETE",
            Self::SignOffMissing(_) => "SIGN_OFF_MISSING",
            Self::NothingToSign => "NOTHING_TO_SIGN",
            Self::MapEmpty => "CAPABILITY_MAP_EMPTY",
            Self::OwnStepActive => "OWN_STEP_ACTIVE",
        }
    }
}

/// Whether the draft of a step may be activated; `steps` are all four.
///
/// # Errors
/// [`FoundationRefusal`]: the first step before it that is not active, else what its definition lacks, else who has not signed.
pub fn may_activate(step: FoundationStep, steps: &[StepRecord]) -> Result<(), FoundationRefusal> {
    let missing =
        steps.iter().filter(|other| other.step < step && other.active.is_none()).map(|other| other.step).min();
    if let Some(missing) = missing {
        return Err(FoundationRefusal::StepMissing(missing.into()));
    }
    let record = steps.iter().find(|record| record.step == step);
    let draft = record.and_then(|record| record.draft.as_ref());
    let lacks = |part: &&DefinitionPart| draft.is_none_or(|draft| draft.get(*part).is_none_or(String::is_empty));
    if let Some(part) = step.parts().iter().find(lacks) {
        return Err(FoundationRefusal::DefinitionIncomplete((*part).into()));
    }
    match record.map(StepRecord::unsigned).unwrap_or_default().first() {
        Some(role) => Err(FoundationRefusal::SignOffMissing(role.word())),
        None => Ok(()),
    }
}

/// Whether partners may have portal tokens: they are of the administrative layer, which is built last, and which the template does not
/// fill.
///
/// # Errors
/// [`FoundationRefusal::StepMissing`].
pub fn may_have_portal_tokens(steps: &[StepRecord]) -> Result<(), FoundationRefusal> {
    let layer = FoundationStep::AdministrativeLayer;
    match steps.iter().any(|record| record.step == layer && record.active.is_some()) {
        true => Ok(()),
        false => Err(FoundationRefusal::StepMissing(layer.into())),
    }
}

/// The first step that is not active: what is built next; none when all are.
#[must_use]
pub fn next_step(steps: &[StepRecord]) -> Option<FoundationStep> {
    FoundationStep::iter().find(|step| !steps.iter().any(|record| record.step == *step && record.active.is_some()))
}

/// The four questions of the confidence check.
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
pub enum ConfidenceQuestion {
    /// Can you say in one sentence how partners drive revenue, so that the CRO believes it?
    OneSentence,
    /// Does sales say what partners are worth without you?
    SalesWithoutYou,
    /// Can Finance model partner ROI from CRM data without an extraction? Computed.
    RoiFromCrm,
    /// Have at least three deals of the last quarter a trigger, a matched partner and a documented outcome? Computed.
    ThreeDocumentedDeals,
}

impl ConfidenceQuestion {
    /// Whether the system answers it.
    #[must_use]
    pub const fn is_computed(self) -> bool {
        match self {
            Self::OneSentence | Self::SalesWithoutYou => false,
            Self::RoiFromCrm | Self::ThreeDocumentedDeals => true,
        }
    }
}

/// What the two computed questions are answered from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfidenceFacts {
    /// Won deals of the trailing four quarters that a partner sourced.
    pub sourced_won: u64,
    /// Those of them without a recorded ARR.
    pub without_arr: u64,
    /// Program spend of the same quarters, in minor units.
    pub spend_minor: i128,
    /// Deals closed in the last completed quarter that meet a trigger of the motion, with a locked partner that was declared here and a
    /// documented outcome; none while no trigger is set, for then nothing can be held against one.
    pub documented_deals: Option<u64>,
}

impl ConfidenceFacts {
    /// What a computed question lacks, and what to do about it; none where it is a yes, and of the other two.
    #[must_use]
    pub fn lacks(&self, question: ConfidenceQuestion) -> Option<String> {
        match question {
            ConfidenceQuestion::OneSentence | ConfidenceQuestion::SalesWithoutYou => None,
            ConfidenceQuestion::RoiFromCrm if self.spend_minor <= 0 => {
                Some("no spend is recorded in the trailing four quarters".into())
            }
            ConfidenceQuestion::RoiFromCrm if self.sourced_won == 0 => {
                Some("no deal that a partner sourced was won in the trailing four quarters".into())
            }
            ConfidenceQuestion::RoiFromCrm if self.without_arr > 0 => Some(format!(
                "{} of the {} deals that a partner sourced and that were won have no ARR",
                self.without_arr, self.sourced_won
            )),
            ConfidenceQuestion::RoiFromCrm => None,
            ConfidenceQuestion::ThreeDocumentedDeals => match self.documented_deals {
                None => Some(
                    "no trigger of the co-sell motion is set, so that no deal can be held against one: cosellTriggersSet sets it".into(),
                ),
                Some(deals) if deals < DOCUMENTED_DEALS => Some(format!(
                    "{deals} of at least {DOCUMENTED_DEALS} deals: closed in the last completed quarter, meeting a trigger, locked with a \
                     partner that was declared here and not imported, and won, or lost with its reason"
                )),
                Some(_) => None,
            },
        }
    }
}

/// An answer of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfidenceAnswer {
    /// The row's id.
    pub id: Uuid,
    /// The quarter it is given in.
    pub quarter: Quarter,
    /// The question.
    pub question: ConfidenceQuestion,
    /// Yes or no.
    pub is_yes: bool,
    /// The sentence, or what it rests on.
    pub statement: String,
    /// Who answered.
    pub seat_id: Uuid,
    /// Who co-signed; an answer without counts as no.
    pub cosigned_by: Option<SignOff>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was given.
    pub recorded_at: DateTime<Utc>,
}

/// What the check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ConfidenceResult {
    /// A question fails: stop adding headcount, budget and partners.
    Program,
    /// All four are yes.
    System,
}

/// How many documented deals of the last quarter it takes.
pub const DOCUMENTED_DEALS: u64 = 3;

/// Each question with its answer, and the result.
#[must_use]
pub fn confidence(
    answers: &[ConfidenceAnswer],
    facts: &ConfidenceFacts,
) -> (Vec<(ConfidenceQuestion, bool)>, ConfidenceResult) {
    let is_yes = |question: ConfidenceQuestion| match question {
        ConfidenceQuestion::OneSentence | ConfidenceQuestion::SalesWithoutYou => {
            answers.iter().any(|answer| answer.question == question && answer.is_yes && answer.cosigned_by.is_some())
        }
        ConfidenceQuestion::RoiFromCrm | ConfidenceQuestion::ThreeDocumentedDeals => facts.lacks(question).is_none(),
    };
    let questions: Vec<_> = ConfidenceQuestion::iter().map(|question| (question, is_yes(question))).collect();
    let is_system = questions.iter().all(|(_, is_yes)| *is_yes);
    (questions, if is_system { ConfidenceResult::System } else { ConfidenceResult::Program })
}

#[cfg(test)]
#[path = "foundation_tests.rs"]
mod tests;
