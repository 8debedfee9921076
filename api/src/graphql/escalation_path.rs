//! Who is named for escalations, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::escalation as method;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::escalation::EscalationKind;
use super::global_id;
use super::mutation::{UserError, run};
use super::sla::SlaOwner;
use crate::usecase::escalation;

/// Somebody to whom escalations of a kind go, on one side.
pub struct EscalationContact(pub(super) method::EscalationContact);

/// Somebody to whom escalations of a kind go, on one side.
#[Object(directive = Allow::apply(Action::ReadEscalations))]
impl EscalationContact {
    /// What stalls.
    async fn kind(&self) -> EscalationKind {
        self.0.kind.into()
    }

    /// On which side.
    async fn side(&self) -> SlaOwner {
        self.0.side.into()
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How to reach the person: an address or a number.
    async fn reach(&self) -> &str {
        &self.0.reach
    }
}

/// The contacts that are named for the program, or for one partner: those come before the program's.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadEscalationPaths))]
pub struct EscalationPath {
    /// The contacts; none where none were set.
    contacts: Vec<EscalationContact>,
    /// The version, for `expectedVersion` of a change; 0 where none were set.
    version: i64,
}

async fn path(ctx: &Context<'_>, partner: Option<Uuid>) -> Result<EscalationPath> {
    let found = escalation::path(caller(ctx)?, partner).await.map_err(|why| failed(&why))?;
    Ok(EscalationPath { contacts: found.contacts.into_iter().map(EscalationContact).collect(), version: found.version })
}

/// Reads of escalation paths.
#[derive(Default)]
pub struct EscalationPathQuery;

#[Object]
impl EscalationPathQuery {
    /// The escalation path of the program, or of a partner as far as it has its own: as it was set. See `escalationContacts` for who is
    /// named in the end.
    #[graphql(directive = Allow::apply(Action::ReadEscalationPaths))]
    async fn escalation_path(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner; the program's path where it is left out.")] partner_id: Option<ID>,
    ) -> Result<EscalationPath> {
        path(ctx, partner_id.map(|id| global_id::of_kind(&id, "Partner"))).await
    }

    /// Who is named for each kind and side of escalations with a partner: of the kind by the partner's path, else by the program's; where
    /// neither names one, for OTHER. Empty where nobody is, or the partner is not there for the caller.
    #[graphql(directive = Allow::apply(Action::ReadEscalations))]
    async fn escalation_contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The partner; a partner's own token has no such argument.",
            directive = Allow::apply(Action::ReadEscalationPaths)
        )]
        partner_id: Option<ID>,
    ) -> Result<Vec<EscalationContact>> {
        let partner = partner_id.map(|id| global_id::of_kind(&id, "Partner"));
        let found = escalation::contacts(caller(ctx)?, partner).await.map_err(|why| failed(&why))?;
        Ok(found.into_iter().map(EscalationContact).collect())
    }
}

/// A contact to name.
#[derive(InputObject)]
pub struct EscalationContactInput {
    /// What stalls.
    kind: EscalationKind,
    /// On which side; the program's path names the vendor's alone.
    side: SlaOwner,
    /// The person's name, at most 300 characters.
    name: String,
    /// How to reach the person, at most 300 characters. Both sides read it.
    reach: String,
}

/// A path, all of it.
#[derive(InputObject)]
pub struct EscalationPathSetInput {
    /// The partner; the program's path where it is left out.
    partner_id: Option<ID>,
    /// The contacts: one of each kind and side at most.
    contacts: Vec<EscalationContactInput>,
    /// The version you read, 0 where none were set; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting a path.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageEscalationPaths))]
pub struct EscalationPathSetPayload {
    /// The path as it is now; null when it was refused.
    escalation_path: Option<EscalationPath>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of escalation paths.
#[derive(Default)]
pub struct EscalationPathMutation;

#[Object]
impl EscalationPathMutation {
    /// Sets who is named for escalations, all of it, for the program or for one partner. Escalations that are open keep the contact that was
    /// named when they were opened.
    #[graphql(directive = Allow::apply(Action::ManageEscalationPaths))]
    async fn escalation_path_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The path.")] input: EscalationPathSetInput,
    ) -> Result<EscalationPathSetPayload> {
        let caller = caller(ctx)?;
        let partner = input.partner_id.as_ref().map(|id| global_id::of_kind(id, "Partner"));
        let work = async |key| {
            let contact = |it: &EscalationContactInput| method::EscalationContact {
                kind: it.kind.into(),
                side: it.side.into(),
                name: it.name.clone(),
                reach: it.reach.clone(),
            };
            let contacts = input.contacts.iter().map(contact).collect();
            escalation::set(caller, partner, contacts, input.expected_version, key).await
        };
        let (id, replayed, user_errors) =
            run("escalationPathSet", input.idempotency_key.as_ref(), &input, work).await?;
        let escalation_path = if id.is_some() { Some(path(ctx, partner).await?) } else { None };
        Ok(EscalationPathSetPayload { escalation_path, replayed, user_errors })
    }
}
