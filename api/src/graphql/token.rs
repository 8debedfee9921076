//! Partner and machine tokens on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, key, parts, run, settle};
use super::page::{Binding, Connected, OrderDirection, PageArguments, TotalCount, connect};
use super::partner::Partner;
use super::role::RoleWord;
use super::scalar::DateTime;
use super::seat::Seat;
use super::{global_id, loader};
use crate::usecase::token::{self, New, position};

/// Where a token is in its life.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::token::TokenState")]
pub enum TokenState {
    /// It lets its bearer in.
    Active,
    /// It has ended by itself.
    Expired,
    /// It was revoked.
    Revoked,
}

/// A token that this server minted, for one partner or for a machine. Its text was shown once and is kept nowhere.
pub struct Token(domain::token::Token);

/// A token that this server minted, for one partner or for a machine. Its text was shown once and is kept nowhere.
#[Object(directive = Allow::apply(Action::ReadTokens))]
impl Token {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("Token", self.0.id)
    }

    /// What it is for, in the words of who minted it.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The role of its bearer.
    async fn role(&self) -> RoleWord {
        self.0.role.into()
    }

    /// The partner that its bearer is (PARTNER).
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// Where it is in its life.
    async fn state(&self, ctx: &Context<'_>) -> Result<TokenState> {
        Ok(self.0.state(caller(ctx)?.office.clock.now()).into())
    }

    /// The seat that minted it; null when it was the command line.
    async fn minted_by(&self, ctx: &Context<'_>) -> Result<Option<Seat>> {
        Ok(loader::seat(ctx, self.0.minted_by).await?.map(Seat))
    }

    /// When it was minted.
    async fn minted_at(&self) -> DateTime {
        DateTime(self.0.minted_at)
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// When it was revoked; null when it was not.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// When it was last used, to the minute; null when it never was.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// The version, for `expectedVersion` of a change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Reads of tokens.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// The tokens that were minted, latest first, with their last use; ended and revoked ones too.
    #[graphql(directive = Allow::apply(Action::ReadTokens))]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many from the start: 0 to 100, 20 when left out.")] first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connected<Token>> {
        let caller = caller(ctx)?;
        let binding = Binding::of(caller, "tokens", &());
        let ask = PageArguments { first, after, last, before }.ask(&binding, OrderDirection::Desc)?;
        let page = token::page(caller, &ask).await.map_err(|why| failed(&why))?;
        Ok(connect(page, &binding, TotalCount::Tokens, |row| (position(row), row.id), Token))
    }
}

/// A token to mint.
#[derive(InputObject)]
pub struct TokenMintInput {
    /// What it is for, such as "Contoso portal" or "nightly CRM sync".
    label: String,
    /// The role of its bearer: PARTNER, REVOPS, FINANCE or LEADERSHIP. The other seats are people's.
    role: RoleWord,
    /// The partner that its bearer is (PARTNER only).
    partner_id: Option<ID>,
    /// How many days it lives, 1 to 90.
    #[graphql(default = 30)]
    expires_in_days: i64,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer, without the text.
    idempotency_key: Option<String>,
}

/// A token to revoke.
#[derive(InputObject)]
pub struct TokenRevokeInput {
    /// The token.
    id: ID,
    /// The version you read; another one refuses the change.
    expected_version: Option<i64>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of minting a token.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageTokens))]
pub struct TokenMintPayload {
    /// The token; null when it was refused.
    token: Option<Token>,
    /// The token's text, to be sent as `Authorization: Bearer …`. It is in this answer and nowhere else, ever: a replay of the
    /// same idempotency key gives null.
    secret: Option<String>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What came of revoking a token.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageTokens))]
pub struct TokenRevokePayload {
    /// The token as it is now; null when it was refused.
    token: Option<Token>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

async fn one(ctx: &Context<'_>, id: Option<Uuid>) -> Result<Option<Token>> {
    let Some(id) = id else { return Ok(None) };
    token::find(caller(ctx)?, id).await.map(|row| Some(Token(row))).map_err(|why| failed(&why))
}

/// Changes of tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Mints a token with a seat of its own. A caller that came with a minted token itself may not.
    #[graphql(directive = Allow::apply(Action::ManageTokens))]
    async fn token_mint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token to mint.")] input: TokenMintInput,
    ) -> Result<TokenMintPayload> {
        let caller = caller(ctx)?;
        let mint = async || {
            let key = key("tokenMint", input.idempotency_key.as_ref(), &input)?;
            let partner_id =
                input.partner_id.as_ref().map(|id| global_id::input(id, "Partner", "partnerId")).transpose()?;
            let new =
                New { label: input.label.clone(), role: input.role.into(), partner_id, days: input.expires_in_days };
            token::mint(caller, new, key).await
        };
        let (outcome, secret) = match mint().await {
            Ok((done, secret)) => (Ok(done), secret),
            Err(why) => (Err(why), None),
        };
        let (id, replayed, user_errors) = parts(settle(outcome)?);
        Ok(TokenMintPayload { token: one(ctx, id).await?, secret, replayed, user_errors })
    }

    /// Revokes a token: its bearer is not let in from the next request on. To revoke it again changes nothing.
    #[graphql(directive = Allow::apply(Action::ManageTokens))]
    async fn token_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token to revoke.")] input: TokenRevokeInput,
    ) -> Result<TokenRevokePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            token::revoke(caller, global_id::input(&input.id, "Token", "id")?, input.expected_version, key).await
        };
        let (id, replayed, user_errors) = run("tokenRevoke", input.idempotency_key.as_ref(), &input, work).await?;
        Ok(TokenRevokePayload { token: one(ctx, id).await?, replayed, user_errors })
    }
}
