//! The record of changes on the wire.

use async_graphql::{Context, ID, InputObject, Object, Result};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::global_id;
use super::page::{Binding, Connected, IdFilter, OrderDirection, PageArguments, TotalCount, both, connect};
use super::scalar::DateTime;
use crate::usecase::change::{self, Filter, position};

/// A recorded change of a fact: who did what, and when it was recorded. Changes are only ever added.
pub struct Change(domain::change::Change);

/// A recorded change of a fact: who did what, and when it was recorded. Changes are only ever added.
#[Object(directive = Allow::apply(Action::ReadChanges))]
impl Change {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Change", self.0.id)
    }

    /// What was done, such as "deal.update".
    async fn verb(&self) -> &str {
        &self.0.verb
    }

    /// The global id of the row it concerned.
    async fn subject_id(&self) -> ID {
        global_id::encode(&self.0.subject_type, self.0.subject_id)
    }

    /// The kind of that row, such as "Deal".
    async fn subject_type(&self) -> &str {
        &self.0.subject_type
    }

    /// The global id of the seat that did it; null when it was the server itself (the command line and the jobs).
    async fn seat_id(&self) -> Option<ID> {
        (!self.0.seat_id.is_nil()).then(|| global_id::encode("Seat", self.0.seat_id))
    }

    /// The facts after the change (and before it, where they matter), as a JSON text.
    async fn facts(&self) -> &str {
        &self.0.body
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }
}

/// Which changes to list. All that are given must hold.
#[derive(InputObject, Clone, Default)]
pub struct ChangeFilter {
    /// By the row they concern.
    subject_id: Option<IdFilter>,
    /// By the seat that did them.
    seat_id: Option<IdFilter>,
}

fn rows(filter: Option<IdFilter>) -> Option<Vec<uuid::Uuid>> {
    let ids = filter.and_then(|ids| both(ids.eq, ids.any))?;
    Some(ids.iter().map(|id| global_id::decode(id).map_or(uuid::Uuid::nil(), |(_, id)| id)).collect())
}

/// Reads of the record of changes.
#[derive(Default)]
pub struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// What was changed, by whom and when, latest first.
    #[graphql(directive = Allow::apply(Action::ReadChanges))]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which changes to list.")] filter: Option<ChangeFilter>,
    ) -> Result<Connected<Change>> {
        let caller = caller(ctx)?;
        let filter = filter.unwrap_or_default();
        let filter = Filter { subjects: rows(filter.subject_id), seats: rows(filter.seat_id) };
        let binding = Binding::of(caller, "changes", &filter);
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = change::page(caller, &filter, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Changes(filter), |row| (position(row), row.id), Change))
    }
}
