//! The one test binary: black-box tests on a real server, and the tests of the house itself.
#![recursion_limit = "512"]
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod absence;
mod attribution;
mod cells;
mod claim;
mod cosell;
mod demo;
mod dispute;
mod explorer;
mod exports;
mod facts;
mod finders;
mod follow;
mod foundation;
mod funnel;
mod golden;
mod harness;
mod identity;
mod import;
mod import_crash;
mod import_runs;
mod import_upload;
mod job;
mod jwks;
mod lead;
mod ledger;
mod ledger_proof;
mod ledger_seal;
mod ledger_tamper;
mod measurement;
mod motion;
mod origin;
mod pod_request;
mod policy;
mod protocol;
mod real_numbers;
mod recruit;
mod registration;
mod seat;
mod sla;
mod slice;
mod source;
mod support;
mod tam;
mod tam_oracle;
mod token;
mod walls;
mod wide;
