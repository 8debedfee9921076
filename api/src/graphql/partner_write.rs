//! Changes of partners and their people.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::caller;
use super::mutation::{UserError, patch, run};
use super::partner::{Partner, PartnerKind, PartnerStatus};
use super::{global_id, loader};
use crate::usecase::partner::{self, Facts, PersonFacts};

/// A new partner.
#[derive(InputObject)]
pub struct PartnerCreateInput {
    /// The name, 1 to 300 characters.
    name: String,
    /// The kind.
    kind: PartnerKind,
    /// Whether the vendor works with it; ACTIVE when left out. Where the program has an ideal partner profile, an ACTIVE one must reach its
    /// bar with what is known so far, or take a reason: else create it as CANDIDATE, record what is known, and recruit it.
    status: Option<PartnerStatus>,
    /// Why it is ACTIVE although it does not reach the bar, at most 2000 characters; of no use elsewhere.
    reason: Option<String>,
    /// Its id in the CRM or PRM, unique among partners.
    external_id: Option<String>,
    /// Its web site or domain.
    domain: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a partner. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct PartnerUpdateInput {
    /// The partner.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new name.
    name: Option<String>,
    /// The new kind.
    kind: Option<PartnerKind>,
    /// The new status.
    status: Option<PartnerStatus>,
    /// Its id in the CRM or PRM.
    external_id: MaybeUndefined<String>,
    /// Its web site or domain.
    domain: MaybeUndefined<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A new person of a partner.
#[derive(InputObject)]
pub struct PartnerPersonAddInput {
    /// The partner.
    partner_id: ID,
    /// The name.
    name: String,
    /// The e-mail address.
    email: Option<String>,
    /// The job title.
    title: Option<String>,
    /// Whether this is a seller: the partner's own rep.
    #[graphql(default)]
    is_rep: bool,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A change of a partner's person. What is left out stays as it is; null clears.
#[derive(InputObject)]
pub struct PartnerPersonUpdateInput {
    /// The person.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The new name.
    name: Option<String>,
    /// The e-mail address.
    email: MaybeUndefined<String>,
    /// The job title.
    title: MaybeUndefined<String>,
    /// Whether this is a seller.
    is_rep: Option<bool>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of creating a partner.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManagePartners))]
pub struct PartnerCreatePayload {
    /// The partner; null when it was refused.
    partner: Option<Partner>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a partner.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManagePartners))]
pub struct PartnerUpdatePayload {
    /// The partner as it is now; null when the change was refused.
    partner: Option<Partner>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of adding a person.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageContacts))]
pub struct PartnerPersonAddPayload {
    /// The partner with its people; null when it was refused.
    partner: Option<Partner>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of changing a person.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageContacts))]
pub struct PartnerPersonUpdatePayload {
    /// The partner with its people; null when the change was refused.
    partner: Option<Partner>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Partner>> {
    let Some(id) = id else { return Ok(None) };
    Ok(loader::partner(ctx, id).await?.map(Partner))
}

/// Changes of partners.
#[derive(Default)]
pub struct PartnerMutation;

#[Object]
impl PartnerMutation {
    /// Creates a partner. An ACTIVE one below the bar of the ideal partner profile takes a written reason (CANDIDATE_BELOW_BAR).
    #[graphql(directive = Allow::apply(Action::ManagePartners))]
    async fn partner_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new partner.")] input: PartnerCreateInput,
    ) -> Result<PartnerCreatePayload> {
        let caller = caller(ctx)?;
        let facts = Facts {
            external_id: Some(input.external_id.clone()),
            name: Some(input.name.clone()),
            kind: Some(input.kind.into()),
            status: input.status.map(Into::into),
            domain: Some(input.domain.clone()),
        };
        let work = async |key| partner::create(caller, facts, input.reason.as_deref(), key).await;
        let (id, replayed, user_errors) = run("partnerCreate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PartnerCreatePayload { partner: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes a partner.
    #[graphql(directive = Allow::apply(Action::ManagePartners))]
    async fn partner_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: PartnerUpdateInput,
    ) -> Result<PartnerUpdatePayload> {
        let caller = caller(ctx)?;
        let facts = Facts {
            external_id: patch(&input.external_id, Clone::clone),
            name: input.name.clone(),
            kind: input.kind.map(Into::into),
            status: input.status.map(Into::into),
            domain: patch(&input.domain, Clone::clone),
        };
        let work = async |key| {
            partner::update(caller, global_id::input(&input.id, "Partner", "id")?, input.expected_version, facts, key)
                .await
        };
        let (id, replayed, user_errors) = run("partnerUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PartnerUpdatePayload { partner: one(ctx, id).await?, replayed, user_errors })
    }

    /// Adds a person to a partner.
    #[graphql(directive = Allow::apply(Action::ManageContacts))]
    async fn partner_person_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new person.")] input: PartnerPersonAddInput,
    ) -> Result<PartnerPersonAddPayload> {
        let caller = caller(ctx)?;
        let facts = PersonFacts {
            name: Some(input.name.clone()),
            email: Some(input.email.clone()),
            title: Some(input.title.clone()),
            is_rep: Some(input.is_rep),
        };
        let work = async |key| {
            partner::add_person(caller, global_id::input(&input.partner_id, "Partner", "partnerId")?, facts, key).await
        };
        let (id, replayed, user_errors) = run("partnerPersonAdd", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PartnerPersonAddPayload { partner: one(ctx, id).await?, replayed, user_errors })
    }

    /// Changes a partner's person.
    #[graphql(directive = Allow::apply(Action::ManageContacts))]
    async fn partner_person_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: PartnerPersonUpdateInput,
    ) -> Result<PartnerPersonUpdatePayload> {
        let caller = caller(ctx)?;
        let facts = PersonFacts {
            name: input.name.clone(),
            email: patch(&input.email, Clone::clone),
            title: patch(&input.title, Clone::clone),
            is_rep: input.is_rep,
        };
        let work = async |key| {
            let id = global_id::input(&input.id, "PartnerPerson", "id")?;
            partner::update_person(caller, id, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) =
            run("partnerPersonUpdate", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(PartnerPersonUpdatePayload { partner: one(ctx, id).await?, replayed, user_errors })
    }
}
