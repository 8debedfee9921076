//! The rows: one file a table, finders that need a [`domain::slice::Slice`], conversions to domain types.
//!
//! This is the only room that can start a query. Money is i64 minor units, ratios are counts, times are UTC cut to
//! microseconds, enums are their words.

pub mod account;
pub mod activity;
pub mod attribution;
pub mod attribution_entry;
pub mod cell;
pub mod change;
pub mod column;
pub mod deal;
pub mod deliverable;
pub mod event;
pub mod fact;
pub mod fx_rate;
pub mod idempotency;
pub mod import_bulk;
pub mod import_row;
pub mod import_run;
pub mod import_staged;
pub mod iteration;
pub mod ledger_checkpoint;
pub mod ledger_entry;
pub mod ledger_fact;
pub mod ledger_key;
pub mod ledger_log;
pub mod ledger_node;
pub mod live;
pub mod page;
pub mod partner;
pub mod partner_person;
pub mod pod;
pub mod pod_partner;
pub mod policy;
pub mod policy_draft;
pub mod portfolio;
pub mod portfolio_program;
pub mod portfolio_seat;
pub mod program;
pub mod quality;
pub mod recruit_section;
mod scope;
pub mod seat;
pub mod seat_partner;
pub mod seat_pod;
pub mod segment;
pub mod server_key;
pub mod spend_line;
pub mod stage;
pub mod store;
pub mod tier_decision;
pub mod token;

pub use store::{Conn, DbErr, Store, Tx};
