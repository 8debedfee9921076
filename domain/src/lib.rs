//! The methodology of the Partner Operator Loop as pure functions and types, in the paper's words.
//!
//! No I/O, no async, no clock, no ORM, no GraphQL. What is computed from facts alone lives here.
#![deny(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

pub mod account;
pub mod activity;
pub mod attribution;
pub mod book;
pub mod calendar;
pub mod catalogue;
pub mod cell;
pub mod change;
pub mod credit;
pub mod deal;
pub mod deliverable;
pub mod economics;
pub mod evidence;
pub mod explanation;
pub mod import;
pub mod iteration;
pub mod ledger;
pub mod money;
pub mod partner;
pub mod policy;
pub mod policy_number;
pub mod policy_version;
pub mod preview;
pub mod program;
pub mod proof;
pub mod recruit;
pub mod role;
pub mod seat;
pub mod segment;
pub mod slice;
pub mod spend;
pub mod spread;
pub mod tam;
pub mod text;
pub mod token;
pub mod trust_gap;
