//! The outside of partnerloop: `usecase` (what a seat can do), `graphql` (how it is asked for), and the outermost rooms
//! (`auth`, `http`, `cli`) that carry it.
// The root types of the schema merge so many objects that their futures nest deeper than the default.
#![recursion_limit = "256"]

pub mod auth;
pub mod cli;
pub mod clock;
pub mod graphql;
pub mod http;
pub mod limits;
pub mod usecase;
