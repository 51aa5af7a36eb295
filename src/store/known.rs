//! What the names of a person say: whose they are, and which are not as they were.

use frontdesk_actors::ports::{Acquainted, OddNames};
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::timestamp::Timestamp;

use super::fault::Fault;

/// Names as WhatsApp shows them, at a time of its clock.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) property: PropertyId,
    /// The surest first.
    pub(super) aliases: &'a [Alias],
    pub(super) at: Timestamp,
}

impl<'a> Shown<'a> {
    /// The user id beside which a number is shown.
    pub(super) fn user_id(&self) -> Option<&'a str> {
        self.aliases.iter().find(|alias| alias.kind == AliasKind::Bsuid).map(|alias| alias.value.as_str())
    }
}

/// What they say.
#[derive(Default)]
pub(super) struct Known {
    /// The guest of the surest name.
    pub(super) found: Option<Acquainted>,
    /// Names that are nobody's yet.
    pub(super) new: Vec<Alias>,
    /// The guest's own that are the newest again, or are shown beside another user id.
    pub(super) renewed: Vec<Alias>,
    /// Those that are not as they were.
    pub(super) odd: OddNames,
}

impl Known {
    /// True if nothing is to be written.
    pub(super) fn is_old(&self) -> bool {
        self.new.is_empty() && self.renewed.is_empty() && self.odd.taken.is_empty()
    }
}

/// A name's row.
pub(super) struct Owner {
    pub(super) guest: Acquainted,
    pub(super) user_id: Option<String>,
    pub(super) seen_at: Timestamp,
    /// Since when the guest's newest name of its kind is known.
    pub(super) newest_at: Timestamp,
}

/// Where names are looked up.
pub(super) trait Owners: Send {
    /// Whose a name is.
    fn owner(
        &mut self,
        property: PropertyId,
        alias: &Alias,
    ) -> impl Future<Output = Result<Option<Owner>, Fault>> + Send;
}

/// Those of the taken names of which staff are told: of WhatsApp's own id beside the number they are not.
pub(super) fn to_be_told(
    taken: &[(Alias, ConversationId)],
) -> impl Iterator<Item = &(Alias, ConversationId)> + Send {
    let has_phone = taken.iter().any(|(alias, _)| alias.kind == AliasKind::Phone);
    taken.iter().filter(move |(alias, _)| !has_phone || alias.kind == AliasKind::Phone)
}

/// Looks the names up. With `whose`, they are that guest's, whatever they say.
pub(super) async fn look_up(
    names: &mut impl Owners,
    shown: Shown<'_>,
    whose: Option<GuestId>,
) -> Result<Known, Fault> {
    let mut known = Known::default();
    let mut guest = whose;
    for alias in shown.aliases {
        let Some(owner) = names.owner(shown.property, alias).await? else {
            known.new.push(alias.clone());
            continue;
        };
        // A number that is shown beside another user id than before has passed to another person. A user id
        // is one person's for ever.
        let shown_beside = shown.user_id().filter(|_| alias.kind.is_number());
        let passed_on = matches!((&owner.user_id, shown_beside), (Some(old), Some(new)) if old != new);
        if guest == Some(owner.guest.guest) || (guest.is_none() && !passed_on) {
            let is_newest_again = owner.newest_at > owner.seen_at && shown.at > owner.newest_at;
            let is_beside_another = shown_beside.is_some() && owner.user_id.as_deref() != shown_beside;
            if is_newest_again || (is_beside_another && shown.at >= owner.seen_at) {
                known.renewed.push(alias.clone());
            }
            guest = Some(owner.guest.guest);
            known.found.get_or_insert(owner.guest);
        } else if !passed_on {
            known.odd.contested.push(alias.clone());
        } else if shown.at > owner.seen_at {
            known.odd.taken.push((alias.clone(), owner.guest.conversation));
        }
        // Else it was this person's once: the message is older than what made the number another's.
    }
    Ok(known)
}
