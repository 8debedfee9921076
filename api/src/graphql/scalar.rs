//! Scalars of the wire. The comment on each `ScalarType` is its description in the schema, and what an error says: how it is written.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::{DateTime as Instant, NaiveDate, SecondsFormat, Utc};
use domain::role::Action;
use std::str::FromStr;

use super::allow::Allow;

fn text<T: async_graphql::InputType>(
    value: &Value,
    parse: impl FnOnce(&str) -> Option<T>,
    expected: &str,
) -> InputValueResult<T> {
    let parsed = match value {
        Value::String(text) => parse(text),
        _ => None,
    };
    parsed.ok_or_else(|| InputValueError::custom(format!("expected {expected}")))
}

/// An exact decimal number as a string, such as "12.50". Number literals are refused, because JSON numbers lose digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number in a string, such as "12500.00". Number literals are refused: JSON numbers lose digits.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let plain = |text: &str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let shaped =
                !digits.is_empty() && digits.len() <= 40 && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if !shaped || digits.starts_with('.') || digits.ends_with('.') {
                return None;
            }
            rust_decimal::Decimal::from_str_exact(text).ok().map(Decimal)
        };
        text(&value, plain, "a decimal number in a string, such as \"12.50\"")
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A calendar day, such as "2026-03-31".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

/// A calendar day in a string, as "2026-03-31", in the years 1900 to 2999.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let day = |text: &str| {
            let shaped = text.len() == 10 && text.is_ascii();
            // The years that both back ends and every client can hold.
            text.parse()
                .ok()
                .filter(|day: &NaiveDate| shaped && (1900..3000).contains(&chrono::Datelike::year(day)))
                .map(Date)
        };
        text(&value, day, "a day such as \"2026-03-31\", in the years 1900 to 2999")
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant in UTC by RFC 3339, such as "2026-03-31T09:30:00Z".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub Instant<Utc>);

/// An instant in UTC by RFC 3339 in a string, such as "2026-03-31T09:30:00Z", in the years 1900 to 2999.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let instant = |text: &str| {
            let at = Instant::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
            Some(Self(at)).filter(|at| (1900..3000).contains(&chrono::Datelike::year(&at.0)))
        };
        text(&value, instant, "an instant by RFC 3339 such as \"2026-03-31T09:30:00Z\"")
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A fiscal quarter of the program, named by the year in which its fiscal year ends, such as "2026-Q3".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter(pub domain::calendar::Quarter);

/// A fiscal quarter of the program in a string, named by the year in which its fiscal year ends, such as "2027-Q4".
#[Scalar]
impl ScalarType for Quarter {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(
            &value,
            |text| domain::calendar::Quarter::from_str(text).ok().map(Quarter),
            "a fiscal quarter such as \"2027-Q4\"",
        )
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An ISO 4217 currency code, such as "USD".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub domain::money::Currency);

/// An ISO 4217 currency code in a string, such as "USD".
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value, |text| text.parse().ok().map(CurrencyCode), "an ISO 4217 code such as \"USD\"")
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.code().to_owned())
    }
}

/// An amount of money: exact, with its currency.
#[derive(SimpleObject, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(directive = Allow::apply(Action::ReadSelf))]
pub struct Money {
    /// The amount in major units, with as many decimal digits as the currency has.
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}

impl From<domain::money::Money> for Money {
    fn from(money: domain::money::Money) -> Self {
        Self { amount: Decimal(money.major()), currency: CurrencyCode(money.currency) }
    }
}
