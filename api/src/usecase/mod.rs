//! What a seat can do: one function a verb, each in one transaction. A use case reads: authorise, load the facts within the
//! slice, let the domain decide, write, commit with its record.

pub mod check;
pub mod commit;
pub mod failure;
pub mod import;
pub mod office;
pub mod pod;
pub mod portfolio;
pub mod program;
pub mod seat;
pub mod signing;
pub mod token;

pub use failure::{Failure, Problem, ProblemCode, Problems};
pub use office::{Caller, Office};
