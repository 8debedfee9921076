//! Accounts: customers and prospects.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::account::{Account, AccountPartner, domain_of};
use domain::partner::PartnerKind;
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
    /// The partner it belongs to or buys through.
    pub partner_id: Option<Option<Uuid>>,
    /// What kind of partner that is to it; goes with the partner.
    pub partner_kind: Option<Option<PartnerKind>>,
    /// Whether an integration is installed, where none is named.
    pub integration_present: Option<Option<bool>>,
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

/// The partners of these accounts.
///
/// # Errors
/// [`Failure`].
pub async fn partners(caller: &Caller, accounts: &[Uuid]) -> Result<Vec<AccountPartner>, Failure> {
    let slice = caller.authorise(Action::ReadAccounts)?;
    Ok(entity::account_partner::of_accounts(caller.office.store.read(), slice, accounts).await?)
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
        Some(Some(given)) => {
            if let Some(domain) = problems.take("domain", domain_of(given)) {
                account.registrable_domain = Some(domain);
            }
        }
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
    account.integration_present = facts.integration_present.unwrap_or(account.integration_present);
    if account.integration_present == Some(false) && !account.integrations.is_empty() {
        problems.note("integrationPresent", ProblemCode::Invalid, "integrations are named: empty their list first");
    }
    if let Some(Some(id)) = facts.partner_id
        && entity::partner::find(&work.tx, work.slice, id).await?.is_none()
    {
        problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
    }
    problems.settle()
}

/// Sets or clears the account's partner; whether it changed.
async fn set_partner(work: &mut Work<'_>, account_id: Uuid, facts: &Facts) -> Result<bool, Failure> {
    let before = entity::account_partner::of_accounts(&work.tx, work.slice, &[account_id]).await?.pop();
    let partner_id = facts.partner_id.unwrap_or(before.map(|it| it.partner_id));
    // Another partner brings its own kind, unless another is given.
    let is_same = before.map(|it| it.partner_id) == partner_id;
    let kind = facts.partner_kind.unwrap_or(before.filter(|_| is_same).and_then(|it| it.kind));
    let after = partner_id.map(|partner_id| AccountPartner { account_id, partner_id, kind });
    if after.is_none() && facts.partner_kind.flatten().is_some() {
        return Err(Problem::at(["partnerKind"], ProblemCode::Invalid, "the account has no partner").into());
    }
    if after == before {
        return Ok(false);
    }
    match after {
        Some(partner) => entity::account_partner::upsert(&work.tx, work.slice, &[partner]).await?,
        None => entity::account_partner::clear(&work.tx, work.slice, &[account_id]).await?,
    }
    let body = json!({ "partnerId": partner_id, "partnerKind": after.and_then(|it| it.kind) });
    work.record("account.partner", "Account", account_id, body);
    Ok(true)
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
        "integrations": account.integrations, "integrationPresent": account.integration_present,
        "overlapReason": account.overlap_reason, "version": account.version,
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
            integration_present: None,
            overlap_reason: None,
            version: 1,
            recorded_at: work.now,
        };
        apply(work, &mut account, &facts).await?;
        entity::account::insert(&work.tx, work.slice, &account).await.map_err(taken)?;
        set_partner(work, account.id, &facts).await?;
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
        let has_new_partner = set_partner(work, id, &facts).await?;
        if account != before || has_new_partner {
            account.version += 1;
            entity::account::update(&work.tx, work.slice, &account).await.map_err(taken)?;
            work.record("account.update", "Account", account.id, body(&account));
        }
        Ok(id)
    })
    .await
}
