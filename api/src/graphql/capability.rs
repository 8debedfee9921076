//! The capability map on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::capability as method;
use domain::role::Action;
use uuid::Uuid;

use super::account::Account;
use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TextFilter, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{Date, DateTime};
use super::{global_id, loader};
use crate::usecase::capability::{self, Entry, Facts, Filter, Order, Search, position};

/// What an entry of the capability map is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::CapabilityKind")]
pub enum CapabilityKind {
    /// An industry that the partner is expert in.
    Industry,
    /// A buyer that it knows, at an account where one is named.
    BuyerRelationship,
    /// A technology that it is competent in.
    Technical,
    /// A country or region in which it is present.
    Geographic,
}

/// An entry of the capability map: one thing that a partner can do, whom it knows or where it is, with what shows it.
pub struct Capability(pub(super) Entry);

impl Capability {
    /// Whether its words may be shown: those about a buyer name the account, so they go with it.
    async fn is_shown(&self, ctx: &Context<'_>) -> Result<bool> {
        match self.0.row.account_id {
            Some(id) => Ok(loader::account(ctx, id).await?.is_some()),
            None => Ok(true),
        }
    }
}

/// An entry of the capability map: one thing that a partner can do, whom it knows or where it is, with what shows it.
#[Object(directive = Allow::apply(Action::ReadCapabilities))]
impl Capability {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Capability", self.0.row.id)
    }

    /// The partner; null when the caller may not see it.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.0.row.partner_id).await?.map(Partner))
    }

    /// What it is about.
    async fn kind(&self) -> CapabilityKind {
        self.0.row.kind.into()
    }

    /// Which industry, buyer, technology or place, in the program's words; null of a buyer at an account that the caller may not see.
    async fn value(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.is_shown(ctx).await?.then_some(self.0.row.value.as_str()))
    }

    /// The account whose buyer the partner knows; null where none is named, and where the caller may not see it.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.0.row.account_id {
            Some(id) => Ok(loader::account(ctx, id).await?.map(Account)),
            None => Ok(None),
        }
    }

    /// What shows it; null of a buyer at an account that the caller may not see.
    async fn evidence(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.is_shown(ctx).await?.then_some(self.0.row.evidence.as_str()))
    }

    /// The day on which it was validated last.
    async fn validated_on(&self) -> Date {
        Date(self.0.row.validated_on)
    }

    /// The last day on which it counts without being validated again: 180 days later by default.
    async fn valid_until(&self) -> Date {
        Date(self.0.valid_until)
    }

    /// Whether that day has passed: it counts for no match and no fit until it is validated again.
    async fn is_stale(&self) -> bool {
        self.0.is_stale
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.row.recorded_at)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.row.version
    }
}

/// Comparisons of what an entry is about. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct CapabilityKindFilter {
    /// Exactly this.
    eq: Option<CapabilityKind>,
    /// One of these.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<CapabilityKind>>,
}

/// Which entries to find. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct CapabilityFilter {
    /// By what it is about.
    kind: Option<CapabilityKindFilter>,
    /// By partner.
    partner_id: Option<IdFilter>,
    /// By the account whose buyer the partner knows, of the accounts that you may see.
    account_id: Option<IdFilter>,
    /// By the whole value, without regard to case.
    value: Option<TextFilter>,
    /// By a part of the value, without regard to case.
    #[graphql(validator(max_length = 200))]
    value_contains: Option<String>,
    /// Only entries that must (or need not) be validated again.
    is_stale: Option<bool>,
}

impl From<CapabilityFilter> for Search {
    fn from(filter: CapabilityFilter) -> Self {
        let ids = |given: Option<IdFilter>, kind| {
            given.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
        };
        let kinds = |list: Vec<CapabilityKind>| list.into_iter().map(Into::into).collect();
        Self {
            filter: Filter {
                kinds: filter.kind.and_then(|kind| both(kind.eq, kind.any)).map(kinds),
                partners: ids(filter.partner_id, "Partner"),
                accounts: ids(filter.account_id, "Account"),
                values: filter.value.and_then(|values| values.list()),
                value_contains: filter.value_contains,
                ..Filter::default()
            },
            is_stale: filter.is_stale,
        }
    }
}

/// By what entries are sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapabilityOrderField {
    /// By value, in the order of code points.
    Value,
    /// By the day on which they were validated.
    ValidatedOn,
}

/// How entries are sorted; the id breaks ties.
#[derive(InputObject, Clone, Copy)]
pub struct CapabilityOrder {
    /// By what.
    field: CapabilityOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// Reads of the capability map.
#[derive(Default)]
pub struct CapabilityQuery;

#[Object]
impl CapabilityQuery {
    /// Searches the capability map: the entries of the partners that the caller may see, by value unless asked otherwise.
    #[graphql(directive = Allow::apply(Action::ReadCapabilities))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn capabilities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which entries to find.")] filter: Option<CapabilityFilter>,
        #[graphql(desc = "How they are sorted.")] order_by: Option<CapabilityOrder>,
    ) -> Result<Connected<Capability>> {
        let caller = caller(ctx)?;
        let search: Search = filter.unwrap_or_default().into();
        let (order, direction) = match order_by {
            Some(CapabilityOrder { field: CapabilityOrderField::ValidatedOn, direction }) => {
                (Order::ValidatedOn, direction)
            }
            Some(CapabilityOrder { field: CapabilityOrderField::Value, direction }) => (Order::Value, direction),
            None => (Order::Value, OrderDirection::Asc),
        };
        let binding = Binding::of(caller, "capabilities", &(&search, order, direction));
        let ask = PageArguments { first, after, last, before }.ask(&binding, direction)?;
        let page = capability::page(caller, &search, order, &ask).await.map_err(|why| failed(&why))?;
        let total = TotalCount::Capabilities(search);
        Ok(connect(page, &binding, total, |entry| (position(entry, order), entry.row.id), Capability))
    }
}

/// A new entry of the capability map.
#[derive(InputObject)]
pub struct CapabilityRecordInput {
    /// The partner.
    partner_id: ID,
    /// What it is about.
    kind: CapabilityKind,
    /// Which industry, buyer, technology or place, 1 to 200 characters. A match compares it, but for case and white space, with the
    /// account's industry, region and country, and with the deal's products and the account's integrations.
    value: String,
    /// BUYER_RELATIONSHIP only: the account whose buyer the partner knows. Without it the entry answers to no deal.
    account_id: Option<ID>,
    /// What shows it, 1 to 2000 characters.
    evidence: String,
    /// The day on which it was validated, not in the future; today in the program's time zone where it is left out.
    validated_on: Option<Date>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of an entry. What is left out stays as it is; with nothing but `validatedOn` it is validated as it stands.
#[derive(InputObject)]
pub struct CapabilityUpdateInput {
    /// The entry.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new value.
    value: Option<String>,
    /// The new evidence.
    evidence: Option<String>,
    /// The day on which it was validated; changed words are validated today where it is left out.
    validated_on: Option<Date>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An entry to take off the map.
#[derive(InputObject)]
pub struct CapabilityRemoveInput {
    /// The entry.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recording or changing an entry.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageCapabilities))]
pub struct CapabilityPayload {
    /// The entry as it is now; null when it was refused.
    capability: Option<Capability>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of taking an entry off the map.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageCapabilities))]
pub struct CapabilityRemovePayload {
    /// Whether it is gone; false when it was refused.
    is_removed: bool,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of the capability map.
#[derive(Default)]
pub struct CapabilityMutation;

type Outcome = (Option<Uuid>, bool, Vec<UserError>);

async fn changed(ctx: &Context<'_>, (id, replayed, user_errors): Outcome) -> Result<CapabilityPayload> {
    let found = match id {
        Some(id) => capability::find(caller(ctx)?, id).await.map_err(|why| failed(&why))?,
        None => None,
    };
    Ok(CapabilityPayload { capability: found.map(Capability), replayed, user_errors })
}

#[Object]
impl CapabilityMutation {
    /// Records what a partner can do, whom it knows or where it is, with what shows it.
    #[graphql(directive = Allow::apply(Action::ManageCapabilities))]
    async fn capability_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] input: CapabilityRecordInput,
    ) -> Result<CapabilityPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            let account =
                input.account_id.as_ref().map(|id| global_id::input(id, "Account", "accountId")).transpose()?;
            let facts = Facts {
                value: Some(input.value.clone()),
                evidence: Some(input.evidence.clone()),
                validated_on: input.validated_on.map(|day| day.0),
            };
            capability::record(caller, partner, input.kind.into(), account, facts, key).await
        };
        changed(ctx, run("capabilityRecord", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Changes an entry, or validates it again.
    #[graphql(directive = Allow::apply(Action::ManageCapabilities))]
    async fn capability_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: CapabilityUpdateInput,
    ) -> Result<CapabilityPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                value: input.value.clone(),
                evidence: input.evidence.clone(),
                validated_on: input.validated_on.map(|day| day.0),
            };
            let id = global_id::input(&input.id, "Capability", "id")?;
            capability::update(caller, id, input.expected_version, facts, key).await
        };
        changed(ctx, run("capabilityUpdate", input.idempotency_key.as_ref(), &input, work).await?).await
    }

    /// Takes an entry off the map. What it said stays in the record of changes.
    #[graphql(directive = Allow::apply(Action::ManageCapabilities))]
    async fn capability_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry to take away.")] input: CapabilityRemoveInput,
    ) -> Result<CapabilityRemovePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Capability", "id")?;
            capability::remove(caller, id, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("capabilityRemove", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(CapabilityRemovePayload { is_removed: id.is_some(), replayed, user_errors })
    }
}
