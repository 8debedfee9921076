//! The harness: a fresh database for every test on every back end, and the documents that the tests read.

pub(crate) mod database;
pub(crate) mod import;
pub(crate) mod real_data;
pub(crate) mod forge;
pub(crate) mod sdl;
pub(crate) mod tree;
