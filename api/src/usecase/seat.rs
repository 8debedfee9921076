//! Seats: who may call. The first part serves authentication; the second is what REVOPS does with seats.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::{Caller, Office};
use chrono::{DateTime, Utc};
use domain::role::{Action, Role};
use domain::seat::{MINT_ISSUER, Seat, bindings_fit};
use domain::text;
use entity::page::{Ask, Page};
use entity::{portfolio_seat, token};
use serde_json::json;
use uuid::Uuid;

pub use entity::seat::{Seated, TokenLife, key as position};

/// The live seats of a subject in a program, or in all, with their bindings as they are now: one statement.
///
/// # Errors
/// A storage failure.
pub async fn seated(
    office: &Office,
    issuer: &str,
    subject: &str,
    program: Option<&str>,
) -> Result<Vec<Seated>, Failure> {
    Ok(entity::seat::seated(office.store.read(), issuer, subject, program).await?)
}

/// The live portfolio seats of a subject, each with its portfolio's slug.
///
/// # Errors
/// A storage failure.
pub async fn seated_in_portfolio(
    office: &Office,
    issuer: &str,
    subject: &str,
    portfolio: Option<&str>,
) -> Result<Vec<(String, domain::slice::Viewer)>, Failure> {
    Ok(portfolio_seat::seated(office.store.read(), issuer, subject, portfolio).await?)
}

/// Whether it is time to write down that a minted token is in use.
#[must_use]
pub fn use_is_due(last_used_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    last_used_at.is_none_or(|at| now - at >= token::USE_EVERY)
}

/// Writes down that a minted token is in use, at most once a minute.
///
/// # Errors
/// A storage failure.
pub async fn note_use(office: &Office, program_id: Uuid, token_id: Uuid, at: DateTime<Utc>) -> Result<(), Failure> {
    Ok(token::note_use(office.store.write(), program_id, token_id, at).await?)
}

/// What REVOPS may say of a seat; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The name people read.
    pub name: Option<String>,
    /// What the seat is.
    pub role: Option<Role>,
    /// Its pods.
    pub pods: Option<Vec<Uuid>>,
    /// Its partners.
    pub partners: Option<Vec<Uuid>>,
    /// The owner id of the CRM; `Some(None)` clears it.
    pub owner_external_id: Option<Option<String>>,
}

/// Who a new seat is for.
#[derive(Clone, Debug)]
pub struct Who {
    /// The identity provider's exact `iss`.
    pub issuer: String,
    /// The person's `sub` there.
    pub subject: String,
}

/// A page of the people's and machines' seats.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, ask: &Ask) -> Result<Page<Seat>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::seat::page(caller.office.store.read(), slice, ask).await?)
}

/// How many there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::seat::count(caller.office.store.read(), slice).await?)
}

/// Those of these seats that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Seat>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::seat::of_ids(caller.office.store.read(), slice, ids).await?)
}

/// Seats, pods and tokens are changed by people only: a minted token that leaks cannot make itself a successor.
///
/// # Errors
/// [`Failure::Denied`] for a caller with a minted token.
pub(super) fn by_a_person(caller: &Caller) -> Result<(), Failure> {
    if caller.viewer.token_id.is_some() { Err(Failure::Denied) } else { Ok(()) }
}

fn apply(seat: &mut Seat, facts: Facts) -> Result<(), Failure> {
    let mut problems = Problems::default();
    if let Some(name) = &facts.name
        && let Some(name) = problems.take("name", text::name(name, 200))
    {
        seat.name = name;
    }
    match &facts.owner_external_id {
        Some(Some(id)) => seat.owner_external_id = problems.take("ownerExternalId", text::name(id, 200)),
        Some(None) => seat.owner_external_id = None,
        None => {}
    }
    seat.role = facts.role.unwrap_or(seat.role);
    for (list, given) in [(&mut seat.pods, facts.pods), (&mut seat.partners, facts.partners)] {
        if let Some(mut given) = given {
            given.sort_unstable();
            given.dedup();
            *list = given;
        }
    }
    let fit = bindings_fit(seat.role, seat.pods.len(), seat.partners.len(), seat.owner_external_id.is_some());
    for wrong in fit.err().unwrap_or_default() {
        problems.note(wrong.field(), ProblemCode::Invalid, wrong.to_string());
    }
    problems.settle()
}

/// Whether everything that the seat is bound to is in the program.
async fn check_bindings(work: &Work<'_>, pods: &[Uuid], partners: &[Uuid]) -> Result<(), Failure> {
    let found = entity::pod::of_ids(&work.tx, work.slice, pods).await?;
    let mut problems = missing("podIds", "pod", pods, &found.iter().map(|pod| pod.id).collect::<Vec<_>>());
    problems.extend(missing_partners(work, partners).await?);
    if problems.is_empty() { Ok(()) } else { Err(Failure::Invalid(problems)) }
}

/// The partners that are not in the program, as problems of `partnerIds`.
pub(super) async fn missing_partners(work: &Work<'_>, partners: &[Uuid]) -> Result<Vec<Problem>, Failure> {
    let found = entity::partner::of_ids(&work.tx, work.slice, partners).await?;
    Ok(missing("partnerIds", "partner", partners, &found.iter().map(|partner| partner.id).collect::<Vec<_>>()))
}

fn missing(field: &'static str, what: &str, asked: &[Uuid], found: &[Uuid]) -> Vec<Problem> {
    let lost = asked.iter().enumerate().filter(|(_, id)| !found.contains(id));
    lost.map(|(at, _)| Problem::at([field, &at.to_string()], ProblemCode::NotFound, format!("there is no such {what}")))
        .collect()
}

/// What the record of a change keeps of a seat.
pub(super) fn body(seat: &Seat) -> serde_json::Value {
    json!({
        "issuer": seat.issuer, "subject": seat.subject, "name": seat.name, "role": seat.role, "pods": seat.pods,
        "partners": seat.partners, "ownerExternalId": seat.owner_external_id, "version": seat.version,
        "revokedAt": seat.revoked_at,
    })
}

fn check_who(who: &Who) -> Result<(), Failure> {
    let mut problems = Problems::default();
    for (field, value) in [("issuer", &who.issuer), ("subject", &who.subject)] {
        // Compared byte by byte with a token's claims, so nothing is trimmed or folded.
        if value.is_empty() || value.len() > 512 || value.chars().any(char::is_control) {
            problems.note(field, ProblemCode::Invalid, "must have 1 to 512 bytes and no control character");
        }
    }
    if who.issuer == MINT_ISSUER {
        problems.note("issuer", ProblemCode::Invalid, "this server's own tokens get their seats from tokenMint");
    }
    problems.settle()
}

/// Gives a person a seat. A seat that the same subject had before, and lost, is given back with the new facts.
///
/// # Errors
/// [`Failure`].
pub async fn grant(caller: &Caller, who: Who, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    by_a_person(caller)?;
    commit(caller, Action::ManageSeats, key, async |work| {
        check_who(&who)?;
        let old = entity::seat::find_by_subject(&work.tx, work.slice, &who.issuer, &who.subject).await?;
        if old.as_ref().is_some_and(|seat| seat.revoked_at.is_none()) {
            return Err(
                Problem::at(["subject"], ProblemCode::Taken, "this subject has a seat in the program already").into()
            );
        }
        let (id, recorded_at) = old.as_ref().map_or_else(|| (work.id(), work.now), |seat| (seat.id, seat.recorded_at));
        let mut seat = Seat {
            id,
            program_id: work.program_id(),
            issuer: who.issuer.clone(),
            subject: who.subject.clone(),
            role: Role::Leadership,
            name: String::new(),
            owner_external_id: None,
            pods: Vec::new(),
            partners: Vec::new(),
            version: old.as_ref().map_or(1, |seat| seat.version.saturating_add(1)),
            revoked_at: None,
            recorded_at,
        };
        apply(&mut seat, facts.clone())?;
        check_bindings(work, &seat.pods, &seat.partners).await?;
        match old {
            Some(_) => entity::seat::update(&work.tx, &seat).await?,
            None => entity::seat::insert(&work.tx, &seat).await?,
        }
        work.record("seat.grant", "Seat", seat.id, body(&seat));
        Ok(seat.id)
    })
    .await
}

/// A live seat of a person; the seats of minted tokens are never changed.
async fn changeable(work: &Work<'_>, id: Uuid, expected: Option<i64>) -> Result<Seat, Failure> {
    let seat = entity::seat::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
    if seat.issuer == MINT_ISSUER {
        let message = "the seat of a minted token never changes: revoke the token and mint another";
        return Err(Problem::at(["id"], ProblemCode::RuleRefused, message).by("MINTED_SEAT").into());
    }
    work.expect_version(seat.version, expected)?;
    if seat.revoked_at.is_some() {
        return Err(Problem::at(["id"], ProblemCode::RuleRefused, "this seat is revoked: grant it again")
            .by("REVOKED_SEAT")
            .into());
    }
    Ok(seat)
}

/// A program without a REVOPS seat could never be changed again.
async fn keep_one_revops(work: &Work<'_>, seat: &Seat) -> Result<(), Failure> {
    entity::seat::queue(&work.tx, work.slice).await?;
    if entity::seat::other_revops(&work.tx, work.slice, seat).await? > 0 {
        return Ok(());
    }
    let message = "this is the program's last REVOPS seat: grant another one first";
    Err(Problem::at(["id"], ProblemCode::RuleRefused, message).by("LAST_REVOPS_SEAT").into())
}

/// Changes a seat. It holds from the next request on.
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
    by_a_person(caller)?;
    commit(caller, Action::ManageSeats, key, async |work| {
        let before = changeable(work, id, expected).await?;
        let mut seat = before.clone();
        apply(&mut seat, facts.clone())?;
        if seat == before {
            return Ok(id);
        }
        if before.role == Role::Revops && seat.role != Role::Revops {
            keep_one_revops(work, &before).await?;
        }
        check_bindings(work, &seat.pods, &seat.partners).await?;
        seat.version = seat.version.saturating_add(1);
        entity::seat::update(&work.tx, &seat).await?;
        work.record("seat.update", "Seat", id, body(&seat));
        Ok(id)
    })
    .await
}

/// Takes a seat away. It holds from the next request on.
///
/// # Errors
/// [`Failure`].
pub async fn revoke(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    by_a_person(caller)?;
    commit(caller, Action::ManageSeats, key, async |work| {
        let mut seat = changeable(work, id, expected).await?;
        if seat.role == Role::Revops {
            keep_one_revops(work, &seat).await?;
        }
        seat.revoked_at = Some(work.now);
        seat.version = seat.version.saturating_add(1);
        entity::seat::update(&work.tx, &seat).await?;
        work.record("seat.revoke", "Seat", id, body(&seat));
        Ok(id)
    })
    .await
}

/// The seat of a subject in the caller's program, revoked or not.
///
/// # Errors
/// [`Failure`].
pub async fn of_subject(caller: &Caller, issuer: &str, subject: &str) -> Result<Option<Seat>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::seat::find_by_subject(caller.office.store.read(), slice, issuer, subject).await?)
}

/// The first live seat of a role under an issuer.
///
/// # Errors
/// [`Failure`].
pub async fn first_of_role(caller: &Caller, issuer: &str, role: Role) -> Result<Option<Seat>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    Ok(entity::seat::first_of_role(caller.office.store.read(), slice, issuer, role).await?)
}

/// The ids of the partners with these external ids; the first that is not there is the error.
///
/// # Errors
/// [`Failure::Invalid`] names the missing one.
pub async fn partners_named(caller: &Caller, external_ids: &[String]) -> Result<Vec<Uuid>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    let mut ids = Vec::new();
    for external_id in external_ids {
        let filter = entity::partner::Filter { external_ids: Some(vec![external_id.clone()]), ..Default::default() };
        let ask = Ask { limit: 1, ..Ask::default() };
        let found =
            entity::partner::page(caller.office.store.read(), slice, &filter, entity::partner::Order::Name, &ask)
                .await?;
        let partner = found.rows.first();
        let message = || {
            Problem::at(
                ["partner"],
                ProblemCode::NotFound,
                format!("there is no partner with the external id {external_id}"),
            )
        };
        ids.push(partner.ok_or_else(message)?.id);
    }
    Ok(ids)
}

/// The ids of the pods with these names; the first that is not there is the error.
///
/// # Errors
/// [`Failure::Invalid`] names the missing one.
pub async fn pods_named(caller: &Caller, names: &[String]) -> Result<Vec<Uuid>, Failure> {
    let slice = caller.authorise(Action::ReadSeats)?;
    let found = entity::pod::of_names(caller.office.store.read(), slice, names).await?;
    let of_name = |name: &String| {
        let pod = found.iter().find(|pod| text::key(&pod.name) == text::key(name));
        pod.map(|pod| pod.id)
            .ok_or_else(|| Problem::at(["pod"], ProblemCode::NotFound, format!("there is no pod named {name}")).into())
    };
    names.iter().map(of_name).collect()
}
