//! Practices of partners and firmographics of accounts on the wire.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::role::Action;

use super::account::Account;
use super::allow::Allow;
use super::caller::caller;
use super::mutation::{UserError, patch, run};
use super::partner::Partner;
use super::qualification::{BuyerSeniority, Incumbency};
use super::segment::Segment;
use super::{global_id, loader};
use crate::usecase::{firmographics, practice};

/// What a partner's practice is: whom it serves, where, how large, in which motions; of an MSP, the seats that it manages.
pub struct PartnerPractice(pub(super) domain::practice::Practice);

/// What a partner's practice is: whom it serves, where, how large, in which motions; of an MSP, the seats that it manages.
#[Object(directive = Allow::apply(Action::ReadCapabilities))]
impl PartnerPractice {
    /// The segments that it serves; none where nobody said.
    async fn segments(&self, ctx: &Context<'_>) -> Result<Vec<Segment>> {
        let found = self.0.segments.iter().map(|id| loader::segment(ctx, *id));
        Ok(futures_util::future::try_join_all(found).await?.into_iter().flatten().map(Segment).collect())
    }

    /// The regions that it serves, in the vendor's words.
    async fn regions(&self) -> &[String] {
        &self.0.regions
    }

    /// The industries that it is focused on.
    async fn verticals(&self) -> &[String] {
        &self.0.verticals
    }

    /// The motions that it runs, in the program's words, such as resell or manage.
    async fn motions(&self) -> &[String] {
        &self.0.motions
    }

    /// How many customers it has; null where nobody said.
    async fn install_base(&self) -> Option<i64> {
        self.0.install_base
    }

    /// How many seats it manages for its customers (MSP); null where nobody said.
    async fn seats_managed(&self) -> Option<i64> {
        self.0.seats_managed
    }

    /// How many people a customer of it employs on average; null where nobody said.
    async fn average_customer_size(&self) -> Option<i64> {
        self.0.average_customer_size
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// What is recorded of an account beyond its name and place.
pub struct Firmographics(pub(super) domain::firmographics::Firmographics);

/// What is recorded of an account beyond its name and place.
#[Object(directive = Allow::apply(Action::ReadTrustGapScore))]
impl Firmographics {
    /// Its industry, in the program's words.
    async fn industry(&self) -> Option<&str> {
        self.0.industry.as_deref()
    }

    /// Its country, two letters by ISO 3166-1.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// How many people it employs.
    async fn employees(&self) -> Option<i64> {
        self.0.employees
    }

    /// Who the vendor of such a product is there today.
    async fn incumbency(&self) -> Option<Incumbency> {
        self.0.incumbency.map(Into::into)
    }

    /// How senior its buyer is, for deals that say nothing of their own.
    async fn buyer_seniority(&self) -> Option<BuyerSeniority> {
        self.0.buyer_seniority.map(Into::into)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A partner's practice, whole. What is left empty is unknown.
#[derive(InputObject)]
pub struct PartnerPracticeSetInput {
    /// The partner.
    partner_id: ID,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// The segments that it serves, at most 100.
    #[graphql(default)]
    segment_ids: Vec<ID>,
    /// The regions that it serves, at most 50.
    #[graphql(default)]
    regions: Vec<String>,
    /// The industries that it is focused on, at most 50.
    #[graphql(default)]
    verticals: Vec<String>,
    /// The motions that it runs, at most 50.
    #[graphql(default)]
    motions: Vec<String>,
    /// How many customers it has, 0 or more.
    install_base: Option<i64>,
    /// How many seats it manages, 0 or more.
    seats_managed: Option<i64>,
    /// How many people a customer of it employs on average, 0 or more.
    average_customer_size: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting a practice.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageCapabilities))]
pub struct PartnerPracticeSetPayload {
    /// The partner with its practice; null when it was refused.
    partner: Option<Partner>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// An account's firmographics. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct AccountFirmographicsSetInput {
    /// The account.
    account_id: ID,
    /// The version you read, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// Its industry, in the program's words.
    industry: MaybeUndefined<String>,
    /// Its country, two letters by ISO 3166-1, such as DE.
    country: MaybeUndefined<String>,
    /// How many people it employs, 0 or more.
    employees: MaybeUndefined<i64>,
    /// Who the vendor of such a product is there today.
    incumbency: MaybeUndefined<Incumbency>,
    /// How senior its buyer is.
    buyer_seniority: MaybeUndefined<BuyerSeniority>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting firmographics.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::QualifyDeals))]
pub struct AccountFirmographicsSetPayload {
    /// The account with its firmographics; null when it was refused.
    account: Option<Account>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of practices and firmographics.
#[derive(Default)]
pub struct PracticeMutation;

#[Object]
impl PracticeMutation {
    /// Sets what a partner's practice is, as a whole.
    #[graphql(directive = Allow::apply(Action::ManageCapabilities))]
    async fn partner_practice_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The practice.")] input: PartnerPracticeSetInput,
    ) -> Result<PartnerPracticeSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = practice::Facts {
                segments: global_id::all_of_kind(&input.segment_ids, "Segment"),
                regions: input.regions.clone(),
                verticals: input.verticals.clone(),
                motions: input.motions.clone(),
                install_base: input.install_base,
                seats_managed: input.seats_managed,
                average_customer_size: input.average_customer_size,
            };
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            practice::set(caller, partner, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) =
            run("partnerPracticeSet", input.idempotency_key.as_ref(), &input, work).await?;
        let partner = match id {
            Some(id) => loader::partner(ctx, id).await?.map(Partner),
            None => None,
        };
        Ok(PartnerPracticeSetPayload { partner, replayed, user_errors })
    }

    /// Sets what is recorded of an account beyond its name and place.
    #[graphql(directive = Allow::apply(Action::QualifyDeals))]
    async fn account_firmographics_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The firmographics.")] input: AccountFirmographicsSetInput,
    ) -> Result<AccountFirmographicsSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let facts = firmographics::Facts {
                industry: patch(&input.industry, Clone::clone),
                country: patch(&input.country, Clone::clone),
                employees: patch(&input.employees, |it| *it),
                incumbency: patch(&input.incumbency, |it| (*it).into()),
                buyer_seniority: patch(&input.buyer_seniority, |it| (*it).into()),
            };
            let account = global_id::input(&input.account_id, "Account", "accountId")?;
            firmographics::set(caller, account, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) =
            run("accountFirmographicsSet", input.idempotency_key.as_ref(), &input, work).await?;
        let account = match id {
            Some(id) => loader::account(ctx, id).await?.map(Account),
            None => None,
        };
        Ok(AccountFirmographicsSetPayload { account, replayed, user_errors })
    }
}
