//! What a role may ask: its own schema, ready to run.

use super::cost::Roots;
use super::documents::Validated;
use crate::graphql::Schemas;
use async_graphql::registry::MetaType;
use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use domain::role::Role;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use strum::IntoEnumIterator;

/// A schema that runs requests, whatever its Rust types are.
pub trait Runs: Send + Sync {
    /// Runs a query or a mutation.
    fn run(&self, request: Request) -> BoxFuture<'_, Response>;
    /// Runs a subscription.
    fn follow(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<Q, M, S> Runs for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn run(&self, request: Request) -> BoxFuture<'_, Response> {
        Box::pin(self.execute(request))
    }

    fn follow(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request)
    }
}

/// One role's contract.
pub struct Contract {
    /// Its SDL.
    pub sdl: Arc<str>,
    types: Arc<BTreeMap<String, MetaType>>,
    /// Validates in full and nulls as the specification says: documents that are new, mutations, subscriptions.
    pub(super) careful: Box<dyn Runs>,
    /// Neither: queries whose document has passed before.
    pub(super) plain: Box<dyn Runs>,
    pub(super) validated: Validated,
}

impl Contract {
    /// A contract over the two forms of one schema. Its roots are called `Query`, `Mutation` and `Subscription`.
    #[must_use]
    pub fn new(
        sdl: &str,
        types: Arc<BTreeMap<String, MetaType>>,
        careful: Box<dyn Runs>,
        plain: Box<dyn Runs>,
    ) -> Self {
        Self { sdl: sdl.into(), types, careful, plain, validated: Validated::new() }
    }

    pub(super) fn roots(&self) -> Roots<'_> {
        let root = |name: &'static str| self.types.contains_key(name).then_some(name);
        Roots { types: &self.types, query: "Query", mutation: root("Mutation"), subscription: root("Subscription") }
    }
}

/// The contract of each role.
#[derive(Clone)]
pub struct Contracts(Arc<HashMap<Role, Contract>>);

impl Contracts {
    /// The contracts of the product's own schemas.
    #[must_use]
    pub fn new(schemas: &Schemas) -> Self {
        let of = |role| {
            let one = schemas.of(role);
            Contract::new(&one.sdl, one.types.clone(), Box::new(one.schema.clone()), Box::new(one.plain.clone()))
        };
        Self::from_each(of)
    }

    /// The contract of each role, however it is made.
    pub fn from_each(of: impl Fn(Role) -> Contract) -> Self {
        Self(Arc::new(Role::iter().map(|role| (role, of(role))).collect()))
    }

    /// The contract of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> &Contract {
        &self.0[&role]
    }
}
