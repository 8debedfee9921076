//! Text that people type: one spelling, nothing hidden that breaks a store.

use unicode_normalization::UnicodeNormalization;

/// White space that programs leave around a cell, beyond Unicode's: byte order marks and zero-width spaces.
fn is_edge(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// Trimmed by Unicode and composed (NFC).
#[must_use]
pub fn tidy(text: &str) -> String {
    text.trim_matches(is_edge).nfc().collect()
}

/// The key by which two spellings are the same name: tidied, inner white space folded, lower case.
#[must_use]
pub fn key(text: &str) -> String {
    tidy(text).split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Why a text cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing in it.
    #[error("must not be empty")]
    Empty,
    /// A NUL character, which PostgreSQL cannot hold.
    #[error("must not contain a NUL character")]
    Nul,
    /// Longer than allowed.
    #[error("must be at most {0} characters long")]
    TooLong(usize),
}

/// A name: tidied, not empty, without NUL, at most `most` characters.
///
/// # Errors
/// [`BadText`] says which.
pub fn name(text: &str, most: usize) -> Result<String, BadText> {
    let tidied = prose(text, most)?;
    if tidied.is_empty() { Err(BadText::Empty) } else { Ok(tidied) }
}

/// Prose: as [`name`], but it may be empty.
///
/// # Errors
/// [`BadText`] says which.
pub fn prose(text: &str, most: usize) -> Result<String, BadText> {
    if text.contains('\0') {
        return Err(BadText::Nul);
    }
    let tidied = tidy(text);
    if tidied.chars().count() > most { Err(BadText::TooLong(most)) } else { Ok(tidied) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_share_a_key() {
        assert_eq!(key(" Enterprise\u{a0}"), key("enterprise"));
        assert_eq!(key("Cafe\u{301}  Ltd"), key("Café Ltd"));
        assert_eq!(tidy("P-1\u{a0}"), "P-1");
    }

    #[test]
    fn nul_and_length_are_refused() {
        assert_eq!(name("a\0b", 10), Err(BadText::Nul));
        assert_eq!(name(" \u{a0} ", 10), Err(BadText::Empty));
        assert_eq!(name("abcd", 3), Err(BadText::TooLong(3)));
    }
}
