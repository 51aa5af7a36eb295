//! What goes out over WhatsApp, and what is reported of it.

use frontdesk_actors::messages::{DeliveryFailure, DeliveryReport};
use frontdesk_actors::ports::whatsapp::{Deliveries, Outcome};
use frontdesk_domain::event::DeliveryState;
use frontdesk_domain::outgoing::{DeliveryKey, Outgoing, Payload};

use super::*;

on_both!(in_whatever_order_the_answer_and_the_reports_come, old_deliveries_are_forgotten_once_they_are_done,);

/// Messages of the hotel with one delivery each, made at these times.
async fn sent(store: &(impl Database + Deliveries), times: &[i64]) -> Vec<DeliveryKey> {
    let property = hotel(store).await;
    let mut state = conversation(store, property).await;
    let mut keys = Vec::new();
    for at in times {
        let mut commit =
            change(&mut state, *at, EventKind::Message(Message::new("Good morning", Channel::Whatsapp)));
        let key = DeliveryKey { conversation: state.id(), seq: state.last_seq(), part: 0 };
        let payload = Payload::Text { text: "Good morning".to_owned() };
        commit.deliveries = vec![Outgoing { seq: key.seq, part: key.part, payload }];
        store.append(commit).await.expect("stored");
        keys.push(key);
    }
    keys
}

fn report(key: &DeliveryKey, wamid: &str, state: DeliveryState, tracker: bool) -> DeliveryReport {
    let failed = state == DeliveryState::Failed;
    DeliveryReport {
        property: PropertyId(Uuid::nil()),
        wamid: wamid.to_owned(),
        state,
        at: Timestamp(5_000),
        error: failed.then_some(DeliveryFailure { code: 131_026, title: None, details: None }),
        tracker: tracker.then(|| key.tracker()),
        recipient: None,
        recipient_user_id: None,
    }
}

/// Every order of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    let at_each = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, n - 1);
            longer
        })
    };
    shorter.into_iter().flat_map(at_each).collect()
}

/// The answer to the send, then the reports that come of it: in each of their 720 orders, with and without our
/// own id in the reports, the message ends as far as it got.
async fn in_whatever_order_the_answer_and_the_reports_come<P: Place>() {
    use DeliveryState::{Delivered, Failed, Read, Sent};
    let orders = orders(6);
    assert_eq!(orders.len(), 720);
    let place = P::new().await;
    let store = place.open().await;
    for tracker in [true, false] {
        let keys = sent(&store, &vec![1_000; orders.len()]).await;
        let reports = [Sent, Delivered, Read, Failed, Delivered];
        for (key, order) in keys.iter().zip(&orders) {
            let wamid = format!("wamid.{tracker}.{}", key.seq);
            for step in order {
                match reports.get(*step) {
                    Some(state) => {
                        store.report(report(key, &wamid, *state, tracker)).await.expect("taken");
                    }
                    None => store.end(*key, Outcome::Taken(wamid.clone())).await.expect("written"),
                }
            }
        }
        let conversation = keys[0].conversation;
        assert!(store.head(conversation).await.expect("read").is_none(), "nothing is to be sent again");
        let news = store.news(Some(conversation)).await.expect("read");
        assert_eq!(news.len(), 720);
        assert!(news.iter().all(|each| each.state == Read && each.error.is_none()), "{news:?}");
    }
}

async fn old_deliveries_are_forgotten_once_they_are_done<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let keys = sent(&store, &[1_000, 2_000, 3_000, 9_000]).await;
    for key in [&keys[0], &keys[2], &keys[3]] {
        store.end(*key, Outcome::Taken(format!("wamid.{}", key.seq))).await.expect("written");
    }
    assert_eq!(
        store.forget(Timestamp(5_000)).await.expect("forgotten"),
        2,
        "not the open one, not the young one"
    );
    assert_eq!(store.forget(Timestamp(5_000)).await.expect("forgotten"), 0);
    assert_eq!(store.head(keys[0].conversation).await.expect("read").map(|head| head.key), Some(keys[1]));
    let late = report(&keys[3], &format!("wamid.{}", keys[3].seq), DeliveryState::Read, false);
    assert_eq!(store.report(late).await.expect("taken"), Some(keys[3].conversation), "it is still known");
    let gone = report(&keys[0], &format!("wamid.{}", keys[0].seq), DeliveryState::Read, false);
    assert_eq!(store.report(gone).await.expect("taken"), None);
}
