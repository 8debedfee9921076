//! The one test binary: black-box tests on a real server, and the tests of the house itself.
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod cells;
mod measurement;
mod real_numbers;
mod finders;
mod identity;
mod import;
mod import_crash;
mod import_upload;
mod jwks;
mod protocol;
mod seat;
mod support;
mod token;
mod walls;
