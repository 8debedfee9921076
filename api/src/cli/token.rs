//! `partnerloop token --program SLUG --role ROLE …`: a token signed with the local development key.

use super::{Database, program_named, refuse};
use crate::usecase::seat::{self, Facts, Who};
use crate::usecase::signing::{AUDIENCE, Purpose, SignedClaims, kept};
use crate::usecase::{Caller, Failure, Office, portfolio};
use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use std::process::ExitCode;
use std::time::Duration;

/// Prints a token signed with the local development key, which `demo` accepts and `serve` does not.
#[derive(Args)]
pub(super) struct Token {
    /// The program's slug.
    #[arg(long, required_unless_present = "portfolio")]
    program: Option<String>,
    /// The portfolio's slug, for --role PORTFOLIO; left out, a portfolio of the program alone.
    #[arg(long)]
    portfolio: Option<String>,
    /// OPERATOR, PARTNER_AE, CUSTOMER_AE, PARTNER_MANAGER, REVOPS, FINANCE, LEADERSHIP, PORTFOLIO or PARTNER.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Who the token is for; `dev-` and the role when left out.
    #[arg(long)]
    subject: Option<String>,
    /// The external id of a partner that the seat is bound to (PARTNER_MANAGER, PARTNER).
    #[arg(long = "partner", value_name = "EXTERNAL_ID")]
    partners: Vec<String>,
    /// The name of a pod that the seat is bound to (PARTNER_AE, CUSTOMER_AE).
    #[arg(long = "pod", value_name = "NAME")]
    pods: Vec<String>,
    /// The owner id that the CRM uses for this person (CUSTOMER_AE).
    #[arg(long, value_name = "EXTERNAL_OWNER_ID")]
    owner: Option<String>,
    /// How long it lives, such as 90s, 30m, 1h or 1d; at most 24h.
    #[arg(long, default_value = "1h", value_parser = ttl)]
    ttl: Duration,
    #[command(flatten)]
    database: Database,
}

/// A role by its word, with hyphens or underscores.
pub(super) fn role(text: &str) -> Result<Role, String> {
    text.replace('-', "_").parse().map_err(|_| format!("{text} is not a role"))
}

/// A duration of at least a second and at most a day.
pub(super) fn ttl(text: &str) -> Result<Duration, String> {
    let say = || format!("{text} is not a duration such as 90s, 30m or 1h, of at most 24h");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(say)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(say()),
    };
    let total = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .filter(|total| (1..=86_400).contains(total));
    total.map(Duration::from_secs).ok_or_else(say)
}

impl Token {
    /// # Errors
    /// What is wrong with the arguments, or the database.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let office = self.database.open_existing().await?;
        let made = if self.role == Role::Portfolio {
            self.for_portfolio(&office).await
        } else {
            self.for_program(&office).await
        };
        match made {
            Ok(token) => {
                println!("{token}");
                Ok(ExitCode::SUCCESS)
            }
            Err(why) => refuse(why),
        }
    }

    fn subject(&self) -> String {
        self.subject.clone().unwrap_or_else(|| format!("dev-{}", self.role.word().to_lowercase().replace('_', "-")))
    }

    async fn for_program(&self, office: &Office) -> anyhow::Result<String> {
        let Some(slug) = &self.program else { bail!("--program is needed for the role {}", self.role.word()) };
        let program = program_named(office, slug).await?;
        let caller = Caller::system(office.clone(), program.id);
        let subject = self.take_seat(&caller).await?;
        sign(office, subject, Some(slug.clone()), None, self.ttl).await
    }

    /// The subject of a seat as asked for: made, changed, or found.
    async fn take_seat(&self, caller: &Caller) -> anyhow::Result<String> {
        let subject = self.subject();
        let (pods, partners) =
            (seat::pods_named(caller, &self.pods).await?, seat::partners_named(caller, &self.partners).await?);
        let old = seat::of_subject(caller, DEV_ISSUER, &subject).await?.filter(|seat| seat.revoked_at.is_none());
        let is_unbound = pods.is_empty() && partners.is_empty() && self.owner.is_none();
        let takes_bindings =
            matches!(self.role, Role::PartnerAe | Role::CustomerAe | Role::PartnerManager | Role::Partner);
        if takes_bindings && is_unbound {
            if old.as_ref().is_some_and(|seat| seat.role == self.role) {
                return Ok(subject);
            }
            if self.subject.is_none()
                && let Some(example) = seat::first_of_role(caller, DEV_ISSUER, self.role).await?
            {
                eprintln!("using the seat of {} ({})", example.name, example.subject);
                return Ok(example.subject);
            }
            if self.role == Role::Partner {
                bail!("a PARTNER token is for one partner: name it with --partner EXTERNAL_ID");
            }
            eprintln!("the seat is bound to nothing, so it sees nothing: bind it with --pod, --partner or --owner");
        }
        let facts = Facts {
            name: old.is_none().then(|| subject.clone()),
            role: Some(self.role),
            pods: Some(pods),
            partners: Some(partners),
            owner_external_id: Some(self.owner.clone()),
        };
        match old {
            Some(seat) => seat::update(caller, seat.id, None, facts, None).await?,
            None => {
                seat::grant(caller, Who { issuer: DEV_ISSUER.into(), subject: subject.clone() }, facts, None).await?
            }
        };
        Ok(subject)
    }

    async fn for_portfolio(&self, office: &Office) -> anyhow::Result<String> {
        let found = match (&self.portfolio, &self.program) {
            (Some(slug), _) => {
                portfolio::find_by_slug(office, slug).await?.ok_or_else(|| anyhow!("there is no portfolio {slug}"))?
            }
            (None, Some(slug)) => of_program(office, slug).await?,
            (None, None) => bail!("--portfolio or --program is needed for the role PORTFOLIO"),
        };
        let subject = self.subject();
        portfolio::grant(office, found.id, DEV_ISSUER, &subject, &subject).await?;
        sign(office, subject, None, Some(found.slug), self.ttl).await
    }
}

/// The portfolio that holds just this program, made where there is none.
async fn of_program(office: &Office, slug: &str) -> anyhow::Result<domain::seat::Portfolio> {
    let program = program_named(office, slug).await?;
    let of_it = format!("{slug}-portfolio");
    if let Some(found) = portfolio::find_by_slug(office, &of_it).await? {
        return Ok(found);
    }
    Ok(portfolio::create(office, &of_it, &format!("{} portfolio", program.name), &[program.id]).await?)
}

/// A development token for a subject that has a seat.
///
/// # Errors
/// A storage failure.
pub async fn sign(
    office: &Office,
    subject: String,
    program: Option<String>,
    portfolio: Option<String>,
    ttl: Duration,
) -> anyhow::Result<String> {
    let key = kept(office, Purpose::Dev).await.map_err(|why: Failure| anyhow!(why))?;
    Ok(key.sign(&claims(office.clock.now(), subject, program, portfolio, ttl))?)
}

/// What a development token says.
pub(super) fn claims(
    now: DateTime<Utc>,
    subject: String,
    program: Option<String>,
    portfolio: Option<String>,
    ttl: Duration,
) -> SignedClaims {
    let now = now.timestamp();
    let exp = now.saturating_add_unsigned(ttl.as_secs());
    SignedClaims {
        iss: DEV_ISSUER,
        aud: AUDIENCE,
        sub: subject,
        iat: now,
        nbf: now,
        exp,
        jti: None,
        program,
        portfolio,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_second_to_a_day() {
        assert_eq!(ttl("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(ttl("24h"), ttl("1d"));
        for bad in ["", "h", "0s", "25h", "1w", "-1h", "1.5h", "99999999999999999999s", "1é"] {
            assert!(ttl(bad).is_err(), "{bad}");
        }
        assert_eq!(role("partner-ae"), Ok(Role::PartnerAe));
    }
}
