//! The Foundation on the wire: steps, sign-offs, the confidence check.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use domain::foundation as method;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::funnel::money;
use super::loader;
use super::measurement::int;
use super::mutation::{UserError, run};
use super::role::RoleWord;
use super::scalar::{DateTime, Money, Quarter};
use crate::usecase::capability;
use crate::usecase::foundation::{self, Check};

/// The steps of the Foundation, in the order in which they are built.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::FoundationStep")]
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

/// A part of a step's definition. Each step has parts of its own.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::DefinitionPart")]
pub enum DefinitionPart {
    /// CO_SELL_MOTION: what starts a co-sell.
    Trigger,
    /// CO_SELL_MOTION: how a partner is matched.
    MatchCriteria,
    /// CO_SELL_MOTION: what a briefing says.
    BriefingTemplate,
    /// CO_SELL_MOTION: what is logged, where, and when.
    ActivityLoggingStandard,
    /// ATTRIBUTION_FRAMEWORK: what SOURCED means here.
    SourcedDefinition,
    /// ATTRIBUTION_FRAMEWORK: what co-sell means here.
    CoSellDefinition,
    /// ATTRIBUTION_FRAMEWORK: what INFLUENCED means here.
    InfluencedDefinition,
    /// CAPABILITY_MAP: what is mapped of a partner, and what counts as evidence.
    CapabilityStandard,
    /// ADMINISTRATIVE_LAYER: what each program level asks and gives.
    ProgramLevels,
    /// ADMINISTRATIVE_LAYER: who gets a portal token, for how long.
    PartnerTokens,
    /// ADMINISTRATIVE_LAYER: what a registration asks and how long it holds.
    RegistrationRules,
}

/// A part of a definition in words.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFoundation))]
pub struct DefinitionText {
    /// Which part.
    part: DefinitionPart,
    /// The words.
    text: String,
}

fn words(definition: &method::Definition) -> Vec<DefinitionText> {
    definition.iter().map(|(part, text)| DefinitionText { part: (*part).into(), text: text.clone() }).collect()
}

/// A step as it stands.
pub struct FoundationStepState(method::StepRecord);

/// A step as it stands.
#[Object(directive = Allow::apply(Action::ReadFoundation))]
impl FoundationStepState {
    /// The step.
    async fn step(&self) -> FoundationStep {
        self.0.step.into()
    }

    /// Whether a definition of it is in force.
    async fn is_active(&self) -> bool {
        self.0.active.is_some()
    }

    /// Whether that is the template's, signed by template: a program starts with the first three.
    async fn is_by_template(&self) -> bool {
        self.0.by_template
    }

    /// The definition in force; null while there is none.
    async fn definition(&self) -> Option<Vec<DefinitionText>> {
        self.0.active.as_ref().map(words)
    }

    /// The definition that is worked at; null where there is none beside the one in force.
    async fn draft(&self) -> Option<Vec<DefinitionText>> {
        self.0.draft.as_ref().map(words)
    }

    /// The parts that a definition of it must have.
    async fn parts(&self) -> Vec<DefinitionPart> {
        self.0.step.parts().iter().map(|part| (*part).into()).collect()
    }

    /// Who has still to sign the draft before it is activated.
    async fn unsigned(&self) -> Vec<RoleWord> {
        self.0.unsigned().into_iter().map(Into::into).collect()
    }

    /// When it was activated; null of the template's.
    async fn activated_at(&self) -> Option<DateTime> {
        self.0.activated_at.map(DateTime)
    }

    /// The version, for `expectedVersion` of a change; 0 while the program never changed it.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Phase 0: what a program is built on, in order.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFoundation))]
pub struct Foundation {
    /// The four steps, in order.
    steps: Vec<FoundationStepState>,
    /// What is built next: the first step that is not active; null when all are.
    next: Option<FoundationStep>,
    /// How far the program's capability map has come. A map of the program's own is put in force with an entry at least.
    capability_map: CapabilityMapState,
}

/// How far the program's capability map has come, over the partners at work.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFoundation))]
pub struct CapabilityMapState {
    /// Entries.
    entries: i32,
    /// Those of them that must be validated again.
    stale_entries: i32,
    /// Partners at work.
    partners: i32,
    /// Those of them with an entry that need not be validated again.
    mapped_partners: i32,
}

async fn read(ctx: &Context<'_>) -> Result<Foundation> {
    let steps = foundation::steps(caller(ctx)?).await.map_err(|why| failed(&why))?;
    let next = method::next_step(&steps).map(Into::into);
    let map = capability::map_state(caller(ctx)?).await.map_err(|why| failed(&why))?;
    let capability_map = CapabilityMapState {
        entries: int(map.entries),
        stale_entries: int(map.stale_entries),
        partners: int(map.partners),
        mapped_partners: int(map.mapped_partners),
    };
    Ok(Foundation { steps: steps.into_iter().map(FoundationStepState).collect(), next, capability_map })
}

/// The four questions of the confidence check.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ConfidenceQuestion")]
pub enum ConfidenceQuestion {
    /// Can you say in one sentence how partners drive revenue, so that the CRO believes it? Answered and co-signed.
    OneSentence,
    /// Does sales say what partners are worth without you? Answered and co-signed.
    SalesWithoutYou,
    /// Can Finance model partner ROI from CRM data without an extraction? Computed: there is spend, and every deal that was sourced
    /// and won in the trailing four quarters has its ARR.
    RoiFromCrm,
    /// Have at least three deals closed in the last quarter a trigger of the co-sell motion, a matched partner and a documented outcome?
    /// Computed, from what was recorded here: history that a file brought along documents nothing.
    ThreeDocumentedDeals,
}

/// What the confidence check says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ConfidenceResult")]
pub enum ConfidenceResult {
    /// A question fails: stop adding headcount, budget and partners.
    Program,
    /// All four are yes.
    System,
}

/// A question with its answer.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadConfidence))]
pub struct ConfidenceItem {
    /// The question.
    question: ConfidenceQuestion,
    /// Whether it counts as yes: an answer that nobody co-signed does not.
    is_yes: bool,
    /// The operator's sentence; null of a computed question, and while it is not answered.
    statement: Option<String>,
    /// Whether it is co-signed; null of a computed question.
    is_cosigned: Option<bool>,
    /// What a computed question lacks, and what to do about it; null where it is a yes, and of the other two.
    lacks: Option<String>,
}

/// The operator's confidence check of the current quarter.
pub struct ConfidenceCheck(Check);

/// The operator's confidence check of the current quarter.
#[Object(directive = Allow::apply(Action::ReadConfidence))]
impl ConfidenceCheck {
    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// PROGRAM or SYSTEM.
    async fn result(&self) -> ConfidenceResult {
        self.0.result.into()
    }

    /// The four questions.
    async fn items(&self) -> Vec<ConfidenceItem> {
        let item = |(question, is_yes): &(method::ConfidenceQuestion, bool)| {
            let answer = self.0.answers.iter().find(|answer| answer.question == *question);
            let is_cosigned = answer.is_some_and(|answer| answer.cosigned_by.is_some());
            ConfidenceItem {
                question: (*question).into(),
                is_yes: *is_yes,
                statement: answer.map(|answer| answer.statement.clone()),
                is_cosigned: (!question.is_computed()).then_some(is_cosigned),
                lacks: self.0.facts.lacks(*question),
            }
        };
        self.0.questions.iter().map(item).collect()
    }

    /// The questions that fail.
    async fn failing(&self) -> Vec<ConfidenceQuestion> {
        self.0.questions.iter().filter(|(_, is_yes)| !is_yes).map(|(question, _)| (*question).into()).collect()
    }

    /// Won deals of the trailing four quarters that a partner sourced.
    async fn sourced_won(&self) -> i32 {
        int(self.0.facts.sourced_won)
    }

    /// Those of them without a recorded ARR.
    async fn without_arr(&self) -> i32 {
        int(self.0.facts.without_arr)
    }

    /// Program spend of the same quarters.
    async fn spend(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(money(self.0.facts.spend_minor, loader::program(ctx).await?.currency))
    }

    /// Deals closed in the last completed quarter that meet a trigger of the co-sell motion (segment, kind, ARR; a condition on the stage is
    /// met by a won deal, and by a lost one that stands in it), with a partner that was declared here by the lock, and won, or lost with a
    /// reason. Null while no trigger is set (`cosellTriggersSet`): then no deal can be held against one.
    async fn documented_deals(&self) -> Option<i32> {
        self.0.facts.documented_deals.map(int)
    }
}

async fn check(ctx: &Context<'_>) -> Result<ConfidenceCheck> {
    Ok(ConfidenceCheck(foundation::check(caller(ctx)?).await.map_err(|why| failed(&why))?))
}

/// Reads of the Foundation.
#[derive(Default)]
pub struct FoundationQuery;

#[Object]
impl FoundationQuery {
    /// Phase 0: the four steps, in the order in which they are built.
    #[graphql(directive = Allow::apply(Action::ReadFoundation))]
    async fn foundation(&self, ctx: &Context<'_>) -> Result<Foundation> {
        read(ctx).await
    }

    /// The operator's confidence check of the current quarter: PROGRAM or SYSTEM, with the failing questions.
    #[graphql(directive = Allow::apply(Action::ReadConfidence))]
    async fn confidence_check(&self, ctx: &Context<'_>) -> Result<ConfidenceCheck> {
        check(ctx).await
    }
}

/// A part of a definition.
#[derive(InputObject)]
pub struct DefinitionTextInput {
    /// Which part.
    part: DefinitionPart,
    /// The words, at most 4000 characters.
    text: String,
}

/// The draft of a step, whole.
#[derive(InputObject)]
pub struct FoundationStepWriteInput {
    /// The step.
    step: FoundationStep,
    /// Its parts; those that are left out are missing.
    #[graphql(validator(max_items = 20))]
    parts: Vec<DefinitionTextInput>,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A signature under the draft of a step.
#[derive(InputObject)]
pub struct FoundationStepSignInput {
    /// The step.
    step: FoundationStep,
    /// The version you read and agree to; another one refuses the signature.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// The draft of a step is put in force.
#[derive(InputObject)]
pub struct FoundationStepActivateInput {
    /// The step.
    step: FoundationStep,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// The template is given back.
#[derive(InputObject)]
pub struct FoundationTemplateGiveBackInput {
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of a change of the Foundation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFoundation))]
pub struct FoundationPayload {
    /// The Foundation as it is now; null when the change was refused.
    foundation: Option<Foundation>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// An answer of the operator.
#[derive(InputObject)]
pub struct ConfidenceAnswerInput {
    /// One of the first two questions; the others are computed.
    question: ConfidenceQuestion,
    /// Yes or no.
    is_yes: bool,
    /// The sentence, or what the answer rests on, at most 1000 characters.
    statement: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A co-signature under the operator's answer.
#[derive(InputObject)]
pub struct ConfidenceCosignInput {
    /// One of the first two questions.
    question: ConfidenceQuestion,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of an answer or a co-signature.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadConfidence))]
pub struct ConfidencePayload {
    /// The check as it is now; null when the change was refused.
    confidence_check: Option<ConfidenceCheck>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the Foundation.
#[derive(Default)]
pub struct FoundationMutation;

type Outcome = (Option<uuid::Uuid>, bool, Vec<UserError>);

async fn built(ctx: &Context<'_>, (id, replayed, user_errors): Outcome) -> Result<FoundationPayload> {
    let foundation = if id.is_some() { Some(read(ctx).await?) } else { None };
    Ok(FoundationPayload { foundation, replayed, user_errors })
}

async fn checked(ctx: &Context<'_>, (id, replayed, user_errors): Outcome) -> Result<ConfidencePayload> {
    let confidence_check = if id.is_some() { Some(check(ctx).await?) } else { None };
    Ok(ConfidencePayload { confidence_check, replayed, user_errors })
}

#[Object]
impl FoundationMutation {
    /// Writes the draft of a step, whole. What was signed is to be signed again; what is in force stays so.
    #[graphql(directive = Allow::apply(Action::WriteFoundation))]
    async fn foundation_step_write(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: FoundationStepWriteInput,
    ) -> Result<FoundationPayload> {
        let caller = caller(ctx)?;
        let parts: Vec<_> = input.parts.iter().map(|part| (part.part.into(), part.text.clone())).collect();
        let (step, expected) = (input.step.into(), input.expected_version);
        let work = async |key| foundation::write(caller, step, &parts, expected, key).await;
        built(ctx, run("foundationStepWrite", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Agrees to the draft of a step, for one's own role: the attribution framework takes RevOps and Finance.
    #[graphql(directive = Allow::apply(Action::SignFoundation))]
    async fn foundation_step_sign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signature.")] input: FoundationStepSignInput,
    ) -> Result<FoundationPayload> {
        let caller = caller(ctx)?;
        let (step, expected) = (input.step.into(), input.expected_version);
        let work = async |key| foundation::sign(caller, step, expected, key).await;
        built(ctx, run("foundationStepSign", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Puts the draft of a step in force: not before the steps before it, and not unsigned. The refusal says what is missing.
    #[graphql(directive = Allow::apply(Action::ActivateFoundation))]
    async fn foundation_step_activate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The step.")] input: FoundationStepActivateInput,
    ) -> Result<FoundationPayload> {
        let caller = caller(ctx)?;
        let (step, expected) = (input.step.into(), input.expected_version);
        let work = async |key| foundation::activate(caller, step, expected, key).await;
        built(ctx, run("foundationStepActivate", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Gives the template back: no step is in force, and the program builds its own in order. Only before a step of its own is active.
    #[graphql(directive = Allow::apply(Action::ActivateFoundation))]
    async fn foundation_template_give_back(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nothing but a key.")] input: FoundationTemplateGiveBackInput,
    ) -> Result<FoundationPayload> {
        let caller = caller(ctx)?;
        let work = async |key| foundation::give_back(caller, key).await;
        built(ctx, run("foundationTemplateGiveBack", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Answers one of the first two questions of the confidence check for the current quarter.
    #[graphql(directive = Allow::apply(Action::AnswerConfidence))]
    async fn confidence_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: ConfidenceAnswerInput,
    ) -> Result<ConfidencePayload> {
        let caller = caller(ctx)?;
        let question = input.question.into();
        let work = async |key| foundation::answer(caller, question, input.is_yes, &input.statement, key).await;
        checked(ctx, run("confidenceAnswer", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Co-signs the operator's answer to one of the first two questions: the leadership's half of the check.
    #[graphql(directive = Allow::apply(Action::CosignConfidence))]
    async fn confidence_cosign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The co-signature.")] input: ConfidenceCosignInput,
    ) -> Result<ConfidencePayload> {
        let caller = caller(ctx)?;
        let question = input.question.into();
        let work = async |key| foundation::cosign(caller, question, key).await;
        checked(ctx, run("confidenceCosign", input.idempotency_key.as_ref(), &input, work).await?).await
    }
}
