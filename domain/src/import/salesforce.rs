//! Salesforce record ids: 15 characters that mind their case, or 18 with a checksum of that case at the end.

const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The 15-character form of an 18-character id whose checksum is right; `None` for anything else.
#[must_use]
pub fn fold(id: &str) -> Option<&str> {
    let bytes = id.as_bytes();
    if bytes.len() != 18 || !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let is_right = bytes[..15].chunks(5).zip(&bytes[15..]).all(|(five, check)| {
        let bits = five
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .map(|(at, _)| 1_usize << at)
            .sum::<usize>();
        CHECK[bits] == *check
    });
    is_right.then(|| &id[..15])
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn only_a_right_checksum_folds() {
        assert_eq!(fold("0065g00000AbCdEAAV"), Some("0065g00000AbCdE"));
        assert_eq!(fold("0065g00000AbCdEAAA"), None);
        assert_eq!(fold("0065g00000AbCdE"), None);
        assert_eq!(fold("ünïcödé-ünïcödé"), None);
    }
}
