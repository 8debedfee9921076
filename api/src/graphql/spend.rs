//! Program spend and exchange rates on the wire.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::money::{Currency, Money as Minor};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::attribution::Provenance;
use super::caller::{caller, failed};
use super::deal_write::MoneyInput;
use super::mutation::{UserError, patch, run};
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::partner::Partner;
use super::scalar::{CurrencyCode, Decimal, Money, Quarter};
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::spend::{self, Facts, Filter, position};

/// What program money was spent on. Payouts to partners are not program spend.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::spend::SpendCategory")]
pub enum SpendCategory {
    /// Market development funds.
    Mdf,
    /// Joint marketing.
    JointMarketing,
    /// The loaded cost of people's time spent on this partner.
    LoadedFte,
    /// Partner-specific tools and licences.
    Tools,
}

/// One line of spend on one partner in one quarter: the denominator of Yield.
pub struct SpendLine {
    row: domain::spend::SpendLine,
    currency: Currency,
}

/// One line of spend on one partner in one quarter: the denominator of Yield.
#[Object(directive = Allow::apply(Action::ReadSpend))]
impl SpendLine {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("SpendLine", self.row.id)
    }

    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.row.partner_id).await?.map(Partner))
    }

    /// The segment it was spent on; null when it is unallocated.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.row.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// The fiscal quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.row.quarter)
    }

    /// What it was spent on.
    async fn category(&self) -> SpendCategory {
        self.row.category.into()
    }

    /// The amount in the program's currency.
    async fn amount(&self) -> Money {
        Minor { minor: self.row.amount_minor, currency: self.currency }.into()
    }

    /// The amount as the source gave it.
    async fn original_amount(&self) -> Money {
        Minor { minor: self.row.original_minor, currency: self.row.original_currency }.into()
    }

    /// Its id in the finance system.
    async fn external_id(&self) -> Option<&str> {
        self.row.external_id.as_deref()
    }

    /// Where it came from.
    async fn provenance(&self) -> Provenance {
        self.row.provenance.into()
    }

    /// A note.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.row.version
    }
}

/// What one unit of a currency is worth in the program's currency, for one quarter.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadFxRates))]
pub struct FxRate {
    /// The quarter it holds for: that of a deal's close; open deals take the current one.
    quarter: Quarter,
    /// The foreign currency.
    currency: CurrencyCode,
    /// Units of the program's currency for one unit of the foreign one.
    rate: Decimal,
    /// The version, for `expectedVersion` of a change.
    version: i64,
}

impl From<domain::spend::FxRate> for FxRate {
    fn from(row: domain::spend::FxRate) -> Self {
        Self {
            quarter: Quarter(row.quarter),
            currency: CurrencyCode(row.currency),
            rate: Decimal(row.rate),
            version: row.version,
        }
    }
}

/// Comparisons of a spend category. All that are given must hold.
#[derive(InputObject, Clone)]
pub struct SpendCategoryFilter {
    /// Exactly this category.
    eq: Option<SpendCategory>,
    /// One of these categories.
    #[graphql(name = "in", validator(max_items = 100))]
    any: Option<Vec<SpendCategory>>,
}

/// A range of fiscal quarters, both ends included.
#[derive(InputObject, Clone)]
pub struct QuarterRangeFilter {
    /// In this quarter or later.
    gte: Option<Quarter>,
    /// In this quarter or earlier.
    lte: Option<Quarter>,
}

/// Which lines of spend to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct SpendLineFilter {
    /// By partner.
    partner_id: Option<IdFilter>,
    /// By quarter.
    quarter: Option<QuarterRangeFilter>,
    /// By category.
    category: Option<SpendCategoryFilter>,
}

impl From<SpendLineFilter> for Filter {
    fn from(filter: SpendLineFilter) -> Self {
        let partners = filter.partner_id.and_then(|ids| both(ids.eq, ids.any));
        let categories = filter.category.and_then(|category| both(category.eq, category.any));
        Self {
            partners: partners.map(|ids| global_id::all_of_kind(&ids, "Partner")),
            from: filter.quarter.as_ref().and_then(|range| range.gte).map(|quarter| quarter.0.index()),
            to: filter.quarter.as_ref().and_then(|range| range.lte).map(|quarter| quarter.0.index()),
            categories: categories.map(|list| list.into_iter().map(Into::into).collect()),
        }
    }
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<SpendLine>> {
    let Some(id) = id else { return Ok(None) };
    let mut rows = spend::of_ids(caller(ctx)?, &[id]).await.map_err(|why| failed(&why))?;
    let currency = loader::program(ctx).await?.currency;
    Ok(rows.pop().map(|row| SpendLine { row, currency }))
}

/// Reads of spend.
#[derive(Default)]
pub struct SpendQuery;

#[Object]
impl SpendQuery {
    /// Program spend line by line, latest quarter first.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    async fn spend_lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which lines to list.")] filter: Option<SpendLineFilter>,
    ) -> Result<Connected<SpendLine>> {
        let caller = caller(ctx)?;
        let filter: Filter = filter.unwrap_or_default().into();
        let binding = Binding::of(caller, "spendLines", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = spend::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        let currency = loader::program(ctx).await?.currency;
        let total = TotalCount::Spend(filter);
        Ok(connect(page, &binding, total, |row| (position(row), row.id), |row| SpendLine { row, currency }))
    }

    /// All exchange rates, latest quarter first.
    #[graphql(directive = Allow::apply(Action::ReadFxRates))]
    async fn fx_rates(&self, ctx: &Context<'_>) -> Result<Vec<FxRate>> {
        let rows = spend::rates(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// A new line of spend.
#[derive(InputObject)]
pub struct SpendRecordInput {
    /// The partner.
    partner_id: ID,
    /// The segment it was spent on; left out when it is unallocated.
    segment_id: Option<ID>,
    /// The fiscal quarter; not in the future.
    quarter: Quarter,
    /// What it was spent on.
    category: SpendCategory,
    /// The amount, not negative.
    amount: MoneyInput,
    /// A note, at most 1000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A correction of a line of spend. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct SpendUpdateInput {
    /// The line.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The segment it was spent on.
    segment_id: MaybeUndefined<ID>,
    /// The fiscal quarter.
    quarter: Option<Quarter>,
    /// What it was spent on.
    category: Option<SpendCategory>,
    /// The amount, not negative.
    amount: Option<MoneyInput>,
    /// A note.
    note: MaybeUndefined<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An exchange rate to set.
#[derive(InputObject)]
pub struct FxRateSetInput {
    /// The quarter it holds for.
    quarter: Quarter,
    /// The foreign currency.
    currency: CurrencyCode,
    /// Units of the program's currency for one unit of the foreign one: above 0, at most 12 decimal digits.
    rate: Decimal,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recording spend.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordSpend))]
pub struct SpendRecordPayload {
    /// The line; null when it was refused.
    spend_line: Option<SpendLine>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of correcting spend.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordSpend))]
pub struct SpendUpdatePayload {
    /// The line as it is now; null when the change was refused.
    spend_line: Option<SpendLine>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of setting a rate.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SetFxRates))]
pub struct FxRateSetPayload {
    /// The rate as it is now; null when it was refused.
    fx_rate: Option<FxRate>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of spend and rates.
#[derive(Default)]
pub struct SpendMutation;

#[Object]
impl SpendMutation {
    /// Records a line of program spend.
    #[graphql(directive = Allow::apply(Action::RecordSpend))]
    async fn spend_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new line.")] input: SpendRecordInput,
    ) -> Result<SpendRecordPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let segment_id =
                input.segment_id.as_ref().map(|id| global_id::input(id, "Segment", "segmentId")).transpose()?;
            let facts = Facts {
                segment_id: Some(segment_id),
                quarter: Some(input.quarter.0),
                category: Some(input.category.into()),
                amount: Some(input.amount.read()),
                note: Some(input.note.clone()),
            };
            spend::record(caller, global_id::input(&input.partner_id, "Partner", "partnerId")?, facts, key).await
        };
        let (id, replayed, user_errors) = run("spendRecord", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(SpendRecordPayload { spend_line: one(ctx, id).await?, replayed, user_errors })
    }

    /// Corrects a line of program spend; the record of changes keeps what it was.
    #[graphql(directive = Allow::apply(Action::RecordSpend))]
    async fn spend_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The correction.")] input: SpendUpdateInput,
    ) -> Result<SpendUpdatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let segment_id = match &input.segment_id {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(id) => Some(Some(global_id::input(id, "Segment", "segmentId")?)),
            };
            let facts = Facts {
                segment_id,
                quarter: input.quarter.map(|quarter| quarter.0),
                category: input.category.map(Into::into),
                amount: input.amount.as_ref().map(MoneyInput::read),
                note: patch(&input.note, Clone::clone),
            };
            spend::update(caller, global_id::input(&input.id, "SpendLine", "id")?, input.expected_version, facts, key)
                .await
        };
        let (id, replayed, user_errors) = run("spendUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(SpendUpdatePayload { spend_line: one(ctx, id).await?, replayed, user_errors })
    }

    /// Sets the rate of a currency for a quarter. Open deals take the rate of the present quarter at
    /// once. Other amounts converted before keep the rate they were converted with, until another amount is given, a deal closes in another
    /// quarter, or a file that names the amounts is imported again.
    #[graphql(directive = Allow::apply(Action::SetFxRates))]
    async fn fx_rate_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rate.")] input: FxRateSetInput,
    ) -> Result<FxRateSetPayload> {
        let caller = caller(ctx)?;
        let (quarter, currency) = (input.quarter.0, input.currency.0);
        let work =
            async |key| spend::set_rate(caller, quarter, currency, input.rate.0, input.expected_version, key).await;
        let (id, replayed, user_errors) = run("fxRateSet", input.idempotency_key.as_ref(), &input, work).await?;
        let rows = if id.is_some() { spend::rates(caller).await.map_err(|why| failed(&why))? } else { Vec::new() };
        let fx_rate = rows.into_iter().find(|row| row.quarter == quarter && row.currency == currency).map(Into::into);
        Ok(FxRateSetPayload { fx_rate, replayed, user_errors })
    }
}
