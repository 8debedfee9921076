//! A deal's source and the credit table on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use domain::source::{CREDIT_TABLE_VERSION, SourceFacts};
use strum::IntoEnumIterator;

use super::allow::Allow;
use super::attribution::AttributionState;
use super::caller::{caller, failed};
use super::credit::CreditModel;
use super::deal::Deal;
use super::deal_list::one;
use super::global_id;
use super::measurement::int;
use super::mutation::{UserError, run};
use crate::usecase::source;

/// Which rule of the business priority order decides a deal's source. The first that matches, in this order.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::source::SourceRule")]
pub enum SourceRule {
    /// Fraud or forbidden traffic: RevOps excluded the deal.
    Excluded,
    /// A marketplace procurement under contract.
    MarketplaceProcurement,
    /// SOURCED by a partner, with a valid registration.
    PartnerSourced,
    /// A paid channel.
    Paid,
    /// Nobody else.
    Direct,
}

/// A deal's source by the business priority order, with the rule that decided it. It says on which side the deal is booked; it
/// changes no state, no credit and no measure.
pub struct SourceDecision(pub SourceFacts);

/// A deal's source by the business priority order, with the rule that decided it. It says on which side the deal is booked; it
/// changes no state, no credit and no measure.
#[Object(directive = Allow::apply(Action::ReadDealMoney))]
impl SourceDecision {
    /// The rule that decided.
    async fn rule(&self) -> SourceRule {
        self.0.decide().into()
    }

    /// What the rule asks for.
    async fn sentence(&self) -> &'static str {
        self.0.decide().sentence()
    }

    /// Every fact that the rules look at, whether it matched or not.
    async fn facts(&self) -> Vec<String> {
        self.0.sentences()
    }

    /// The version of the credit table that holds the rules.
    async fn credit_table_version(&self) -> i32 {
        CREDIT_TABLE_VERSION
    }
}

/// One rule of the business priority order.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCreditTable))]
pub struct CreditTableRule {
    /// Its place, from 1: the first rule that matches decides.
    priority: i32,
    /// The rule.
    rule: SourceRule,
    /// What it asks for.
    sentence: &'static str,
}

/// What a state asks for before it is locked.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCreditTable))]
pub struct CreditTableState {
    /// The state.
    state: AttributionState,
    /// What it asks for.
    sentence: String,
}

/// How a model splits credit.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCreditTable))]
pub struct CreditTableModel {
    /// The model.
    model: CreditModel,
    /// How it splits.
    sentence: String,
}

/// The credit table: on one page, how credit for a deal is decided. The vendor and every partner read the same.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCreditTable))]
pub struct CreditTable {
    /// The version of the rules: raised whenever one of them changes.
    version: i32,
    /// The version of the program's policy that its numbers are from.
    policy_version: i64,
    /// Hours within which an introduction must be recorded for the partner to have SOURCED the deal.
    introduction_hours: i32,
    /// Days before the lock in which a touch counts as influence; null where it is the segment's median cycle.
    influence_window_days: Option<i32>,
    /// The least days of a window that follows the median cycle.
    influence_floor_days: i32,
    /// Days in which a touch loses half its weight in TIME_DECAY.
    half_life_days: i32,
    /// The business priority order of a deal's source.
    rules: Vec<CreditTableRule>,
    /// What each state asks for.
    states: Vec<CreditTableState>,
    /// The credit models. They are read beside the states and never replace them.
    models: Vec<CreditTableModel>,
}

/// Reads of the credit table.
#[derive(Default)]
pub struct SourceQuery;

#[Object]
impl SourceQuery {
    /// The credit table that the vendor and its partners go by.
    #[graphql(directive = Allow::apply(Action::ReadCreditTable))]
    async fn credit_table(&self, ctx: &Context<'_>) -> Result<CreditTable> {
        let policy = source::table(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let rule = |rule: domain::source::SourceRule| CreditTableRule {
            priority: rule.priority(),
            rule: rule.into(),
            sentence: rule.sentence(),
        };
        let state = |state: domain::attribution::AttributionState| CreditTableState {
            state: state.into(),
            sentence: domain::proof::needs(state, &policy),
        };
        let model = |model: domain::credit::CreditModel| CreditTableModel {
            model: model.into(),
            sentence: model.sentence(policy.credit_half_life_days),
        };
        Ok(CreditTable {
            version: CREDIT_TABLE_VERSION,
            policy_version: policy.version,
            introduction_hours: int(u64::from(policy.introduction_hours)),
            influence_window_days: policy.influence_window_days.map(|days| int(u64::from(days))),
            influence_floor_days: int(u64::from(policy.influence_floor_days)),
            half_life_days: int(u64::from(policy.credit_half_life_days)),
            rules: domain::source::SourceRule::iter().map(rule).collect(),
            states: domain::attribution::AttributionState::iter().map(state).collect(),
            models: domain::credit::CreditModel::iter().map(model).collect(),
        })
    }
}

/// A mark on a deal.
#[derive(InputObject)]
pub struct DealExcludeInput {
    /// The deal.
    deal_id: ID,
    /// Whether it is excluded as fraud or forbidden traffic; false takes the mark back.
    is_excluded: bool,
    /// Why: 1 to 2000 characters.
    reason: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of marking a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ExcludeDeals))]
pub struct DealExcludePayload {
    /// The deal; null when it was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of a deal's source.
#[derive(Default)]
pub struct SourceMutation;

#[Object]
impl SourceMutation {
    /// Excludes a deal as fraud or forbidden traffic, or takes that back. It changes the deal's source alone: the deal stays in every
    /// measure, because what was won and lost was won and lost.
    #[graphql(directive = Allow::apply(Action::ExcludeDeals))]
    async fn deal_exclude(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mark.")] input: DealExcludeInput,
    ) -> Result<DealExcludePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let deal = global_id::input(&input.deal_id, "Deal", "dealId")?;
            source::exclude(caller, deal, input.is_excluded, input.reason.clone(), key).await
        };
        let (id, replayed, user_errors) = run("dealExclude", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DealExcludePayload { deal: one(ctx, id).await?, replayed, user_errors })
    }
}
