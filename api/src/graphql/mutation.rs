//! What all mutations share: user errors as data, and idempotency keys.

use crate::usecase::commit::{Done, Key};
use crate::usecase::{Failure, Problem, ProblemCode};
use async_graphql::{Enum, Error, InputType, SimpleObject};
use domain::role::Action;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::allow::Allow;
use super::caller::failed;

/// Why a mutation was refused. Codes are stable; new ones may be added.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ProblemCode")]
pub enum UserErrorCode {
    /// The value is not acceptable; the message says what is.
    Invalid,
    /// The value is required here.
    Required,
    /// Something else already has this value.
    Taken,
    /// There is no such row for this caller.
    NotFound,
    /// The row has changed since it was read: read it again and decide again.
    StaleVersion,
    /// The idempotency key was already used with another input.
    IdempotencyKeyReused,
    /// A rule of the method refuses it; `rule` names it.
    RuleRefused,
    /// Another change happened at the same time; try again.
    Conflict,
}

/// Why a mutation was refused. Where there is any of these, nothing was written.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(directive = Allow::apply(Action::ReadSelf))]
pub struct UserError {
    /// A stable code to branch on.
    pub code: UserErrorCode,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
    /// Where in the arguments, such as ["input", "lines", "0", "amount"]; null when it concerns the whole request.
    pub path: Option<Vec<String>>,
    /// The rule of the method that said no, where it was one.
    pub rule: Option<String>,
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.into(),
            message: problem.message,
            path: Some(problem.path),
            rule: problem.rule.map(str::to_owned),
        }
    }
}

/// Sorts an outcome into the row it concerned and whether it was replayed, or the user errors.
///
/// # Errors
/// A top-level error when it is our fault, or the role may not.
pub(super) fn settle(outcome: Result<Done, Failure>) -> Result<Result<Done, Vec<UserError>>, Error> {
    let simple = |code, message: &str, path: &[&str]| {
        let path = Some(path.iter().map(|part| (*part).to_owned()).collect());
        vec![UserError { code, message: message.to_owned(), path, rule: None }]
    };
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(Failure::Invalid(problems)) => Ok(Err(problems.into_iter().map(Into::into).collect())),
        Err(Failure::NotFound) => Ok(Err(simple(UserErrorCode::NotFound, "there is no such row", &["input", "id"]))),
        Err(Failure::Stale) => Ok(Err(simple(
            UserErrorCode::StaleVersion,
            "the row has changed since it was read: read it again and decide again",
            &["input", "expectedVersion"],
        ))),
        Err(Failure::KeyReused) => Ok(Err(simple(
            UserErrorCode::IdempotencyKeyReused,
            "this idempotency key was already used with another input: use a fresh key",
            &["input", "idempotencyKey"],
        ))),
        Err(other) => Err(failed(&other)),
    }
}

/// The idempotency key of an input, with the input's hash.
///
/// # Errors
/// A user error when the key is empty or too long.
pub(super) fn key<I: InputType>(
    mutation: &'static str,
    key: Option<&String>,
    input: &I,
) -> Result<Option<Key>, Failure> {
    let Some(key) = key else { return Ok(None) };
    if key.is_empty() || key.len() > 200 || key.contains('\0') {
        let message = "an idempotency key has 1 to 200 bytes and no NUL";
        return Err(Problem::at(["idempotencyKey"], ProblemCode::Invalid, message).into());
    }
    let canonical = input.to_value().to_string();
    let digest = Sha256::digest(canonical.as_bytes());
    let input_sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(Key { mutation, key: key.clone(), input_sha256 }))
}

/// The parts of a payload: the row it concerned, whether it was replayed, the user errors.
pub(super) fn parts(settled: Result<Done, Vec<UserError>>) -> (Option<Uuid>, bool, Vec<UserError>) {
    match settled {
        Ok(done) => (Some(done.id), done.replayed, Vec::new()),
        Err(errors) => (None, false, errors),
    }
}

/// Runs a mutation: reads the key, does the work, sorts the outcome.
///
/// # Errors
/// A top-level error when it is our fault, or the role may not.
pub(super) async fn run<I: InputType>(
    mutation: &'static str,
    idempotency_key: Option<&String>,
    input: &I,
    work: impl AsyncFnOnce(Option<Key>) -> Result<Done, Failure>,
) -> Result<(Option<Uuid>, bool, Vec<UserError>), Error> {
    let outcome = match key(mutation, idempotency_key, input) {
        Ok(key) => work(key).await,
        Err(refused) => Err(refused),
    };
    settle(outcome).map(parts)
}

/// From GraphQL's three ways of a field (absent, null, a value) to the use case's.
pub(super) fn patch<T, U>(given: &async_graphql::MaybeUndefined<T>, turn: impl FnOnce(&T) -> U) -> Option<Option<U>> {
    match given {
        async_graphql::MaybeUndefined::Undefined => None,
        async_graphql::MaybeUndefined::Null => Some(None),
        async_graphql::MaybeUndefined::Value(value) => Some(Some(turn(value))),
    }
}
