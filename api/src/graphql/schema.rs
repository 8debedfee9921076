//! One Rust schema, pruned once per role.

use super::allow::{self, Hook, Types};
use super::{Mutation, Query, Subscription};
use async_graphql::{SDLExportOptions, Schema, SchemaBuilder, ValidationMode};
use domain::role::Role;
use std::collections::HashMap;
use std::sync::Arc;
use strum::IntoEnumIterator;

/// The schema as async-graphql runs it.
pub type LoopSchema = Schema<Query, Mutation, Subscription>;

/// One role's schema with all that is needed to check a request against it.
pub struct RoleSchema {
    /// The role.
    pub role: Role,
    /// The pruned schema: validates in full, and makes a failed nullable field null where it stands.
    pub schema: LoopSchema,
    /// The same types without either, for queries whose document has passed the validation before: no hook runs per field. An
    /// answer with an error in it is asked for again from `schema`.
    pub plain: LoopSchema,
    /// Its types.
    pub types: Arc<Types>,
    /// Its SDL.
    pub sdl: String,
}

/// All roles' schemas.
#[derive(Clone)]
pub struct Schemas(Arc<HashMap<Role, RoleSchema>>);

impl Schemas {
    /// Builds the schema of every role.
    ///
    /// # Errors
    /// The elements that declare no audience: such a server does not start.
    pub fn build() -> Result<Self, Vec<String>> {
        let of = |role| {
            let (schema, types) = allow::build(Some(role), || builder().finish())?;
            let (plain, _) = allow::build(Some(role), || bare().validation_mode(ValidationMode::Fast).finish())?;
            let sdl = sdl(&schema);
            Ok((role, RoleSchema { role, schema, plain, types: Arc::new(types), sdl }))
        };
        Role::iter().map(of).collect::<Result<HashMap<_, _>, _>>().map(|all| Self(Arc::new(all)))
    }

    /// The schema of a role.
    #[must_use]
    pub fn of(&self, role: Role) -> &RoleSchema {
        &self.0[&role]
    }
}

/// The whole schema with `@allow` on every field: the content of `schema.graphql`.
///
/// # Errors
/// The elements that declare no audience.
pub fn sdl_full() -> Result<String, Vec<String>> {
    allow::build(None, || builder().finish()).map(|(schema, _)| sdl(&schema))
}

/// One role's own SDL, for its client's code generator.
///
/// # Errors
/// The elements that declare no audience.
pub fn sdl_of(role: Role) -> Result<String, Vec<String>> {
    allow::build(Some(role), || builder().finish()).map(|(schema, _)| sdl(&schema))
}

fn sdl(schema: &LoopSchema) -> String {
    let options = SDLExportOptions::new().include_specified_by().sorted_enum_items().prefer_single_line_descriptions();
    schema.sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    bare().validation_mode(ValidationMode::Strict).extension(super::null_on_error::NullOnErrorFactory)
}

fn bare() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Hook>()
        .disable_suggestions()
        .limit_recursive_depth(32)
        .limit_directives(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_schema_and_undeclared_elements_do_not_build() {
        Schemas::build().unwrap_or_else(|missing| panic!("without a declared audience: {missing:?}"));
        assert!(sdl_full().unwrap().contains("@allow(to:"));
        assert!(!sdl_of(Role::Finance).unwrap().contains("@allow"));
    }
}
