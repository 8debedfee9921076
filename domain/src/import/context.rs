//! What the program already has, as far as a row needs it to be read.

use super::{Code, Problem};
use crate::calendar::{Calendar, Quarter};
use crate::deal::Outcome;
use crate::money::{Currency, Money};
use crate::spend::convert;
use crate::text;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;
use uuid::Uuid;

/// The program as an import sees it.
#[derive(Clone, Debug)]
pub struct Context {
    /// Its currency.
    pub currency: Currency,
    /// Its calendar.
    pub calendar: Calendar,
    /// The local day of the import.
    pub today: NaiveDate,
    /// Its segments by the key of their name.
    pub segments: HashMap<String, Uuid>,
    /// Its partners.
    pub partners: Partners,
    /// Its stages by the key of their name.
    pub stages: HashMap<String, KnownStage>,
    /// Its pods by the key of their name.
    pub pods: HashMap<String, Uuid>,
    /// Its exchange rates.
    pub rates: HashMap<(Quarter, Currency), Decimal>,
}

/// The program's exchange rates, for what a file leaves as it is on record.
#[derive(Clone, Debug)]
pub struct Rates {
    /// The program's currency.
    pub currency: Currency,
    /// The present quarter, whose rate an open deal has.
    pub present: Quarter,
    /// The rates.
    pub rates: HashMap<(Quarter, Currency), Decimal>,
}

impl Rates {
    /// An amount in the program's currency, in its minor units, at the rate of a quarter or of the present one.
    ///
    /// # Errors
    /// The problem of the row: no rate, or more than is kept exactly.
    pub fn convert(&self, money: Money, quarter: Option<Quarter>) -> Result<i64, Problem> {
        let (currency, quarter) = (money.currency, quarter.unwrap_or(self.present));
        if currency == self.currency {
            return Ok(money.minor);
        }
        let rate = self.rates.get(&(quarter, currency)).copied().ok_or_else(|| {
            let message = format!(
                "the deal moves into {quarter}, for which the program has no rate for {currency}; Finance sets it (fxRateSet)"
            );
            Problem::new(Code::NoFxRate, message)
        })?;
        let converted = convert(money, rate, self.currency);
        converted
            .map(|money| money.minor)
            .map_err(|_| Problem::new(Code::NumberTooLarge, "is larger than this server keeps exactly"))
    }
}

/// A stage of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownStage {
    /// The row, where there is one already.
    pub id: Option<Uuid>,
    /// What a deal in it is.
    pub outcome: Outcome,
    /// Whether a deal in it has reached Stage 1.
    pub is_stage_one_or_later: bool,
}

/// Partners, by id and by name.
#[derive(Clone, Debug, Default)]
pub struct Partners {
    by_external_id: HashMap<String, Uuid>,
    by_name: HashMap<String, Vec<Uuid>>,
    names: HashMap<Uuid, String>,
    external_ids: HashMap<Uuid, String>,
}

impl Partners {
    /// Adds one.
    pub fn add(&mut self, id: Uuid, external_id: Option<&str>, name: &str) {
        if let Some(external_id) = external_id {
            self.by_external_id.insert(external_id.to_owned(), id);
            self.external_ids.insert(id, external_id.to_owned());
        }
        self.by_name.entry(text::key(name)).or_default().push(id);
        self.names.insert(id, name.to_owned());
    }

    /// The one with this external id.
    #[must_use]
    pub fn with_external_id(&self, external_id: &str) -> Option<Uuid> {
        self.by_external_id.get(external_id).copied()
    }

    /// Those with this name, but for case and spaces.
    #[must_use]
    pub fn with_name(&self, name: &str) -> &[Uuid] {
        self.by_name.get(&text::key(name)).map_or(&[], Vec::as_slice)
    }

    /// The external id of one.
    #[must_use]
    pub fn external_id(&self, id: Uuid) -> Option<&str> {
        self.external_ids.get(&id).map(String::as_str)
    }

    /// The name of one.
    #[must_use]
    pub fn name(&self, id: Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }
}
