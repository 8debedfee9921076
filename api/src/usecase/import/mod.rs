//! Importing files: read, judged row by row, staged, then applied in one transaction (LOOP.md section 4, ruling 27).

mod decode;
pub mod header;
pub mod mapping;
pub mod reader;

#[cfg(test)]
mod nasty_test;
