//! Lists of deals: filters, orders, pages.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use domain::money::Money as Minor;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::attribution::{AttributionState, Declaration};
use super::caller::{caller, coded, failed};
use super::deal::{Deal, DealKind, DealOutcome, DealSource};
use super::external_ref::ExternalRefFilter;
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TextFilter, TotalCount, both, connect};
use super::scalar::{Date, Decimal, Quarter};
use super::{global_id, loader};
use crate::usecase::deal::{self, Filter, Order, OriginFilter, Row, position};

/// Comparisons of a deal's outcome. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DealOutcomeFilter {
    /// Exactly this outcome.
    eq: Option<DealOutcome>,
    /// One of these outcomes.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<DealOutcome>>,
}

/// Comparisons of a deal's kind. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DealKindFilter {
    /// Exactly this kind.
    eq: Option<DealKind>,
    /// One of these kinds.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<DealKind>>,
}

/// Comparisons of where the CRM says a deal came from. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DealSourceFilter {
    /// Exactly this source.
    eq: Option<DealSource>,
    /// One of these sources.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<DealSource>>,
}

/// Comparisons of an attribution's state. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct AttributionStateFilter {
    /// Exactly this state.
    eq: Option<AttributionState>,
    /// One of these states.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<AttributionState>>,
}

/// Comparisons of a declaration. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DeclarationFilter {
    /// Exactly this one.
    eq: Option<Declaration>,
    /// One of these.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<Declaration>>,
}

/// Comparisons of a day. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct DateFilter {
    /// On or after this day.
    gte: Option<Date>,
    /// On or before this day.
    lte: Option<Date>,
}

/// Comparisons of a fiscal quarter. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct QuarterFilter {
    /// Exactly this quarter.
    eq: Option<Quarter>,
    /// One of these quarters.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<Quarter>>,
}

/// Comparisons of an amount in the program's currency. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct AmountFilter {
    /// At least this amount.
    gte: Option<Decimal>,
    /// At most this amount.
    lte: Option<Decimal>,
}

/// Which deals to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct DealFilter {
    /// By outcome.
    outcome: Option<DealOutcomeFilter>,
    /// By kind.
    kind: Option<DealKindFilter>,
    /// By the day it was opened.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    opened_on: Option<DateFilter>,
    /// By the day it was closed; open deals never pass.
    closed_on: Option<DateFilter>,
    /// By the fiscal quarter of the close.
    closed_quarter: Option<QuarterFilter>,
    /// By partner: deals on which the caller sees an attribution to it.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    partner_id: Option<IdFilter>,
    /// By what a partner did: together with `partnerId`, what this partner did.
    attribution_state: Option<AttributionStateFilter>,
    /// By how attribution was declared.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    declaration: Option<DeclarationFilter>,
    /// By the segment it had at Stage 1.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    segment_id: Option<IdFilter>,
    /// By account.
    #[graphql(directive = Allow::apply(Action::ReadAccounts))]
    account_id: Option<IdFilter>,
    /// By id in the CRM.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    external_id: Option<TextFilter>,
    /// By an id in another system.
    #[graphql(directive = Allow::apply(Action::ReadExternalRefs))]
    external_ref: Option<ExternalRefFilter>,
    /// By where the CRM says it came from: a marketplace's deals apart from direct ones.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    source: Option<DealSourceFilter>,
    /// By the partner through which the lead came, as far as the caller sees it.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    source_partner_id: Option<IdFilter>,
    /// By the lead's source in detail: an agent store's leads apart.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    source_detail: Option<TextFilter>,
    /// By referral token.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    referral_token: Option<TextFilter>,
    /// By the owner's id in the CRM.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    owner_external_id: Option<TextFilter>,
    /// By ARR; deals without ARR never pass.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    arr: Option<AmountFilter>,
}

/// By what deals are sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DealOrderField {
    /// By the day it was opened.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    OpenedOn,
    /// By the day it was closed; open deals stand behind every day.
    ClosedOn,
    /// By ARR; deals without ARR stand below every amount.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    Arr,
    /// By name, in the order of code points.
    Name,
    /// By when it last changed.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    UpdatedAt,
}

/// How deals are sorted; the id breaks ties.
#[derive(InputObject, Clone, Copy)]
pub struct DealOrder {
    /// By what.
    field: DealOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

fn words<A, B>(eq: Option<A>, any: Option<Vec<A>>) -> Option<Vec<B>>
where
    A: PartialEq + Into<B>,
{
    both(eq, any).map(|list| list.into_iter().map(Into::into).collect())
}

fn ids(filter: Option<IdFilter>, kind: &str) -> Option<Vec<Uuid>> {
    filter.and_then(|ids| both(ids.eq, ids.any)).map(|ids| global_id::all_of_kind(&ids, kind))
}

impl DealFilter {
    fn read(self, currency: domain::money::Currency) -> Result<Filter> {
        let minor = |amount: Option<Decimal>| {
            let read = |amount: Decimal| Minor::try_from_major(amount.0, currency).map(|money| money.minor);
            amount.map(read).transpose().map_err(|why| coded("BAD_USER_INPUT", &why.to_string()))
        };
        let (arr_from, arr_to) = match &self.arr {
            Some(arr) => (minor(arr.gte)?, minor(arr.lte)?),
            None => (None, None),
        };
        let quarters = self.closed_quarter.and_then(|quarter| both(quarter.eq, quarter.any));
        let day = |filter: &Option<DateFilter>, which: fn(&DateFilter) -> Option<Date>| {
            filter.as_ref().and_then(which).map(|day| day.0)
        };
        Ok(Filter {
            outcomes: self.outcome.and_then(|outcome| words(outcome.eq, outcome.any)),
            kinds: self.kind.and_then(|kind| words(kind.eq, kind.any)),
            segments: ids(self.segment_id, "Segment"),
            accounts: ids(self.account_id, "Account"),
            partners: ids(self.partner_id, "Partner"),
            states: self.attribution_state.and_then(|state| words(state.eq, state.any)),
            declarations: self.declaration.and_then(|declaration| words(declaration.eq, declaration.any)),
            external_ids: self.external_id.and_then(|ids| ids.list()),
            external_ref: self.external_ref.map(Into::into),
            origin: OriginFilter {
                partners: ids(self.source_partner_id, "Partner"),
                details: self.source_detail.and_then(|details| details.list()),
                tokens: self.referral_token.and_then(|tokens| tokens.list()),
            },
            sources: self.source.and_then(|source| words(source.eq, source.any)),
            owners: self.owner_external_id.and_then(|owners| owners.list()),
            opened_from: day(&self.opened_on, |range| range.gte),
            opened_to: day(&self.opened_on, |range| range.lte),
            closed_from: day(&self.closed_on, |range| range.gte),
            closed_to: day(&self.closed_on, |range| range.lte),
            closed_quarters: quarters.map(|list| list.into_iter().map(|quarter| quarter.0.index()).collect()),
            arr_from,
            arr_to,
        })
    }
}

/// One deal as the caller may see it.
pub(super) async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Deal>> {
    let Some(id) = id else { return Ok(None) };
    let Some(row) = loader::deal(ctx, id).await? else { return Ok(None) };
    Ok(Some(Deal { row, currency: loader::program(ctx).await?.currency }))
}

/// Reads of deals.
#[derive(Default)]
pub struct DealQuery;

#[Object]
impl DealQuery {
    /// The deals that the caller may see: latest opened first unless asked otherwise, and for a partner, which is not told when they were
    /// opened, by name.
    #[graphql(directive = Allow::apply(Action::ReadDeals))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn deals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which deals to list.")] filter: Option<DealFilter>,
        #[graphql(desc = "How they are sorted.")] order_by: Option<DealOrder>,
    ) -> Result<Connected<Deal>> {
        let caller = caller(ctx)?;
        let currency = loader::program(ctx).await?.currency;
        let filter = filter.unwrap_or_default().read(currency)?;
        let direction = order_by.map_or(OrderDirection::Desc, |order| order.direction);
        let order = match order_by.map(|order| order.field) {
            // The order and its cursors tell what it goes by.
            None if !caller.viewer.may(Action::ReadDealMoney) => Order::Name,
            None | Some(DealOrderField::OpenedOn) => Order::OpenedOn,
            Some(DealOrderField::ClosedOn) => Order::ClosedOn,
            Some(DealOrderField::Arr) => Order::Arr,
            Some(DealOrderField::Name) => Order::Name,
            Some(DealOrderField::UpdatedAt) => Order::UpdatedAt,
        };
        let binding = Binding::of(caller, "deals", &(&filter, order, direction));
        let ask = PageArguments { first, after, last, before }.ask(&binding, direction)?;
        let look_ahead = ctx.look_ahead();
        let selected = look_ahead.field("edges").field("node");
        let around = loader::around_deals(&selected);
        let page = deal::page(caller, &filter, order, &ask, around).await.map_err(|why| failed(&why))?;
        loader::ahead_of_deals(ctx, &selected, &page.rows).await?;
        let total = TotalCount::Deals(Box::new(filter));
        let key = |row: &Row| (position(&row.deal, order), row.deal.id);
        Ok(connect(page, &binding, total, key, |row| Deal { row: row.deal, currency }))
    }

    /// One deal; null when there is none, or none that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadDeals))]
    async fn deal(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Its global id. One that is malformed, of another kind or out of sight answers null, as one that never was."
        )]
        id: ID,
    ) -> Result<Option<Deal>> {
        let selected = ctx.look_ahead();
        let ids = [global_id::of_kind(&id, "Deal")];
        let around = loader::around_deals(&selected);
        let mut rows = deal::around_ids(caller(ctx)?, &ids, around).await.map_err(|why| failed(&why))?;
        loader::ahead_of_deals(ctx, &selected, &rows).await?;
        let currency = loader::program(ctx).await?.currency;
        Ok(rows.pop().map(|row| Deal { row: row.deal, currency }))
    }
}
