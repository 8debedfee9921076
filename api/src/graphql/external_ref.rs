//! Ids in other systems, on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::external_ref::{RefKind, SystemId};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::mutation::{UserError, run};
use super::scalar::DateTime;
use crate::usecase::{Problem, ProblemCode, external_ref};

/// An id of an account, a partner or a deal in another system. One id of one system is one row of its kind.
pub struct ExternalRef(pub domain::external_ref::ExternalRef);

/// An id of an account, a partner or a deal in another system. One id of one system is one row of its kind.
#[Object(directive = Allow::apply(Action::ReadExternalRefs))]
impl ExternalRef {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("ExternalRef", self.0.id)
    }

    /// The system that gave it, in lower case: "salesforce", "hubspot", "aws".
    async fn system(&self) -> &str {
        &self.0.at.system
    }

    /// The id there, exactly as written.
    async fn external_id(&self) -> &str {
        &self.0.at.id
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

pub(super) fn shown(rows: Vec<domain::external_ref::ExternalRef>, system: Option<&str>) -> Vec<ExternalRef> {
    let system = system.map(domain::text::key);
    rows.into_iter()
        .filter(|it| system.as_ref().is_none_or(|system| it.at.system == *system))
        .map(ExternalRef)
        .collect()
}

/// An id in another system to look for: at most one row of a kind has it.
#[derive(InputObject, Clone, Debug)]
pub struct ExternalRefFilter {
    /// The system, in any case.
    pub system: String,
    /// The id there, exactly as written.
    pub id: String,
}

impl From<ExternalRefFilter> for SystemId {
    fn from(filter: ExternalRefFilter) -> Self {
        Self { system: domain::text::key(&filter.system), id: domain::text::tidy(&filter.id) }
    }
}

/// An id in another system to give to a row.
#[derive(InputObject)]
pub struct ExternalRefSetInput {
    /// The account, partner or deal.
    subject_id: ID,
    /// The system, at most 60 characters; case does not matter.
    system: String,
    /// The id there, at most 200 characters.
    external_id: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// An id in another system to take away.
#[derive(InputObject)]
pub struct ExternalRefRemoveInput {
    /// The id in another system.
    id: ID,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of giving a row an id in another system.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageExternalRefs))]
pub struct ExternalRefSetPayload {
    /// The id; null when it was refused.
    external_ref: Option<ExternalRef>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of taking an id in another system away.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageExternalRefs))]
pub struct ExternalRefRemovePayload {
    /// Whether it is gone; false when it was refused.
    is_removed: bool,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Changes of ids in other systems.
#[derive(Default)]
pub struct ExternalRefMutation;

#[Object]
impl ExternalRefMutation {
    /// Gives an account, a partner or a deal an id in another system: the ids by which systems are kept in step, cloud account ids,
    /// the confirmation ids of a marketplace. A row may have several, of one system too.
    #[graphql(directive = Allow::apply(Action::ManageExternalRefs))]
    async fn external_ref_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] input: ExternalRefSetInput,
    ) -> Result<ExternalRefSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let nothing = || Problem::at(["subjectId"], ProblemCode::NotFound, "there is no such row");
            let (kind, id) = global_id::decode(&input.subject_id).ok_or_else(nothing)?;
            let kind: RefKind = kind.parse().map_err(|_| nothing())?;
            external_ref::set(caller, kind, id, &input.system, &input.external_id, key).await
        };
        let (id, replayed, user_errors) = run("externalRefSet", input.idempotency_key.as_ref(), &input, work).await?;
        let external_ref = match id {
            Some(id) => external_ref::find(caller, id).await.map_err(|why| failed(&why))?.map(ExternalRef),
            None => None,
        };
        Ok(ExternalRefSetPayload { external_ref, replayed, user_errors })
    }

    /// Takes an id in another system away from its row.
    #[graphql(directive = Allow::apply(Action::ManageExternalRefs))]
    async fn external_ref_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id to take away.")] input: ExternalRefRemoveInput,
    ) -> Result<ExternalRefRemovePayload> {
        let caller = caller(ctx)?;
        let work =
            async |key| external_ref::remove(caller, global_id::input(&input.id, "ExternalRef", "id")?, key).await;
        let (id, replayed, user_errors) =
            run("externalRefRemove", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(ExternalRefRemovePayload { is_removed: id.is_some(), replayed, user_errors })
    }
}
