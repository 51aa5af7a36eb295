//! Which deliveries a message becomes.

use crate::event::{Channel, Message};
use crate::ids::Seq;
use crate::people::{Author, AuthorKind};

use super::plain::plain;
use super::quick::buttons;
use super::split::{split, units};
use super::{BUTTONS_TEXT_MAX_UNITS, CAPTION_MAX_UNITS, Outgoing, Payload, TEXT_MAX_UNITS};

/// The deliveries of a message, in order. None for the web, for what the guest said, and for what an agent
/// without a login said: that was written on the hotel's own phone and has arrived already.
pub fn deliveries(seq: Seq, by: &Author, message: &Message) -> Vec<Outgoing> {
    if !goes_out(by, message) {
        return Vec::new();
    }
    let payloads = match &message.template {
        Some(template) => vec![Payload::Template {
            name: template.name.clone(),
            language: template.language.clone(),
            parameters: template.parameters.clone(),
        }],
        None => payloads(by, message),
    };
    let part = |(part, payload)| Outgoing { seq, part: u16::try_from(part).unwrap_or(u16::MAX), payload };
    payloads.into_iter().enumerate().map(part).collect()
}

/// True if a message leaves over WhatsApp. Half an answer of the AI does not: on a phone nobody was shown it as it
/// was written, and it was cut because a person speaks now.
pub fn goes_out(by: &Author, message: &Message) -> bool {
    let ours = match by.kind {
        AuthorKind::Ai => !message.partial,
        AuthorKind::Agent => by.id.is_some(),
        AuthorKind::Guest | AuthorKind::System => false,
    };
    ours && message.channel == Channel::Whatsapp
}

fn payloads(by: &Author, message: &Message) -> Vec<Payload> {
    let text = words(by, message);
    let mut all = Vec::new();
    let mut caption = None;
    // A single file takes the words along, where they fit.
    let fits = units(&text) <= CAPTION_MAX_UNITS && takes_caption(message);
    if fits && !text.trim().is_empty() && message.suggestions.is_empty() {
        caption = Some(text);
    } else {
        all = texts(&text, &message.suggestions);
    }
    for (place, file) in message.attachments.iter().enumerate() {
        let payload = Payload::File {
            attachment: file.id,
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            caption: caption.take(),
        };
        // Words that ask for a tap stand last.
        let asks = matches!(all.last(), Some(Payload::Buttons { .. }));
        all.insert(if asks { place } else { all.len() }, payload);
    }
    all
}

/// One file of a kind that shows a caption.
fn takes_caption(message: &Message) -> bool {
    match message.attachments.as_slice() {
        [file] => !file.media_type.starts_with("audio/"),
        _ => false,
    }
}

/// What an agent wrote goes as it is; what the AI wrote is Markdown, and names what it rests on.
fn words(by: &Author, message: &Message) -> String {
    if by.kind != AuthorKind::Ai {
        return message.text.clone();
    }
    let mut text = plain(&message.text);
    let titles: Vec<&str> = message.citations.iter().map(|citation| citation.title.trim()).collect();
    let titles: Vec<&str> = titles.into_iter().filter(|title| !title.is_empty()).collect();
    if !titles.is_empty() {
        text.push_str(&format!("\n\n_{}_", titles.join(" · ").replace('_', " ")));
    }
    text
}

fn texts(text: &str, suggestions: &[String]) -> Vec<Payload> {
    let mut pieces = split(text, TEXT_MAX_UNITS);
    let buttons = buttons(suggestions);
    let mut last = None;
    if !buttons.is_empty()
        && let Some(piece) = pieces.pop()
    {
        // The buttons stand below a text of their own size: the end of a long one.
        let mut ends = split(&piece, BUTTONS_TEXT_MAX_UNITS);
        let end = ends.pop().unwrap_or(piece.clone());
        let before = piece[..piece.len() - end.len()].trim_end();
        if !before.is_empty() {
            pieces.push(before.to_owned());
        }
        last = Some(Payload::Buttons { text: end, buttons });
    }
    pieces.into_iter().map(|text| Payload::Text { text }).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::{Attachment, Citation};
    use crate::ids::{AgentId, EntryId, GuestId};
    use crate::people::AgentRef;

    fn message(text: &str) -> Message {
        Message::new(text, Channel::Whatsapp)
    }

    fn mia() -> Author {
        Author::agent(&AgentRef { id: AgentId(Uuid::nil()), name: "Mia".into() })
    }

    fn sent(by: &Author, message: &Message) -> Vec<Payload> {
        let made = deliveries(7, by, message);
        assert!(made.iter().enumerate().all(|(n, each)| each.seq == 7 && usize::from(each.part) == n));
        made.into_iter().map(|each| each.payload).collect()
    }

    fn text(text: &str) -> Payload {
        Payload::Text { text: text.into() }
    }

    #[test]
    fn only_what_the_hotel_says_on_whatsapp_goes_out() {
        let phone = Author { kind: AuthorKind::Agent, id: None, name: None };
        let guest = Author::guest(GuestId(Uuid::nil()), None);
        for by in [&guest, &phone, &Author::system()] {
            assert!(sent(by, &message("hello")).is_empty(), "{by:?}");
        }
        assert!(sent(&mia(), &Message::new("hello", Channel::Web)).is_empty());
        assert_eq!(sent(&mia(), &message("**hello**")), [text("**hello**")]);
    }

    #[test]
    fn half_an_answer_of_the_ai_stays() {
        let half = Message { partial: true, ..message("The pool is op") };
        assert!(sent(&Author::ai(), &half).is_empty());
    }

    #[test]
    fn the_ais_words_are_rendered_and_their_sources_named() {
        let mut said = message("It is **free**.");
        said.citations = vec![Citation { id: EntryId(Uuid::nil()), title: "Wi-Fi".into() }];
        assert_eq!(sent(&Author::ai(), &said), [text("It is *free*.\n\n_Wi-Fi_")]);
    }

    #[test]
    fn quick_replies_become_buttons_below_the_end_of_the_text() {
        let mut said = message("Which one?");
        said.suggestions = vec!["Breakfast".into(), "Parking".into()];
        let made = sent(&Author::ai(), &said);
        assert!(
            matches!(&made[..], [Payload::Buttons { text, buttons }] if text == "Which one?" && buttons.len() == 2)
        );
        said.text = format!("{}\n\nWhich one?", "The pool is open. ".repeat(300));
        let made = sent(&Author::ai(), &said);
        let (last, before) = made.split_last().unwrap();
        assert!(
            matches!(last, Payload::Buttons { text, .. } if text.ends_with("Which one?") && units(text) <= 1024)
        );
        assert!(!before.is_empty());
        assert!(before.iter().all(|each| matches!(each, Payload::Text { text } if units(text) <= 4096)));
    }

    #[test]
    fn one_file_takes_the_words_along() {
        let file = |media_type: &str| Attachment {
            id: Uuid::nil(),
            name: "menu".into(),
            media_type: media_type.into(),
            size: 1,
        };
        let mut said = message("Our menu");
        said.attachments = vec![file("application/pdf")];
        assert!(
            matches!(&sent(&mia(), &said)[..], [Payload::File { caption: Some(c), .. }] if c == "Our menu")
        );
        said.attachments = vec![file("audio/ogg")];
        assert!(matches!(
            &sent(&mia(), &said)[..],
            [Payload::Text { .. }, Payload::File { caption: None, .. }]
        ));
        said.attachments = vec![file("image/png"), file("image/png")];
        assert_eq!(sent(&mia(), &said).len(), 3);
    }
}
