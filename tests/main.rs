//! The one test binary: black-box tests on a real server, and the tests of the house itself.
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod absence;
mod attribution;
mod cells;
mod demo;
mod explorer;
mod exports;
mod facts;
mod finders;
mod golden;
mod harness;
mod identity;
mod import;
mod import_crash;
mod import_runs;
mod import_upload;
mod jwks;
mod ledger;
mod ledger_proof;
mod ledger_seal;
mod ledger_tamper;
mod measurement;
mod policy;
mod protocol;
mod real_numbers;
mod recruit;
mod seat;
mod slice;
mod support;
mod token;
mod walls;
