//! The Recruit Plan on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use domain::recruit as method;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deliverable::{self, Deliverable};
use super::global_id;
use super::measurement::{decimal, int};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::recruit::{Tier, TierDecision};
use super::scalar::{DateTime, Decimal, Quarter};
use crate::usecase::recruit_plan::{self, Entry, Plan};

/// What a partner lacks in the Recruit Plan.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::PlanGap")]
pub enum PlanGap {
    /// No tier is decided in this quarter.
    TierDecisionMissing,
    /// Its section is not written.
    SectionMissing,
    /// Its section is of another tier than the one decided.
    SectionOfAnotherTier,
}

/// A partner's section of the plan. Which parts it has goes with the tier; the others are null.
pub struct RecruitSection(method::PlanSection);

/// A partner's section of the plan. Which parts it has goes with the tier; the others are null.
#[Object(directive = Allow::apply(Action::ReadRecruitPlan))]
impl RecruitSection {
    /// The tier whose section it is.
    async fn tier(&self) -> Tier {
        self.0.section.tier().into()
    }

    /// INVEST: the next quarter's activation step.
    async fn activation_step(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Invest { activation_step } => Some(activation_step),
            _ => None,
        }
    }

    /// MAINTAIN: the hold-steady commitments.
    async fn commitments(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Maintain { commitments } => Some(commitments),
            _ => None,
        }
    }

    /// TEST: the trailing audit signals that are watched.
    async fn audit_signals(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Test { audit_signals, .. } => Some(audit_signals),
            _ => None,
        }
    }

    /// TEST: what ends it, and how.
    async fn exit_criteria(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Test { exit_criteria, .. } => Some(exit_criteria),
            _ => None,
        }
    }

    /// EXIT: the offboarding mechanic.
    async fn offboarding(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Exit { offboarding, .. } => Some(offboarding),
            _ => None,
        }
    }

    /// EXIT: where the freed capacity goes.
    async fn freed_capacity(&self) -> Option<&str> {
        match &self.0.section {
            method::Section::Exit { freed_capacity, .. } => Some(freed_capacity),
            _ => None,
        }
    }

    /// When it was last written.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A partner in the plan.
pub struct RecruitEntry(Entry);

/// A partner in the plan.
#[Object(directive = Allow::apply(Action::ReadRecruitPlan))]
impl RecruitEntry {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.0.partner.clone())
    }

    /// The decision of the plan's quarter; null while there is none.
    async fn decision(&self) -> Option<TierDecision> {
        self.0.decision.clone().map(TierDecision)
    }

    /// Its section; null while it is not written.
    async fn section(&self) -> Option<RecruitSection> {
        self.0.section.clone().map(RecruitSection)
    }

    /// What it lacks; null when it is complete.
    async fn missing(&self) -> Option<PlanGap> {
        self.0.gap.map(Into::into)
    }
}

/// How long the Recruit Plan is: the words that people wrote in its sections and in the reasons of its decisions.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadRecruitPlan))]
pub struct RecruitPlanLength {
    /// Words, of all partners of the program.
    words: i32,
    /// Pages of 400 words, by default.
    pages: Option<Decimal>,
    /// The pages that it is to fit on: 3 by default.
    budget_pages: i32,
    /// Whether it is longer.
    is_over_budget: bool,
}

/// The Recruit Plan of a quarter as it stands: for each INVEST the next activation step, for each MAINTAIN the commitments, for each
/// TEST the audit signals and exit criteria, for each EXIT the offboarding and where the freed capacity goes.
pub struct RecruitPlan(Plan);

/// The Recruit Plan of a quarter as it stands: for each INVEST the next activation step, for each MAINTAIN the commitments, for each
/// TEST the audit signals and exit criteria, for each EXIT the offboarding and where the freed capacity goes.
#[Object(directive = Allow::apply(Action::ReadRecruitPlan))]
impl RecruitPlan {
    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// Every partner at work that you may see, by name.
    async fn entries(&self) -> Vec<RecruitEntry> {
        self.0.entries.iter().cloned().map(RecruitEntry).collect()
    }

    /// Those of them that lack something: the plan is not published while there is any.
    async fn missing(&self) -> Vec<RecruitEntry> {
        self.0.entries.iter().filter(|entry| entry.gap.is_some()).cloned().map(RecruitEntry).collect()
    }

    /// How long the whole plan is, beside the three pages (by default) that it is to fit on. It may be published beyond them.
    async fn length(&self) -> RecruitPlanLength {
        let length = self.0.length;
        RecruitPlanLength {
            words: int(length.words),
            pages: length.pages().map(decimal),
            budget_pages: int(length.budget_pages.into()),
            is_over_budget: length.is_over(),
        }
    }

    /// The latest revision that was published; null while none is.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn published(&self) -> Option<Deliverable> {
        self.0.published.clone().map(Deliverable)
    }
}

/// Reads of the Recruit Plan.
#[derive(Default)]
pub struct RecruitPlanQuery;

#[Object]
impl RecruitPlanQuery {
    /// The Recruit Plan of a quarter as it stands.
    #[graphql(directive = Allow::apply(Action::ReadRecruitPlan))]
    async fn recruit_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<RecruitPlan> {
        let quarter = quarter.map(|quarter| quarter.0);
        Ok(RecruitPlan(recruit_plan::plan(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?))
    }
}

/// What an INVEST section says.
#[derive(InputObject)]
pub struct InvestSectionInput {
    /// The next quarter's activation step, at most 2000 characters.
    activation_step: String,
}

/// What a MAINTAIN section says.
#[derive(InputObject)]
pub struct MaintainSectionInput {
    /// The hold-steady commitments, at most 2000 characters.
    commitments: String,
}

/// What a TEST section says.
#[derive(InputObject)]
pub struct TestSectionInput {
    /// The trailing audit signals that are watched, at most 2000 characters.
    audit_signals: String,
    /// What ends it, and how, at most 2000 characters.
    exit_criteria: String,
}

/// What an EXIT section says.
#[derive(InputObject)]
pub struct ExitSectionInput {
    /// The offboarding mechanic, at most 2000 characters.
    offboarding: String,
    /// Where the freed capacity goes, at most 2000 characters.
    freed_capacity: String,
}

/// A section of exactly one kind.
#[derive(OneofObject)]
pub enum RecruitSectionContent {
    /// For an INVEST partner.
    Invest(InvestSectionInput),
    /// For a MAINTAIN partner.
    Maintain(MaintainSectionInput),
    /// For a TEST partner.
    Test(TestSectionInput),
    /// For an EXIT partner.
    Exit(ExitSectionInput),
}

impl RecruitSectionContent {
    fn read(&self) -> method::Section {
        match self {
            Self::Invest(section) => method::Section::Invest { activation_step: section.activation_step.clone() },
            Self::Maintain(section) => method::Section::Maintain { commitments: section.commitments.clone() },
            Self::Test(section) => method::Section::Test {
                audit_signals: section.audit_signals.clone(),
                exit_criteria: section.exit_criteria.clone(),
            },
            Self::Exit(section) => method::Section::Exit {
                offboarding: section.offboarding.clone(),
                freed_capacity: section.freed_capacity.clone(),
            },
        }
    }
}

/// A partner's section of the current quarter's plan, whole.
#[derive(InputObject)]
pub struct RecruitSectionWriteInput {
    /// The partner.
    partner_id: ID,
    /// What it says.
    section: RecruitSectionContent,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of writing a section.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::WriteRecruitPlan))]
pub struct RecruitSectionWritePayload {
    /// The partner in the plan as it is now; null when it was refused.
    entry: Option<RecruitEntry>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// The current quarter's plan is published.
#[derive(InputObject)]
pub struct RecruitPlanPublishInput {
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of publishing the plan.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::PublishRecruitPlan))]
pub struct RecruitPlanPublishPayload {
    /// What was published; null when it was refused.
    deliverable: Option<Deliverable>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused, each partner that lacks something by name; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the Recruit Plan.
#[derive(Default)]
pub struct RecruitPlanMutation;

#[Object]
impl RecruitPlanMutation {
    /// Writes a partner's section of the current quarter's plan, in place of the one before.
    #[graphql(directive = Allow::apply(Action::WriteRecruitPlan))]
    async fn recruit_section_write(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The section.")] input: RecruitSectionWriteInput,
    ) -> Result<RecruitSectionWritePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            recruit_plan::write_section(caller, partner, input.section.read(), input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("recruitSectionWrite", input.idempotency_key.as_ref(), &input, work).await?;
        let plan = match id {
            Some(_) => recruit_plan::plan(caller, None).await.map_err(|why| failed(&why))?.entries,
            None => Vec::new(),
        };
        let entry = plan.into_iter().find(|entry| Some(entry.partner.id) == id).map(RecruitEntry);
        Ok(RecruitSectionWritePayload { entry, replayed, user_errors })
    }

    /// Publishes the current quarter's plan. It is refused while a partner at work has no decision of this quarter or no section
    /// of its tier.
    #[graphql(directive = Allow::apply(Action::PublishRecruitPlan))]
    async fn recruit_plan_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Nothing but a key.")] input: RecruitPlanPublishInput,
    ) -> Result<RecruitPlanPublishPayload> {
        let caller = caller(ctx)?;
        let work = async |key| recruit_plan::publish(caller, key).await;
        let (id, replayed, user_errors) =
            run("recruitPlanPublish", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(RecruitPlanPublishPayload { deliverable: deliverable::one(ctx, id).await?, replayed, user_errors })
    }
}
