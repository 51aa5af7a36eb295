//! What leaves over WhatsApp beside plain messages: approved texts, and what is heard of all of them.

use crate::event::{Channel, DeliveryState, EventKind, SentTemplate};
use crate::frame::Action;
use crate::ids::{ClientId, Seq};
use crate::people::Author;
use crate::refusal::{Code, Refusal};
use crate::text::{check_short, check_text};

use super::decide::Draft;
use super::decision::Ack;

/// The id under which news of a message is answered: it is no client's.
const NEWS: &str = "delivery";
/// The longest name of a template.
const NAME_MAX_CHARS: usize = 512;
/// The longest name of a language or a blank.
const WORD_MAX_CHARS: usize = 64;
/// The most blanks of a template.
const PARAMETERS_MAX: usize = 20;
/// The longest text in a blank, and the longest template as a whole.
const TEMPLATE_MAX_CHARS: usize = 1024;

impl Draft<'_> {
    /// A state that is no higher than what was told before is no news, and is acknowledged all the same.
    pub(super) fn delivered(
        &mut self,
        of: Seq,
        state: DeliveryState,
        error: Option<String>,
    ) -> Result<(), Refusal> {
        let mut seq = of;
        if self.state.snapshot.progress.is_news(of, state) {
            let error = error.filter(|_| state == DeliveryState::Failed);
            seq = self.push(Author::system(), EventKind::Delivery { of, state, error });
        }
        let id = ClientId::try_from(NEWS.to_owned());
        self.decision.ack = id.ok().map(|id| Ack { id, seq });
        Ok(())
    }

    /// An approved text. It is an agent's message, and needs no window.
    pub(super) fn act_template(
        &mut self,
        by: Author,
        id: ClientId,
        digest: u64,
        action: Action,
    ) -> Result<(), Refusal> {
        let Action::Template { name, language, parameters, text } = action else { return Ok(()) };
        if self.state.snapshot.channel != Channel::Whatsapp {
            return Err(Refusal::new(Code::Forbidden, "templates are for WhatsApp"));
        }
        check_text(&text)?;
        check_short("name", &name, NAME_MAX_CHARS)?;
        check_short("language", &language, WORD_MAX_CHARS)?;
        let too_long = text.chars().count() > 2 * TEMPLATE_MAX_CHARS || parameters.len() > PARAMETERS_MAX;
        if name.trim().is_empty() || language.trim().is_empty() || too_long {
            return Err(Refusal::new(Code::BadFrame, "name, language, and at most 20 parameters"));
        }
        for parameter in &parameters {
            check_short("parameter", &parameter.text, TEMPLATE_MAX_CHARS)?;
            check_short("parameter", parameter.name.as_deref().unwrap_or_default(), WORD_MAX_CHARS)?;
            if parameter.text.trim().is_empty() {
                return Err(Refusal::new(Code::BadText, "a blank of the template is empty"));
            }
        }
        let mut message = self.message(&text);
        message.template = Some(SentTemplate { name, language, parameters });
        self.agent_says(by, id, digest, message);
        Ok(())
    }
}
