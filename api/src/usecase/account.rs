//! Accounts: customers and prospects.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::account::{Account, registrable_domain};
use domain::role::Action;
use domain::text;
pub use entity::account::{Filter, Order, key as position};
use entity::page::{Ask, Page};
use serde_json::json;
use uuid::Uuid;

/// What may be said of an account; what is left out stays as it is, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its id in the CRM.
    pub external_id: Option<Option<String>>,
    /// Its name.
    pub name: Option<String>,
    /// Its web site or domain.
    pub domain: Option<Option<String>>,
    /// The segment it is in now.
    pub segment_id: Option<Option<Uuid>>,
    /// Its region.
    pub region: Option<Option<String>>,
    /// Clouds on which it holds a commitment.
    pub cloud_commitments: Option<Vec<String>>,
    /// Integrations it has installed.
    pub integrations: Option<Vec<String>>,
    /// Why a partner overlaps on it.
    pub overlap_reason: Option<Option<String>>,
}

/// A page of accounts.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, order: Order, ask: &Ask) -> Result<Page<Account>, Failure> {
    let slice = caller.authorise(Action::ReadAccounts)?;
    Ok(entity::account::page(caller.office.store.read(), slice, filter, order, ask).await?)
}

/// How many accounts there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadAccounts)?;
    Ok(entity::account::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these accounts that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Account>, Failure> {
    let slice = caller.authorise(Action::ReadAccounts)?;
    Ok(entity::account::of_ids(caller.office.store.read(), slice, ids).await?)
}

fn list(problems: &mut Problems, path: &str, given: &[String]) -> Vec<String> {
    if given.len() > 50 {
        problems.note(path, ProblemCode::Invalid, "at most 50 entries");
    }
    given.iter().filter_map(|entry| problems.take(path, text::name(entry, 100))).collect()
}

/// A text that may be set or cleared.
fn optional(
    problems: &mut Problems,
    path: &str,
    slot: &mut Option<String>,
    given: Option<&Option<String>>,
    most: usize,
) {
    match given {
        Some(Some(text)) => *slot = problems.take(path, text::name(text, most)),
        Some(None) => *slot = None,
        None => {}
    }
}

async fn apply(work: &Work<'_>, account: &mut Account, facts: &Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 300))
    {
        account.name = name;
    }
    optional(&mut problems, "externalId", &mut account.external_id, facts.external_id.as_ref(), 200);
    optional(&mut problems, "region", &mut account.region, facts.region.as_ref(), 200);
    optional(&mut problems, "overlapReason", &mut account.overlap_reason, facts.overlap_reason.as_ref(), 500);
    match &facts.domain {
        Some(Some(given)) => match registrable_domain(given) {
            Some(domain) => account.registrable_domain = Some(domain),
            None => problems.note(
                "domain",
                ProblemCode::Invalid,
                "give a web site or domain such as https://www.example.com",
            ),
        },
        Some(None) => account.registrable_domain = None,
        None => {}
    }
    if let Some(segment) = facts.segment_id {
        if let Some(id) = segment
            && entity::segment::find(&work.tx, work.slice, id).await?.is_none()
        {
            problems.note("segmentId", ProblemCode::NotFound, "there is no such segment");
        }
        account.segment_id = segment;
    }
    if let Some(clouds) = &facts.cloud_commitments {
        account.cloud_commitments = list(&mut problems, "cloudCommitments", clouds);
    }
    if let Some(integrations) = &facts.integrations {
        account.integrations = list(&mut problems, "integrations", integrations);
    }
    problems.settle()
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["externalId"], ProblemCode::Taken, "another account has this external id").into()
    } else {
        why.into()
    }
}

pub(super) fn body(account: &Account) -> serde_json::Value {
    json!({
        "name": account.name, "externalId": account.external_id, "registrableDomain": account.registrable_domain,
        "segmentId": account.segment_id, "region": account.region, "cloudCommitments": account.cloud_commitments,
        "integrations": account.integrations, "overlapReason": account.overlap_reason, "version": account.version,
    })
}

/// Makes an account.
///
/// # Errors
/// [`Failure`].
pub async fn create(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageAccounts, key, async |work| {
        let mut account = Account {
            id: work.id(),
            external_id: None,
            name: String::new(),
            registrable_domain: None,
            segment_id: None,
            region: None,
            cloud_commitments: Vec::new(),
            integrations: Vec::new(),
            overlap_reason: None,
            version: 1,
            recorded_at: work.now,
        };
        apply(work, &mut account, &facts).await?;
        entity::account::insert(&work.tx, work.slice, &account).await.map_err(taken)?;
        work.record("account.create", "Account", account.id, body(&account));
        Ok(account.id)
    })
    .await
}

/// Changes an account.
///
/// # Errors
/// [`Failure`].
pub async fn update(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: Facts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageAccounts, key, async |work| {
        let before = entity::account::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut account = before.clone();
        apply(work, &mut account, &facts).await?;
        if account != before {
            account.version += 1;
            entity::account::update(&work.tx, work.slice, &account).await.map_err(taken)?;
            work.record("account.update", "Account", account.id, body(&account));
        }
        Ok(id)
    })
    .await
}
