//! Counts tokens and nesting before the parser runs: the parser is recursive and has no limit of its own, so that a document
//! of nothing but brackets would overflow the stack.

use super::refusal::{Code, Fault, Refusal};
use crate::limits::Limits;

/// The parser gives up at 64 levels itself, but only after its grammar has recursed to the end.
const NESTING: usize = 64;

/// Refuses a document with too many tokens or brackets within brackets.
pub(super) fn check(text: &str, limits: &Limits) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                at += 1;
                continue;
            }
            b'#' => {
                at += bytes[at..].iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                continue;
            }
            b'"' => at = string_end(bytes, at),
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' => at += word_length(&bytes[at..]),
            b'.' => at += if bytes[at..].starts_with(b"...") { 3 } else { 1 },
            b'{' | b'[' | b'(' => {
                nesting += 1;
                at += 1;
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(too(format!("The document has more than {} tokens.", limits.tokens)));
        }
        if nesting > NESTING {
            return Err(too(format!("The document nests more than {NESTING} brackets.")));
        }
    }
    Ok(())
}

fn too(message: String) -> Refusal {
    Refusal::new(Code::GraphqlParseFailed, Fault::from(message))
}

fn word_length(bytes: &[u8]) -> usize {
    let is_part = |byte: &&u8| matches!(byte, b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.');
    // A name never holds a sign or a point, so a spread right behind a name begins a token of its own.
    let length = bytes.iter().take_while(is_part).count();
    let is_number = bytes.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    if is_number {
        length.max(1)
    } else {
        bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count().max(1)
    }
}

/// The position behind the string that begins at `start`; the end of the text where it is not closed.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let is_block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if is_block { 3 } else { 1 };
    while at < bytes.len() {
        if is_block && bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if is_block && bytes[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else if !is_block && bytes[at] == b'\\' {
            at += 2;
        } else if !is_block && matches!(bytes[at], b'"' | b'\n' | b'\r') {
            return at + 1;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(text: &str, tokens: usize) -> bool {
        check(text, &Limits { tokens, ..Limits::default() }).is_ok()
    }

    #[test]
    fn tokens_are_counted_as_the_grammar_reads_them() {
        let text = "query Q($a: Int! = -1.5e+3) { # a comment { { {\n f(s: \"a \\\" } b\", b: \"\"\"x \"\" } \\\"\"\" \"\"\") ...F @x }";
        let expected = [
            "query", "Q", "(", "$", "a", ":", "Int", "!", "=", "-1.5e+3", ")", "{", "f", "(", "s", ":", "s", "b", ":",
            "b", ")",
        ]
        .len()
            + ["...", "F", "@", "x", "}"].len();
        assert!(passes(text, expected));
        assert!(!passes(text, expected - 1));
    }

    #[test]
    fn brackets_do_not_reach_the_stack() {
        assert!(!passes(&"[".repeat(100_000), 2_000));
        assert!(!passes(&"{a".repeat(65), 2_000));
        assert!(passes(&format!("{}{}", "{a".repeat(60), "}".repeat(60)), 2_000));
    }

    #[test]
    fn an_open_string_ends_with_the_text() {
        assert!(passes("{ a(b: \"\\", 20) && passes("\"\"\"", 1) && passes("\"", 1));
    }
}
