//! Invented names. No company of the demo exists; domains end in `.example`, which nobody can own.

const FIRST: &[&str] = &[
    "Alder", "Amber", "Anchor", "Arbor", "Aspen", "Beacon", "Birch", "Bluff", "Canyon", "Cedar", "Cinder", "Cobalt",
    "Copper", "Coral", "Crest", "Delta", "Dune", "Ember", "Fern", "Garnet", "Glacier", "Granite", "Grove", "Hazel",
    "Heron", "Indigo", "Juniper", "Lark", "Maple", "Marble", "Meadow", "Mesa", "Onyx", "Opal", "Orchard", "Pebble",
    "Pine", "Prairie", "Quarry", "Raven", "Ridge", "Sable", "Sequoia", "Slate", "Sparrow", "Spruce", "Summit", "Tidal",
    "Timber", "Willow",
];
const SECOND: &[&str] = &[
    "Freight", "Foods", "Health", "Mutual", "Motors", "Energy", "Retail", "Labs", "Robotics", "Textiles", "Media",
    "Works",
];

/// Every name there is.
pub(super) fn companies() -> Vec<String> {
    SECOND.iter().flat_map(|second| FIRST.iter().map(move |first| format!("{first} {second}"))).collect()
}

/// Clouds on which an account may hold a commitment.
pub(super) const CLOUDS: &[&str] = &["AWS", "Azure", "Google Cloud"];

/// What is sold.
pub(super) const PRODUCTS: &[&str] = &["Platform", "Analytics", "Gateway", "Vault"];

/// The vendor's sellers: id in the CRM, name.
pub(super) const OWNERS: &[(&str, &str)] = &[
    ("U-01", "Gwen Albright"),
    ("U-02", "Rashid Karimi"),
    ("U-03", "Clara Voss"),
    ("U-04", "Desmond Achebe"),
    ("U-05", "Yuki Tanabe"),
    ("U-06", "Pablo Serrano"),
    ("U-07", "Ottilie Brandt"),
    ("U-08", "Neil Farrow"),
    ("U-09", "Samira Haddad"),
    ("U-10", "Colm Byrne"),
];

/// Why deals are lost.
pub(super) const LOST: &[&str] =
    &["No decision", "Price", "Incumbent stayed", "Missing feature", "Budget withdrawn", "Lost to a competitor"];
