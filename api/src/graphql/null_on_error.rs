//! A nullable field that fails becomes null where it stands, and its error is reported (GraphQL specification, section
//! 6.4.4). The library nulls the parent instead.

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{Response, ServerError, ServerResult, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes the extension for each request.
pub(super) struct NullOnErrorFactory;

impl ExtensionFactory for NullOnErrorFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(NullOnError::default())
    }
}

#[derive(Default)]
struct NullOnError {
    errors: Mutex<Vec<ServerError>>,
}

#[async_trait::async_trait]
impl Extension for NullOnError {
    async fn execute(&self, ctx: &ExtensionContext<'_>, operation: Option<&str>, next: NextExecute<'_>) -> Response {
        let mut response = next.run(ctx, operation).await;
        response.errors.append(&mut self.errors.lock().unwrap_or_else(PoisonError::into_inner));
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if is_nullable => {
                self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                Ok(Some(Value::Null))
            }
            other => other,
        }
    }
}
