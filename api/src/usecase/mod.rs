//! What a seat can do: one function a verb, each in one transaction. A use case reads: authorise, load the facts within the
//! slice, let the domain decide, write, commit with its record.

pub mod check;
pub mod account;
pub mod activity;
pub mod attribution;
pub mod change;
pub mod commit;
pub mod deal;
pub mod failure;
pub mod import;
pub mod money;
pub mod office;
pub mod pod;
pub mod portfolio;
pub mod program;
pub mod seat;
pub mod signing;
pub mod token;
pub mod page;
pub mod partner;
pub mod segment;
pub mod spend;
pub mod stage;

pub use failure::{Failure, Problem, ProblemCode, Problems};
pub use office::{Caller, Office};
