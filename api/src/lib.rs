//! The outside of partnerloop: `usecase` (what a seat can do), `graphql` (how it is asked for), and the outermost rooms
//! (`auth`, `http`, `cli`) that carry it.
// The roots are merged of one object a room, each inside the next: their futures are as deep as there are rooms.
#![recursion_limit = "256"]

pub mod auth;
pub mod cli;
pub mod clock;
pub mod graphql;
pub mod http;
pub mod limits;
pub mod usecase;
