//! Partner and machine tokens: minted by REVOPS, shown once, revoked at once.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use super::seat::{body as seat_body, by_a_person, missing_partners};
use super::signing::{AUDIENCE, SignedClaims, SigningKey};
use domain::foundation::may_have_portal_tokens;
use domain::role::{Action, Role};
use domain::seat::{MINT_ISSUER, Seat};
use domain::text;
use domain::token::{Token, can_be_minted, expires_at};
use entity::page::{Ask, Page};
use serde_json::json;
use uuid::Uuid;

pub use entity::token::key as position;

/// What a token is to be.
#[derive(Clone, Debug)]
pub struct New {
    /// What it is for.
    pub label: String,
    /// Its seat's role.
    pub role: Role,
    /// Its seat's partner (PARTNER).
    pub partner_id: Option<Uuid>,
    /// How long it lives, in days.
    pub days: i64,
}

/// A page of tokens, by when they were minted.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, ask: &Ask) -> Result<Page<Token>, Failure> {
    let slice = caller.authorise(Action::ReadTokens)?;
    Ok(entity::token::page(caller.office.store.read(), slice, ask).await?)
}

/// How many there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadTokens)?;
    Ok(entity::token::count(caller.office.store.read(), slice).await?)
}

/// One token.
///
/// # Errors
/// [`Failure::NotFound`], and others.
pub async fn find(caller: &Caller, id: Uuid) -> Result<Token, Failure> {
    let slice = caller.authorise(Action::ReadTokens)?;
    entity::token::find(caller.office.store.read(), slice, id).await?.ok_or(Failure::NotFound)
}

fn body(token: &Token) -> serde_json::Value {
    json!({
        "label": token.label, "role": token.role, "partnerId": token.partner_id, "seatId": token.seat_id,
        "expiresAt": token.expires_at, "revokedAt": token.revoked_at, "version": token.version,
    })
}

/// Mints a token with a seat of its own; for a partner only once the administrative layer of the Foundation is active. The text of the token is in this answer and nowhere else, ever: a replay of the same
/// idempotency key gives the token's row without it.
///
/// # Errors
/// [`Failure`].
pub async fn mint(caller: &Caller, new: New, key: Option<Key>) -> Result<(Done, Option<String>), Failure> {
    by_a_person(caller)?;
    let no_key = || {
        Problem::at([], ProblemCode::RuleRefused, "this process has no signing key, so it mints no tokens")
            .by("NO_SIGNING_KEY")
    };
    let signing = caller.office.mint.clone().ok_or_else(no_key)?;
    let done = commit(caller, Action::ManageTokens, key, async |work| {
        let mut problems = Problems::default();
        let label = problems.take("label", text::name(&new.label, 200));
        let expires_at = problems.take("expiresInDays", expires_at(work.now, new.days));
        if !can_be_minted(new.role) {
            problems.note(
                "role",
                ProblemCode::Invalid,
                "a token is minted for PARTNER, REVOPS, FINANCE or LEADERSHIP; the other seats are people's",
            );
        }
        match (new.role, new.partner_id) {
            (Role::Partner, None) => {
                problems.note("partnerId", ProblemCode::Required, "a PARTNER token is for one partner")
            }
            (Role::Partner, Some(_)) | (_, None) => {}
            (_, Some(_)) => problems.note("partnerId", ProblemCode::Invalid, "only a PARTNER token is for a partner"),
        }
        let partners: Vec<Uuid> = new.partner_id.into_iter().collect();
        if !missing_partners(work, &partners).await?.is_empty() {
            problems.note("partnerId", ProblemCode::NotFound, "there is no such partner");
        }
        if new.role == Role::Partner {
            let steps = entity::foundation_step::all(&work.tx, work.slice).await?;
            if let Err(refusal) = may_have_portal_tokens(&steps) {
                let message = format!("portal tokens for partners are of the administrative layer: {refusal}");
                problems.push(Problem::at(["role"], ProblemCode::RuleRefused, message).by(refusal.rule()));
            }
        }
        problems.settle()?;
        let (Some(label), Some(expires_at)) = (label, expires_at) else { return Err(Failure::NotFound) };
        let (id, seat_id, program_id) = (work.id(), work.id(), work.program_id());
        let seat = Seat {
            id: seat_id,
            program_id,
            issuer: MINT_ISSUER.into(),
            subject: subject(id),
            role: new.role,
            name: label.clone(),
            owner_external_id: None,
            pods: Vec::new(),
            partners,
            version: 1,
            revoked_at: None,
            recorded_at: work.now,
        };
        let token = Token {
            id,
            program_id,
            seat_id,
            label,
            role: new.role,
            partner_id: new.partner_id,
            minted_by: caller.viewer.seat_id,
            minted_at: work.now,
            expires_at,
            revoked_at: None,
            last_used_at: None,
            version: 1,
        };
        entity::seat::insert(&work.tx, &seat).await?;
        entity::token::insert(&work.tx, &token).await?;
        work.record("seat.grant", "Seat", seat_id, seat_body(&seat));
        work.record("token.mint", "Token", id, body(&token));
        Ok(id)
    })
    .await?;
    let secret = if done.replayed { None } else { Some(sign(&signing, &find(caller, done.id).await?)?) };
    Ok((done, secret))
}

fn subject(token_id: Uuid) -> String {
    format!("token-{token_id}")
}

fn sign(key: &SigningKey, token: &Token) -> Result<String, Failure> {
    let claims = SignedClaims {
        iss: MINT_ISSUER,
        aud: AUDIENCE,
        sub: subject(token.id),
        iat: token.minted_at.timestamp(),
        nbf: token.minted_at.timestamp(),
        exp: token.expires_at.timestamp(),
        jti: Some(token.id.to_string()),
        program: None,
        portfolio: None,
    };
    key.sign(&claims)
        .map_err(|why| Failure::Storage(entity::DbErr::Custom(format!("a token could not be signed: {why}"))))
}

/// Revokes a token. Its next request finds it so, in every process; to revoke it again changes nothing.
///
/// # Errors
/// [`Failure`].
pub async fn revoke(caller: &Caller, id: Uuid, expected: Option<i64>, key: Option<Key>) -> Result<Done, Failure> {
    by_a_person(caller)?;
    commit(caller, Action::ManageTokens, key, async |work| {
        let mut token = entity::token::find(&work.tx, work.slice, id).await?.ok_or(Failure::NotFound)?;
        work.expect_version(token.version, expected)?;
        if token.revoked_at.is_some() {
            return Ok(id);
        }
        token.revoked_at = Some(work.now);
        token.version = token.version.saturating_add(1);
        entity::token::revoke(&work.tx, work.slice, id, work.now).await?;
        work.record("token.revoke", "Token", id, body(&token));
        Ok(id)
    })
    .await
}
