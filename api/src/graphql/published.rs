//! What the published plans say, on the wire: frozen, and sliced like what is read live.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::deliverable::Deliverable;
use domain::frozen;
use domain::partner::Partner as PartnerRow;
use domain::recruit::{self as method, Section};
use domain::role::Action;
use std::collections::HashMap;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deployment::StageReconciliation;
use super::funnel::{FunnelStage, StageFinding, StageHealth, money};
use super::global_id;
use super::measurement::int;
use super::partner::Partner;
use super::recruit::{Tier, TierFact, TierRule};
use super::scalar::{CurrencyCode, Date, Money, Quarter};
use crate::usecase::deliverable;

/// The partners that the caller may list, of those that a plan names.
type Listed = HashMap<Uuid, PartnerRow>;

async fn listed(ctx: &Context<'_>, ids: impl Iterator<Item = Uuid>) -> Result<Listed> {
    let ids: Vec<Uuid> = ids.collect();
    deliverable::listed(caller(ctx)?, &ids).await.map_err(|why| failed(&why))
}

/// A partner in a published Recruit Plan. Which parts of its section it has goes with the tier; the others are null.
pub struct PublishedRecruitEntry(frozen::RecruitLine, PartnerRow);

/// A partner in a published Recruit Plan. Which parts of its section it has goes with the tier; the others are null.
#[Object(directive = Allow::apply(Action::ReadRecruitPlan))]
impl PublishedRecruitEntry {
    /// The partner as it is now.
    async fn partner(&self) -> Partner {
        Partner(self.1.clone())
    }

    /// Its name when the plan was published.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The tier that was decided.
    async fn tier(&self) -> Tier {
        self.0.tier.into()
    }

    /// What the system recommended when it was decided.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn recommended(&self) -> Tier {
        self.0.recommended.into()
    }

    /// The rule by which it was recommended.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn rule(&self) -> TierRule {
        self.0.rule.into()
    }

    /// The facts as they were then.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn facts(&self) -> Vec<TierFact> {
        self.0.facts.iter().cloned().map(TierFact).collect()
    }

    /// Why, where it differs from the recommendation, and the verdict where it ended a TEST.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The day of the decision, in the program's time zone; the facts are as of it.
    async fn decided_on(&self) -> Date {
        Date(self.0.decided_on)
    }

    /// The version of the policy that the recommendation and its facts follow: the one that held on the day of the decision, which may
    /// be an earlier one than the deliverable's own `policyVersion`. Null in what was published before plans told it.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn policy_version(&self) -> Option<i64> {
        self.0.policy_version
    }

    /// The first of the quarters that the facts were measured over; null in what was published before plans told it.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn from(&self) -> Option<Quarter> {
        self.0.window.map(|[from, _]| Quarter(from))
    }

    /// The last one.
    #[graphql(directive = Allow::apply(Action::ReadRecommendations))]
    async fn to(&self) -> Option<Quarter> {
        self.0.window.map(|[_, to]| Quarter(to))
    }

    /// INVEST: the next quarter's activation step.
    async fn activation_step(&self) -> Option<&str> {
        match &self.0.section {
            Section::Invest { activation_step } => Some(activation_step),
            _ => None,
        }
    }

    /// MAINTAIN: the hold-steady commitments.
    async fn commitments(&self) -> Option<&str> {
        match &self.0.section {
            Section::Maintain { commitments } => Some(commitments),
            _ => None,
        }
    }

    /// TEST: the trailing audit signals that are watched.
    async fn audit_signals(&self) -> Option<&str> {
        match &self.0.section {
            Section::Test { audit_signals, .. } => Some(audit_signals),
            _ => None,
        }
    }

    /// TEST: what ends it, and how.
    async fn exit_criteria(&self) -> Option<&str> {
        match &self.0.section {
            Section::Test { exit_criteria, .. } => Some(exit_criteria),
            _ => None,
        }
    }

    /// EXIT: the offboarding mechanic.
    async fn offboarding(&self) -> Option<&str> {
        match &self.0.section {
            Section::Exit { offboarding, .. } => Some(offboarding),
            _ => None,
        }
    }

    /// EXIT: where the freed capacity goes.
    async fn freed_capacity(&self) -> Option<&str> {
        match &self.0.section {
            Section::Exit { freed_capacity, .. } => Some(freed_capacity),
            _ => None,
        }
    }
}

/// How many partners a tier had in a published Recruit Plan.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadRecruitPlan))]
pub struct PublishedTierCount {
    /// The tier.
    tier: Tier,
    /// Its partners in the whole program, also those that you may not see.
    partners: i32,
}

/// A Recruit Plan as it was published.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadRecruitPlan))]
pub struct PublishedRecruitPlan {
    /// The four tiers, over all partners of the program that are in the plan.
    tier_counts: Vec<PublishedTierCount>,
    /// The partners in it that you may see, by name.
    entries: Vec<PublishedRecruitEntry>,
}

impl PublishedRecruitPlan {
    pub(super) async fn read(ctx: &Context<'_>, of: &Deliverable) -> Result<Self> {
        let plan: frozen::RecruitPlan = deliverable::content(of).map_err(|why| failed(&why))?;
        let mut listed = listed(ctx, plan.partners.iter().map(|line| line.partner_id)).await?;
        // Counted before the slice is taken: a total is the same for every reader.
        let tier_count = |tier: method::Tier| PublishedTierCount {
            tier: tier.into(),
            partners: int(plan.partners.iter().filter(|line| line.tier == tier).count() as u64),
        };
        let tier_counts = method::Tier::iter().map(tier_count).collect();
        let entry = |line: frozen::RecruitLine| {
            let partner = listed.remove(&line.partner_id)?;
            Some(PublishedRecruitEntry(line, partner))
        };
        Ok(Self { tier_counts, entries: plan.partners.into_iter().filter_map(entry).collect() })
    }
}

/// What a partner won in a stage. A deal on which it did several things counts in each stage.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFunnel))]
pub struct PublishedStageProduction {
    /// The stage.
    stage: FunnelStage,
    /// Won deals.
    deals: i32,
    /// Their ARR.
    arr: Money,
    /// Those of them without a recorded ARR, which add nothing to it.
    without_arr: i32,
}

/// A partner's row of a published Stage Mapping Matrix.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFunnel))]
pub struct PublishedStageRow {
    /// The partner as it is now.
    partner: Partner,
    /// Its name when the plan was published.
    name: String,
    /// What it won, stage by stage.
    stages: Vec<PublishedStageProduction>,
}

/// What an Invest partner committed to in a stage, for one quarter.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDeployment))]
pub struct PublishedStageCommitment {
    /// The partner as it is now.
    partner: Partner,
    /// Its name when the plan was published.
    name: String,
    /// The stage.
    stage: FunnelStage,
    /// The quarter it is for.
    for_quarter: Quarter,
    /// The ARR.
    arr: Money,
    /// How many deals.
    deals: i32,
}

/// The published forecast that a Stage Deployment Plan reconciles to: ask for it by `deliverable(by: {id: …})`.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadDeployment))]
pub struct ReconciledForecast {
    /// The id of the deliverable.
    id: ID,
    /// Its revision. A later one does not change this plan.
    revision: i32,
    /// The SHA-256 of its content, in hex.
    sha256: String,
}

/// A Stage Deployment Plan as it was published, with the Stage Mapping Matrix and the Stage Health Card.
pub struct PublishedStagePlan(frozen::StagePlan, Listed);

impl PublishedStagePlan {
    pub(super) async fn read(ctx: &Context<'_>, of: &Deliverable) -> Result<Self> {
        let plan: frozen::StagePlan = deliverable::content(of).map_err(|why| failed(&why))?;
        let rows = plan.stage_mapping.iter().map(|row| row.partner_id);
        let listed = listed(ctx, rows.chain(plan.commitments.iter().map(|line| line.partner_id))).await?;
        Ok(Self(plan, listed))
    }

    fn money(&self, minor: i128) -> Money {
        money(minor, self.0.currency)
    }

    fn partner(&self, id: Uuid) -> Option<Partner> {
        self.1.get(&id).cloned().map(Partner)
    }

    fn row(&self, row: &frozen::StageRow) -> Option<PublishedStageRow> {
        let production = |one: &frozen::StageProduction| PublishedStageProduction {
            stage: one.stage.into(),
            deals: int(one.deals),
            arr: self.money(one.arr_minor),
            without_arr: int(one.without_arr),
        };
        Some(PublishedStageRow {
            partner: self.partner(row.partner_id)?,
            name: row.name.clone(),
            stages: row.stages.iter().map(production).collect(),
        })
    }

    fn commitment(&self, line: &frozen::StageCommitment) -> Option<PublishedStageCommitment> {
        let partner = self.partner(line.partner_id)?;
        let row = self.0.stage_mapping.iter().find(|row| row.partner_id == line.partner_id);
        Some(PublishedStageCommitment {
            name: row.map_or_else(|| partner.0.name.clone(), |row| row.name.clone()),
            partner,
            stage: line.stage.into(),
            for_quarter: Quarter(line.for_quarter),
            arr: self.money(line.arr_minor.into()),
            deals: line.deals,
        })
    }
}

/// A Stage Deployment Plan as it was published, with the Stage Mapping Matrix and the Stage Health Card.
#[Object(directive = Allow::apply(Action::ReadFunnel))]
impl PublishedStagePlan {
    /// The currency of every amount.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// The first quarter that production was read from.
    async fn from(&self) -> Quarter {
        Quarter(self.0.window[0])
    }

    /// The last one.
    async fn to(&self) -> Quarter {
        Quarter(self.0.window[1])
    }

    /// The Stage Mapping Matrix: the Invest partners that you may see, by name.
    async fn mapping(&self) -> Vec<PublishedStageRow> {
        self.0.stage_mapping.iter().filter_map(|row| self.row(row)).collect()
    }

    /// The Stage Health Card: the four stages, over all Invest partners of the program.
    async fn health(&self) -> Vec<StageHealth> {
        let stage = |stage: &frozen::StageHealth| StageHealth {
            stage: stage.stage.into(),
            coverage: stage.coverage.into(),
            producing_partners: int(stage.producers.len() as u64),
            producers: stage.producers.iter().filter_map(|id| self.partner(*id)).collect(),
        };
        self.0.stage_health.iter().map(stage).collect()
    }

    /// The findings of the funnel, those of first order first; of partners, those that you may see.
    async fn findings(&self) -> Vec<StageFinding> {
        let seen = |id: &Uuid| self.1.get(id).cloned();
        let finding =
            |found: &domain::funnel::StageFinding| StageFinding::of(*found, found.partner_id.as_ref().and_then(seen));
        self.0.findings.iter().filter_map(finding).collect()
    }

    /// The commitments of the partners that you may see.
    #[graphql(directive = Allow::apply(Action::ReadDeployment))]
    async fn commitments(&self) -> Vec<PublishedStageCommitment> {
        self.0.commitments.iter().filter_map(|line| self.commitment(line)).collect()
    }

    /// The published forecast whose BASE the commitments are held against; null in what was published before plans named it.
    #[graphql(directive = Allow::apply(Action::ReadDeployment))]
    async fn forecast(&self) -> Option<ReconciledForecast> {
        self.0.forecast.as_ref().map(|forecast| ReconciledForecast {
            id: global_id::encode("Deliverable", forecast.id),
            revision: forecast.revision,
            sha256: forecast.sha256.clone(),
        })
    }

    /// The sums of the whole program beside BASE of the forecast.
    #[graphql(directive = Allow::apply(Action::ReadDeployment))]
    async fn reconciliation(&self) -> Vec<StageReconciliation> {
        let line = |line: &frozen::StageSum| StageReconciliation {
            stage: line.stage.into(),
            committed: self.money(line.committed_minor),
            base: line.base_minor.map(|minor| self.money(minor)),
            difference: line.difference_minor.map(|minor| self.money(minor)),
            is_within: line.is_within,
        };
        self.0.reconciliation.iter().map(line).collect()
    }

    /// Why a stage differs from BASE by more than the policy bears; null where none does.
    #[graphql(directive = Allow::apply(Action::ReadDeployment))]
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}
