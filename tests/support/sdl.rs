//! A schema document as the tests read it.

use async_graphql::parser::types::{
    BaseType, ConstDirective, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Positioned, Value as ConstValue, parser::parse_schema};

use std::collections::BTreeMap;
use std::fmt;

/// A schema.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) types: BTreeMap<String, Shape>,
    pub(crate) query: String,
    pub(crate) mutation: Option<String>,
    pub(crate) subscription: Option<String>,
}

/// A type, with the roles that `@allow` names on it.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) allow: Option<Vec<String>>,
}

/// What is in a type.
#[derive(Debug)]
pub(crate) enum Kind {
    Scalar,
    Object { fields: Vec<Field>, implements: Vec<String> },
    Interface { fields: Vec<Field> },
    Union { members: Vec<String> },
    Enum { values: Vec<Member> },
    Input { fields: Vec<Value>, one_of: bool },
}

/// A field of an object or an interface.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) args: Vec<Value>,
    pub(crate) allow: Option<Vec<String>>,
}

/// An argument or an input field.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) required: bool,
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
}

/// The smallest things that a role has or has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    Type(String),
    Field(String, String),
    Arg(String, String, String),
    InputField(String, String),
    EnumValue(String, String),
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => f.write_str(name),
            Self::Field(of, name) | Self::InputField(of, name) | Self::EnumValue(of, name) => write!(f, "{of}.{name}"),
            Self::Arg(of, field, name) => write!(f, "{of}.{field}({name}:)"),
        }
    }
}

/// The name below lists and non-nulls.
pub(crate) fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base(inner),
    }
}

fn allow(directives: &[Positioned<ConstDirective>]) -> Option<Vec<String>> {
    let directive = directives.iter().find(|directive| directive.node.name.node == "allow")?;
    let (_, to) = directive.node.arguments.first()?;
    match &to.node {
        ConstValue::List(roles) => Some(roles.iter().map(ToString::to_string).collect()),
        other => Some(vec![other.to_string()]),
    }
}

fn value(of: &InputValueDefinition) -> Value {
    let ty = of.ty.node.clone();
    let required = !ty.nullable && of.default_value.is_none();
    Value { name: of.name.node.to_string(), ty, required }
}

impl Document {
    /// Reads an SDL.
    pub(crate) fn parse(sdl: &str) -> Self {
        let mut document = Self { query: "Query".into(), ..Self::default() };
        for definition in parse_schema(sdl).unwrap_or_else(|why| panic!("the SDL does not parse: {why}")).definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let name = |root: Option<Positioned<async_graphql::Name>>| root.map(|name| name.node.to_string());
                    document.query = name(schema.node.query).unwrap_or_else(|| "Query".into());
                    document.mutation = name(schema.node.mutation);
                    document.subscription = name(schema.node.subscription);
                }
                TypeSystemDefinition::Type(ty) => {
                    let ty = ty.node;
                    let fields =
                        |fields: Vec<Positioned<async_graphql::parser::types::FieldDefinition>>| -> Vec<Field> {
                            let field = |field: Positioned<async_graphql::parser::types::FieldDefinition>| Field {
                                name: field.node.name.node.to_string(),
                                ty: field.node.ty.node,
                                args: field.node.arguments.iter().map(|arg| value(&arg.node)).collect(),
                                allow: allow(&field.node.directives),
                            };
                            fields.into_iter().map(field).collect()
                        };
                    let names = |names: Vec<Positioned<async_graphql::Name>>| {
                        names.iter().map(|name| name.node.to_string()).collect()
                    };
                    let one_of = ty.directives.iter().any(|directive| directive.node.name.node == "oneOf");
                    let kind = match ty.kind {
                        TypeKind::Scalar => Kind::Scalar,
                        TypeKind::Object(object) => {
                            Kind::Object { fields: fields(object.fields), implements: names(object.implements) }
                        }
                        TypeKind::Interface(interface) => Kind::Interface { fields: fields(interface.fields) },
                        TypeKind::Union(union) => Kind::Union { members: names(union.members) },
                        TypeKind::Enum(values) => Kind::Enum {
                            values: (values.values.into_iter())
                                .map(|value| Member { name: value.node.value.node.to_string() })
                                .collect(),
                        },
                        TypeKind::InputObject(input) => Kind::Input {
                            fields: input.fields.iter().map(|field| value(&field.node)).collect(),
                            one_of,
                        },
                    };
                    document.types.insert(ty.name.node.to_string(), Shape { kind, allow: allow(&ty.directives) });
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        document
    }

    /// The fields of an object or an interface.
    pub(crate) fn fields(&self, of: &str) -> &[Field] {
        match self.types.get(of).map(|shape| &shape.kind) {
            Some(Kind::Object { fields, .. } | Kind::Interface { fields }) => fields,
            _ => &[],
        }
    }

    /// The objects that can stand where this type is expected.
    pub(crate) fn objects(&self, of: &str) -> Vec<String> {
        match self.types.get(of).map(|shape| &shape.kind) {
            Some(Kind::Union { members }) => members.clone(),
            Some(Kind::Interface { .. }) => {
                let is_one = |shape: &Shape| matches!(&shape.kind, Kind::Object { implements, .. } if implements.iter().any(|name| name == of));
                self.types.iter().filter(|(_, shape)| is_one(shape)).map(|(name, _)| name.clone()).collect()
            }
            _ => vec![of.to_owned()],
        }
    }

    /// Everything that a role has or has not.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Element> {
        let mut found = Vec::new();
        for (name, shape) in &self.types {
            found.push(Element::Type(name.clone()));
            match &shape.kind {
                Kind::Object { fields, .. } | Kind::Interface { fields } => {
                    for field in fields {
                        found.push(Element::Field(name.clone(), field.name.clone()));
                        found.extend(
                            field
                                .args
                                .iter()
                                .map(|arg| Element::Arg(name.clone(), field.name.clone(), arg.name.clone())),
                        );
                    }
                }
                Kind::Input { fields, .. } => {
                    found.extend(fields.iter().map(|field| Element::InputField(name.clone(), field.name.clone())))
                }
                Kind::Enum { values } => {
                    found.extend(values.iter().map(|value| Element::EnumValue(name.clone(), value.name.clone())))
                }
                Kind::Scalar | Kind::Union { .. } => {}
            }
        }
        found.into_iter()
    }
}
