//! The account-level trust-gap score and its routing on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::qualification as method;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::measurement::decimal;
use super::mutation::{UserError, run};
use super::scalar::{DateTime, Decimal};
use super::{global_id, loader};
use crate::usecase::qualification;

/// Who the vendor of such a product is at an account today.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Incumbency")]
pub enum Incumbency {
    /// We are: the buyer knows us, and partners add latency.
    Ours,
    /// Nobody is.
    Nobody,
    /// A competitor is: the widest gap.
    Competitor,
}

/// How senior a buyer is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Seniority", name = "BuyerSeniority")]
pub enum BuyerSeniority {
    /// Uses it: scores 0.
    Practitioner,
    /// Leads a team: scores 25.
    Manager,
    /// Leads a function: scores 50.
    Director,
    /// Leads a division: scores 75.
    VicePresident,
    /// On the board or the executive team: scores 100.
    CLevel,
}

/// Which motion a deal is worked in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Motion")]
pub enum DealMotion {
    /// With a partner.
    PartnerMotion,
    /// Without one.
    DirectMotion,
}

/// What the account-level trust-gap score is made of.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ScoreComponent")]
pub enum TrustGapScoreComponent {
    /// The nearest partner on the account: 100 where the account belongs to one, 50 (by default) where one was at work there, else 0.
    Overlap,
    /// The incumbent vendor: OURS 0, NOBODY 50 (by default), COMPETITOR 100.
    Incumbency,
    /// The buyer's seniority, 0 to 100 in five steps.
    BuyerSeniority,
    /// The deal's ARR beside the mean of NEW deals won in the trailing four quarters: twice the mean or more (by default) is 100.
    DealSize,
}

/// Why a component has no score.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Missing", name = "TrustGapScoreMissing")]
pub enum Missing {
    /// The deal names no account.
    NoAccount,
    /// Nobody has recorded a partner on any account of the program.
    NoOverlapFacts,
    /// Nobody recorded the incumbent vendor.
    NoIncumbency,
    /// Nobody recorded the buyer's seniority.
    NoBuyerSeniority,
    /// There is no deal with a known ARR to size it by.
    NoDealSize,
    /// No NEW deal with a known ARR was won in the trailing four quarters.
    NoWonNewDeals,
}

/// A component of the score.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadTrustGapScore))]
pub struct TrustGapScoreLine {
    /// Which.
    component: TrustGapScoreComponent,
    /// Its own score, 0 to 100; null where it is missing.
    score: Option<Decimal>,
    /// Its weight in the program's policy.
    weight: Decimal,
    /// The points that it adds: score x weight / all weights; null where it is missing.
    contribution: Option<Decimal>,
    /// Why it is missing.
    missing: Option<Missing>,
    /// The same as a sentence.
    message: Option<&'static str>,
}

/// The account-level trust-gap score: how much a partner's credibility adds on this account, judged before anything closed. It is
/// another thing than a TrustGap, which is measured on closed deals. Weights and bar are the program's policy.
pub struct TrustGapScore(pub(super) method::TrustGapScore);

/// The account-level trust-gap score: how much a partner's credibility adds on this account, judged before anything closed. It is
/// another thing than a TrustGap, which is measured on closed deals. Weights and bar are the program's policy.
#[Object(directive = Allow::apply(Action::ReadTrustGapScore))]
impl TrustGapScore {
    /// From 0 to 100: the weighted mean of its components. Null while one that weighs anything is missing.
    async fn score(&self) -> Option<Decimal> {
        self.0.score.map(decimal)
    }

    /// Its components.
    async fn components(&self) -> Vec<TrustGapScoreLine> {
        let shown = |line: &method::ScoreLine| TrustGapScoreLine {
            component: line.component.into(),
            score: line.score.ok().map(decimal),
            weight: Decimal(line.weight),
            contribution: line.contribution.map(decimal),
            missing: line.score.err().map(Into::into),
            message: line.score.err().map(method::Missing::sentence),
        };
        self.0.lines.iter().map(shown).collect()
    }

    /// The components that bar a score.
    async fn missing(&self) -> Vec<TrustGapScoreComponent> {
        self.0.missing().into_iter().map(Into::into).collect()
    }

    /// From this score on it is a partner motion; 50 by default.
    async fn bar_score(&self) -> Decimal {
        Decimal(self.0.bar)
    }

    /// The motion that it routes to; null without a score.
    async fn motion(&self) -> Option<DealMotion> {
        self.0.motion.map(Into::into)
    }

    /// The version of the program's policy.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }
}

/// How a deal was routed when it was qualified: as it was decided then, whatever the score says now.
pub struct DealRouting(pub(super) method::Qualification);

/// How a deal was routed when it was qualified: as it was decided then, whatever the score says now.
#[Object(directive = Allow::apply(Action::ReadTrustGapScore))]
impl DealRouting {
    /// The motion; null where a component of the score was missing then.
    async fn motion(&self) -> Option<DealMotion> {
        self.0.motion.map(Into::into)
    }

    /// The score, 0 to 100; null where a component was missing then.
    async fn score(&self) -> Option<Decimal> {
        self.0.score.map(decimal)
    }

    /// How senior the deal's buyer is.
    async fn buyer_seniority(&self) -> BuyerSeniority {
        self.0.seniority.into()
    }

    /// The version of the program's policy that it was routed under.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// When.
    async fn qualified_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The version, for `expectedVersion` of the next qualification.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A deal to qualify.
#[derive(InputObject)]
pub struct DealQualifyInput {
    /// The deal. It is open.
    deal_id: ID,
    /// How senior its buyer is; what was said before, else what the account says, where it is left out.
    buyer_seniority: Option<BuyerSeniority>,
    /// The version of the routing you read, 0 where there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of qualifying a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::QualifyDeals))]
pub struct DealQualifyPayload {
    /// The deal with its routing; null when it was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of qualifications.
#[derive(Default)]
pub struct QualificationMutation;

#[Object]
impl QualificationMutation {
    /// Qualifies a deal: keeps the account-level trust-gap score as it is now, and routes the deal to a partner motion or a direct one.
    #[graphql(directive = Allow::apply(Action::QualifyDeals))]
    async fn deal_qualify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deal.")] input: DealQualifyInput,
    ) -> Result<DealQualifyPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.deal_id, "Deal", "dealId")?;
            qualification::qualify(caller, id, input.buyer_seniority.map(Into::into), input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("dealQualify", input.idempotency_key.as_ref(), &input, work).await?;
        let deal = match id {
            Some(id) => one(ctx, id).await?,
            None => None,
        };
        Ok(DealQualifyPayload { deal, replayed, user_errors })
    }
}

async fn one(ctx: &Context<'_>, id: uuid::Uuid) -> Result<Option<Deal>> {
    let Some(row) = loader::deal(ctx, id).await? else { return Ok(None) };
    let currency = loader::program(ctx).await?.currency;
    Ok(Some(Deal { row, currency }))
}

/// What a loader found of a score.
pub(super) fn shown(found: Option<method::TrustGapScore>) -> Result<TrustGapScore> {
    let missing = || failed(&crate::usecase::Failure::NotFound);
    found.map(TrustGapScore).ok_or_else(missing)
}
