//! What staff are told of names that another guest has, or had. Two guests are never made one because of a
//! message: a person has to look.

use frontdesk_domain::conversation::{Receive, Received};
use frontdesk_domain::ids::{ClientId, ConversationId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::people::Author;
use frontdesk_domain::timestamp::Timestamp;

use crate::ports::{OddNames, PassedNumber};

/// Notes for staff about the contested names of the guest of `conversation`. Of each there is one for ever.
pub(super) fn contested(odd: &OddNames, conversation: ConversationId, at: Timestamp) -> Vec<Receive> {
    if !odd.contested.is_empty() {
        metrics::counter!("frontdesk_whatsapp_contested_aliases_total").increment(odd.contested.len() as u64);
        tracing::warn!(%conversation, "a name of this guest is another guest's, and stays there");
    }
    let contested = odd.contested.iter();
    let told = contested.clone().filter(|alias| is_told(alias, contested.clone()));
    let notes = told.filter_map(|alias| {
        let text = format!(
            "WhatsApp gives this guest the {}, which is another guest's here. The two stay apart: make sure who it \
             is before you share anything private.",
            shown(alias)
        );
        note("contested", alias, None, at, text)
    });
    notes.collect()
}

/// The two notes about a number that passed on, and where each belongs. There are two for each time that it does.
pub(super) fn passed(number: &PassedNumber) -> Vec<(ConversationId, Receive)> {
    let PassedNumber { alias, at, former, present } = number;
    tracing::warn!(conversation = %present, from = %former, "a number passed from one guest to another");
    let number = shown(alias);
    let gone = format!(
        "The {number} belongs to another WhatsApp account now. What comes from there is no longer shown here, and \
         nothing more is sent there from here."
    );
    let come = format!(
        "The {number} was another guest's here before. Numbers pass from person to person: make sure who it is \
         before you share anything private."
    );
    let gone = note("gone", alias, Some(*at), *at, gone).map(|note| (*former, note));
    let come = note("come", alias, Some(*at), *at, come).map(|note| (*present, note));
    gone.into_iter().chain(come).collect()
}

/// What the channel itself says. Its id is made of what it is about, so that it is said once.
fn note(
    what: &str,
    alias: &Alias,
    when: Option<Timestamp>,
    sent_at: Timestamp,
    text: String,
) -> Option<Receive> {
    let when = when.map_or(0, |at| at.0);
    let id = ClientId::try_from(format!("name-{what}-{:016x}-{when}", digest(alias))).ok()?;
    Some(Receive { by: Author::system(), id, wamid: None, sent_at, what: Received::Notice { text } })
}

/// WhatsApp's own id for a number is not told beside the number.
fn is_told<'a>(alias: &Alias, mut all: impl Iterator<Item = &'a Alias>) -> bool {
    alias.kind != AliasKind::WaId || all.all(|other| other.kind != AliasKind::Phone)
}

fn shown(alias: &Alias) -> String {
    match alias.kind {
        AliasKind::Bsuid | AliasKind::ParentBsuid => format!("user id {}", alias.value),
        AliasKind::WaId | AliasKind::Phone => format!("number +{}", alias.value),
    }
}

/// FNV-1a: of the few names of one guest, no two are alike.
fn digest(alias: &Alias) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    alias.value.bytes().fold(add(0xcbf2_9ce4_8422_2325, alias.kind as u8), add)
}
