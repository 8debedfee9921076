//! A mapping's text: parsed, checked, and its lookup files read.

use super::reader::Records;
use domain::import::bound::LookupTable;
use domain::import::mapping::{Lookup, Mapping};
use domain::import::{FileProblem, Object, check};
use domain::text;
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// The largest mapping file.
pub const MAPPING_MOST: usize = 256 * 1024;
/// The most rows of a lookup file: it is held in memory.
pub const LOOKUP_ROWS_MOST: usize = 200_000;

/// Parses and checks a mapping.
///
/// # Errors
/// Every finding, with its key.
pub fn parse(text: &str, object: Object) -> Result<Arc<Mapping>, Vec<FileProblem>> {
    if text.len() > MAPPING_MOST {
        return Err(vec![FileProblem::new(
            "BAD_MAPPING",
            format!("the mapping is larger than {} kB", MAPPING_MOST / 1024),
        )]);
    }
    let mapping: Mapping =
        toml::from_str(text).map_err(|why| vec![FileProblem::new("BAD_MAPPING", why.to_string().trim().to_owned())])?;
    let found = check::check(&mapping, object);
    if found.is_empty() { Ok(Arc::new(mapping)) } else { Err(found) }
}

/// Reads the lookup files of a mapping from the folder it lies in. An upload has no folder, and so no lookups.
///
/// # Errors
/// A file that is not there, lacks a column, is too large, or answers one key in two ways.
pub fn lookups(mapping: &Mapping, folder: Option<&Path>) -> Result<HashMap<Lookup, LookupTable>, Vec<FileProblem>> {
    let mut tables = HashMap::new();
    let attribution = mapping.attribution.iter().flat_map(|it| [&it.partner, &it.partner_name, &it.state]).flatten();
    for lookup in mapping
        .fields
        .values()
        .chain(mapping.refs.values())
        .chain(attribution)
        .filter_map(|field| field.lookup.as_ref())
    {
        let Some(folder) = folder else {
            let message = format!(
                "lookup in {}: an upload has no other files; write the answers into the field's map",
                lookup.file
            );
            return Err(vec![FileProblem::new("BAD_MAPPING", message)]);
        };
        if !tables.contains_key(lookup) {
            let table = table(lookup, folder, mapping)
                .map_err(|message| vec![FileProblem::new("BAD_LOOKUP", format!("{}: {message}", lookup.file))])?;
            tables.insert(lookup.clone(), Arc::new(table));
        }
    }
    Ok(tables)
}

fn table(lookup: &Lookup, folder: &Path, mapping: &Mapping) -> Result<HashMap<String, String>, String> {
    let file = File::open(folder.join(&lookup.file)).map_err(|why| format!("cannot be opened: {why}"))?;
    let format = domain::import::mapping::FileFormat { skip_lines: 0, ..mapping.file.clone() };
    let mut records = Records::open(file, &format).map_err(|why| why.message)?;
    let header = records.read().map_err(|why| why.message)?.ok_or("has no header")?;
    let find = |name: &str| {
        let at = header.cells().iter().position(|cell| text::key(cell) == text::key(name));
        at.ok_or_else(|| format!("has no column \"{name}\""))
    };
    let (key_at, value_at) = (find(&lookup.key)?, find(&lookup.value)?);
    let mut answers: HashMap<String, String> = HashMap::new();
    while let Some(record) = records.read().map_err(|why| why.message)? {
        let cells = record.cells();
        let (Some(key), Some(value)) = (cells.get(key_at), cells.get(value_at)) else { continue };
        let (key, value) = (text::key(key), text::tidy(value));
        if key.is_empty() {
            continue;
        }
        if answers.get(&key).is_some_and(|before| *before != value) {
            return Err(format!(
                "row {} answers \"{}\" otherwise than an earlier row",
                record.number,
                domain::import::shown(&key)
            ));
        }
        answers.insert(key, value);
        if answers.len() > LOOKUP_ROWS_MOST {
            return Err(format!("has more than {LOOKUP_ROWS_MOST} rows"));
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_example_is_a_mapping() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/import");
        for (name, object) in [
            ("skygeni-m1.toml", Object::Deals),
            ("skygeni-m2.toml", Object::Deals),
            ("maven-deals.toml", Object::Deals),
            ("maven-accounts.toml", Object::Accounts),
            ("salesforce-deals.toml", Object::Deals),
            ("hubspot-deals.toml", Object::Deals),
            ("partners.toml", Object::Partners),
            ("spend.toml", Object::Spend),
            ("activities.toml", Object::Activities),
        ] {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            parse(&text, object).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key() {
        let base = "[fields]\nexternal_id = \"id\"\nopened_on = \"o\"\noutcome = \"x\"\n";
        let said = |text: &str| {
            parse(text, Object::Deals).unwrap_err().iter().map(|it| it.message.clone()).collect::<Vec<_>>().join("\n")
        };
        for (text, part) in [
            (format!("colour = 1\n{base}"), "unknown field `colour`"),
            (format!("{base}name = {{ colum = \"x\" }}\n"), "unknown field `colum`"),
            (
                format!("{base}currency = {{ constant = \"US$\" }}\n"),
                "fields.currency: \"US$\" is not an ISO 4217 code",
            ),
            (format!("[file]\ndates = [\"dd/mm\"]\n{base}"), "\"dd/mm\" is not a date format"),
            (format!("[file]\nthousands = \".\"\n{base}"), "file.thousands"),
            (format!("{base}[stages]\nWon = \"VICTORY\"\n"), "\"VICTORY\" is not an outcome"),
            (base.to_owned(), "attribution: is missing"),
            (format!("{base}[attribution]\notherwise = \"maybe\"\n"), "unknown variant `maybe`"),
            (
                format!(
                    "{base}[attribution]\n[[attribution.rules]]\ncolumn = \"x\"\nvalue = \"y\"\npartner = \"P\"\nstate = \"HELPED\"\n"
                ),
                "attribution.rules[0]: \"HELPED\"",
            ),
            (
                format!("{base}closed_on = {{ from = \"closed_on\", minus_days = 3 }}\n[attribution]\n"),
                "fields.closed_on.from: must not itself be derived",
            ),
            (format!("object = \"spend\"\n{base}"), "object: the mapping is for spend, the import for deals"),
        ] {
            assert!(said(&text).contains(part), "{part}\n{}", said(&text));
        }
    }
}
