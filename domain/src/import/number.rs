//! Numbers in a declared format. One reading, or none: `1,500` is not a number where no thousands separator is declared.

use super::mapping::{Negative, NumberFormat};
use crate::money::Currency;
use crate::text;
use rust_decimal::Decimal;

/// What stood in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The value, exact.
    pub value: Decimal,
    /// The currency that a symbol or code beside it names, where symbols are declared.
    pub symbol: Option<Symbol>,
    /// A percent sign followed.
    pub is_percent: bool,
}

/// A currency sign: one currency, or several that share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol(&'static [&'static str]);

impl Symbol {
    /// Whether the sign can stand for the currency.
    #[must_use]
    pub fn allows(self, currency: Currency) -> bool {
        self.0.contains(&currency.code())
    }
}

/// Why it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNumber {
    /// Not in the declared format.
    Format,
    /// Written as 1.2E+06: a spreadsheet has already dropped digits.
    Scientific,
    /// More digits than are kept exactly.
    TooLarge,
}

const SYMBOLS: &[(char, &[&str])] = &[
    ('$', &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "CLP", "COP", "ARS", "TWD"]),
    ('€', &["EUR"]),
    ('£', &["GBP", "GIP", "EGP"]),
    ('¥', &["JPY", "CNY"]),
    ('₹', &["INR"]),
    ('₩', &["KRW"]),
    ('₺', &["TRY"]),
    ('₪', &["ILS"]),
    ('₫', &["VND"]),
    ('₴', &["UAH"]),
    ('₱', &["PHP"]),
    ('฿', &["THB"]),
];

/// Reads a number.
///
/// # Errors
/// [`NotNumber`] says why it is none.
pub fn parse(cell: &str, format: &NumberFormat) -> Result<Number, NotNumber> {
    let mut rest = text::tidy(cell);
    let mut symbol = None;
    let mut is_negative = false;
    let is_percent = rest.ends_with('%');
    if is_percent {
        rest.pop();
        rest = text::tidy(&rest);
    }
    if matches!(format.negative, Negative::Parentheses)
        && rest.starts_with('(')
        && rest.ends_with(')')
        && rest.len() > 2
    {
        is_negative = true;
        rest = text::tidy(&rest[1..rest.len() - 1]);
    }
    if matches!(format.negative, Negative::TrailingMinus) && rest.ends_with('-') {
        is_negative = true;
        rest.pop();
    }
    // A sign may stand before or behind the symbol: -$5 and $-5.
    for _ in 0..2 {
        if !is_negative && let Some(tail) = rest.strip_prefix('-').or_else(|| rest.strip_prefix('\u{2212}')) {
            is_negative = true;
            rest = tail.to_owned();
        }
        if format.currency_symbols && symbol.is_none() {
            (rest, symbol) = strip_symbol(&rest);
        }
    }
    let value = plain(&rest, format)?;
    Ok(Number { value: if is_negative { -value } else { value }, symbol, is_percent })
}

fn strip_symbol(text: &str) -> (String, Option<Symbol>) {
    for (sign, codes) in SYMBOLS {
        if let Some(rest) = text.strip_prefix(*sign).or_else(|| text.strip_suffix(*sign)) {
            return (text::tidy(rest), Some(Symbol(codes)));
        }
    }
    (text.to_owned(), None)
}

fn plain(text: &str, format: &NumberFormat) -> Result<Decimal, NotNumber> {
    let looks_scientific = text.contains(['e', 'E'])
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | b'+' | b'-' | b'e' | b'E'));
    let (whole, fraction) = match text.split_once(format.decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = ungroup(whole, format.thousands).filter(|whole| digits(whole));
    let fraction_is_fine = fraction.is_none_or(digits);
    let (Some(whole), true) = (whole, fraction_is_fine) else {
        return Err(if looks_scientific && text.bytes().any(|byte| byte.is_ascii_digit()) {
            NotNumber::Scientific
        } else {
            NotNumber::Format
        });
    };
    let exact = fraction.map_or_else(|| whole.clone(), |fraction| format!("{whole}.{fraction}"));
    Decimal::from_str_exact(&exact).map_err(|_| NotNumber::TooLarge)
}

/// Groups of exactly three behind the first of one to three; a space stands for every kind of space.
fn ungroup(whole: &str, thousands: Option<char>) -> Option<String> {
    let Some(separator) = thousands else { return Some(whole.to_owned()) };
    let is_separator =
        |c: char| c == separator || (separator == ' ' && matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}'));
    if !whole.contains(is_separator) {
        return Some(whole.to_owned());
    }
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let first_is_fine = groups.first().is_some_and(|first| (1..=3).contains(&first.len()));
    (first_is_fine && groups.iter().skip(1).all(|group| group.len() == 3)).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    fn format() -> NumberFormat {
        NumberFormat { decimal: '.', thousands: None, currency_symbols: false, negative: Negative::Minus }
    }

    #[test]
    fn the_declared_format_only() {
        let plain = format();
        assert_eq!(parse("10000.00", &plain).unwrap().value, dec!(10000));
        assert_eq!(parse(" -2500.00 ", &plain).unwrap().value, dec!(-2500));
        assert_eq!(parse("0", &plain).unwrap().value, dec!(0));
        for bad in [
            "$1,234.56",
            "1.234,56",
            "1\u{a0}234,56 €",
            "(2,500.00)",
            "12k",
            "1,500",
            "NaN",
            "inf",
            "TBD",
            "",
            ".5",
            "5.",
            "1 000",
            "0x10",
            "+5",
            "--5",
            "١٢",
        ] {
            assert_eq!(parse(bad, &plain), Err(NotNumber::Format), "{bad}");
        }
        assert_eq!(parse("1.2E+06", &plain), Err(NotNumber::Scientific));
        assert_eq!(parse("99999999999999999999999999999.99", &plain), Err(NotNumber::TooLarge));
    }

    #[test]
    fn declared_separators_and_symbols() {
        let us =
            NumberFormat { thousands: Some(','), currency_symbols: true, negative: Negative::Parentheses, ..format() };
        let usd: Currency = "USD".parse().unwrap();
        let got = parse("$1,234.56", &us).unwrap();
        assert_eq!((got.value, got.symbol.unwrap().allows(usd)), (dec!(1234.56), true));
        assert_eq!(parse("(2,500.00)", &us).unwrap().value, dec!(-2500));
        assert_eq!(parse("-$5", &us).unwrap().value, dec!(-5));
        for bad in ["1,50", "12,3456", ",500", "1,,500", "1,2.3,4"] {
            assert_eq!(parse(bad, &us), Err(NotNumber::Format), "{bad}");
        }
        let eu = NumberFormat { decimal: ',', thousands: Some('.'), currency_symbols: true, ..format() };
        let got = parse("1.234,56 €", &eu).unwrap();
        assert_eq!((got.value, got.symbol.unwrap().allows(usd)), (dec!(1234.56), false));
        let fr = NumberFormat { decimal: ',', thousands: Some(' '), ..format() };
        assert_eq!(parse("1\u{202f}234,56", &fr).unwrap().value, dec!(1234.56));
        assert_eq!(parse("15 %", &format()).unwrap(), Number { value: dec!(15), symbol: None, is_percent: true });
    }
}
