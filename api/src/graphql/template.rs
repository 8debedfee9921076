//! Message templates on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, coded, failed};
use super::global_id;
use super::mutation::{UserError, run};
use super::scalar::DateTime;
use crate::usecase::template::{self, IntroFacts};

/// Which message a template is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::template::TemplateKind")]
pub enum MessageKind {
    /// The letter of an approved registration.
    RegistrationAcceptance,
    /// The e-mail that brings the partner's rep to a buyer.
    JointIntro,
}

/// The text of a message, with its places in braces.
pub struct MessageTemplate(domain::template::Template);

/// The text of a message, with its places in braces.
#[Object(directive = Allow::apply(Action::ReadTemplates))]
impl MessageTemplate {
    /// The message.
    async fn kind(&self) -> MessageKind {
        self.0.kind.into()
    }

    /// The text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The places that the text may name.
    async fn places(&self) -> &[&str] {
        self.0.kind.places()
    }

    /// When it was set; null for the text that a program begins with.
    async fn set_at(&self) -> Option<DateTime> {
        self.0.recorded_at.map(DateTime)
    }

    /// The version, for `expectedVersion` of a change; 0 for the text that a program begins with.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A text to set.
#[derive(InputObject)]
pub struct MessageTemplateSetInput {
    /// The message.
    kind: MessageKind,
    /// The version you read, 0 for the text that a program begins with; another one refuses the change.
    expected_version: Option<i64>,
    /// The text, at most 4000 characters.
    body: String,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of setting a text.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
pub struct MessageTemplateSetPayload {
    /// The texts as they are now; null when it was refused.
    message_templates: Option<Vec<MessageTemplate>>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// What a joint introduction is made of.
#[derive(InputObject)]
pub struct JointIntroInput {
    /// The partner's rep who is brought in.
    rep_id: ID,
    /// The buyer's name.
    buyer: String,
    /// The similar problem that the partner solved.
    similar_problem: String,
    /// At which customer.
    customer: String,
    /// Exactly two times to choose from.
    slots: Vec<DateTime>,
}

async fn all(ctx: &Context<'_>) -> Result<Vec<MessageTemplate>> {
    let found = template::all(caller(ctx)?).await.map_err(|why| failed(&why))?;
    Ok(found.into_iter().map(MessageTemplate).collect())
}

/// Reads of templates.
#[derive(Default)]
pub struct TemplateQuery;

#[Object]
impl TemplateQuery {
    /// The texts of messages to partners and buyers.
    #[graphql(directive = Allow::apply(Action::ReadTemplates))]
    async fn message_templates(&self, ctx: &Context<'_>) -> Result<Vec<MessageTemplate>> {
        all(ctx).await
    }

    /// The text of a joint introduction, times in the program's zone; null when there is no such rep for the caller.
    #[graphql(directive = Allow::apply(Action::ReadContacts))]
    async fn joint_intro(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: JointIntroInput,
    ) -> Result<Option<String>> {
        let [first, second] = input.slots.as_slice() else {
            return Err(coded("BAD_USER_INPUT", "give exactly two slots"));
        };
        let facts = IntroFacts {
            rep: global_id::of_kind(&input.rep_id, "PartnerPerson"),
            buyer: input.buyer.clone(),
            similar_problem: input.similar_problem.clone(),
            customer: input.customer.clone(),
            slots: [first.0, second.0],
        };
        template::joint_intro(caller(ctx)?, &facts).await.map_err(|why| failed(&why))
    }
}

/// Changes of templates.
#[derive(Default)]
pub struct TemplateMutation;

#[Object]
impl TemplateMutation {
    /// Sets the text of a message. Letters that were sent keep the text they were sent with.
    #[graphql(directive = Allow::apply(Action::ManageRegistrationRules))]
    async fn message_template_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text.")] input: MessageTemplateSetInput,
    ) -> Result<MessageTemplateSetPayload> {
        let caller = caller(ctx)?;
        let work = async |key| template::set(caller, input.kind.into(), input.expected_version, &input.body, key).await;
        let (id, replayed, user_errors) =
            run("messageTemplateSet", input.idempotency_key.as_ref(), &input, work).await?;
        let message_templates = if id.is_some() { Some(all(ctx).await?) } else { None };
        Ok(MessageTemplateSetPayload { message_templates, replayed, user_errors })
    }
}
