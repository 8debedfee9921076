//! Changes of deals.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::money::Currency;
use domain::origin::Origin;
use domain::role::Action;

use super::allow::Allow;
use super::attribution::{AttributionClaimInput, claims};
use super::caller::caller;
use super::deal::{Deal, DealKind, DealOutcome, DealSource};
use super::deal_list::one;
use super::global_id;
use super::mutation::{UserError, patch, run};
use super::scalar::{CurrencyCode, Date, Decimal};
use crate::usecase::Problem;
use crate::usecase::deal::{self, Facts};

/// An amount of money with its currency. Another currency than the program's needs a rate of the quarter.
#[derive(InputObject, Clone, Copy)]
pub struct MoneyInput {
    /// The amount in major units, not negative, with no more decimal digits than the currency has.
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}

impl MoneyInput {
    /// As the use cases take it.
    #[must_use]
    pub const fn read(&self) -> (rust_decimal::Decimal, Currency) {
        (self.amount.0, self.currency.0)
    }
}

/// A new deal.
#[derive(InputObject)]
pub struct DealCreateInput {
    /// The facts. `name` and `openedOn` are required.
    facts: DealFactsInput,
    /// Declares that no partner is involved. A deal that begins at Stage 1 or later needs this or `partners`.
    direct: Option<bool>,
    /// Declares the partners and what they did, 1 to 20; what they did is on record for the account already.
    partners: Option<Vec<AttributionClaimInput>>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a deal.
#[derive(InputObject)]
pub struct DealUpdateInput {
    /// The deal.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What changes. What is left out stays as it is; null clears.
    facts: DealFactsInput,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A deal's facts. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct DealFactsInput {
    /// The name, 1 to 300 characters.
    name: Option<String>,
    /// Its id in the CRM, unique among deals.
    external_id: MaybeUndefined<String>,
    /// The account. A new deal takes its segment from here unless `segmentId` is given.
    account_id: MaybeUndefined<ID>,
    /// The segment; fixed once attribution is locked.
    segment_id: MaybeUndefined<ID>,
    /// What is sold; fixed once attribution is declared. NEW when left out.
    kind: Option<DealKind>,
    /// The stage; it brings its outcome.
    stage_id: Option<ID>,
    /// How it ended, where no stage says so.
    outcome: Option<DealOutcome>,
    /// The day it was opened, in the program's time zone; not in the future.
    opened_on: Option<Date>,
    /// The day it was closed; required for a closed deal, not in the future.
    closed_on: MaybeUndefined<Date>,
    /// The day it is expected to close.
    expected_close_on: MaybeUndefined<Date>,
    /// Software ARR, not negative. Services revenue never belongs here.
    arr: MaybeUndefined<MoneyInput>,
    /// Total contract value.
    tcv: MaybeUndefined<MoneyInput>,
    /// Services revenue; it enters no measure.
    services: MaybeUndefined<MoneyInput>,
    /// The owner's id in the CRM.
    owner_external_id: MaybeUndefined<String>,
    /// The pod that runs it.
    pod_id: MaybeUndefined<ID>,
    /// Where the CRM says it came from.
    source: MaybeUndefined<DealSource>,
    /// The partner through which the lead came. Tagged once, before attribution is locked; never changed after.
    source_partner_id: Option<ID>,
    /// The source in detail: referrer parameters, a campaign, an agent store; at most 500 characters. Recorded once.
    source_detail: Option<String>,
    /// The token of an affiliate's or partner's link, for billing; at most 500 characters. Recorded once.
    referral_token: Option<String>,
    /// The CRM's influence flag; it decides nothing here.
    is_influenced: MaybeUndefined<bool>,
    /// The CRM's deal registration id.
    deal_reg_id: MaybeUndefined<String>,
    /// The CRM's co-sell flag; it decides nothing here.
    is_co_sell: MaybeUndefined<bool>,
    /// Whether it goes through a private offer.
    is_private_offer: MaybeUndefined<bool>,
    /// Whether it is procured through a marketplace.
    is_marketplace: MaybeUndefined<bool>,
    /// The offer's id.
    offer_id: MaybeUndefined<String>,
    /// The products in it, at most 50.
    product_mix: Option<Vec<String>>,
    /// The discount, 0 to 1.
    discount_rate: MaybeUndefined<Decimal>,
    /// The marketplace's take, 0 to 1.
    take_rate: MaybeUndefined<Decimal>,
    /// What happens next.
    next_step: MaybeUndefined<String>,
    /// When it happens.
    next_step_on: MaybeUndefined<Date>,
    /// Why it was lost.
    lost_reason: MaybeUndefined<String>,
    /// When the customer went live.
    activated_on: MaybeUndefined<Date>,
}

impl DealFactsInput {
    fn read(&self) -> Result<Facts, Problem> {
        let text = |given: &MaybeUndefined<String>| patch(given, Clone::clone);
        let day = |given: &MaybeUndefined<Date>| patch(given, |day| day.0);
        let rate = |given: &MaybeUndefined<Decimal>| patch(given, |rate| rate.0);
        let flag = |given: &MaybeUndefined<bool>| patch(given, |flag| *flag);
        Ok(Facts {
            external_id: text(&self.external_id),
            name: self.name.clone(),
            account_id: global_id::reference(&self.account_id, "Account", "accountId")?,
            segment_id: global_id::reference(&self.segment_id, "Segment", "segmentId")?,
            kind: self.kind.map(Into::into),
            stage_id: self.stage_id.as_ref().map(|id| global_id::input(id, "Stage", "stageId")).transpose()?,
            outcome: self.outcome.map(Into::into),
            opened_on: self.opened_on.map(|day| day.0),
            closed_on: day(&self.closed_on),
            expected_close_on: day(&self.expected_close_on),
            arr: patch(&self.arr, MoneyInput::read),
            tcv: patch(&self.tcv, MoneyInput::read),
            services: patch(&self.services, MoneyInput::read),
            owner_external_id: text(&self.owner_external_id),
            pod_id: global_id::reference(&self.pod_id, "Pod", "podId")?,
            source: patch(&self.source, |source| (*source).into()),
            is_influenced: flag(&self.is_influenced),
            origin: Origin {
                partner_id: self
                    .source_partner_id
                    .as_ref()
                    .map(|id| global_id::input(id, "Partner", "sourcePartnerId"))
                    .transpose()?,
                source_detail: self.source_detail.clone(),
                referral_token: self.referral_token.clone(),
            },
            deal_reg_id: text(&self.deal_reg_id),
            is_co_sell: flag(&self.is_co_sell),
            is_private_offer: flag(&self.is_private_offer),
            is_marketplace: flag(&self.is_marketplace),
            offer_id: text(&self.offer_id),
            product_mix: self.product_mix.clone(),
            discount_rate: rate(&self.discount_rate),
            take_rate: rate(&self.take_rate),
            next_step: text(&self.next_step),
            next_step_on: day(&self.next_step_on),
            lost_reason: text(&self.lost_reason),
            activated_on: day(&self.activated_on),
            claims: None,
        })
    }
}

/// A move of a deal through its stages.
#[derive(InputObject)]
pub struct DealAdvanceInput {
    /// The deal.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The stage it moves to; it brings its outcome.
    stage_id: Option<ID>,
    /// The day it was closed; required when the stage closes it.
    closed_on: MaybeUndefined<Date>,
    /// The day it is expected to close.
    expected_close_on: MaybeUndefined<Date>,
    /// What happens next.
    next_step: MaybeUndefined<String>,
    /// When it happens.
    next_step_on: MaybeUndefined<Date>,
    /// Why it was lost.
    lost_reason: MaybeUndefined<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of creating a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageDeals))]
pub struct DealCreatePayload {
    /// The deal; null when it was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageDeals))]
pub struct DealUpdatePayload {
    /// The deal as it is now; null when the change was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of moving a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AdvanceDeals))]
pub struct DealAdvancePayload {
    /// The deal as it is now; null when the move was refused.
    deal: Option<Deal>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of deals.
#[derive(Default)]
pub struct DealMutation;

#[Object]
impl DealMutation {
    /// Creates a deal. One that begins at Stage 1 or later is declared and locked at once.
    #[graphql(directive = Allow::apply(Action::ManageDeals))]
    async fn deal_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new deal.")] input: DealCreateInput,
    ) -> Result<DealCreatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let mut facts = input.facts.read()?;
            if input.direct.is_some() || input.partners.is_some() {
                facts.claims = Some(claims(input.direct, input.partners.as_ref())?);
            }
            deal::create(caller, facts, key).await
        };
        let (id, replayed, user_errors) = run("dealCreate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DealCreatePayload { deal: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes the facts of a deal.
    #[graphql(directive = Allow::apply(Action::ManageDeals))]
    async fn deal_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: DealUpdateInput,
    ) -> Result<DealUpdatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            deal::update(
                caller,
                global_id::input(&input.id, "Deal", "id")?,
                input.expected_version,
                input.facts.read()?,
                key,
            )
            .await
        };
        let (id, replayed, user_errors) = run("dealUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DealUpdatePayload { deal: one(ctx, id).await?, replayed, user_errors })
    }

    /// Moves a deal to a stage and notes its next step. It passes Stage 1, and is closed behind it, only with its attribution
    /// declared; passing locks it.
    #[graphql(directive = Allow::apply(Action::AdvanceDeals))]
    async fn deal_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The move.")] input: DealAdvanceInput,
    ) -> Result<DealAdvancePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = Facts {
                stage_id: input.stage_id.as_ref().map(|id| global_id::input(id, "Stage", "stageId")).transpose()?,
                closed_on: patch(&input.closed_on, |day| day.0),
                expected_close_on: patch(&input.expected_close_on, |day| day.0),
                next_step: patch(&input.next_step, Clone::clone),
                next_step_on: patch(&input.next_step_on, |day| day.0),
                lost_reason: patch(&input.lost_reason, Clone::clone),
                ..Facts::default()
            };
            deal::advance(caller, global_id::input(&input.id, "Deal", "id")?, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("dealAdvance", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(DealAdvancePayload { deal: one(ctx, id).await?, replayed, user_errors })
    }
}
