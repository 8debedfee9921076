//! Territories of partners on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::territory::{self, Facts};

/// Where a partner may register accounts. An empty list allows everything of its kind.
pub struct Territory(domain::territory::Territory);

/// Where a partner may register accounts. An empty list allows everything of its kind.
#[Object(directive = Allow::apply(Action::ReadTerritories))]
impl Territory {
    /// The partner; null when the caller may not see it.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.partner_id).await?.map(Partner))
    }

    /// The segments it may go to. An account whose segment is not known is not outside for that.
    async fn segments(&self, ctx: &Context<'_>) -> Result<Vec<Segment>> {
        let found = self.0.segments.iter().map(|id| loader::segment(ctx, *id));
        Ok(futures_util::future::try_join_all(found).await?.into_iter().flatten().map(Segment).collect())
    }

    /// The regions it may go to. An account whose region is not known is not outside for that.
    async fn regions(&self) -> &[String] {
        &self.0.regions
    }

    /// The endings of domains it may go to, such as de or co.uk.
    async fn domain_suffixes(&self) -> &[String] {
        &self.0.suffixes
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// The whole of a territory.
#[derive(InputObject)]
pub struct TerritorySetInput {
    /// The partner.
    partner_id: ID,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// The segments it may go to, at most 100; none allows all.
    #[graphql(default)]
    segment_ids: Vec<ID>,
    /// The regions it may go to, at most 100; none allows all.
    #[graphql(default)]
    regions: Vec<String>,
    /// The endings of domains it may go to, such as de or co.uk: at most 100; none allows all.
    #[graphql(default)]
    domain_suffixes: Vec<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting a territory.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
pub struct TerritorySetPayload {
    /// The territory as it is now; null when it was refused.
    territory: Option<Territory>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn of(ctx: &Context<'_>, partner: Option<Uuid>) -> Result<Option<Territory>> {
    let Some(partner) = partner else { return Ok(None) };
    let found = territory::of_partner(caller(ctx)?, partner).await.map_err(|why| failed(&why))?;
    Ok(found.map(Territory))
}

/// Reads of territories.
#[derive(Default)]
pub struct TerritoryQuery;

#[Object]
impl TerritoryQuery {
    /// Where a partner may register accounts; null where it may go everywhere, and for a partner that the caller may not see.
    #[graphql(directive = Allow::apply(Action::ReadTerritories))]
    async fn territory(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
    ) -> Result<Option<Territory>> {
        of(ctx, Some(global_id::of_kind(&partner_id, "Partner"))).await
    }
}

/// Changes of territories.
#[derive(Default)]
pub struct TerritoryMutation;

#[Object]
impl TerritoryMutation {
    /// Sets where a partner may register accounts, as a whole.
    #[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
    async fn territory_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The territory.")] input: TerritorySetInput,
    ) -> Result<TerritorySetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                segments: global_id::all_of_kind(&input.segment_ids, "Segment"),
                regions: input.regions.clone(),
                suffixes: input.domain_suffixes.clone(),
            };
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            territory::set(caller, partner, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("territorySet", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(TerritorySetPayload { territory: of(ctx, id).await?, replayed, user_errors })
    }
}
