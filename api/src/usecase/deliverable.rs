//! What phases publish: content, hash, revision, who, when. A revision is never changed.

use super::commit::Work;
use super::failure::{Failure, Problem, ProblemCode};
use super::follow::{Followed, Told};
use super::ledger::rows;
use super::office::Caller;
use domain::calendar::Quarter;
use domain::deliverable::{Deliverable, DeliverableKind, METHODOLOGY};
use domain::ledger::{EntryKind, FACT, INSIDE};
use domain::partner::Partner;
use domain::role::Action;
pub use entity::deliverable::{Filter, key as position};
use entity::page::{Ask, Page};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// A page of what was published.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Deliverable>, Failure> {
    let slice = caller.authorise(Action::ReadDeliverables)?;
    Ok(entity::deliverable::page(caller.office.store.read(), slice, filter, ask).await?)
}

/// How many there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadDeliverables)?;
    Ok(entity::deliverable::count(caller.office.store.read(), slice, filter).await?)
}

/// One, if the program has it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<Deliverable>, Failure> {
    let slice = caller.authorise(Action::ReadDeliverables)?;
    Ok(entity::deliverable::find(caller.office.store.read(), slice, id).await?)
}

/// Which deliverable is asked for.
#[derive(Clone, Copy, Debug)]
pub enum By {
    /// By its id.
    Id(Uuid),
    /// By what it is; in its latest revision where none is named.
    Of(DeliverableKind, Quarter, Option<i32>),
}

/// One, if the program has it.
///
/// # Errors
/// [`Failure`].
pub async fn by(caller: &Caller, by: By) -> Result<Option<Deliverable>, Failure> {
    let (kind, quarter, revision) = match by {
        By::Id(id) => return find(caller, id).await,
        By::Of(kind, quarter, revision) => (kind, quarter, revision),
    };
    let slice = caller.authorise(Action::ReadDeliverables)?;
    let conn = caller.office.store.read();
    Ok(match revision {
        None => entity::deliverable::latest(conn, slice, kind, quarter).await?,
        Some(revision) => {
            let all = entity::deliverable::revisions(conn, slice, kind, quarter).await?;
            all.into_iter().find(|one| one.revision == revision)
        }
    })
}

/// The latest revision of the same kind and quarter: what a reader of an earlier one should know of.
///
/// # Errors
/// [`Failure`].
pub async fn latest_revision(caller: &Caller, of: &Deliverable) -> Result<i32, Failure> {
    let slice = caller.authorise(Action::ReadDeliverables)?;
    let latest = entity::deliverable::latest(caller.office.store.read(), slice, of.kind, of.quarter).await?;
    Ok(latest.map_or(of.revision, |latest| latest.revision))
}

/// Those of the partners that the caller may list.
///
/// # Errors
/// [`Failure`].
pub async fn listed(caller: &Caller, partners: &[Uuid]) -> Result<HashMap<Uuid, Partner>, Failure> {
    let slice = caller.authorise(Action::ReadDeliverables)?;
    let found = entity::partner::of_ids(caller.office.store.read(), slice, partners).await?;
    Ok(found.into_iter().map(|partner| (partner.id, partner)).collect())
}

/// What a deliverable says, read back from its frozen content.
///
/// # Errors
/// A storage failure where the content is not what its kind says.
pub fn content<T: DeserializeOwned>(of: &Deliverable) -> Result<T, Failure> {
    let kind: &'static str = of.kind.into();
    serde_json::from_str(&of.body)
        .map_err(|why| entity::DbErr::Type(format!("the deliverable {} is no {kind}: {why}", of.id)).into())
}

/// Publishes a revision within a transaction: `content` is an object, to which the kind, the quarter, the edition of the
/// methodology and the policy's version are added. What is published already in the same words is refused.
///
/// # Errors
/// DELIVERABLE_UNCHANGED, or a storage failure.
pub async fn publish(
    work: &mut Work<'_>,
    kind: DeliverableKind,
    quarter: Quarter,
    policy_version: i64,
    mut content: Value,
) -> Result<Deliverable, Failure> {
    let before = entity::deliverable::latest(&work.tx, work.slice, kind, quarter).await?;
    content["kind"] = json!(kind);
    content["quarter"] = json!(quarter.to_string());
    content["methodology"] = json!(METHODOLOGY);
    content["policyVersion"] = json!(policy_version);
    content.sort_all_objects();
    let body = content.to_string();
    let sha256: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    if before.as_ref().is_some_and(|before| before.sha256 == sha256) {
        let message = "exactly this is published already: a new revision would say nothing new";
        return Err(Problem::at([], ProblemCode::RuleRefused, message).by("DELIVERABLE_UNCHANGED").into());
    }
    let deliverable = Deliverable {
        id: work.id(),
        kind,
        quarter,
        revision: before.as_ref().map_or(1, |before| before.revision + 1),
        replaces_id: before.map(|before| before.id),
        body,
        sha256,
        policy_version,
        seat_id: work.seat_id(),
        published_at: work.now,
    };
    entity::deliverable::insert(&work.tx, work.slice, &deliverable).await?;
    let facts = json!({
        "kind": kind, "quarter": quarter.to_string(), "revision": deliverable.revision, "replacesId": deliverable.replaces_id,
        "sha256": deliverable.sha256,
    });
    let mut entered = facts.clone();
    entered[INSIDE] = json!({ FACT: rows::deliverable(&deliverable) });
    work.enter(EntryKind::Publication, "Deliverable", deliverable.id, &[], entered);
    work.record("deliverable.publish", "Deliverable", deliverable.id, facts.clone());
    work.announce(PUBLISHED_EVENT, deliverable.id, facts);
    Ok(deliverable)
}

/// The kind of the event that tells that a deliverable was published.
pub const PUBLISHED_EVENT: &str = "DELIVERABLE_PUBLISHED";

impl Followed for Deliverable {
    const ACTION: Action = Action::ReadDeliverables;
    const KINDS: &'static [&'static str] = &[PUBLISHED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        find(caller, event.subject_id).await
    }
}
