//! The numbers of Phase 2 that a program could set otherwise.

use documented::DocumentedFields;
use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

/// One band of the conservative Yield rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YieldBand {
    /// A Yield of so much or more, and below the next band, …
    pub from: Decimal,
    /// … steps down to this multiple.
    pub to: Decimal,
}

/// How a program forecasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DocumentedFields)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[documented_fields(rename_all = "camelCase")]
pub struct TamPolicy {
    /// Planned spend that is so much above the trailing spend, or more, steps Yield down one band; 0.30 by default (paper).
    pub spend_increase_rate: Decimal,
    /// The bands; by default 10x to 8x, 6x to 5x, 3x to 2.5x (paper). Below the lowest a partner qualifies for no additional spend.
    pub yield_bands: Vec<YieldBand>,
    /// What CONSERVATIVE counts at most of a THIN Yield that is below the lowest band; 1x by default (ruling 12).
    pub thin_yield_multiple: Decimal,
    /// The share of a segment's accounts that DEEP penetration engages; 0.5 by default (paper).
    pub deep_rate: Decimal,
    /// The same of MODERATE; 0.25 by default (paper).
    pub moderate_rate: Decimal,
    /// The same of SHALLOW; 0.1 by default (paper).
    pub shallow_rate: Decimal,
    /// An overlap of this share of the accounts, or more, reads DEEP; 0.40 by default \[ours\].
    pub deep_overlap_rate: Decimal,
    /// An overlap of this share, or more, reads MODERATE; 0.15 by default \[ours\].
    pub moderate_overlap_rate: Decimal,
    /// An overlap below this share is flagged: the two sell into different markets; 0.10 by default (seed 002, overlap rate).
    pub overlap_bar_rate: Decimal,
    /// Completed quarters it takes to follow the realised seasonality; 8 by default \[ours\].
    pub seasonality_quarters: u32,
    /// From this share on, accounts that are counted both as sourced and as engaged are a warning; 0.10 by default (paper).
    pub double_count_rate: Decimal,
}

impl Default for TamPolicy {
    fn default() -> Self {
        let band = |from, to| YieldBand { from, to };
        Self {
            spend_increase_rate: dec!(0.30),
            yield_bands: vec![band(dec!(10), dec!(8)), band(dec!(6), dec!(5)), band(dec!(3), dec!(2.5))],
            thin_yield_multiple: dec!(1),
            deep_rate: dec!(0.5),
            moderate_rate: dec!(0.25),
            shallow_rate: dec!(0.1),
            deep_overlap_rate: dec!(0.40),
            moderate_overlap_rate: dec!(0.15),
            overlap_bar_rate: dec!(0.10),
            seasonality_quarters: 8,
            double_count_rate: dec!(0.10),
        }
    }
}
