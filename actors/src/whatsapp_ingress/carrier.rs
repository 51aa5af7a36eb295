//! One parcel's way: who sent it, to which conversation, and is all of it on disk.

use std::sync::Arc;

use ractor::concurrency::OneshotReceiver;
use uuid::Uuid;

use frontdesk_domain::conversation::{Ack, Command, Receive, Received};
use frontdesk_domain::ids::{ClientId, ConversationId, GuestId, PropertyId, Seq};
use frontdesk_domain::inbound::{Alias, Content, Expected, Item, Media, Parcel};
use frontdesk_domain::people::{Author, AuthorKind, GuestProfile};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;

use crate::address::Address;
use crate::clock;
use crate::directory::Directory;
use crate::messages::{ConversationMsg, Reply, WhatsAppMediaMsg};
use crate::notices;
use crate::ports::{Acquainted, OddNames, Person, Store, StoreError};
use crate::trace::Trace;

use super::{names, passed};

/// What staff see as the author of what was written on the hotel's own phone.
const OWN_PHONE: &str = "WhatsApp Business app";

/// A change of names comes after what was sent in the same second: WhatsApp's clock has whole ones.
const MOVED_AFTER_MILLIS: i64 = 1;

/// Carries one parcel.
pub(super) struct Carrier {
    pub(super) store: Arc<dyn Store>,
    pub(super) directory: Directory,
    pub(super) media: Address<WhatsAppMediaMsg>,
    pub(super) trace: Trace,
}

/// A command on its way, and what is needed to send it again.
struct Sent {
    receive: Receive,
    answer: OneshotReceiver<Result<Ack, Refusal>>,
}

impl Carrier {
    /// Returns when everything in the parcel is on disk, or was before.
    ///
    /// # Errors
    /// `unavailable` or `overloaded` if something is not; it may be carried again as it is.
    pub(super) async fn carry(&self, parcel: Parcel) -> Result<(), Refusal> {
        let make = parcel.items.iter().any(|item| makes_acquaintance(&item.content));
        let Some(sender) = self.acquaint(&parcel, make).await? else {
            metrics::counter!("frontdesk_whatsapp_ignored_total", "reason" => "unknown_sender").increment(1);
            return Ok(());
        };
        let mut fetches = false;
        let mut under_way: Vec<Sent> = Vec::with_capacity(parcel.items.len());
        for item in parcel.items {
            if refers(&item) {
                // What it names may be just before it.
                self.settle(sender.conversation, &mut under_way).await?;
            }
            fetches |= has_files(&item.content);
            if let Some(receive) = self.receive(&sender, parcel.property, item).await? {
                under_way.push(self.send(sender.conversation, receive)?);
            }
        }
        self.settle(sender.conversation, &mut under_way).await?;
        if fetches {
            self.media.cast(WhatsAppMediaMsg::Look);
        }
        Ok(())
    }

    async fn acquaint(&self, parcel: &Parcel, make: bool) -> Result<Option<Acquainted>, Refusal> {
        let phone = parcel.aliases.iter().rfind(|alias| alias.kind.is_number());
        let profile = GuestProfile {
            id: Some(GuestId(Uuid::now_v7())),
            name: parcel.name.clone(),
            phone: phone.map(|alias| format!("+{}", alias.value)),
            ..GuestProfile::default()
        };
        let heir = parcel.items.iter().rev().find_map(|item| match &item.content {
            Content::Moved { to, .. } => Some(to.clone()),
            _ => None,
        });
        let person = Person {
            property: parcel.property,
            aliases: parcel.aliases.clone(),
            seen_at: parcel.seen_at,
            heir: heir.unwrap_or_default(),
            profile,
            conversation: ConversationId(Uuid::now_v7()),
            at: clock::now(),
        };
        let found = self.store.acquaint(person, make).await.map_err(|error| refusal(&error))?;
        if let Some(found) = &found {
            self.tell_odd(&found.odd, found.conversation, parcel.seen_at).await?;
        }
        Ok(found)
    }

    /// The item as a command, if it is to become one.
    async fn receive(
        &self,
        sender: &Acquainted,
        property: PropertyId,
        item: Item,
    ) -> Result<Option<Receive>, Refusal> {
        let by = match item.content {
            Content::Echoed { .. } => {
                Author { kind: AuthorKind::Agent, id: None, name: Some(OWN_PHONE.to_owned()) }
            }
            _ => Author::guest(sender.guest, sender.name.clone()),
        };
        let reply_to = match &item.quotes {
            Some(wamid) => self.seq_of(sender, wamid).await?,
            None => None,
        };
        let what = match item.content {
            Content::Said { text, files, origin } => {
                Received::Message { text, reply_to, files: expected(files), origin }
            }
            Content::Echoed { text, files } => {
                Received::Message { text, reply_to, files: expected(files), origin: None }
            }
            Content::Reacted { of, emoji } => {
                Received::Reaction { of: self.seq_of(sender, &of).await?, emoji }
            }
            Content::Edited { of, text } => match self.seq_of(sender, &of).await? {
                Some(of) => Received::Edited { of, text },
                None => return Ok(ignored("unknown_message")),
            },
            Content::Deleted { of } => match self.seq_of(sender, &of).await? {
                Some(of) => Received::Deleted { of },
                None => return Ok(ignored("unknown_message")),
            },
            Content::Moved { to, text } => {
                self.learn(sender, property, to, item.sent_at.plus_millis(MOVED_AFTER_MILLIS)).await?;
                if sender.is_new {
                    return Ok(None);
                }
                Received::Notice { text }
            }
            Content::Notice { text } => Received::Notice { text },
        };
        Ok(Some(Receive { by, id: item.id, wamid: Some(item.wamid), sent_at: item.sent_at, what }))
    }

    /// The guest goes by these names too from now on.
    async fn learn(
        &self,
        sender: &Acquainted,
        property: PropertyId,
        to: Vec<Alias>,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let learned = self.store.learn(sender.guest, property, to, at).await;
        self.tell_odd(&learned.map_err(|error| refusal(&error))?, sender.conversation, at).await
    }

    /// Tells staff of names that are not as they were, once of each.
    async fn tell_odd(
        &self,
        odd: &OddNames,
        conversation: ConversationId,
        at: Timestamp,
    ) -> Result<(), Refusal> {
        for note in names::contested(odd, conversation, at) {
            let mut under_way = vec![self.send(conversation, note)?];
            self.settle(conversation, &mut under_way).await?;
        }
        if !odd.taken.is_empty() {
            metrics::counter!("frontdesk_whatsapp_passed_numbers_total").increment(odd.taken.len() as u64);
            passed::tell(&self.store, &self.directory, self.trace).await?;
        }
        Ok(())
    }

    /// The place of a message of this conversation.
    async fn seq_of(&self, sender: &Acquainted, wamid: &str) -> Result<Option<Seq>, Refusal> {
        let found = self.store.message_of(wamid).await.map_err(|error| refusal(&error))?;
        Ok(found.filter(|(conversation, _)| *conversation == sender.conversation).map(|(_, seq)| seq))
    }

    fn send(&self, to: ConversationId, receive: Receive) -> Result<Sent, Refusal> {
        let (port, answer) = ractor::concurrency::oneshot();
        let command = Box::new(Command::Receive(Box::new(receive.clone())));
        let reply = Reply::to_caller(port.into()).below(self.trace);
        // Whoever does not take it drops the reply, which answers by itself.
        let _ = self.directory.find_or_open(to)?.cast(ConversationMsg::Perform { who: None, command, reply });
        Ok(Sent { receive, answer })
    }

    /// Waits until all that is under way is on disk.
    async fn settle(&self, to: ConversationId, under_way: &mut Vec<Sent>) -> Result<(), Refusal> {
        for Sent { receive, answer } in std::mem::take(under_way) {
            let id: ClientId = receive.id.clone();
            let answered = answer.await.unwrap_or_else(|_| Err(Refusal::unavailable()));
            match answered {
                Ok(_) => {}
                // Something else of the same id is there: it was here before, under other circumstances.
                Err(refusal) if refusal.code == Code::Conflict => {}
                Err(refusal) if notices::is_passing(&refusal) => {
                    // Perhaps it is stored already, in a conversation that the guest had under other names.
                    let stored = match &receive.wamid {
                        Some(wamid) => self.store.message_of(wamid).await,
                        None => Ok(None),
                    };
                    if stored.map_err(|error| self::refusal(&error))?.is_none() {
                        return Err(refusal);
                    }
                }
                Err(refusal) => {
                    metrics::counter!("frontdesk_whatsapp_ignored_total", "reason" => refusal.code.as_str())
                        .increment(1);
                    tracing::error!(conversation = %to, id = id.as_str(), %refusal, "the rules refused what came");
                }
            }
        }
        Ok(())
    }
}

fn makes_acquaintance(content: &Content) -> bool {
    match content {
        Content::Said { .. } | Content::Echoed { .. } | Content::Reacted { .. } | Content::Moved { .. } => {
            true
        }
        Content::Edited { .. } | Content::Deleted { .. } | Content::Notice { .. } => false,
    }
}

fn refers(item: &Item) -> bool {
    let named = matches!(
        item.content,
        Content::Reacted { .. } | Content::Edited { .. } | Content::Deleted { .. } | Content::Moved { .. }
    );
    named || item.quotes.is_some()
}

fn has_files(content: &Content) -> bool {
    matches!(content, Content::Said { files, .. } | Content::Echoed { files, .. } if !files.is_empty())
}

fn expected(files: Vec<Media>) -> Vec<Expected> {
    files.into_iter().map(|media| Expected { id: Uuid::now_v7(), media }).collect()
}

fn ignored<T>(reason: &'static str) -> Option<T> {
    metrics::counter!("frontdesk_whatsapp_ignored_total", "reason" => reason).increment(1);
    None
}

/// What the store's answer is to whoever sent it.
pub(super) fn refusal(error: &StoreError) -> Refusal {
    match error {
        StoreError::Overloaded => Refusal::overloaded(),
        StoreError::Unavailable(_) | StoreError::Conflict => Refusal::unavailable(),
    }
}
