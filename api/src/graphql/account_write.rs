//! Changes of accounts.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::account::Account;
use super::allow::Allow;
use super::caller::caller;
use super::mutation::{UserError, patch, run};
use super::partner::PartnerKind;
use super::{global_id, loader};
use crate::usecase::Problem;
use crate::usecase::account::{self, Facts};

/// A new account.
#[derive(InputObject)]
pub struct AccountCreateInput {
    /// The facts. `name` is required.
    facts: AccountFactsInput,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of an account.
#[derive(InputObject)]
pub struct AccountUpdateInput {
    /// The account.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What changes. What is left out stays as it is; null clears.
    facts: AccountFactsInput,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An account's facts. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct AccountFactsInput {
    /// The name, 1 to 300 characters.
    name: Option<String>,
    /// Its id in the CRM, unique among accounts.
    external_id: MaybeUndefined<String>,
    /// Its web site or domain.
    domain: MaybeUndefined<String>,
    /// The segment it is in now.
    segment_id: MaybeUndefined<ID>,
    /// Its region, in the vendor's words.
    region: MaybeUndefined<String>,
    /// Clouds on which it holds a spend commitment, at most 50.
    cloud_commitments: Option<Vec<String>>,
    /// Integrations it has installed, at most 50.
    integrations: Option<Vec<String>>,
    /// Why a partner overlaps on it, in words.
    overlap_reason: MaybeUndefined<String>,
    /// The partner it belongs to or buys through.
    partner_id: MaybeUndefined<ID>,
    /// What kind of partner that is to this account; null for the partner's own kind.
    partner_kind: MaybeUndefined<PartnerKind>,
    /// Whether an integration is installed, where none is named. Null where nobody knows.
    integration_present: MaybeUndefined<bool>,
}

impl AccountFactsInput {
    fn read(&self) -> Result<Facts, Problem> {
        let text = |given: &MaybeUndefined<String>| patch(given, Clone::clone);
        Ok(Facts {
            external_id: text(&self.external_id),
            name: self.name.clone(),
            domain: text(&self.domain),
            segment_id: global_id::reference(&self.segment_id, "Segment", "segmentId")?,
            region: text(&self.region),
            cloud_commitments: self.cloud_commitments.clone(),
            integrations: self.integrations.clone(),
            overlap_reason: text(&self.overlap_reason),
            partner_id: global_id::reference(&self.partner_id, "Partner", "partnerId")?,
            partner_kind: patch(&self.partner_kind, |kind| (*kind).into()),
            integration_present: patch(&self.integration_present, |is| *is),
        })
    }
}

/// What came of creating an account.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageAccounts))]
pub struct AccountCreatePayload {
    /// The account; null when it was refused.
    account: Option<Account>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing an account.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageAccounts))]
pub struct AccountUpdatePayload {
    /// The account as it is now; null when the change was refused.
    account: Option<Account>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Account>> {
    let Some(id) = id else { return Ok(None) };
    Ok(loader::account(ctx, id).await?.map(Account))
}

/// Changes of accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Creates an account.
    #[graphql(directive = Allow::apply(Action::ManageAccounts))]
    async fn account_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: AccountCreateInput,
    ) -> Result<AccountCreatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| account::create(caller, input.facts.read()?, key).await;
        let (id, replayed, user_errors) = run("accountCreate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(AccountCreatePayload { account: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes an account.
    #[graphql(directive = Allow::apply(Action::ManageAccounts))]
    async fn account_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: AccountUpdateInput,
    ) -> Result<AccountUpdatePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Account", "id")?;
            account::update(caller, id, input.expected_version, input.facts.read()?, key).await
        };
        let (id, replayed, user_errors) = run("accountUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(AccountUpdatePayload { account: one(ctx, id).await?, replayed, user_errors })
    }
}
