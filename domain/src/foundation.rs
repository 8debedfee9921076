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
    /// Deals closed in the last completed quarter with a locked attribution, a partner and an outcome with its reason.
    pub documented_deals: u64,
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
        ConfidenceQuestion::RoiFromCrm => facts.spend_minor > 0 && facts.sourced_won > 0 && facts.without_arr == 0,
        ConfidenceQuestion::ThreeDocumentedDeals => facts.documented_deals >= DOCUMENTED_DEALS,
    };
    let questions: Vec<_> = ConfidenceQuestion::iter().map(|question| (question, is_yes(question))).collect();
    let is_system = questions.iter().all(|(_, is_yes)| *is_yes);
    (questions, if is_system { ConfidenceResult::System } else { ConfidenceResult::Program })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(step: FoundationStep) -> StepRecord {
        StepRecord { active: None, by_template: false, ..StepRecord::template(step) }
    }

    fn whole(step: FoundationStep) -> Definition {
        step.parts().iter().map(|part| (*part, "as agreed".to_owned())).collect()
    }

    #[test]
    fn a_program_starts_from_the_template_with_three_steps_in_force() {
        let steps: Vec<StepRecord> = FoundationStep::iter().map(StepRecord::template).collect();
        assert_eq!(next_step(&steps), Some(FoundationStep::AdministrativeLayer));
        assert!(steps[..3].iter().all(|record| {
            record.by_template && record.active.as_ref().is_some_and(|words| words.len() == record.step.parts().len())
        }));
    }

    #[test]
    fn a_step_waits_for_the_one_before_it() {
        use FoundationStep::{AdministrativeLayer, CapabilityMap, CoSellMotion};
        let mut steps: Vec<StepRecord> = FoundationStep::iter().map(bare).collect();
        assert_eq!(
            may_activate(AdministrativeLayer, &steps),
            Err(FoundationRefusal::StepMissing("CO_SELL_MOTION")),
            "the first one that is missing"
        );
        assert_eq!(may_activate(CoSellMotion, &steps), Err(FoundationRefusal::DefinitionIncomplete("TRIGGER")));
        steps[0].active = Some(whole(CoSellMotion));
        assert_eq!(may_activate(CapabilityMap, &steps), Err(FoundationRefusal::StepMissing("ATTRIBUTION_FRAMEWORK")));
        assert_eq!(next_step(&steps), Some(FoundationStep::AttributionFramework));
    }

    #[test]
    fn the_attribution_framework_takes_two_signatures() {
        let step = FoundationStep::AttributionFramework;
        let mut steps: Vec<StepRecord> = FoundationStep::iter().map(StepRecord::template).collect();
        let mut draft = whole(step);
        draft.insert(DefinitionPart::InfluencedDefinition, String::new());
        steps[1].draft = Some(draft);
        assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::DefinitionIncomplete("INFLUENCED_DEFINITION")));
        steps[1].draft = Some(whole(step));
        assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::SignOffMissing("REVOPS")));
        let signed = Some(SignOff { seat_id: Uuid::nil(), at: DateTime::UNIX_EPOCH });
        steps[1].revops = signed;
        assert_eq!(may_activate(step, &steps), Err(FoundationRefusal::SignOffMissing("FINANCE")));
        steps[1].finance = signed;
        assert_eq!(may_activate(step, &steps), Ok(()));
    }

    #[test]
    fn all_four_are_yes_or_it_is_a_program() {
        let answer = |question, cosigned| ConfidenceAnswer {
            id: Uuid::nil(),
            quarter: Quarter::from_index(8104),
            question,
            is_yes: true,
            statement: "partners open doors that we cannot".into(),
            seat_id: Uuid::nil(),
            cosigned_by: cosigned,
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let signed = Some(SignOff { seat_id: Uuid::nil(), at: DateTime::UNIX_EPOCH });
        let facts = ConfidenceFacts { sourced_won: 9, without_arr: 0, spend_minor: 1, documented_deals: 3 };
        let both = |first| {
            [answer(ConfidenceQuestion::OneSentence, first), answer(ConfidenceQuestion::SalesWithoutYou, signed)]
        };
        assert_eq!(confidence(&both(signed), &facts).1, ConfidenceResult::System);
        assert_eq!(confidence(&both(None), &facts).1, ConfidenceResult::Program, "nobody co-signed");
        for facts in [
            ConfidenceFacts { documented_deals: 2, ..facts },
            ConfidenceFacts { without_arr: 1, ..facts },
            ConfidenceFacts { spend_minor: 0, ..facts },
        ] {
            assert_eq!(confidence(&both(signed), &facts).1, ConfidenceResult::Program);
        }
    }
}
