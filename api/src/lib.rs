//! The outside of partnerloop: use cases, GraphQL, HTTP and the command line.

pub mod auth;
