//! What a seat can do: one function a verb, each in one transaction. A use case reads: authorise, load the facts within the
//! slice, let the domain decide, write, commit with its record.

pub mod account;
pub mod activity;
pub mod attribution;
pub mod audit;
pub mod change;
pub mod check;
pub mod commit;
pub mod credit;
pub mod deal;
pub mod deliverable;
pub mod failure;
pub mod import;
pub mod iteration;
pub mod ledger;
pub mod measurement;
pub mod money;
pub mod office;
pub mod page;
pub mod partner;
pub mod pod;
pub mod policy;
pub mod portfolio;
pub mod program;
mod proof;
pub mod quality;
pub mod recruit;
pub mod recruit_plan;
pub mod scorecard;
pub mod seat;
pub mod segment;
pub mod signing;
pub mod spend;
pub mod stage;
pub mod token;

pub use failure::{Failure, Problem, ProblemCode, Problems};
pub use office::{Caller, Office};
