//! The history of a conversation, in pages.

use axum::Json;
use axum::extract::State;
use frontdesk_actors::ports::Span;
use frontdesk_domain::event::{Event, EventView};
use frontdesk_domain::ids::{ConversationId, Seq};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{Listed, Refusals};
use super::conversations::visible;
use super::extract::{Params, Segment, given, limit};
use super::state::AppState;
use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those after this one, oldest first.
    after: Option<Seq>,
    /// Only those before this one; without `after`, the newest of them.
    before: Option<Seq>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// An earlier page's `next`: goes on in the same direction.
    cursor: Option<String>,
}

/// Where a page begins or ends, and which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    after: Option<Seq>,
    before: Option<Seq>,
}

impl Window {
    /// Reads `AFTER-BEFORE`, where either may be empty.
    fn parse(cursor: &str) -> Option<Self> {
        let read = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
        let (after, before) = cursor.split_once('-')?;
        Some(Self { after: read(after)?, before: read(before)? })
    }

    fn cursor(self) -> String {
        let write = |seq: Option<Seq>| seq.map_or(String::new(), |seq| seq.to_string());
        format!("{}-{}", write(self.after), write(self.before))
    }

    /// One more than wanted, which tells whether there is another page.
    fn span(self, limit: u32) -> Span {
        match self {
            Self { after: Some(after), .. } => Span::After { after, limit: limit + 1 },
            Self { after: None, before } => Span::Newest { before, limit: limit + 1 },
        }
    }

    /// The page out of what the span gave, and where the next one is.
    fn cut(self, mut events: Vec<Event>, limit: u32) -> (Vec<Event>, Option<Self>) {
        if let (Some(_), Some(before)) = (self.after, self.before) {
            events.retain(|event| event.seq < before);
        }
        let limit = limit as usize;
        if events.len() <= limit {
            return (events, None);
        }
        if self.after.is_some() {
            events.truncate(limit);
            let after = events.last().map(|event| event.seq);
            (events, Some(Self { after, before: self.before }))
        } else {
            events.drain(..events.len() - limit);
            let before = events.first().map(|event| event.seq);
            (events, Some(Self { after: None, before }))
        }
    }
}

/// Events that the caller may see, by `seq`. Without `after`: the newest.
#[utoipa::path(get, path = "/api/conversations/{id}/events", tag = "conversations",
    params(("id" = ConversationId, Path), Wanted),
    security(("agent" = []), ("guest" = []), ("guest_bearer" = [])),
    responses((status = 200, description = "A page", body = Listed<EventView>), Refusals))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller { who, .. }: Caller,
    Segment(id): Segment<ConversationId>,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Listed<EventView>>> {
    let limit = limit(wanted.limit)?;
    let window = match given(wanted.cursor) {
        None => Window { after: wanted.after, before: wanted.before },
        Some(cursor) => Window::parse(&cursor).ok_or_else(|| ApiError::bad("cursor is not one of ours"))?,
    };
    visible(&state, &who, id).await?;
    let audience = who.audience();
    let (events, next) = window.cut(state.db.events(id, audience, window.span(limit)).await?, limit);
    let items = events.iter().filter_map(|event| event.view(audience)).collect();
    Ok(Json(Listed { items, next: next.map(Window::cursor) }))
}

#[cfg(test)]
mod tests {
    use frontdesk_domain::event::{EventKind, Urgency};
    use frontdesk_domain::people::Author;
    use frontdesk_domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn event(seq: Seq) -> Event {
        Event {
            conversation: ConversationId(Uuid::nil()),
            seq,
            guest_prev: 0,
            id: None,
            fingerprint: None,
            at: Timestamp(0),
            by: Author::system(),
            kind: EventKind::Urgency { urgency: Urgency::Normal, reason: String::new(), alarm: None },
        }
    }

    /// What a store with these many events gives.
    fn page(window: Window, limit: u32, last: Seq) -> (Vec<Seq>, Option<String>) {
        let all = 1..=last;
        let given: Vec<Event> = match window.span(limit) {
            Span::After { after, limit } => {
                all.filter(|seq| *seq > after).take(limit as usize).map(event).collect()
            }
            Span::Newest { before, limit } => {
                let mut newest: Vec<Seq> = all
                    .filter(|seq| before.is_none_or(|before| *seq < before))
                    .rev()
                    .take(limit as usize)
                    .collect();
                newest.reverse();
                newest.into_iter().map(event).collect()
            }
        };
        let (events, next) = window.cut(given, limit);
        (events.iter().map(|event| event.seq).collect(), next.map(Window::cursor))
    }

    #[test]
    fn pages_go_on_in_their_direction() {
        let window = |after, before| Window { after, before };
        for (window, limit, seqs, next) in [
            (window(None, None), 2, vec![4, 5], Some("-4")),
            (window(None, Some(4)), 2, vec![2, 3], Some("-2")),
            (window(None, Some(2)), 2, vec![1], None),
            (window(Some(0), None), 2, vec![1, 2], Some("2-")),
            (window(Some(3), None), 2, vec![4, 5], None),
            (window(Some(1), Some(5)), 2, vec![2, 3], Some("3-5")),
            (window(Some(3), Some(5)), 2, vec![4], None),
            (window(Some(9), None), 2, vec![], None),
        ] {
            assert_eq!(page(window, limit, 5), (seqs, next.map(str::to_owned)), "{window:?}");
        }
    }

    #[test]
    fn cursors_come_back() {
        for good in ["-4", "2-", "3-5"] {
            assert_eq!(Window::parse(good).map(Window::cursor).as_deref(), Some(good));
        }
        for bad in ["", "4", "a-", "1-b", "1-2-3"] {
            assert_eq!(Window::parse(bad), None, "{bad}");
        }
    }
}
