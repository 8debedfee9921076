//! Program levels on the wire.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use domain::level as method;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::funnel::money;
use super::loader;
use super::measurement::{decimal, int};
use super::mutation::{UserError, run};
use super::scalar::{DateTime, Decimal, Money, Quarter};
use crate::usecase::level;

/// A program level, the lowest first: what the partner sees of its standing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ProgramLevel")]
pub enum ProgramLevel {
    /// Signed.
    Registered,
    /// From a score of 20 on, by default.
    Silver,
    /// From a score of 50 on, by default.
    Gold,
    /// From a score of 80 on, by default.
    Platinum,
}

/// A partner's program level, computed when a quarter begins from the trailing four quarters: a weighted sum of sourced pipeline,
/// influenced revenue and engagement, each as a share of full marks.
pub struct PartnerLevel(method::Held);

/// A partner's program level, computed when a quarter begins from the trailing four quarters: a weighted sum of sourced pipeline,
/// influenced revenue and engagement, each as a share of full marks.
#[Object(directive = Allow::apply(Action::ReadLevel))]
impl PartnerLevel {
    /// The level.
    async fn level(&self) -> ProgramLevel {
        self.0.record.level.into()
    }

    /// The quarter in which it holds.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.record.quarter)
    }

    /// What the level gives now, in words; empty where nothing was set for it.
    async fn benefits(&self) -> &[String] {
        self.0.benefits.as_ref().map_or(&[], |benefits| &benefits.benefits)
    }

    /// How many accounts the partner may ask about or register on one day by its level; null where the policy's number counts.
    async fn registration_checks_per_day(&self) -> Option<i32> {
        self.0.benefits.as_ref().and_then(|benefits| benefits.checks_per_day).map(|count| int(count.into()))
    }

    /// The score, 0 to 100.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn score(&self) -> Decimal {
        decimal(self.0.record.score)
    }

    /// ARR of NEW deals that it SOURCED and that were opened in the trailing four quarters, whatever became of them.
    #[graphql(directive = Allow::apply(Action::ReadLevelActivity))]
    async fn sourced_pipeline(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(money(self.0.record.standing.sourced_minor, loader::program(ctx).await?.currency))
    }

    /// ARR of deals won in the trailing four quarters on which it is INFLUENCED or ACCELERATED.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn influenced_revenue(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(money(self.0.record.standing.influenced_minor, loader::program(ctx).await?.currency))
    }

    /// Activities with it that were recorded in the trailing four quarters.
    #[graphql(directive = Allow::apply(Action::ReadLevelActivity))]
    async fn activities(&self) -> i32 {
        int(self.0.record.standing.activities)
    }

    /// The version of the policy that it follows.
    async fn policy_version(&self) -> i64 {
        self.0.record.policy_version
    }

    /// When it was computed.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.record.recorded_at)
    }
}

/// The latest level of a partner.
pub(super) async fn latest(ctx: &Context<'_>, partner: Uuid) -> Result<Option<PartnerLevel>> {
    Ok(loader::level(ctx, partner).await?.map(PartnerLevel))
}

/// What a program level gives.
pub struct LevelBenefits(method::LevelBenefits);

/// What a program level gives.
#[Object(directive = Allow::apply(Action::ReadLevelBenefits))]
impl LevelBenefits {
    /// The level.
    async fn level(&self) -> ProgramLevel {
        self.0.level.into()
    }

    /// Benefits in words.
    async fn benefits(&self) -> &[String] {
        &self.0.benefits
    }

    /// How many accounts a partner of this level may ask about or register on one day; null where the policy's number counts.
    async fn registration_checks_per_day(&self) -> Option<i32> {
        self.0.checks_per_day.map(|count| int(count.into()))
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

async fn all_benefits(ctx: &Context<'_>) -> Result<Vec<LevelBenefits>> {
    let all = level::benefits(caller(ctx)?).await.map_err(|why| failed(&why))?;
    Ok(all.into_iter().map(LevelBenefits).collect())
}

/// Reads of program levels.
#[derive(Default)]
pub struct LevelQuery;

#[Object]
impl LevelQuery {
    /// What each program level gives that something was set for, the lowest first. A partner reads its own on `Partner.level`.
    #[graphql(directive = Allow::apply(Action::ReadLevelBenefits))]
    async fn level_benefits(&self, ctx: &Context<'_>) -> Result<Vec<LevelBenefits>> {
        all_benefits(ctx).await
    }
}

/// What a level gives, whole.
#[derive(InputObject)]
pub struct LevelBenefitsSetInput {
    /// The level.
    level: ProgramLevel,
    /// The version you read, 0 when nothing was set for it; another one refuses the change.
    expected_version: Option<i64>,
    /// Benefits in words, at most 50 of 500 characters.
    benefits: Vec<String>,
    /// How many accounts a partner of this level may ask about or register on one day; left out, the policy's number counts.
    registration_checks_per_day: Option<i32>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting what a level gives.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageLevelBenefits))]
pub struct LevelBenefitsSetPayload {
    /// What each level gives now; null when it was refused.
    level_benefits: Option<Vec<LevelBenefits>>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of program levels.
#[derive(Default)]
pub struct LevelMutation;

#[Object]
impl LevelMutation {
    /// Sets what a program level gives, as a whole.
    #[graphql(directive = Allow::apply(Action::ManageLevelBenefits))]
    async fn level_benefits_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gives.")] input: LevelBenefitsSetInput,
    ) -> Result<LevelBenefitsSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = (input.benefits.as_slice(), input.registration_checks_per_day);
            level::set_benefits(caller, input.level.into(), input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("levelBenefitsSet", input.idempotency_key.as_ref(), &input, work).await?;
        let level_benefits = if id.is_some() { Some(all_benefits(ctx).await?) } else { None };
        Ok(LevelBenefitsSetPayload { level_benefits, replayed, user_errors })
    }
}
