//! Money: integer minor units of one currency; never a float (LOOP.md section 1).

use iso_currency::Currency as Iso;
use rust_decimal::{Decimal, RoundingStrategy};
use std::{fmt, str::FromStr};

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(Iso);

/// Not an ISO 4217 code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is a three-letter ISO 4217 code in capitals, such as USD")]
pub struct NotACurrency;

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal digits the minor unit has: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;
    fn from_str(code: &str) -> Result<Self, NotACurrency> {
        // XXX (no currency) and XTS (testing) are codes without money behind them.
        if matches!(code, "XXX" | "XTS") {
            return Err(NotACurrency);
        }
        Iso::from_code(code).map(Self).ok_or(NotACurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money in whole minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units: cents for USD.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why an amount cannot be money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMoney {
    /// More decimal digits than the currency has.
    #[error("the amount has more decimal digits than {0} has")]
    TooPrecise(Currency),
    /// More than the largest amount that is kept exactly.
    #[error("the amount is larger than this server keeps exactly")]
    TooLarge,
}

/// The largest amount of one fact: a thousandth of what an i64 holds, so that sums of a whole program cannot overflow.
pub const MOST_MINOR: i64 = i64::MAX / 1_000;

impl Money {
    /// From a decimal in major units. Nothing is rounded: more digits than the currency has are refused.
    ///
    /// # Errors
    /// [`NotMoney`] when the amount is too precise or too large.
    pub fn try_from_major(amount: Decimal, currency: Currency) -> Result<Self, NotMoney> {
        let scaled = Self::scaled(amount, currency)?;
        if scaled.fract().is_zero() { Self::whole(scaled, currency) } else { Err(NotMoney::TooPrecise(currency)) }
    }

    /// From a decimal in major units, rounded half away from zero to the minor unit.
    ///
    /// # Errors
    /// [`NotMoney::TooLarge`].
    pub fn round_from_major(amount: Decimal, currency: Currency) -> Result<Self, NotMoney> {
        let scaled = Self::scaled(amount, currency)?;
        Self::whole(scaled.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero), currency)
    }

    fn scaled(amount: Decimal, currency: Currency) -> Result<Decimal, NotMoney> {
        amount.checked_mul(Decimal::from(10_i64.pow(currency.minor_digits()))).ok_or(NotMoney::TooLarge)
    }

    fn whole(scaled: Decimal, currency: Currency) -> Result<Self, NotMoney> {
        let minor = i64::try_from(scaled).map_err(|_| NotMoney::TooLarge)?;
        if minor.abs() > MOST_MINOR { Err(NotMoney::TooLarge) } else { Ok(Self { minor, currency }) }
    }

    /// The amount in major units, exact, with the currency's digits: `10000.00`.
    #[must_use]
    pub fn major(self) -> Decimal {
        Decimal::new(self.minor, self.currency.minor_digits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn minor_units_follow_the_currency() {
        let usd: Currency = "USD".parse().unwrap();
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::try_from_major(dec!(10.05), usd).unwrap().minor, 1005);
        assert_eq!(Money::try_from_major(dec!(10), yen).unwrap().minor, 10);
        assert_eq!(Money::try_from_major(dec!(100.005), usd), Err(NotMoney::TooPrecise(usd)));
        assert_eq!(Money::round_from_major(dec!(100.005), usd).unwrap().minor, 10001);
        assert_eq!(Money::round_from_major(dec!(-100.005), usd).unwrap().minor, -10001);
        assert_eq!(Money { minor: 1_000_000, currency: usd }.major().to_string(), "10000.00");
    }

    #[test]
    fn too_large_is_refused_not_wrapped() {
        let usd: Currency = "USD".parse().unwrap();
        assert_eq!(Money::try_from_major(dec!(99999999999999999999999999.99), usd), Err(NotMoney::TooLarge));
        assert_eq!(Money::try_from_major(dec!(92233720368547758), usd), Err(NotMoney::TooLarge));
    }

    #[test]
    fn only_iso_codes_parse() {
        assert!(
            "US$".parse::<Currency>().is_err()
                && "usd".parse::<Currency>().is_err()
                && "XXX".parse::<Currency>().is_err()
        );
    }
}
