//! Partners and their people.

use super::candidate::{refused, said};
use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::profile::{fit_of, standing};
use domain::account::domain_of;
use domain::candidate::{may_set, meets_bar};
use domain::partner::{Partner, PartnerKind, PartnerPerson, PartnerStatus};
use domain::role::Action;
use domain::text;
use entity::page::{Ask, Page};
pub use entity::partner::{Filter, Order, key as position};
use serde_json::json;
use uuid::Uuid;

/// What may be said of a partner; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its id in the CRM; `Some(None)` clears it.
    pub external_id: Option<Option<String>>,
    /// Its name.
    pub name: Option<String>,
    /// Its kind.
    pub kind: Option<PartnerKind>,
    /// Whether the vendor works with it.
    pub status: Option<PartnerStatus>,
    /// Its web site or domain; `Some(None)` clears it.
    pub domain: Option<Option<String>>,
}

/// What may be said of a partner's person; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct PersonFacts {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address; `Some(None)` clears it.
    pub email: Option<Option<String>>,
    /// The job title; `Some(None)` clears it.
    pub title: Option<Option<String>>,
    /// Whether this is a seller.
    pub is_rep: Option<bool>,
}

/// A page of partners.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, order: Order, ask: &Ask) -> Result<Page<Partner>, Failure> {
    let slice = caller.authorise(Action::ReadPartners)?;
    Ok(entity::partner::page(caller.office.store.read(), slice, filter, order, ask).await?)
}

/// How many partners there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadPartners)?;
    Ok(entity::partner::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these partners that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Partner>, Failure> {
    let slice = caller.authorise(Action::ReadPartners)?;
    Ok(entity::partner::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// The people of these partners: all of them, or their reps alone for a seat that may read no more.
///
/// # Errors
/// [`Failure`].
pub async fn people(caller: &Caller, partners: &[Uuid]) -> Result<Vec<PartnerPerson>, Failure> {
    let slice = caller.authorise(Action::ReadContacts)?;
    let mut people = entity::partner_person::of_partners(caller.office.store.read(), slice, partners).await?;
    people.retain(|person| person.is_rep || caller.viewer.may(Action::ReadAllContacts));
    Ok(people)
}

fn apply(partner: &mut Partner, facts: &Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 300))
    {
        partner.name = name;
    }
    match &facts.external_id {
        Some(Some(id)) => partner.external_id = problems.take("externalId", text::name(id, 200)),
        Some(None) => partner.external_id = None,
        None => {}
    }
    match &facts.domain {
        Some(Some(given)) => {
            if let Some(domain) = problems.take("domain", domain_of(given)) {
                partner.registrable_domain = Some(domain);
            }
        }
        Some(None) => partner.registrable_domain = None,
        None => {}
    }
    partner.kind = facts.kind.unwrap_or(partner.kind);
    partner.status = facts.status.unwrap_or(partner.status);
    problems.settle()
}

fn taken(why: entity::DbErr) -> Failure {
    if entity::store::is_unique_violation(&why) {
        Problem::at(["externalId"], ProblemCode::Taken, "another partner has this external id").into()
    } else {
        why.into()
    }
}

fn body(partner: &Partner) -> serde_json::Value {
    json!({
        "name": partner.name, "externalId": partner.external_id, "kind": partner.kind, "status": partner.status,
        "registrableDomain": partner.registrable_domain, "version": partner.version,
    })
}

/// Makes a partner. One that is ACTIVE from the start is held against the bar of the ideal partner profile like a candidate that is
/// recruited: below it takes a written reason. The record of changes keeps the fit, the bar and the reason.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn create(caller: &Caller, facts: Facts, reason: Option<&str>, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManagePartners, key, async |work| {
        let mut partner = Partner {
            id: work.id(),
            external_id: None,
            name: String::new(),
            kind: PartnerKind::Referral,
            status: PartnerStatus::Active,
            registrable_domain: None,
            version: 1,
            recorded_at: work.now,
        };
        apply(&mut partner, &facts)?;
        let mut recorded = body(&partner);
        if partner.status == PartnerStatus::Active {
            let (today, policy) = standing(caller, &work.tx, work.slice).await?;
            let fits = fit_of(&work.tx, work.slice, std::slice::from_ref(&partner), (today, &policy)).await?;
            let fit = fits.get(&partner.id);
            let reason = meets_bar(fit, reason).map_err(|refusal| refused("reason", &refusal))?;
            (recorded["fit"], recorded["reason"]) = (json!(fit.map(said)), json!(reason));
        }
        entity::partner::insert(&work.tx, work.slice, &partner).await.map_err(taken)?;
        work.record("partner.create", "Partner", partner.id, recorded);
        Ok(partner.id)
    })
    .await
}

/// Changes a partner.
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
    commit(caller, Action::ManagePartners, key, async |work| {
        let before = entity::partner::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut partner = before.clone();
        apply(&mut partner, &facts)?;
        may_set(before.status, partner.status).map_err(|refusal| refused("status", &refusal))?;
        if partner != before {
            partner.version += 1;
            entity::partner::update(&work.tx, work.slice, &partner).await.map_err(taken)?;
            work.record("partner.update", "Partner", partner.id, body(&partner));
        }
        Ok(id)
    })
    .await
}

fn apply_person(person: &mut PartnerPerson, facts: &PersonFacts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 300))
    {
        person.name = name;
    }
    match &facts.email {
        Some(Some(email)) if email.contains('@') => person.email = problems.take("email", text::name(email, 320)),
        Some(Some(_)) => problems.note("email", ProblemCode::Invalid, "an e-mail address has an @"),
        Some(None) => person.email = None,
        None => {}
    }
    match &facts.title {
        Some(Some(title)) => person.title = problems.take("title", text::name(title, 200)),
        Some(None) => person.title = None,
        None => {}
    }
    person.is_rep = facts.is_rep.unwrap_or(person.is_rep);
    problems.settle()
}

/// Adds a person to a partner. The done row is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn add_person(caller: &Caller, partner: Uuid, facts: PersonFacts, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ManageContacts, key, async |work| {
        entity::partner::find(&work.tx, work.slice, partner).await?.ok_or(Failure::NotFound)?;
        let mut person = PartnerPerson {
            id: work.id(),
            partner_id: partner,
            name: String::new(),
            email: None,
            title: None,
            is_rep: false,
            version: 1,
            recorded_at: work.now,
        };
        apply_person(&mut person, &facts)?;
        entity::partner_person::insert(&work.tx, work.slice, &person).await?;
        work.record(
            "partnerPerson.add",
            "PartnerPerson",
            person.id,
            json!({ "partnerId": partner, "isRep": person.is_rep }),
        );
        Ok(partner)
    })
    .await
}

/// Changes a partner's person. The done row is the partner.
///
/// # Errors
/// [`Failure`].
pub async fn update_person(
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    facts: PersonFacts,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::ManageContacts, key, async |work| {
        let before = entity::partner_person::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(before.version, expected)?;
        let mut person = before.clone();
        apply_person(&mut person, &facts)?;
        if person != before {
            person.version += 1;
            entity::partner_person::update(&work.tx, work.slice, &person).await?;
            work.record(
                "partnerPerson.update",
                "PartnerPerson",
                id,
                json!({ "isRep": person.is_rep, "version": person.version }),
            );
        }
        Ok(person.partner_id)
    })
    .await
}
