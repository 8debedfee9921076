//! Strategic alliances on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::measurement::int;
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{Date, Money};
use super::spend_plan::amount;
use super::{global_id, loader};
use crate::usecase::alliance::{self, Facts, Standing};

/// How often an alliance is reviewed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::alliance::ReviewCadence")]
pub enum ReviewCadence {
    /// Each month.
    Monthly,
    /// Each quarter.
    Quarterly,
    /// Twice a year.
    HalfYearly,
}

/// A strategic alliance: what is agreed, beside what it has come to.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadAlliances))]
pub struct Alliance {
    /// The partner.
    partner: Option<Partner>,
    /// The vendor's executive sponsor.
    #[graphql(directive = Allow::apply(Action::ReadAllContacts))]
    vendor_sponsor: String,
    /// The partner's executive sponsor.
    #[graphql(directive = Allow::apply(Action::ReadAllContacts))]
    partner_sponsor: String,
    /// What the joint open pipeline is to be.
    pipeline_target: Money,
    /// ARR of open deals that the partner is on in any state, late amendments left out.
    #[graphql(directive = Allow::apply(Action::ReadAlliancePipeline))]
    pipeline: Money,
    /// How many open deals these are.
    #[graphql(directive = Allow::apply(Action::ReadAlliancePipeline))]
    open_deals: i32,
    /// Those of them without a recorded ARR, which add nothing.
    #[graphql(directive = Allow::apply(Action::ReadAlliancePipeline))]
    open_deals_without_arr: i32,
    /// How many customers the two are to have together.
    customer_target: i32,
    /// Accounts on which a deal was won that the partner is on.
    customers: i32,
    /// How often it is reviewed.
    review_cadence: ReviewCadence,
    /// The day of the last review; null before the first.
    reviewed_on: Option<Date>,
    /// The last day on which the next review is in time.
    review_due_on: Date,
    /// Whether the review is overdue today.
    is_review_overdue: bool,
    /// The version, for `expectedVersion` of a change.
    version: i64,
}

async fn shown(ctx: &Context<'_>, it: Standing) -> Result<Alliance> {
    let Standing { alliance, standing, is_overdue } = it;
    let currency = loader::program(ctx).await?.currency;
    Ok(Alliance {
        partner: loader::partner(ctx, alliance.partner_id).await?.map(Partner),
        pipeline_target: amount(alliance.pipeline_target_minor.into(), currency),
        pipeline: amount(standing.pipeline_minor, currency),
        open_deals: int(standing.open_deals),
        open_deals_without_arr: int(standing.without_arr),
        customer_target: alliance.customer_target,
        customers: int(standing.customers),
        review_cadence: alliance.cadence.into(),
        reviewed_on: alliance.reviewed_on.map(Date),
        review_due_on: Date(alliance.review_due_on()),
        is_review_overdue: is_overdue,
        version: alliance.version,
        vendor_sponsor: alliance.vendor_sponsor,
        partner_sponsor: alliance.partner_sponsor,
    })
}

async fn one(ctx: &Context<'_>, partner: uuid::Uuid) -> Result<Option<Alliance>> {
    let found = alliance::standing(caller(ctx)?, Some(partner)).await.map_err(|why| failed(&why))?.pop();
    match found {
        Some(found) => Ok(Some(shown(ctx, found).await?)),
        None => Ok(None),
    }
}

/// Reads of alliances.
#[derive(Default)]
pub struct AllianceQuery;

#[Object]
impl AllianceQuery {
    /// The strategic alliances with partners that you may see.
    #[graphql(directive = Allow::apply(Action::ReadAlliances))]
    async fn alliances(&self, ctx: &Context<'_>) -> Result<Vec<Alliance>> {
        let mut all = Vec::new();
        for found in alliance::standing(caller(ctx)?, None).await.map_err(|why| failed(&why))? {
            all.push(shown(ctx, found).await?);
        }
        Ok(all)
    }

    /// The strategic alliance with a partner; null when there is none, or none that you may see.
    #[graphql(directive = Allow::apply(Action::ReadAlliances))]
    async fn alliance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
    ) -> Result<Option<Alliance>> {
        one(ctx, global_id::of_kind(&partner_id, "Partner")).await
    }
}

/// A strategic alliance to agree, or to change.
#[derive(InputObject)]
pub struct AllianceSetInput {
    /// The partner, of the kind STRATEGIC_ALLIANCE.
    partner_id: ID,
    /// The version you read, 0 where none is agreed; another one refuses the change.
    expected_version: Option<i64>,
    /// The vendor's executive sponsor, 1 to 200 characters.
    vendor_sponsor: String,
    /// The partner's executive sponsor, 1 to 200 characters.
    partner_sponsor: String,
    /// What the joint open pipeline is to be, in the program's currency.
    pipeline_target: MoneyInput,
    /// How many customers the two are to have together.
    customer_target: i32,
    /// How often it is reviewed.
    review_cadence: ReviewCadence,
    /// The day of a review that was held, today or before; the last one stays where it is left out.
    reviewed_on: Option<Date>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of agreeing an alliance.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageAlliances))]
pub struct AllianceSetPayload {
    /// The alliance as it is now; null when it was refused.
    alliance: Option<Alliance>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of alliances.
#[derive(Default)]
pub struct AllianceMutation;

#[Object]
impl AllianceMutation {
    /// Agrees a strategic alliance with a partner, changes it, or records that it was reviewed.
    #[graphql(directive = Allow::apply(Action::ManageAlliances))]
    async fn alliance_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The alliance.")] input: AllianceSetInput,
    ) -> Result<AllianceSetPayload> {
        let caller = caller(ctx)?;
        let facts = Facts {
            vendor_sponsor: input.vendor_sponsor.clone(),
            partner_sponsor: input.partner_sponsor.clone(),
            pipeline_target: input.pipeline_target.read(),
            customer_target: input.customer_target,
            cadence: input.review_cadence.into(),
            reviewed_on: input.reviewed_on.map(|day| day.0),
        };
        let work = async |key| {
            let id = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            alliance::set(caller, id, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("allianceSet", input.idempotency_key.as_ref(), &input, work).await?;
        let alliance = match id {
            Some(id) => one(ctx, id).await?,
            None => None,
        };
        Ok(AllianceSetPayload { alliance, replayed, user_errors })
    }
}
