//! Changes of leads.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::origin::Origin;
use domain::role::Action;

use super::allow::Allow;
use super::caller::caller;
use super::deal::DealSource;
use super::deal_write::MoneyInput;
use super::global_id;
use super::lead::{Lead, LeadClass, LeadRefusal, one};
use super::mutation::{UserError, run};
use super::scalar::{Date, DateTime};
use crate::usecase::deal::Facts;
use crate::usecase::lead::{self, New};

/// A new lead.
#[derive(InputObject)]
pub struct LeadRecordInput {
    /// What it is about, such as the company's name: 1 to 300 characters.
    name: String,
    /// Its class; EQL when left out and a partner is named, else MQL.
    class: Option<LeadClass>,
    /// Where it came from; PARTNER when left out and a partner is named, else DIRECT.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    source: Option<DealSource>,
    /// The partner through which it came: fixed from here on. A partner's own token has no such field: it is that partner.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    source_partner_id: Option<ID>,
    /// The source in detail: referrer parameters, a campaign, an agent store; at most 500 characters. Fixed from here on.
    source_detail: Option<String>,
    /// The token of an affiliate's or partner's link, for billing; at most 500 characters. Fixed from here on.
    referral_token: Option<String>,
    /// The account's web site or domain. It routes the lead to the owner of the open deal there.
    account: Option<String>,
    /// The buyer's role.
    contact_role: Option<String>,
    /// When it was received; now when left out, never in the future.
    #[graphql(directive = Allow::apply(Action::ReadLeadsInside))]
    received_at: Option<DateTime>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lead to accept.
#[derive(InputObject)]
pub struct LeadAcceptInput {
    /// The lead.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// What is to be said about it, inside: at most 2000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lead to refuse.
#[derive(InputObject)]
pub struct LeadRefuseInput {
    /// The lead.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// Why. The partner that brought it is told so.
    reason: LeadRefusal,
    /// What is to be said about it, inside: at most 2000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lead that somebody of the vendor spoke to.
#[derive(InputObject)]
pub struct LeadTouchInput {
    /// The lead.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lead to give to somebody.
#[derive(InputObject)]
pub struct LeadAssignInput {
    /// The lead.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The seat that decides about it from now on.
    owner_seat_id: ID,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// A lead that becomes a deal.
#[derive(InputObject)]
pub struct LeadConvertInput {
    /// The lead.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// The deal's name; the lead's when left out.
    name: Option<String>,
    /// The day it was opened; today when left out.
    opened_on: Option<Date>,
    /// Software ARR, where it is known.
    arr: Option<MoneyInput>,
    /// The deal's id in the CRM.
    external_id: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of recording a lead.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::RecordLeads))]
pub struct LeadRecordPayload {
    /// The lead, routed; null when it was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of accepting a lead.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideLeads))]
pub struct LeadAcceptPayload {
    /// The lead as it is now; null when that was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of refusing a lead.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideLeads))]
pub struct LeadRefusePayload {
    /// The lead as it is now; null when the change was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why the change was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of recording a first touch.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::DecideLeads))]
pub struct LeadTouchPayload {
    /// The lead; null when it was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of giving a lead to somebody.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::AssignLeads))]
pub struct LeadAssignPayload {
    /// The lead as it is now; null when the change was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of turning a lead into a deal.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ConvertLeads))]
pub struct LeadConvertPayload {
    /// The lead with its deal; null when it was refused.
    lead: Option<Lead>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of leads.
#[derive(Default)]
pub struct LeadMutation;

#[Object]
impl LeadMutation {
    /// Records a lead and routes it at once: to the owner of the account's open deal, else by the program's rules. A partner's
    /// token records its own, a Partner Manager those of its partners.
    #[graphql(directive = Allow::apply(Action::RecordLeads))]
    async fn lead_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new lead.")] input: LeadRecordInput,
    ) -> Result<LeadRecordPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner_id = input
                .source_partner_id
                .as_ref()
                .map(|id| global_id::input(id, "Partner", "sourcePartnerId"))
                .transpose()?;
            let has_partner = partner_id.is_some() || caller.viewer.role == domain::role::Role::Partner;
            let (class, source) = domain::lead::assumed(has_partner);
            let new = New {
                name: input.name.clone(),
                class: input.class.map_or(class, Into::into),
                source: input.source.map_or(source, Into::into),
                origin: Origin {
                    partner_id,
                    source_detail: input.source_detail.clone(),
                    referral_token: input.referral_token.clone(),
                },
                account: input.account.clone(),
                contact_role: input.contact_role.clone(),
                received_at: input.received_at.map(|at| at.0),
            };
            lead::record(caller, new, key).await
        };
        let (id, replayed, user_errors) = run("leadRecord", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadRecordPayload { lead: one(ctx, id).await?, replayed, user_errors })
    }

    /// Records that somebody of the vendor spoke to a lead: keeps the promise of a first touch (2 business hours by default). Only the
    /// first time counts; accepting or refusing the lead is a touch too.
    #[graphql(directive = Allow::apply(Action::DecideLeads))]
    async fn lead_touch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead.")] input: LeadTouchInput,
    ) -> Result<LeadTouchPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            lead::touch(caller, global_id::input(&input.id, "Lead", "id")?, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("leadTouch", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadTouchPayload { lead: one(ctx, id).await?, replayed, user_errors })
    }

    /// Accepts a lead: it is a sales-accepted lead (SAL) from now on.
    #[graphql(directive = Allow::apply(Action::DecideLeads))]
    async fn lead_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead to accept.")] input: LeadAcceptInput,
    ) -> Result<LeadAcceptPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Lead", "id")?;
            lead::decide(caller, id, input.expected_version, None, input.note.clone(), key).await
        };
        let (id, replayed, user_errors) = run("leadAccept", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadAcceptPayload { lead: one(ctx, id).await?, replayed, user_errors })
    }

    /// Refuses a lead, with a reason that the partner is told.
    #[graphql(directive = Allow::apply(Action::DecideLeads))]
    async fn lead_refuse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead to refuse.")] input: LeadRefuseInput,
    ) -> Result<LeadRefusePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Lead", "id")?;
            lead::decide(caller, id, input.expected_version, Some(input.reason.into()), input.note.clone(), key).await
        };
        let (id, replayed, user_errors) = run("leadRefuse", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadRefusePayload { lead: one(ctx, id).await?, replayed, user_errors })
    }

    /// Gives an open lead to a seat that may decide about it.
    #[graphql(directive = Allow::apply(Action::AssignLeads))]
    async fn lead_assign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and to whom it goes.")] input: LeadAssignInput,
    ) -> Result<LeadAssignPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Lead", "id")?;
            let seat = global_id::input(&input.owner_seat_id, "Seat", "ownerSeatId")?;
            lead::assign(caller, id, input.expected_version, seat, key).await
        };
        let (id, replayed, user_errors) = run("leadAssign", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadAssignPayload { lead: one(ctx, id).await?, replayed, user_errors })
    }

    /// Makes the deal that an accepted lead became. Its source partner, source detail and referral token go with it.
    #[graphql(directive = Allow::apply(Action::ConvertLeads))]
    async fn lead_convert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and what is known of the deal.")] input: LeadConvertInput,
    ) -> Result<LeadConvertPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let id = global_id::input(&input.id, "Lead", "id")?;
            let facts = Facts {
                name: input.name.clone(),
                opened_on: input.opened_on.map(|day| day.0),
                arr: input.arr.map(|arr| Some(arr.read())),
                external_id: input.external_id.clone().map(Some),
                ..Facts::default()
            };
            lead::convert(caller, id, input.expected_version, facts, key).await
        };
        let (id, replayed, user_errors) = run("leadConvert", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(LeadConvertPayload { lead: one(ctx, id).await?, replayed, user_errors })
    }
}
