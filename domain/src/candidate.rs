//! From a candidate to a partner: the bar, and the written reason where it is not met (LOOP.md section 2, Profile).

use crate::partner::PartnerStatus;
use crate::profile::{Fit, Verdict};
use crate::text::{self, BadText};

/// Why a candidate is not recruited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CandidateRefusal {
    /// It is none.
    #[error("only a candidate is recruited: this partner is not one")]
    NotACandidate,
    /// It fits too little, and nobody wrote why it is recruited all the same.
    #[error("its fit is {0}: give the reason why it is recruited all the same")]
    ReasonMissing(String),
    /// The reason cannot be kept.
    #[error("the reason {0}")]
    ReasonBad(#[from] BadText),
    /// A status was written where a candidate is recruited.
    #[error(
        "a candidate becomes active by candidateRecruit, which holds it against the ideal partner profile; one that comes back is a CANDIDATE first"
    )]
    RecruitedElsewhere,
}

impl CandidateRefusal {
    /// The stable word of the rule.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NotACandidate => "NOT_A_CANDIDATE",
            Self::ReasonMissing(_) => "CANDIDATE_BELOW_BAR",
            Self::ReasonBad(_) => "REASON_UNFIT",
            Self::RecruitedElsewhere => "CANDIDATE_IS_RECRUITED",
        }
    }
}

/// Whether a candidate may be recruited, with its fit; none while the program has no ideal partner profile, and so no bar. What is not
/// known does not meet a bar. The reason as it is kept.
///
/// # Errors
/// [`CandidateRefusal`].
pub fn may_recruit(
    status: PartnerStatus,
    fit: Option<&Fit>,
    reason: Option<&str>,
) -> Result<Option<String>, CandidateRefusal> {
    if status != PartnerStatus::Candidate {
        return Err(CandidateRefusal::NotACandidate);
    }
    meets_bar(fit, reason)
}

/// Whether a partner may be put to work that was not: one that is recorded as ACTIVE from the start passes the same bar as a candidate.
/// The reason as it is kept.
///
/// # Errors
/// [`CandidateRefusal::ReasonMissing`], [`CandidateRefusal::ReasonBad`].
pub fn meets_bar(fit: Option<&Fit>, reason: Option<&str>) -> Result<Option<String>, CandidateRefusal> {
    let reason = reason.map(|reason| text::name(reason, 2000)).transpose()?;
    let short = fit.and_then(|fit| match fit.verdict {
        Verdict::Fits => None,
        Verdict::NotKnown => Some(format!("not known (nobody recorded: {})", fit.unknown().join(", "))),
        Verdict::Disqualified => Some(format!("0, disqualified by: {}", fit.disqualified_by().join(", "))),
        Verdict::BelowBar => {
            let value = crate::evidence::round(fit.value.unwrap_or_default(), 6).normalize();
            Some(format!("{value}, below the bar of {}", fit.bar.normalize()))
        }
    });
    match (short, &reason) {
        (Some(short), None) => Err(CandidateRefusal::ReasonMissing(short)),
        _ => Ok(reason),
    }
}

/// Whether a status may be written over another: a candidate becomes active by being recruited only, and so does a partner that
/// comes back: it is a candidate first.
///
/// # Errors
/// [`CandidateRefusal::RecruitedElsewhere`].
pub const fn may_set(before: PartnerStatus, after: PartnerStatus) -> Result<(), CandidateRefusal> {
    match (before, after) {
        (PartnerStatus::Candidate | PartnerStatus::Ended, PartnerStatus::Active) => {
            Err(CandidateRefusal::RecruitedElsewhere)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::{Decimal, dec};

    fn fit(verdict: Verdict, value: Option<Decimal>) -> Fit {
        Fit {
            profile_version: 1,
            policy_version: 1,
            value,
            lowest: dec!(0),
            highest: dec!(100),
            known_rate: dec!(1),
            bar: dec!(60),
            verdict,
            lines: Vec::new(),
            disqualifiers: Vec::new(),
        }
    }

    #[test]
    fn below_the_bar_it_takes_a_written_reason() {
        let candidate = PartnerStatus::Candidate;
        assert_eq!(may_recruit(candidate, None, None), Ok(None));
        assert_eq!(may_recruit(candidate, Some(&fit(Verdict::Fits, Some(dec!(60)))), None), Ok(None));
        let short = fit(Verdict::BelowBar, Some(dec!(59.999)));
        let refused = may_recruit(candidate, Some(&short), None).unwrap_err();
        assert_eq!(refused.rule(), "CANDIDATE_BELOW_BAR");
        assert_eq!(
            refused.to_string(),
            "its fit is 59.999, below the bar of 60: give the reason why it is recruited all the same"
        );
        for (verdict, value) in [(Verdict::NotKnown, None), (Verdict::Disqualified, Some(dec!(0)))] {
            let fit = fit(verdict, value);
            assert!(may_recruit(candidate, Some(&fit), None).is_err());
            let reason = Some("It brings the bank.");
            assert_eq!(may_recruit(candidate, Some(&fit), reason), Ok(reason.map(str::to_owned)));
            assert!(may_recruit(candidate, Some(&fit), Some("  ")).is_err());
        }
        for status in [PartnerStatus::Active, PartnerStatus::Ended] {
            assert_eq!(may_recruit(status, None, None), Err(CandidateRefusal::NotACandidate));
            assert!(may_set(status, candidate).is_ok() && may_set(status, status).is_ok());
        }
        assert!(may_set(candidate, PartnerStatus::Active).is_err() && may_set(candidate, PartnerStatus::Ended).is_ok());
        assert!(may_set(PartnerStatus::Ended, PartnerStatus::Active).is_err());
    }
}
