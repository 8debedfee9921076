//! Deals on the wire.

use async_graphql::{Context, Enum, ID, Object, Result};
use domain::money::{Currency, Money as Minor};
use domain::role::Action;

use super::account::Account;
use super::activity::Activity;
use super::allow::Allow;
use super::attribution::{Attribution, Declaration, Provenance};
use super::cosell::{self, DealGate};
use super::credit::{self, CreditModel, CreditShare, QuotaCredit};
use super::external_ref::{self, ExternalRef};
use super::page::Connected;
use super::partner::Partner;
use super::qualification::{self, DealRouting, TrustGapScore};
use super::scalar::{Date, DateTime, Decimal, Money, Quarter};
use super::segment::Segment;
use super::source::SourceDecision;
use super::{activity, global_id, loader};

/// What is sold.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::deal::DealKind")]
pub enum DealKind {
    /// A first sale to an account. Win rates compare NEW deals with NEW deals.
    New,
    /// More for a customer.
    Expansion,
    /// The same again.
    Renewal,
}

/// How a deal ended, if it did.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "DealOutcome", remote = "domain::deal::Outcome")]
pub enum DealOutcome {
    /// Still in motion.
    Open,
    /// Won.
    Won,
    /// Lost; a loss by no decision is a loss.
    Lost,
    /// Never a real opportunity: on neither side of a win rate.
    Disqualified,
}

/// Where the CRM says a deal came from.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::deal::DealSource")]
pub enum DealSource {
    /// The vendor's own sellers.
    Direct,
    /// A partner.
    Partner,
    /// Paid channels.
    Paid,
    /// A marketplace.
    Marketplace,
}

/// A stage of the CRM's pipeline, with what it means here.
pub struct Stage(pub domain::deal::Stage);

/// A stage of the CRM's pipeline, with what it means here.
#[Object(directive = Allow::apply(Action::ReadDealWork))]
impl Stage {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Stage", self.0.id)
    }

    /// The CRM's name for it.
    async fn crm_name(&self) -> &str {
        &self.0.crm_name
    }

    /// What a deal in it is.
    async fn outcome(&self) -> DealOutcome {
        self.0.outcome.into()
    }

    /// Its place in the pipeline, from 0.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Whether a deal in it has reached Stage 1, where attribution is locked.
    async fn is_stage_one_or_later(&self) -> bool {
        self.0.is_stage_one_or_later
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// An opportunity on an account. It keeps the segment it had at Stage 1 for ever.
pub struct Deal {
    /// The deal.
    pub row: domain::deal::Deal,
    /// The program's currency, in which its money is kept.
    pub currency: Currency,
}

impl Deal {
    pub(super) fn money(&self, minor: Option<i64>) -> Option<Money> {
        minor.map(|minor| Minor { minor, currency: self.currency }.into())
    }
}

/// An opportunity on an account. It keeps the segment it had at Stage 1 for ever.
#[Object(directive = Allow::apply(Action::ReadDeals))]
impl Deal {
    /// The global id.
    pub async fn id(&self) -> ID {
        global_id::encode("Deal", self.row.id)
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What is sold.
    async fn kind(&self) -> DealKind {
        self.row.kind.into()
    }

    /// How it ended, if it did.
    async fn outcome(&self) -> DealOutcome {
        self.row.outcome.into()
    }

    /// The day it was opened, in the program's time zone. A partner is not told: another partner's registration may have opened it.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn opened_on(&self) -> Date {
        Date(self.row.opened_on)
    }

    /// The day it was won, lost or disqualified, in the program's time zone; null while it is open.
    async fn closed_on(&self) -> Option<Date> {
        self.row.closed_on.map(Date)
    }

    /// The fiscal quarter of the close; null while it is open.
    async fn closed_quarter(&self) -> Option<Quarter> {
        self.row.closed_quarter.map(Quarter)
    }

    /// Its id in the CRM, exactly as written there.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn external_id(&self) -> Option<&str> {
        self.row.external_id.as_deref()
    }

    /// Days from opening to winning or losing; null of any other deal.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn cycle_days(&self) -> Option<i64> {
        self.row.cycle_days
    }

    /// The segment it had at Stage 1; null when none was known, and then it is in no Trust-Gap of a segment.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.row.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// The account; null when none is known.
    #[graphql(directive = Allow::apply(Action::ReadAccounts))]
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.row.account_id {
            Some(id) => Ok(loader::account(ctx, id).await?.map(Account)),
            None => Ok(None),
        }
    }

    /// The CRM's stage it is in.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<Stage>> {
        match self.row.stage_id {
            Some(id) => Ok(loader::stage(ctx, id).await?.map(Stage)),
            None => Ok(None),
        }
    }

    /// Whether it ever reached Stage 1; only such deals are counted in measures.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn has_reached_stage_one(&self) -> bool {
        self.row.has_reached_stage_one
    }

    /// Software ARR in the program's currency; null when unknown, which is not zero.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn arr(&self) -> Option<Money> {
        self.money(self.row.arr_minor)
    }

    /// The amount as the source gave it, in the source's currency.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn original_amount(&self) -> Option<Money> {
        let (minor, currency) = self.row.original_minor.zip(self.row.original_currency)?;
        Some(Minor { minor, currency }.into())
    }

    /// Total contract value in the program's currency.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn tcv(&self) -> Option<Money> {
        self.money(self.row.tcv_minor)
    }

    /// Services revenue in the program's currency; it enters no measure.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn services(&self) -> Option<Money> {
        self.money(self.row.services_minor)
    }

    /// How its attribution was declared.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn declaration(&self) -> Declaration {
        self.row.declaration.into()
    }

    /// Where it came from.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn provenance(&self) -> Provenance {
        self.row.provenance.into()
    }

    /// When its attribution was locked; null before.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn locked_at(&self) -> Option<DateTime> {
        self.row.locked_at.map(DateTime)
    }

    /// Which partners did what for it, in the order recorded: those that the caller may see.
    #[graphql(directive = Allow::apply(Action::ReadAttribution))]
    async fn attributions(&self, ctx: &Context<'_>) -> Result<Vec<Attribution>> {
        Ok(loader::attributions(ctx, self.row.id).await?.into_iter().map(Attribution).collect())
    }

    /// Its credit among the partners, by a model that is read beside the states and never replaces them. The shares of all
    /// partners sum to exactly 1. Late amendments do not count.
    #[graphql(directive = Allow::apply(Action::ReadCredit))]
    async fn credit_shares(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How credit is split.", default)] model: CreditModel,
    ) -> Result<Vec<CreditShare>> {
        credit::shares(ctx, self, model).await
    }

    /// The people who get full quota credit when it is won: its owner, and the managers of its partners. Quota credit is apart
    /// from revenue: it is never added up. Empty before it is won.
    #[graphql(directive = Allow::apply(Action::ReadCredit))]
    async fn quota_credits(&self, ctx: &Context<'_>) -> Result<Vec<QuotaCredit>> {
        credit::quota(ctx, self).await
    }

    /// Its Primary Sale Stage Gate: while it is not open, nothing joint is done on the deal.
    #[graphql(directive = Allow::apply(Action::ReadGate))]
    async fn gate(&self, ctx: &Context<'_>) -> Result<Option<DealGate>> {
        cosell::of_deal(ctx, self.row.id).await
    }

    /// Its source by the business priority order, with the rule that decided it and the facts. What the CRM says is `source`.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn source_decision(&self, ctx: &Context<'_>) -> Result<Option<SourceDecision>> {
        Ok(loader::source(ctx, self.row.id).await?.map(SourceDecision))
    }

    /// The day the CRM expects it to close.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn expected_close_on(&self) -> Option<Date> {
        self.row.expected_close_on.map(Date)
    }

    /// The owner's id in the CRM.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn owner_external_id(&self) -> Option<&str> {
        self.row.owner_external_id.as_deref()
    }

    /// Where the CRM says it came from.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn source(&self) -> Option<DealSource> {
        self.row.source.map(Into::into)
    }

    /// The partner through which the lead came: tagged at its beginning and protected to the close. Null when there is none, or
    /// none that the caller may see. What a partner did for the deal is another fact: see `attributions`.
    #[graphql(directive = Allow::apply(Action::ReadAttribution))]
    async fn source_partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match loader::origin(ctx, self.row.id).await?.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// The lead's source in detail: referrer parameters, a campaign, an agent store.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn source_detail(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(loader::origin(ctx, self.row.id).await?.source_detail)
    }

    /// The token of an affiliate's or partner's link, for billing.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn referral_token(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(loader::origin(ctx, self.row.id).await?.referral_token)
    }

    /// Its ids in other systems, by system and id.
    #[graphql(directive = Allow::apply(Action::ReadExternalRefs))]
    async fn external_refs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this system.")] system: Option<String>,
    ) -> Result<Vec<ExternalRef>> {
        Ok(external_ref::shown(loader::deal_refs(ctx, self.row.id).await?, system.as_deref()))
    }

    /// The CRM's influence flag as it was. It decides nothing here: see `attributions`.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn is_influenced(&self) -> Option<bool> {
        self.row.is_influenced
    }

    /// The CRM's deal registration id.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn deal_reg_id(&self) -> Option<&str> {
        self.row.deal_reg_id.as_deref()
    }

    /// The CRM's co-sell flag as it was. It decides nothing here: see `attributions`.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn is_co_sell(&self) -> Option<bool> {
        self.row.is_co_sell
    }

    /// Whether it goes through a private offer.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn is_private_offer(&self) -> Option<bool> {
        self.row.is_private_offer
    }

    /// Whether it is procured through a marketplace.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn is_marketplace(&self) -> Option<bool> {
        self.row.is_marketplace
    }

    /// The offer's id.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn offer_id(&self) -> Option<&str> {
        self.row.offer_id.as_deref()
    }

    /// The products in it.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn product_mix(&self) -> &[String] {
        &self.row.product_mix
    }

    /// The discount, 0 to 1.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn discount_rate(&self) -> Option<Decimal> {
        self.row.discount_rate.map(Decimal)
    }

    /// The marketplace's take, 0 to 1.
    #[graphql(directive = Allow::apply(Action::ReadDealMoney))]
    async fn take_rate(&self) -> Option<Decimal> {
        self.row.take_rate.map(Decimal)
    }

    /// What happens next.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn next_step(&self) -> Option<&str> {
        self.row.next_step.as_deref()
    }

    /// When it happens.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn next_step_on(&self) -> Option<Date> {
        self.row.next_step_on.map(Date)
    }

    /// Why it was lost, in the CRM's words.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn lost_reason(&self) -> Option<&str> {
        self.row.lost_reason.as_deref()
    }

    /// When the customer went live.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn activated_on(&self) -> Option<Date> {
        self.row.activated_on.map(Date)
    }

    /// The latest activity on it.
    #[graphql(directive = Allow::apply(Action::ReadActivities))]
    async fn last_activity(&self, ctx: &Context<'_>) -> Result<Option<Activity>> {
        Ok(loader::latest_activity(ctx, self.row.id).await?.map(Activity))
    }

    /// Its activities, latest first.
    #[graphql(directive = Allow::apply(Action::ReadActivities))]
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connected<Activity>> {
        activity::of_deal(ctx, self.row.id, super::page::PageArguments { first, after, last, before }).await
    }

    /// The account-level trust-gap score of this deal, as it is now.
    #[graphql(directive = Allow::apply(Action::ReadTrustGapScore))]
    async fn trust_gap_score(&self, ctx: &Context<'_>) -> Result<TrustGapScore> {
        qualification::shown(loader::profile::deal_score(ctx, self.row.id).await?)
    }

    /// How it was routed when it was qualified; null before that.
    #[graphql(directive = Allow::apply(Action::ReadTrustGapScore))]
    async fn routing(&self, ctx: &Context<'_>) -> Result<Option<DealRouting>> {
        Ok(loader::profile::routing(ctx, self.row.id).await?.map(DealRouting))
    }

    /// When it last changed.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at)
    }

    /// The version, for `expectedVersion` of a change.
    #[graphql(directive = Allow::apply(Action::ReadDealWork))]
    async fn version(&self) -> i64 {
        self.row.version
    }
}
