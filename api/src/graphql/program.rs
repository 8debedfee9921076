//! The program itself.

use async_graphql::{Context, Object, Result, Subscription};
use domain::role::Action;
use futures_util::Stream;

use super::allow::Allow;

/// Reads of the program.
#[derive(Default)]
pub struct ProgramQuery;

#[Object]
impl ProgramQuery {
    /// The program.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn program(&self, _ctx: &Context<'_>) -> Result<String> {
        Ok(String::new())
    }
}

/// Changes of the program.
#[derive(Default)]
pub struct ProgramMutation;

#[Object]
impl ProgramMutation {
    /// Nothing.
    #[graphql(directive = Allow::apply(Action::ManageProgram))]
    async fn program_update(&self) -> bool {
        false
    }
}

/// Follows.
#[derive(Default)]
pub struct ProgramSubscription;

#[Subscription]
impl ProgramSubscription {
    /// Nothing.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn nothing(&self) -> impl Stream<Item = bool> {
        futures_util::stream::empty()
    }
}
