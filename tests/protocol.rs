//! The protocol from outside, on a real socket: what GraphQL over HTTP, event streams and WebSockets ask of a server, and what
//! a server must not let happen. The schema is a small one of its own, so that these tests say nothing about partners.

mod audits;
mod fixture;
mod limits;
mod log;
mod requests;
mod roles;
mod sockets;
mod streams;
