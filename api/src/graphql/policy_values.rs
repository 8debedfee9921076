//! The numbers of a policy as typed fields, read off the domain's own list: a number that a later part adds is a field of the
//! output and of the input at once, with its description, its default and its range.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{
    Deprecation, MetaDirectiveInvocation, MetaField, MetaInputValue, MetaType, MetaTypeId, Registry,
};
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{
    Context, ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, ObjectType, OutputType,
    Positioned, ServerResult, Value,
};
use domain::policy::Policy;
use domain::policy_number::{Kind, Number};
use domain::role::Action;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

use super::allow::Allow;
use super::scalar::Decimal;

/// Every number of a policy, each as a field of its own.
pub struct PolicyValues(pub(super) Policy);

/// Numbers of a policy to change, each as a field of its own; what is left out stays as it is.
pub struct PolicyValuesInput(pub(super) Map<String, Json>);

const OUTPUT: &str = "Every number of a policy, each as a field of its own.";
const INPUT: &str = "Numbers of a policy to change, each as a field of its own; what is left out stays as it is.";

/// The field's type, without the mark of a required one.
fn type_of(kind: Kind, registry: &mut Registry) -> String {
    let required = match kind {
        Kind::Whole => <i64 as InputType>::create_type_info(registry),
        Kind::Decimal => <Decimal as InputType>::create_type_info(registry),
        Kind::Word => <String as InputType>::create_type_info(registry),
        Kind::Flag => <bool as InputType>::create_type_info(registry),
    };
    required.trim_end_matches('!').to_owned()
}

/// The description, with the default and the range at its end.
fn told(number: &Number) -> String {
    let plain = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let range = number.range.map_or_else(String::new, |(least, most)| format!(", {least} to {most}"));
    format!("{} (default {}{range})", number.description.trim_end_matches('.'), plain(&number.default))
}

/// As GraphQL has it: decimals are strings on both sides.
fn value_of(json: &Json) -> Value {
    Value::from_json(json.clone()).unwrap_or(Value::Null)
}

impl OutputType for PolicyValues {
    fn type_name() -> Cow<'static, str> {
        "PolicyValues".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let fields: IndexMap<String, MetaField> = Policy::default()
                .numbers()
                .into_iter()
                .map(|number| {
                    let required = if number.default.is_null() { "" } else { "!" };
                    let ty = format!("{}{required}", type_of(number.kind, registry));
                    (number.name.clone(), field(&number, ty))
                })
                .collect();
            MetaType::Object {
                name: Self::type_name().into_owned(),
                description: Some(OUTPUT.into()),
                fields,
                cache_control: Default::default(),
                extends: false,
                shareable: false,
                resolvable: true,
                keys: None,
                visible: None,
                inaccessible: false,
                interface_object: false,
                tags: Vec::new(),
                is_subscription: false,
                rust_typename: Some(std::any::type_name::<Self>()),
                directive_invocations: readers(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

fn readers() -> Vec<MetaDirectiveInvocation> {
    vec![Allow::apply(Action::ReadPolicy)]
}

fn field(number: &Number, ty: String) -> MetaField {
    MetaField {
        name: number.name.clone(),
        description: Some(told(number)),
        args: IndexMap::new(),
        ty,
        deprecation: Deprecation::default(),
        cache_control: Default::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

impl ContainerType for PolicyValues {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let asked = ctx.item.node.name.node.as_str();
        Ok(self.0.numbers().iter().find(|number| number.name == asked).map(|number| value_of(&number.value)))
    }
}

impl ObjectType for PolicyValues {}

impl InputType for PolicyValuesInput {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "PolicyValuesInput".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            let input_fields: IndexMap<String, MetaInputValue> = Policy::default()
                .numbers()
                .into_iter()
                .map(|number| {
                    let ty = type_of(number.kind, registry);
                    let description = Some(told(&number));
                    let field = MetaInputValue {
                        name: number.name.clone(),
                        description,
                        ty,
                        deprecation: Deprecation::default(),
                        default_value: None,
                        visible: None,
                        inaccessible: false,
                        tags: Vec::new(),
                        is_secret: false,
                        directive_invocations: Vec::new(),
                    };
                    (number.name, field)
                })
                .collect();
            MetaType::InputObject {
                name: Self::type_name().into_owned(),
                description: Some(INPUT.into()),
                input_fields,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some(std::any::type_name::<Self>()),
                oneof: false,
                directive_invocations: Vec::new(),
            }
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let Some(Value::Object(fields)) = value else {
            return Err(InputValueError::expected_type(value.unwrap_or_default()));
        };
        let mut values = Map::new();
        for (name, value) in fields {
            let json = value.into_json().map_err(|why| InputValueError::custom(why.to_string()))?;
            // Null is as good as left out, but for a number that may be nothing.
            let may_be_null =
                || Policy::default().numbers().iter().any(|number| name == number.name && number.default.is_null());
            if !json.is_null() || may_be_null() {
                values.insert(name.to_string(), json);
            }
        }
        Ok(Self(values))
    }

    fn to_value(&self) -> Value {
        let fields = self.0.iter().map(|(name, json)| (Name::new(name), value_of(json)));
        Value::Object(fields.collect())
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }
}
