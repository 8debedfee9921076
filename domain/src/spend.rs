//! Program spend: the denominator of Yield, owned by Finance.

use crate::attribution::Provenance;
use crate::calendar::Quarter;
use crate::money::Currency;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What the money was spent on (paper: Partner Yield). Payouts are not program spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SpendCategory {
    /// Market development funds.
    Mdf,
    /// Joint marketing.
    JointMarketing,
    /// The loaded cost of people's time spent on this partner.
    LoadedFte,
    /// Partner-specific tools and licences.
    Tools,
}

/// One line of spend on one partner in one quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendLine {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the finance system.
    pub external_id: Option<String>,
    /// The partner.
    pub partner_id: Uuid,
    /// The segment, where it was spent on one; else it is unallocated (ruling 3).
    pub segment_id: Option<Uuid>,
    /// The fiscal quarter.
    pub quarter: Quarter,
    /// What it was spent on.
    pub category: SpendCategory,
    /// Minor units of the program's currency.
    pub amount_minor: i64,
    /// Minor units as the source gave it.
    pub original_minor: i64,
    /// The currency of the source.
    pub original_currency: Currency,
    /// A note.
    pub note: Option<String>,
    /// Where it came from.
    pub provenance: Provenance,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// What one unit of a currency is worth in the program's currency, for one quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FxRate {
    /// The quarter it holds for: that of the close; open deals take the current one (ruling 26).
    pub quarter: Quarter,
    /// The foreign currency.
    pub currency: Currency,
    /// Units of the program's currency for one unit of the foreign one.
    pub rate: Decimal,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// An amount in the program's currency: units × rate, rounded half away from zero to the minor unit.
///
/// # Errors
/// [`crate::money::NotMoney::TooLarge`].
pub fn convert(
    amount: crate::money::Money,
    rate: Decimal,
    into: Currency,
) -> Result<crate::money::Money, crate::money::NotMoney> {
    let major = amount.major().checked_mul(rate).ok_or(crate::money::NotMoney::TooLarge)?;
    crate::money::Money::round_from_major(major, into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn conversion_rounds_half_away_from_zero() {
        let (eur, usd): (Currency, Currency) = ("EUR".parse().unwrap(), "USD".parse().unwrap());
        // 100.05 EUR × 1.1 = 110.055 USD: half a cent goes up.
        let money = crate::money::Money { minor: 10_005, currency: eur };
        assert_eq!(convert(money, dec!(1.1), usd).unwrap().minor, 11_006);
    }
}
