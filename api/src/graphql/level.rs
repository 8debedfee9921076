//! Program levels on the wire.

use async_graphql::{Context, Enum, Object, Result};
use domain::level as method;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::funnel::money;
use super::loader;
use super::measurement::{decimal, int};
use super::scalar::{DateTime, Decimal, Money, Quarter};

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
pub struct PartnerLevel(method::LevelRecord);

/// A partner's program level, computed when a quarter begins from the trailing four quarters: a weighted sum of sourced pipeline,
/// influenced revenue and engagement, each as a share of full marks.
#[Object(directive = Allow::apply(Action::ReadLevel))]
impl PartnerLevel {
    /// The level.
    async fn level(&self) -> ProgramLevel {
        self.0.level.into()
    }

    /// The quarter in which it holds.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// The score, 0 to 100.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn score(&self) -> Decimal {
        decimal(self.0.score)
    }

    /// ARR of NEW deals that it SOURCED and that were opened in the trailing four quarters, whatever became of them.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn sourced_pipeline(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(money(self.0.standing.sourced_minor, loader::program(ctx).await?.currency))
    }

    /// ARR of deals won in the trailing four quarters on which it is INFLUENCED or ACCELERATED.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn influenced_revenue(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(money(self.0.standing.influenced_minor, loader::program(ctx).await?.currency))
    }

    /// Activities with it that were recorded in the trailing four quarters.
    #[graphql(directive = Allow::apply(Action::ReadLevelFacts))]
    async fn activities(&self) -> i32 {
        int(self.0.standing.activities)
    }

    /// The version of the policy that it follows.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// When it was computed.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// The latest level of a partner.
pub(super) async fn latest(ctx: &Context<'_>, partner: Uuid) -> Result<Option<PartnerLevel>> {
    Ok(loader::level(ctx, partner).await?.map(PartnerLevel))
}
