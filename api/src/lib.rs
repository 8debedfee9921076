//! The outside of partnerloop: `usecase` (what a seat can do), `graphql` (how it is asked for), and the outermost rooms
//! (`auth`, `http`, `cli`) that carry it.
// The roots of the schema are merged of many parts, each of which nests the next.
#![recursion_limit = "512"]

pub mod auth;
pub mod cli;
pub mod clock;
pub mod graphql;
pub mod http;
pub mod limits;
pub mod usecase;
