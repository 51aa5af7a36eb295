//! What the list finds is what a plain loop over everything finds, whatever is asked for.

use std::collections::BTreeSet;

use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::event::{EventKind, Status};
use frontdesk_domain::ids::{AgentId, ConversationId};
use frontdesk_domain::people::{AgentRef, GuestProfile};
use frontdesk_domain::summary::Summary;

use super::listing::{list, status};
use super::{Place, change, conversation_of, hotel, on_both, say};
use crate::store::{ConversationQuery, View};

on_both!(the_list_finds_what_a_plain_loop_finds);

/// Words that are also syntax somewhere: of SQL, LIKE, JSON, paths into it.
const WORDS: &[&str] = &[
    "pool",
    "POOL",
    "Zoë",
    "%",
    "_",
    "'",
    "\"",
    "\\",
    "' OR '1'='1",
    "$.tags",
    "[\"vip\"]",
    "--",
    "0",
    "null",
    "späte",
    "a%b",
    "a_b",
    "ab",
    ";",
    "*",
    "vip",
    "VIP",
    " ",
    "\u{202e}",
    "ﬀ",
];

fn word(dice: &mut fastrand::Rng) -> &'static str {
    WORDS[dice.usize(..WORDS.len())]
}

/// The rule of each view, said once more and without an index.
fn is_in(view: View, one: &Summary) -> bool {
    let open = one.status != Status::Closed;
    match view {
        View::All => open,
        View::Mine(agent) => open && one.assigned.as_ref().is_some_and(|assigned| assigned.id == agent),
        View::Unassigned => open && one.assigned.is_none(),
        View::Waiting => one.status == Status::Waiting,
        View::Closed => !open,
    }
}

fn is_found(query: &ConversationQuery, one: &Summary) -> bool {
    let guest = &one.guest;
    let fields = [&guest.name, &guest.email, &guest.phone, &guest.room];
    let said = one.last_message.iter().map(|message| message.text.as_str());
    let mut all = fields
        .into_iter()
        .filter_map(Option::as_deref)
        .chain(said)
        .chain(one.tags.iter().map(String::as_str));
    is_in(query.view, one)
        && query.tag.as_ref().is_none_or(|tag| one.tags.contains(tag))
        && query
            .q
            .as_ref()
            .is_none_or(|q| q.is_empty() || all.any(|text| text.to_lowercase().contains(&q.to_lowercase())))
}

async fn the_list_finds_what_a_plain_loop_finds<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut dice = fastrand::Rng::with_seed(7);
    let agents = ["Ana", "Ben"].map(|name| AgentRef { id: AgentId(Uuid::now_v7()), name: name.to_owned() });
    let mut all = Vec::new();
    for at in 0..120 {
        let mut field = |likely: bool| likely.then(|| format!("{}{}", word(&mut dice), word(&mut dice)));
        let profile = GuestProfile { name: field(true), room: field(at % 2 == 0), ..GuestProfile::default() };
        let mut state = conversation_of(&store, property, profile).await;
        let text = format!("x{} {}", word(&mut dice), word(&mut dice));
        store.append(say(&mut state, &text, at)).await.expect("stored");
        let mut tags: Vec<String> = (0..dice.usize(..3)).map(|_| word(&mut dice).to_owned()).collect();
        tags.dedup();
        let mut also = vec![EventKind::Tags { tags }];
        if dice.bool() {
            also.push(EventKind::Assigned { agent: Some(agents[dice.usize(..2)].clone()) });
        }
        if dice.bool() {
            also.push(status([Status::Waiting, Status::Closed][dice.usize(..2)]));
        }
        for kind in also {
            store.append(change(&mut state, at, kind)).await.expect("stored");
        }
        all.push(state.summary());
    }
    let views = [
        View::All,
        View::Mine(agents[0].id),
        View::Mine(agents[1].id),
        View::Unassigned,
        View::Waiting,
        View::Closed,
    ];
    let mut found_some = 0;
    for _ in 0..2_000 {
        let ask = |dice: &mut fastrand::Rng| (dice.usize(..3) > 0).then(|| word(dice).to_owned());
        let query = ConversationQuery {
            view: views[dice.usize(..views.len())],
            tag: ask(&mut dice),
            q: ask(&mut dice),
        };
        let listed = list(&store, property, query.clone(), 50).await;
        let plain: BTreeSet<ConversationId> =
            all.iter().filter(|one| is_found(&query, one)).map(|one| one.id).collect();
        assert_eq!(listed.len(), plain.len(), "{query:?}");
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), plain, "{query:?}");
        found_some += usize::from(!plain.is_empty());
    }
    assert!(found_some > 200, "{found_some} of the questions had an answer");
}
