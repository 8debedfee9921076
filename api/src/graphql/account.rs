//! Accounts on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::external_ref::{self, ExternalRef, ExternalRefFilter};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TextFilter, TotalCount, both, connect};
use super::partner::{Partner, PartnerKind};
use super::practice::Firmographics;
use super::profile::ProfileFit;
use super::qualification::{self, TrustGapScore};
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::account::{self, Filter, Order, position};

/// A customer or prospect.
pub struct Account(pub domain::account::Account);

/// A customer or prospect.
#[Object(directive = Allow::apply(Action::ReadAccounts))]
impl Account {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Account", self.0.id)
    }

    /// Its id in the CRM.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// The name. Two accounts may share one: match by id.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its registrable domain by the public suffix list, such as "example.co.uk".
    async fn registrable_domain(&self) -> Option<&str> {
        self.0.registrable_domain.as_deref()
    }

    /// The segment it is in now. A deal keeps the segment it had at Stage 1.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.0.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// Its region, in the vendor's words.
    async fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    /// Clouds on which it holds a spend commitment.
    async fn cloud_commitments(&self) -> &[String] {
        &self.0.cloud_commitments
    }

    /// Integrations it has installed.
    async fn integrations(&self) -> &[String] {
        &self.0.integrations
    }

    /// Why a partner overlaps on it, in words.
    async fn overlap_reason(&self) -> Option<&str> {
        self.0.overlap_reason.as_deref()
    }

    /// The partner that it belongs to or buys through; null when there is none, or none that the caller may see.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match loader::account_partner(ctx, self.0.id).await? {
            Some(it) => Ok(loader::partner(ctx, it.partner_id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// What kind of partner that is to this account: as recorded, else the partner's own kind.
    async fn partner_kind(&self, ctx: &Context<'_>) -> Result<Option<PartnerKind>> {
        let Some(it) = loader::account_partner(ctx, self.0.id).await? else { return Ok(None) };
        if let Some(kind) = it.kind {
            return Ok(Some(kind.into()));
        }
        Ok(loader::partner(ctx, it.partner_id).await?.map(|partner| partner.kind.into()))
    }

    /// Whether an integration is installed; null where nobody said.
    async fn integration_present(&self) -> Option<bool> {
        self.0.has_integration()
    }

    /// Its ids in other systems, by system and id: the CRM's, the billing system's, its cloud accounts (AWS, Azure, GCP).
    async fn external_refs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this system.")] system: Option<String>,
    ) -> Result<Vec<ExternalRef>> {
        Ok(external_ref::shown(loader::account_refs(ctx, self.0.id).await?, system.as_deref()))
    }

    /// What is recorded of it beyond its name and place; null where nobody said anything.
    #[graphql(directive = Allow::apply(Action::ReadTrustGapScore))]
    async fn firmographics(&self, ctx: &Context<'_>) -> Result<Option<Firmographics>> {
        Ok(loader::profile::firmographics_of(ctx, self.0.id).await?.map(Firmographics))
    }

    /// How well it fits the ideal customer profile; null while the program has none.
    #[graphql(directive = Allow::apply(Action::ReadTrustGapScore))]
    async fn fit(&self, ctx: &Context<'_>) -> Result<Option<ProfileFit>> {
        Ok(loader::profile::account_fit(ctx, self.0.id).await?.map(ProfileFit))
    }

    /// The account-level trust-gap score, with the largest open deal as the deal size: for roles that see every deal. A deal's own score
    /// is `Deal.trustGapScore`.
    #[graphql(directive = Allow::apply(Action::ReadAccountScore))]
    async fn trust_gap_score(&self, ctx: &Context<'_>) -> Result<TrustGapScore> {
        qualification::shown(loader::profile::account_score(ctx, self.0.id).await?)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Which accounts to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct AccountFilter {
    /// By segment.
    segment_id: Option<IdFilter>,
    /// By region.
    region: Option<TextFilter>,
    /// By id in the CRM.
    external_id: Option<TextFilter>,
    /// By registrable domain.
    registrable_domain: Option<TextFilter>,
    /// Only those with (or without) a spend commitment on any cloud.
    has_cloud_commitment: Option<bool>,
    /// Only those with (or without) an integration; those of which nobody said are neither.
    integration_present: Option<bool>,
    /// By the partner that they belong to or buy through.
    partner_id: Option<IdFilter>,
    /// By an id in another system.
    external_ref: Option<ExternalRefFilter>,
    /// By the start of the name, exactly as written.
    #[graphql(validator(max_length = 200))]
    name_starts_with: Option<String>,
}

impl From<AccountFilter> for Filter {
    fn from(filter: AccountFilter) -> Self {
        let segments = filter.segment_id.and_then(|ids| both(ids.eq, ids.any));
        Self {
            segments: segments.map(|ids| global_id::all_of_kind(&ids, "Segment")),
            regions: filter.region.and_then(|regions| regions.list()),
            external_ids: filter.external_id.and_then(|ids| ids.list()),
            domains: filter.registrable_domain.and_then(|domains| domains.list()),
            has_cloud_commitment: filter.has_cloud_commitment,
            has_integration: filter.integration_present,
            partners: filter
                .partner_id
                .and_then(|ids| both(ids.eq, ids.any))
                .map(|ids| global_id::all_of_kind(&ids, "Partner")),
            external_ref: filter.external_ref.map(Into::into),
            name_starts_with: filter.name_starts_with,
        }
    }
}

/// By what accounts are sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountOrderField {
    /// By name, in the order of code points.
    Name,
}

/// How accounts are sorted; the id breaks ties.
#[derive(InputObject, Clone, Copy)]
pub struct AccountOrder {
    /// By what.
    field: AccountOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of accounts.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The accounts that the caller may see: all for operators and RevOps, those of the caller's deals for everybody else.
    #[graphql(directive = Allow::apply(Action::ReadAccounts))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which accounts to list.")] filter: Option<AccountFilter>,
        #[graphql(desc = "How they are sorted.")] order_by: Option<AccountOrder>,
    ) -> Result<Connected<Account>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let (order, direction) = match order_by {
            Some(AccountOrder { field: AccountOrderField::Name, direction }) => (Order::Name, direction),
            None => (Order::Name, OrderDirection::Asc),
        };
        let binding = Binding::of(caller, "accounts", &(&filter, order, direction));
        let ask = PageArguments { first, after, last, before }.ask(&binding, direction)?;
        let page = account::page(caller, &filter, order, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Accounts(filter), |row| (position(row, order), row.id), Account))
    }

    /// One account; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadAccounts))]
    async fn account(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Result<Option<Account>> {
        Ok(loader::account(ctx, global_id::of_kind(&id, "Account")).await?.map(Account))
    }
}
