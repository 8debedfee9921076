//! How it is asked for: types, arguments and wording. Each resolver is one call of a use case.

pub mod allow;
mod caller;
pub mod global_id;
pub mod loader;
pub mod mutation;
mod null_on_error;
pub mod page;
pub mod program;
pub mod role;
pub mod scalar;
pub mod schema;

pub use caller::{caller, prepare, session};
pub use schema::{LoopSchema, RoleSchema, Schemas, sdl_full, sdl_of};

use async_graphql::{MergedObject, MergedSubscription};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(program::ProgramQuery);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(program::ProgramMutation);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(program::ProgramSubscription);
