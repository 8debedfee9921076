//! The harness: a real server over a fresh database for every test on every back end, and the documents that the tests read.

mod app;
pub(crate) mod ask;
pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod forge;
pub(crate) mod import;
pub(crate) mod patience;
pub(crate) mod real_data;
pub(crate) mod sdl;
mod server;
pub(crate) mod stream;
pub(crate) mod tree;
pub(crate) mod world;

pub(crate) use app::{Answer, App, Seat, on_every_backend, on_every_backend_with, on_sqlite, patient};
pub(crate) use server::SCHEMAS;
