//! The Stage Deployment Plan on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::funnel as method;
use domain::money::Currency;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::deliverable::{self, Deliverable};
use super::funnel::{FunnelStage, money};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{Money, Quarter};
use super::{global_id, loader};
use crate::usecase::deployment::{self, Deployment, Facts};

/// What an Invest partner commits to in a stage, for one quarter.
pub struct StageCommitment {
    row: method::Commitment,
    currency: Currency,
}

/// What an Invest partner commits to in a stage, for one quarter.
#[Object(directive = Allow::apply(Action::ReadDeployment))]
impl StageCommitment {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("StageCommitment", self.row.id)
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.row.partner_id).await?.map(Partner))
    }

    /// The stage.
    async fn stage(&self) -> FunnelStage {
        self.row.stage.into()
    }

    /// The quarter it is for.
    async fn for_quarter(&self) -> Quarter {
        Quarter(self.row.for_quarter)
    }

    /// The ARR.
    async fn arr(&self) -> Money {
        money(self.row.arr_minor.into(), self.currency)
    }

    /// How many deals.
    async fn deals(&self) -> i32 {
        self.row.deals
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// A stage's commitments of the whole program beside BASE of the published forecast, over four quarters: TOFU with Sourced, CO_SELL
/// with Influenced, EXPAND with Expansion, of the Invest partners. RETAIN stands apart.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDeployment))]
pub struct StageReconciliation {
    /// The stage.
    pub(super) stage: FunnelStage,
    /// The sum of its commitments.
    pub(super) committed: Money,
    /// BASE; null for RETAIN.
    pub(super) base: Option<Money>,
    /// Committed less BASE; null for RETAIN.
    pub(super) difference: Option<Money>,
    /// Whether the difference is within 1 % of BASE (by default); RETAIN always is.
    pub(super) is_within: bool,
}

/// The Stage Deployment Plan of an iteration as it stands.
pub struct StageDeploymentPlan(Deployment);

/// The Stage Deployment Plan of an iteration as it stands.
#[Object(directive = Allow::apply(Action::ReadDeployment))]
impl StageDeploymentPlan {
    /// The iteration's quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// The commitments of the partners that you may see.
    async fn commitments(&self) -> Vec<StageCommitment> {
        let currency = self.0.currency;
        self.0.commitments.iter().cloned().map(|row| StageCommitment { row, currency }).collect()
    }

    /// The sums beside BASE; null until the forecast of the quarter is published.
    async fn reconciliation(&self) -> Option<Vec<StageReconciliation>> {
        let amount = |minor| money(minor, self.0.currency);
        let line = |line: &method::Reconciled| StageReconciliation {
            stage: line.stage.into(),
            committed: amount(line.committed_minor),
            base: line.base_minor.map(amount),
            difference: line.difference_minor.map(amount),
            is_within: line.is_within,
        };
        self.0.reconciled.as_ref().map(|lines| lines.iter().map(line).collect())
    }

    /// The latest revision that was published, with the matrix and the health card; null while none is.
    #[graphql(directive = Allow::apply(Action::ReadDeliverables))]
    async fn published(&self) -> Option<Deliverable> {
        self.0.published.clone().map(Deliverable)
    }
}

/// Reads of the Stage Deployment Plan.
#[derive(Default)]
pub struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    /// The Stage Deployment Plan of an iteration as it stands.
    #[graphql(directive = Allow::apply(Action::ReadDeployment))]
    async fn stage_deployment_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The iteration's quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<StageDeploymentPlan> {
        let quarter = quarter.map(|quarter| quarter.0);
        Ok(StageDeploymentPlan(deployment::deployment(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?))
    }
}

/// What an Invest partner commits to, in place of what it did before.
#[derive(InputObject)]
pub struct StageCommitmentSetInput {
    /// The partner; its tier is INVEST.
    partner_id: ID,
    /// The stage.
    stage: FunnelStage,
    /// The quarter it is for: the current one or one of the three after it.
    for_quarter: Quarter,
    /// The ARR, not negative.
    arr: MoneyInput,
    /// How many deals, not negative.
    deals: i32,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting a commitment.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::WriteDeployment))]
pub struct StageCommitmentSetPayload {
    /// The commitment as it is now; null when it was refused.
    stage_commitment: Option<StageCommitment>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// The current quarter's plan is published.
#[derive(InputObject)]
pub struct StageDeploymentPlanPublishInput {
    /// Why the commitments differ from BASE by more than 1 % (by default), at most 2000 characters; not needed where they do not.
    reason: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of publishing the plan.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::PublishDeployment))]
pub struct StageDeploymentPlanPublishPayload {
    /// What was published; null when it was refused.
    deliverable: Option<Deliverable>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the Stage Deployment Plan.
#[derive(Default)]
pub struct DeploymentMutation;

#[Object]
impl DeploymentMutation {
    /// Sets what an Invest partner commits to in a stage and a quarter of the current plan.
    #[graphql(directive = Allow::apply(Action::WriteDeployment))]
    async fn stage_commitment_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The commitment.")] input: StageCommitmentSetInput,
    ) -> Result<StageCommitmentSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                partner_id: global_id::input(&input.partner_id, "Partner", "partnerId")?,
                stage: input.stage.into(),
                for_quarter: input.for_quarter.0,
                arr: input.arr.read(),
                deals: input.deals,
            };
            deployment::set(caller, facts, input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("stageCommitmentSet", input.idempotency_key.as_ref(), &input, work).await?;
        let row = match id {
            Some(id) => deployment::find(caller, id).await.map_err(|why| failed(&why))?,
            None => None,
        };
        let currency = loader::program(ctx).await?.currency;
        let stage_commitment = row.map(|row| StageCommitment { row, currency });
        Ok(StageCommitmentSetPayload { stage_commitment, replayed, user_errors })
    }

    /// Publishes the current quarter's plan. It is refused until the forecast of the quarter is published, and while a stage differs
    /// from BASE by more than 1 % (by default) without a written reason.
    #[graphql(directive = Allow::apply(Action::PublishDeployment))]
    async fn stage_deployment_plan_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reason, where one is needed.")] input: StageDeploymentPlanPublishInput,
    ) -> Result<StageDeploymentPlanPublishPayload> {
        let caller = caller(ctx)?;
        let work = async |key| deployment::publish(caller, input.reason.clone(), key).await;
        let (id, replayed, user_errors) =
            run("stageDeploymentPlanPublish", input.idempotency_key.as_ref(), &input, work).await?;
        let deliverable = deliverable::one(ctx, id).await?;
        Ok(StageDeploymentPlanPublishPayload { deliverable, replayed, user_errors })
    }
}
