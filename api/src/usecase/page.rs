//! Pages of lists, as the rows know them.

pub use entity::page::{Ask, Key as PositionKey, Page, Position};
