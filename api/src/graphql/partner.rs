//! Partners on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::external_ref::{self, ExternalRef, ExternalRefFilter};
use super::level::{self, PartnerLevel};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TextFilter, TotalCount, both, connect};
use super::practice::PartnerPractice;
use super::profile::ProfileFit;
use super::recruit::{self, TierDecision};
use super::scalar::DateTime;
use super::{global_id, loader};
use crate::usecase::partner::{self, Filter, Order, position};

/// What kind of partner it is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::partner::PartnerKind")]
pub enum PartnerKind {
    /// Sends traffic for a fee.
    Affiliate,
    /// Introduces buyers for a one-off fee.
    Referral,
    /// Buys and resells (VAR).
    Reseller,
    /// Implements and integrates.
    SystemIntegrator,
    /// A managed service provider: runs the product for its customers.
    Msp,
    /// An independent software vendor: builds software beside ours.
    Isv,
    /// Shares a technology.
    Technology,
    /// A cloud provider.
    Hyperscaler,
    /// Sells through its listing.
    Marketplace,
    /// A joint plan at the top.
    StrategicAlliance,
    /// Sells the product under its own name.
    WhiteLabel,
    /// Sells services around the product.
    Services,
}

/// Whether the vendor works with a partner.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::partner::PartnerStatus")]
pub enum PartnerStatus {
    /// In talks, nothing signed.
    Candidate,
    /// Signed and at work.
    Active,
    /// The relationship ended; its history stays.
    Ended,
}

/// An outside company that the program works through.
pub struct Partner(pub domain::partner::Partner);

/// An outside company that the program works through.
#[Object(directive = Allow::apply(Action::ReadPartners))]
impl Partner {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Partner", self.0.id)
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The kind.
    async fn kind(&self) -> PartnerKind {
        self.0.kind.into()
    }

    /// Its id in the CRM or PRM it came from.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// Whether the vendor works with it.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    async fn status(&self) -> PartnerStatus {
        self.0.status.into()
    }

    /// Its registrable domain by the public suffix list, such as "example.co.uk".
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    async fn registrable_domain(&self) -> Option<&str> {
        self.0.registrable_domain.as_deref()
    }

    /// Its people, by name. The partner's own rep decides the tempo of a deal.
    #[graphql(directive = Allow::apply(Action::ReadContacts))]
    async fn people(&self, ctx: &Context<'_>) -> Result<Vec<PartnerPerson>> {
        Ok(loader::people(ctx, self.0.id).await?.into_iter().map(PartnerPerson).collect())
    }

    /// The latest decision of its investment tier; null where there never was one.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn tier(&self, ctx: &Context<'_>) -> Result<Option<TierDecision>> {
        recruit::latest(ctx, self.0.id).await
    }

    /// Its ids in other systems, by system and id.
    #[graphql(directive = Allow::apply(Action::ReadExternalRefs))]
    async fn external_refs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this system.")] system: Option<String>,
    ) -> Result<Vec<ExternalRef>> {
        Ok(external_ref::shown(loader::partner_refs(ctx, self.0.id).await?, system.as_deref()))
    }

    /// Its program level, computed each quarter; null until it was computed first.
    #[graphql(directive = Allow::apply(Action::ReadLevel))]
    async fn level(&self, ctx: &Context<'_>) -> Result<Option<PartnerLevel>> {
        level::latest(ctx, self.0.id).await
    }

    /// How well it fits the ideal partner profile; null while the program has none.
    #[graphql(directive = Allow::apply(Action::ReadPartnerFit))]
    async fn fit(&self, ctx: &Context<'_>) -> Result<Option<ProfileFit>> {
        Ok(loader::profile::partner_fit(ctx, self.0.id).await?.map(ProfileFit))
    }

    /// What its practice is; null where nobody said.
    #[graphql(directive = Allow::apply(Action::ReadCapabilities))]
    async fn practice(&self, ctx: &Context<'_>) -> Result<Option<PartnerPractice>> {
        Ok(loader::profile::practice_of(ctx, self.0.id).await?.map(PartnerPractice))
    }

    /// When the row was recorded.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Somebody who works for a partner.
pub struct PartnerPerson(pub domain::partner::PartnerPerson);

/// Somebody who works for a partner.
#[Object(directive = Allow::apply(Action::ReadContacts))]
impl PartnerPerson {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("PartnerPerson", self.0.id)
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail address.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// The job title.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Whether this is a seller: the partner's own rep.
    async fn is_rep(&self) -> bool {
        self.0.is_rep
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Comparisons of a partner's kind. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct PartnerKindFilter {
    /// Exactly this kind.
    eq: Option<PartnerKind>,
    /// One of these kinds.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<PartnerKind>>,
}

/// Comparisons of a partner's status. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct PartnerStatusFilter {
    /// Exactly this status.
    eq: Option<PartnerStatus>,
    /// One of these statuses.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<PartnerStatus>>,
}

/// Which partners to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct PartnerFilter {
    /// By kind.
    kind: Option<PartnerKindFilter>,
    /// By status.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    status: Option<PartnerStatusFilter>,
    /// By id in the CRM.
    #[graphql(directive = Allow::apply(Action::ReadPartnersInside))]
    external_id: Option<TextFilter>,
    /// By an id in another system.
    #[graphql(directive = Allow::apply(Action::ReadExternalRefs))]
    external_ref: Option<ExternalRefFilter>,
    /// By a part of the name, without regard to case.
    #[graphql(validator(max_length = 200))]
    name_contains: Option<String>,
}

impl From<PartnerFilter> for Filter {
    fn from(filter: PartnerFilter) -> Self {
        let words = |list: Vec<PartnerKind>| list.into_iter().map(Into::into).collect();
        let statuses = |list: Vec<PartnerStatus>| list.into_iter().map(Into::into).collect();
        Self {
            kinds: filter.kind.and_then(|kind| both(kind.eq, kind.any)).map(words),
            statuses: filter.status.and_then(|status| both(status.eq, status.any)).map(statuses),
            external_ref: filter.external_ref.map(Into::into),
            external_ids: filter.external_id.and_then(|ids| ids.list()),
            name_contains: filter.name_contains,
        }
    }
}

/// By what partners are sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerOrderField {
    /// By name, in the order of code points.
    Name,
    /// By when the row was recorded.
    RecordedAt,
}

/// How partners are sorted; the id breaks ties.
#[derive(InputObject, Clone, Copy)]
pub struct PartnerOrder {
    /// By what.
    field: PartnerOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of partners.
#[derive(Default)]
pub struct PartnerQuery;

#[Object]
impl PartnerQuery {
    /// The partners that the caller may see, by name unless asked otherwise.
    #[graphql(directive = Allow::apply(Action::ReadPartners))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn partners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which partners to list.")] filter: Option<PartnerFilter>,
        #[graphql(desc = "How they are sorted.")] order_by: Option<PartnerOrder>,
    ) -> Result<Connected<Partner>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let (order, direction) = match order_by {
            Some(PartnerOrder { field: PartnerOrderField::RecordedAt, direction }) => (Order::RecordedAt, direction),
            Some(PartnerOrder { field: PartnerOrderField::Name, direction }) => (Order::Name, direction),
            None => (Order::Name, OrderDirection::Asc),
        };
        let binding = Binding::of(caller, "partners", &(&filter, order, direction));
        let ask = PageArguments { first, after, last, before }.ask(&binding, direction)?;
        let page = partner::page(caller, &filter, order, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Partners(filter), |row| (position(row, order), row.id), Partner))
    }

    /// One partner; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadPartners))]
    async fn partner(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, global_id::of_kind(&id, "Partner")).await?.map(Partner))
    }
}
