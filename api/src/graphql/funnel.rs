//! The Stage Mapping Matrix and the Stage Health Card on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::economics::Worth;
use domain::funnel as method;
use domain::role::Action;
use std::sync::Arc;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::measurement::int;
use super::partner::Partner;
use super::scalar::{Money, Quarter};
use crate::usecase::funnel::{self, Funnel};

/// A stage of the funnel. A stage of the CRM's own pipeline is another thing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::FunnelStage")]
pub enum FunnelStage {
    /// Originates: won deals that the partner SOURCED.
    Tofu,
    /// Shapes: won NEW deals on which it is INFLUENCED or ACCELERATED.
    CoSell,
    /// Raises the upsell: won EXPANSION deals that are attributed to it.
    Expand,
    /// Secures the renewal: won RENEWAL deals that are attributed to it.
    Retain,
}

/// How well a stage is covered.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Coverage", name = "StageCoverage")]
pub enum Coverage {
    /// Two or more producing Invest partners, by default.
    Covered,
    /// Some, but fewer.
    Thin,
    /// None: a first-order finding, which changes the next quarter's recruit objectives.
    Gap,
}

/// What a partner won in a stage. A deal on which it did several things counts in each stage.
pub struct StageProduction {
    stage: method::FunnelStage,
    worth: Worth,
    funnel: Arc<Funnel>,
}

/// What a partner won in a stage. A deal on which it did several things counts in each stage.
#[Object(directive = Allow::apply(Action::ReadFunnel))]
impl StageProduction {
    /// The stage.
    async fn stage(&self) -> FunnelStage {
        self.stage.into()
    }

    /// Whether it produces in it: whether it won a deal.
    async fn is_producing(&self) -> bool {
        self.worth.deals > 0
    }

    /// Won deals.
    async fn deals(&self) -> i32 {
        int(self.worth.deals)
    }

    /// Their ARR.
    async fn arr(&self) -> Money {
        amount(&self.funnel, self.worth.arr_minor)
    }

    /// Those of them without a recorded ARR, which add nothing to it.
    async fn without_arr(&self) -> i32 {
        int(self.worth.without_arr)
    }
}

/// An amount of the funnel's currency.
fn amount(funnel: &Funnel, minor: i128) -> Money {
    money(minor, funnel.currency)
}

/// An amount of minor units; sums of program facts stay far below what a row holds.
pub(super) fn money(minor: i128, currency: domain::money::Currency) -> Money {
    let minor = i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX });
    domain::money::Money { minor, currency }.into()
}

/// A partner's row of the Stage Mapping Matrix.
pub struct StageMappingRow {
    at: usize,
    funnel: Arc<Funnel>,
}

/// A partner's row of the Stage Mapping Matrix.
#[Object(directive = Allow::apply(Action::ReadFunnel))]
impl StageMappingRow {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.funnel.rows[self.at].0.clone())
    }

    /// What it won, stage by stage.
    async fn stages(&self) -> Vec<StageProduction> {
        let produced = Funnel::produced(&self.funnel.rows[self.at].1);
        produced
            .into_iter()
            .map(|(stage, worth)| StageProduction { stage, worth, funnel: self.funnel.clone() })
            .collect()
    }

    /// Whether it produces in all four stages. Most partners cover one or two, a few three, almost none four: look again.
    async fn is_implausible(&self) -> bool {
        self.funnel.rows[self.at].1.is_implausible()
    }
}

/// The Stage Mapping Matrix: every Invest partner x stage, from what was won in the trailing four quarters as of the first day of the
/// iteration, never from aspiration. Late amendments are left out.
pub struct StageMapping {
    funnel: Arc<Funnel>,
    listed: Vec<Uuid>,
}

/// The Stage Mapping Matrix: every Invest partner x stage, from what was won in the trailing four quarters as of the first day of the
/// iteration, never from aspiration. Late amendments are left out.
#[Object(directive = Allow::apply(Action::ReadFunnel))]
impl StageMapping {
    /// The iteration's quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.funnel.quarter)
    }

    /// The first quarter that was measured.
    async fn from(&self) -> Quarter {
        Quarter(self.funnel.window.from)
    }

    /// The last quarter that was measured.
    async fn to(&self) -> Quarter {
        Quarter(self.funnel.window.to)
    }

    /// The version of the policy that it follows.
    async fn policy_version(&self) -> i64 {
        self.funnel.policy.version
    }

    /// The Invest partners that you may see, by name.
    async fn rows(&self) -> Vec<StageMappingRow> {
        let is_listed = |at: &usize| self.listed.contains(&self.funnel.rows[*at].0.id);
        let row = |at| StageMappingRow { at, funnel: self.funnel.clone() };
        (0..self.funnel.rows.len()).filter(is_listed).map(row).collect()
    }
}

/// A stage on the Stage Health Card, over all Invest partners of the program.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFunnel))]
pub struct StageHealth {
    /// The stage.
    pub(super) stage: FunnelStage,
    /// How well it is covered.
    pub(super) coverage: Coverage,
    /// How many Invest partners produce in it.
    pub(super) producing_partners: i32,
    /// Those of them that you may see, by name.
    pub(super) producers: Vec<Partner>,
}

/// The Stage Health Card.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFunnel))]
pub struct StageHealthCard {
    /// The iteration's quarter.
    quarter: Quarter,
    /// The four stages, in order.
    stages: Vec<StageHealth>,
    /// The stages that nobody covers: first-order findings.
    gaps: Vec<FunnelStage>,
    /// The version of the policy that it follows.
    policy_version: i64,
}

/// What of the funnel a reader must not overlook.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::StageFindingKind")]
pub enum StageFindingKind {
    /// No Invest partner produces in the stage: a first-order finding, which changes the next quarter's recruit objectives.
    Gap,
    /// Fewer Invest partners produce in it than cover it.
    Thin,
    /// A partner produces in all four stages. Most cover one or two, a few three, almost none four: look again.
    FourStages,
}

/// A finding of the funnel.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFunnel))]
pub struct StageFinding {
    /// What was found.
    code: StageFindingKind,
    /// In which stage; null where it is of all four.
    stage: Option<FunnelStage>,
    /// Of which partner; null where it is of a stage.
    partner: Option<Partner>,
    /// What it says, in a sentence.
    message: String,
}

impl StageFinding {
    /// A finding as it is told: none of a partner that the caller does not see.
    pub(super) fn of(found: method::StageFinding, partner: Option<domain::partner::Partner>) -> Option<Self> {
        if found.partner_id.is_some() && partner.is_none() {
            return None;
        }
        let stage: &'static str = found.stage.map_or("", Into::into);
        let name = partner.as_ref().map_or("", |partner| partner.name.as_str());
        let message = match found.kind {
            method::StageFindingKind::Gap => {
                format!("{stage}: no Invest partner produces in this stage. It belongs in the next recruit objectives.")
            }
            method::StageFindingKind::Thin => {
                format!("{stage}: fewer Invest partners produce in this stage than cover it.")
            }
            method::StageFindingKind::FourStages => format!(
                "{name} produces in all four stages, which almost no partner does: look at its attributions again."
            ),
        };
        Some(Self {
            code: found.kind.into(),
            stage: found.stage.map(Into::into),
            partner: partner.map(Partner),
            message,
        })
    }
}

/// Reads of the funnel.
#[derive(Default)]
pub struct FunnelQuery;

#[Object]
impl FunnelQuery {
    /// Which Invest partner produces in which stage of the funnel.
    #[graphql(directive = Allow::apply(Action::ReadFunnel))]
    async fn stage_mapping(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The iteration's quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<StageMapping> {
        let quarter = quarter.map(|quarter| quarter.0);
        let (funnel, listed) = funnel::funnel(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?;
        Ok(StageMapping { funnel: Arc::new(funnel), listed })
    }

    /// How well each stage of the funnel is covered by producing Invest partners.
    #[graphql(directive = Allow::apply(Action::ReadFunnel))]
    async fn stage_health(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The iteration's quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<StageHealthCard> {
        let quarter = quarter.map(|quarter| quarter.0);
        let (funnel, listed) = funnel::funnel(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?;
        let seen = |id: &Uuid| {
            let row = funnel.rows.iter().find(|(partner, _)| partner.id == *id && listed.contains(id));
            row.map(|(partner, _)| Partner(partner.clone()))
        };
        let stage = |stage: &method::StageHealth| StageHealth {
            stage: stage.stage.into(),
            coverage: stage.coverage.into(),
            producing_partners: i32::try_from(stage.producers.len()).unwrap_or(i32::MAX),
            producers: stage.producers.iter().filter_map(seen).collect(),
        };
        let is_gap = |stage: &&method::StageHealth| stage.coverage == method::Coverage::Gap;
        Ok(StageHealthCard {
            quarter: Quarter(funnel.quarter),
            stages: funnel.health.iter().map(stage).collect(),
            gaps: funnel.health.iter().filter(is_gap).map(|stage| stage.stage.into()).collect(),
            policy_version: funnel.policy.version,
        })
    }

    /// The findings of the funnel, those of first order first: stages that nobody covers, stages that are thin, and partners that
    /// produce in all four. Of partners, those that you may see.
    #[graphql(directive = Allow::apply(Action::ReadFunnel))]
    async fn stage_findings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The iteration's quarter; the current one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<Vec<StageFinding>> {
        let quarter = quarter.map(|quarter| quarter.0);
        let (funnel, listed) = funnel::funnel(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?;
        let seen = |id: Uuid| {
            let row = funnel.rows.iter().find(|(partner, _)| partner.id == id && listed.contains(&id));
            row.map(|(partner, _)| partner.clone())
        };
        let finding = |found: method::StageFinding| StageFinding::of(found, found.partner_id.and_then(seen));
        Ok(funnel.findings().into_iter().filter_map(finding).collect())
    }
}
