//! Access to market development funds, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::measurement::decimal;
use super::partner::Partner;
use super::scalar::{Decimal, Money, Quarter};
use super::spend_plan::amount;
use super::{global_id, loader};
use crate::usecase::mdf;

/// Whether a partner may ask for market development funds.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::mdf::MdfState")]
pub enum MdfState {
    /// What was committed was delivered.
    Open,
    /// It was not: access is paused.
    Paused,
}

/// A partner's access to market development funds: its committed pipeline of the last completed quarter beside what it delivered.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadMdfAccess))]
pub struct MdfAccess {
    /// The partner.
    partner: Partner,
    /// The last completed quarter.
    quarter: Quarter,
    /// What the latest Stage Deployment Plan has for it at the top of the funnel (TOFU); null where nothing was committed.
    committed: Option<Money>,
    /// ARR of NEW deals that the partner SOURCED and that were opened in it, whatever became of them.
    delivered: Money,
    /// Delivered / committed; null where nothing was committed.
    delivered_rate: Option<Decimal>,
    /// OPEN, or PAUSED below the policy's share (all of it by default); null where nothing was committed.
    state: Option<MdfState>,
    /// Why it is null.
    reason: Option<&'static str>,
    /// The version of the policy that it follows.
    policy_version: i64,
}

/// Reads of access to funds.
#[derive(Default)]
pub struct MdfQuery;

#[Object]
impl MdfQuery {
    /// Whether a partner may ask for market development funds; null when there is no such partner, or none that you may see.
    #[graphql(directive = Allow::apply(Action::ReadMdfAccess))]
    async fn mdf_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
    ) -> Result<Option<MdfAccess>> {
        let id = global_id::of_kind(&partner_id, "Partner");
        let found = mdf::of_partner(caller(ctx)?, id).await.map_err(|why| failed(&why))?;
        let Some((partner, access)) = found else { return Ok(None) };
        let currency = loader::program(ctx).await?.currency;
        let reason = access.state.is_none().then_some("Nothing was committed for the last completed quarter.");
        Ok(Some(MdfAccess {
            partner: Partner(partner),
            quarter: Quarter(access.quarter),
            committed: access.committed_minor.map(|minor| amount(minor, currency)),
            delivered: amount(access.delivered_minor, currency),
            delivered_rate: access.delivered_rate.map(decimal),
            state: access.state.map(Into::into),
            reason,
            policy_version: access.policy_version,
        }))
    }
}
