//! Credit for a deal on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::role::Action;
use rust_decimal::Decimal as Exact;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::loader;
use super::partner::Partner;
use super::role::RoleWord;
use super::scalar::{Decimal, Money};
use crate::usecase::credit;

/// How credit for a deal is split among its partners.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[graphql(remote = "domain::credit::CreditModel")]
pub enum CreditModel {
    /// The same for each partner.
    #[default]
    Linear,
    /// A touch counts half as much for every 30 days that it lies before the close (before now, while the deal is open). A partner
    /// without a recorded touch counts as if it had touched the deal when it was opened, or at the first touch if that is earlier.
    TimeDecay,
}

/// A partner's share of a deal's credit.
pub struct CreditShare {
    share: domain::credit::Share,
    arr: Option<Money>,
}

/// A partner's share of a deal's credit.
#[Object(directive = Allow::apply(Action::ReadCredit))]
impl CreditShare {
    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.share.partner_id).await?.map(Partner))
    }

    /// The share, 0 to 1, in whole millionths.
    async fn share_rate(&self) -> Decimal {
        Decimal(Exact::new(self.share.millionths, 6))
    }

    /// The share of the deal's ARR, to the minor unit; null when its ARR is unknown.
    async fn arr(&self) -> Option<Money> {
        self.arr
    }
}

pub(super) async fn shares(ctx: &Context<'_>, deal: &Deal, model: CreditModel) -> Result<Vec<CreditShare>> {
    let shares = credit::shares(caller(ctx)?, &deal.row, model.into()).await.map_err(|why| failed(&why))?;
    Ok(shares.into_iter().map(|share| CreditShare { arr: deal.money(share.arr_minor), share }).collect())
}

/// Somebody who gets full quota credit for a won deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadCredit))]
pub struct QuotaCredit {
    /// The person.
    name: String,
    /// The role.
    role: RoleWord,
    /// The credit: the whole ARR, for each of them; null when it is unknown.
    arr: Option<Money>,
}

pub(super) async fn quota(ctx: &Context<'_>, deal: &Deal) -> Result<Vec<QuotaCredit>> {
    let seats = credit::quota(caller(ctx)?, &deal.row).await.map_err(|why| failed(&why))?;
    let arr = deal.money(deal.row.arr_minor);
    Ok(seats.into_iter().map(|seat| QuotaCredit { name: seat.name, role: seat.role.into(), arr }).collect())
}
