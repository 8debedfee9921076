//! Why a use case did not do it. With any of these, nothing was written.

use entity::DbErr;
use strum::IntoStaticStr;

/// The outcome of a use case that failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The seat's role may not do this at all.
    #[error("this seat may not do that")]
    Denied,
    /// The row is not in the caller's slice, or nowhere.
    #[error("there is no such row")]
    NotFound,
    /// The input breaks rules of the domain; every breach is listed.
    #[error("the input was refused")]
    Invalid(Vec<Problem>),
    /// The caller's `expectedVersion` is not the present one.
    #[error("the row has changed since it was read")]
    Stale,
    /// An idempotency key was used again with another input.
    #[error("the idempotency key was used with another input")]
    KeyReused,
    /// It panicked.
    #[error("it broke off: the log has the panic")]
    Broken,
    /// The database said no.
    #[error("the database failed")]
    Storage(#[source] DbErr),
}

/// A guarded update that found no row of the version before means that somebody else changed it first.
impl From<DbErr> for Failure {
    fn from(why: DbErr) -> Self {
        match why {
            DbErr::RecordNotUpdated => Self::Stale,
            why => Self::Storage(why),
        }
    }
}

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: ProblemCode,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
    /// Where in the input: `["input", "lines", "0", "amount"]`.
    pub path: Vec<String>,
    /// The rule that said no, where it is a rule of the method.
    pub rule: Option<&'static str>,
}

/// Stable codes of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ProblemCode {
    /// The value is not acceptable.
    Invalid,
    /// The value is required here.
    Required,
    /// Something else already has this value.
    Taken,
    /// There is no such row for this caller.
    NotFound,
    /// The row has changed since it was read.
    StaleVersion,
    /// The idempotency key was used with another input.
    IdempotencyKeyReused,
    /// A rule of the method refuses it.
    RuleRefused,
    /// Another change happened at the same time; try again.
    Conflict,
}

impl Problem {
    /// A problem with a field of the input.
    pub fn at<const N: usize>(path: [&str; N], code: ProblemCode, message: impl Into<String>) -> Self {
        let path = std::iter::once("input").chain(path).map(str::to_owned).collect();
        Self { code, message: message.into(), path, rule: None }
    }

    /// With the rule that said no.
    #[must_use]
    pub const fn by(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

/// Collects problems so that a caller learns all of them at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Keeps the value, or notes the problem.
    pub fn take<T, E: std::fmt::Display>(&mut self, path: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|why| self.note(path, ProblemCode::Invalid, why.to_string())).ok()
    }

    /// Notes a problem.
    pub fn note(&mut self, path: &str, code: ProblemCode, message: impl Into<String>) {
        self.0.push(Problem::at([path], code, message));
    }

    /// Notes a problem that is already made.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// # Errors
    /// [`Failure::Invalid`] when there is any problem.
    pub fn settle(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Invalid(self.0)) }
    }
}
