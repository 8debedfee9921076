//! Operations made from a schema: a way to every type, and a value for every argument.

use super::sdl::{Document, Element, Field, Kind, Value, base};
use async_graphql::parser::types::{BaseType, Type};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, VecDeque};

/// A document with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) document: String,
    pub(crate) variables: Json,
}

/// The way from a root to the inside of a type.
#[derive(Clone, Debug)]
struct Way {
    operation: &'static str,
    open: String,
    close: String,
}

impl Way {
    fn then(&self, step: &str) -> Self {
        Self {
            operation: self.operation,
            open: format!("{}{step} {{ ", self.open),
            close: format!(" }}{}", self.close),
        }
    }

    fn ask(&self, inside: &str) -> String {
        format!("{} {{ {}{inside}{} }}", self.operation, self.open, self.close)
    }
}

/// Where a value of an input type or an enum can be given: an argument of a field, and the fields below it.
#[derive(Clone, Debug)]
struct Site {
    of: String,
    field: Field,
    arg: Value,
    below: Vec<(String, Value)>,
}

/// A value as a literal and as a variable.
#[derive(Clone, Debug)]
struct Given {
    literal: String,
    json: Json,
}

/// A schema with a way to everything in it.
pub(crate) struct Asker<'a> {
    schema: &'a Document,
    ids: &'a BTreeMap<String, String>,
    ways: BTreeMap<String, Way>,
    sites: BTreeMap<String, Site>,
}

impl<'a> Asker<'a> {
    /// `ids` holds a real id for each root field that takes one.
    pub(crate) fn new(schema: &'a Document, ids: &'a BTreeMap<String, String>) -> Self {
        let mut asker = Self { schema, ids, ways: BTreeMap::new(), sites: BTreeMap::new() };
        asker.find_ways();
        asker.find_sites();
        asker
    }

    fn find_ways(&mut self) {
        let way = |operation| Way { operation, open: String::new(), close: String::new() };
        let roots = [
            ("query", Some(&self.schema.query)),
            ("mutation", self.schema.mutation.as_ref()),
            ("subscription", self.schema.subscription.as_ref()),
        ];
        let mut next = VecDeque::new();
        for (operation, root) in roots {
            if let Some(root) = root.filter(|root| self.schema.types.contains_key(*root)) {
                self.ways.insert(root.clone(), way(operation));
                next.push_back(root.clone());
            }
        }
        while let Some(of) = next.pop_front() {
            let way = self.ways[&of].clone();
            for field in self.schema.fields(&of) {
                let to = base(&field.ty);
                if !matches!(
                    self.schema.types.get(to).map(|shape| &shape.kind),
                    Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union { .. })
                ) {
                    continue;
                }
                let inside = way.then(&self.call(&field.name, field, &[]));
                if !self.ways.contains_key(to) {
                    self.ways.insert(to.to_owned(), inside.clone());
                    next.push_back(to.to_owned());
                }
                for object in self.schema.objects(to).into_iter().filter(|object| object != to) {
                    if !self.ways.contains_key(&object) {
                        self.ways.insert(object.clone(), inside.then(&format!("... on {object}")));
                        next.push_back(object);
                    }
                }
            }
        }
    }

    fn find_sites(&mut self) {
        let mut next = VecDeque::new();
        for (of, shape) in &self.schema.types {
            let (Kind::Object { fields, .. } | Kind::Interface { fields }) = &shape.kind else { continue };
            if !self.ways.contains_key(of) {
                continue;
            }
            for field in fields {
                for arg in &field.args {
                    next.push_back(Site { of: of.clone(), field: field.clone(), arg: arg.clone(), below: Vec::new() });
                }
            }
        }
        while let Some(site) = next.pop_front() {
            let ty = base(site.below.last().map_or(&site.arg.ty, |(_, value)| &value.ty)).to_owned();
            if self.sites.contains_key(&ty) {
                continue;
            }
            if let Some(Kind::Input { fields, .. }) = self.schema.types.get(&ty).map(|shape| &shape.kind) {
                for field in fields {
                    let mut deeper = site.clone();
                    deeper.below.push((ty.clone(), field.clone()));
                    next.push_back(deeper);
                }
            }
            self.sites.insert(ty, site);
        }
    }

    /// A value that fits a type.
    fn fitting(&self, ty: &Type) -> Given {
        let named = match &ty.base {
            BaseType::List(inner) => return listed(self.fitting(inner)),
            BaseType::Named(name) => name.as_str(),
        };
        let text = |text: &str| Given { literal: format!("\"{text}\""), json: json!(text) };
        match (named, self.schema.types.get(named).map(|shape| &shape.kind)) {
            ("Int", _) => Given { literal: "1".into(), json: json!(1) },
            ("Float", _) => Given { literal: "1.5".into(), json: json!(1.5) },
            ("Boolean", _) => Given { literal: "true".into(), json: json!(true) },
            ("Decimal", _) => text("1"),
            ("Date", _) => text("2026-06-30"),
            ("DateTime", _) => text("2026-06-30T12:00:00Z"),
            ("Duration", _) => text("P1D"),
            ("Quarter", _) => text("2026-Q2"),
            ("CurrencyCode", _) => text("USD"),
            (_, Some(Kind::Enum { values })) => Given { literal: values[0].name.clone(), json: json!(values[0].name) },
            (_, Some(Kind::Input { .. })) => self.object(named, None),
            _ => text("x"),
        }
    }

    /// An input object with its required fields, and with one more.
    fn object(&self, of: &str, more: Option<(&str, Given)>) -> Given {
        let Some(Kind::Input { fields, one_of }) = self.schema.types.get(of).map(|shape| &shape.kind) else {
            return Given { literal: "{}".into(), json: json!({}) };
        };
        let mut given: Vec<(String, Given)> = Vec::new();
        if let Some((name, value)) = more {
            given.push((name.to_owned(), value));
        } else if *one_of {
            given.extend(fields.first().map(|field| (field.name.clone(), self.fitting(&field.ty))));
        }
        if !one_of {
            for field in fields.iter().filter(|field| field.required) {
                if !given.iter().any(|(name, _)| *name == field.name) {
                    given.push((field.name.clone(), self.fitting(&field.ty)));
                }
            }
        }
        let literal =
            given.iter().map(|(name, value)| format!("{name}: {}", value.literal)).collect::<Vec<_>>().join(", ");
        let json: Map<String, Json> = given.into_iter().map(|(name, value)| (name, value.json)).collect();
        Given { literal: format!("{{{literal}}}"), json: Json::Object(json) }
    }

    /// A field with the arguments it needs, a page of one, and what is given besides.
    fn call(&self, name: &str, field: &Field, more: &[(&str, String)]) -> String {
        let mut args: Vec<String> = more.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        for arg in field.args.iter().filter(|arg| !more.iter().any(|(name, _)| *name == arg.name)) {
            if field.name == "scorecard" && arg.name == "partnerId" {
                args.push(format!("partnerId: \"{}\"", self.ids.get("partner").map_or("x", String::as_str)));
            } else if arg.name == "id" || arg.name == "ids" {
                let id = self.ids.get(&field.name).map_or("x", String::as_str);
                args.push(if arg.name == "id" { format!("id: \"{id}\"") } else { format!("ids: [\"{id}\"]") });
            } else if arg.name == "first" {
                args.push("first: 1".into());
            } else if arg.required {
                args.push(format!("{}: {}", arg.name, self.fitting(&arg.ty).literal));
            }
        }
        if args.is_empty() { name.to_owned() } else { format!("{name}({})", args.join(", ")) }
    }

    fn is_leaf(&self, ty: &Type) -> bool {
        matches!(
            self.schema.types.get(base(ty)).map(|shape| &shape.kind),
            None | Some(Kind::Scalar | Kind::Enum { .. })
        )
    }

    fn select(&self, of: &str, field: &Field, name: &str, more: &[(&str, String)]) -> Option<String> {
        let below = if self.is_leaf(&field.ty) { "" } else { " { __typename }" };
        Some(self.ways.get(of)?.ask(&format!("{}{below}", self.call(name, field, more))))
    }

    /// For each type that can be reached: a document that asks for every field of it.
    pub(crate) fn everything(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (of, way) in &self.ways {
            for (at, fields) in self.schema.fields(of).chunks(if way.open.is_empty() { 1 } else { 20 }).enumerate() {
                let inside: Vec<String> = fields
                    .iter()
                    .map(|field| {
                        format!(
                            "{}{}",
                            self.call(&field.name, field, &[]),
                            if self.is_leaf(&field.ty) { "" } else { " { __typename }" }
                        )
                    })
                    .collect();
                all.push((format!("{of} {at}"), way.ask(&inside.join(" "))));
            }
        }
        all
    }

    /// A selection of everything below a type, `depth` levels down, with pages of a hundred. `whole` leaves out what follows the
    /// slice: lists of objects, and other rows.
    pub(crate) fn below(&self, of: &str, depth: usize, whole: bool) -> Option<String> {
        let mut inside: Vec<String> = Vec::new();
        for object in self.schema.objects(of).into_iter().filter(|object| object != of) {
            inside.extend(
                self.below(&object, depth, whole).map(|selection| format!("... on {object} {{ {selection} }}")),
            );
        }
        for field in self.schema.fields(of) {
            if field.args.iter().any(|arg| arg.required && arg.name != "id")
                || ["node", "nodes"].contains(&field.name.as_str())
            {
                continue;
            }
            let page = field.args.iter().any(|arg| arg.name == "first");
            let call = if page { format!("{}(first: 100)", field.name) } else { self.call(&field.name, field, &[]) };
            let to = base(&field.ty);
            if self.is_leaf(&field.ty) {
                inside.push(call);
            } else if depth > 0 && !(whole && (page || is_list(&field.ty) || self.is_row(to))) {
                inside.extend(self.below(to, depth - 1, whole).map(|selection| format!("{call} {{ {selection} }}")));
            }
        }
        if inside.is_empty() { None } else { Some(inside.join(" ")) }
    }

    /// A document that asks for everything below a root field, as far down.
    pub(crate) fn on_root(&self, field: &Field, depth: usize) -> Option<String> {
        if self.is_leaf(&field.ty)
            || field.args.iter().any(|arg| arg.required && !["id", "ids"].contains(&arg.name.as_str()))
        {
            return None;
        }
        let page = if field.args.iter().any(|arg| arg.name == "first") {
            vec![("first", "100".to_owned())]
        } else {
            Vec::new()
        };
        let inside = self.below(base(&field.ty), depth, false)?;
        Some(format!("{{ {} {{ {inside} }} }}", self.call(&field.name, field, &page)))
    }

    fn is_row(&self, of: &str) -> bool {
        matches!(self.schema.types.get(of).map(|shape| &shape.kind), Some(Kind::Object { implements, .. }) if implements.iter().any(|name| name == "Node"))
            || of == "Node"
    }

    /// The types that are rows.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.schema
            .objects("Node")
            .into_iter()
            .filter(|name| self.schema.types.contains_key(name) && name != "Node")
            .collect()
    }

    /// The same asks for an element that this schema has not, under its name and under another: empty where its place is out of
    /// reach, too, because what holds it is not there either.
    pub(crate) fn asks_for(&self, element: &Element, full: &Document, name: &str) -> Vec<Ask> {
        let plain = |document: String| Ask { document, variables: json!({}) };
        match element {
            Element::Type(_) => {
                vec![
                    plain(format!("{{ ... on {name} {{ __typename }} }}")),
                    plain(format!("query($v: {name}) {{ __typename }}")),
                ]
            }
            Element::Field(of, own) => {
                let Some(field) = full.fields(of).iter().find(|field| field.name == *own) else { return Vec::new() };
                // Without arguments: their types may be hidden as well, and a hidden field has none that one could know.
                let leaf = matches!(
                    full.types.get(base(&field.ty)).map(|shape| &shape.kind),
                    None | Some(Kind::Scalar | Kind::Enum { .. })
                );
                let inside = if leaf { name.to_owned() } else { format!("{name} {{ __typename }}") };
                let mut asks: Vec<Ask> = self.ways.get(of).map(|way| plain(way.ask(&inside))).into_iter().collect();
                if let Some(way) = self.ways.get(of) {
                    // In a fragment, in a branch that is skipped, and in an operation that is not run.
                    let skipped = way.ask(&format!("... @skip(if: true) {{ {inside} }}"));
                    asks.push(plain(skipped));
                    asks.push(plain(format!(
                        "query A {{ __typename }} {}",
                        way.ask(&inside).replacen(way.operation, &format!("{} B", way.operation), 1)
                    )));
                }
                asks
            }
            Element::Arg(of, own, _) => {
                let Some(field) = self.schema.fields(of).iter().find(|field| field.name == *own) else {
                    return Vec::new();
                };
                self.select(of, field, own, &[(name, "1".into())]).map(plain).into_iter().collect()
            }
            Element::InputField(of, _) => {
                let value = Given { literal: "1".into(), json: json!(1) };
                self.at_site(of, self.object(of, Some((name, value))))
            }
            Element::EnumValue(of, _) => self.at_site(of, Given { literal: name.to_owned(), json: json!(name) }),
        }
    }

    /// A value of a type at the place where such a value can be given: as a literal and as a variable.
    fn at_site(&self, ty: &str, value: Given) -> Vec<Ask> {
        let Some(site) = self.sites.get(ty) else { return Vec::new() };
        let mut given = value;
        for (of, field) in site.below.iter().rev() {
            given = self.object(of, Some((&field.name, within_lists(&field.ty, given))));
        }
        given = within_lists(&site.arg.ty, given);
        let literal = self.select(&site.of, &site.field, &site.field.name, &[(&site.arg.name, given.literal)]);
        let variable = self.select(&site.of, &site.field, &site.field.name, &[(&site.arg.name, "$v".into())]);
        let mut asks: Vec<Ask> = literal.map(|document| Ask { document, variables: json!({}) }).into_iter().collect();
        if let Some(document) = variable {
            let operation = self.ways[&site.of].operation;
            let document = document.replacen(operation, &format!("{operation}($v: {})", site.arg.ty), 1);
            asks.push(Ask { document, variables: json!({ "v": given.json }) });
        }
        asks
    }
}

fn is_list(ty: &Type) -> bool {
    matches!(ty.base, BaseType::List(_))
}

fn listed(inner: Given) -> Given {
    Given { literal: format!("[{}]", inner.literal), json: json!([inner.json]) }
}

fn within_lists(ty: &Type, value: Given) -> Given {
    match &ty.base {
        BaseType::List(inner) => listed(within_lists(inner, value)),
        BaseType::Named(_) => value,
    }
}
