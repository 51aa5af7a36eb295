//! Who is next: deficit round robin over conversations, in three classes.
//!
//! Every conversation that waits gets the same share of tokens, however many turns it has queued, and has one
//! turn open at most. All operations take the same time however long the queue is, but for the cost of a
//! conversation whose turn is dearer than its share: it is passed over until it has saved enough.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// What a turn is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A guest waits.
    Guest,
    /// Help for an agent.
    Help,
    /// Nobody waits.
    Background,
}

/// A turn that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<T, F> {
    /// The turn.
    pub id: T,
    /// The conversation.
    pub flow: F,
    /// What it is for.
    pub class: Class,
    /// What it costs, in tokens.
    pub cost: u64,
}

/// What each conversation may spend in a round. Most turns cost less, so that a round serves everybody once.
const QUANTUM: u64 = 4_000;
/// How much of one turn the others earn with each turn of a waiting guest: a quarter of it is a fifth of all.
const SHARE: f64 = 0.25;
/// Every so manieth of their turns is for the background, while agents wait as well.
const BACKGROUND_EVERY: u32 = 4;

/// The queue.
#[derive(Debug)]
pub struct FairQueue<T, F> {
    rings: [Ring<T, F>; 3],
    /// Conversations with an open turn.
    busy: HashSet<F>,
    /// Where each turn waits.
    places: HashMap<T, (Class, F)>,
    /// What help and background have earned while guests waited.
    earned: f64,
    helped: u32,
}

#[derive(Debug)]
struct Ring<T, F> {
    /// Whose turn it is, the next first, each with its ticket. A ticket that its conversation no longer holds
    /// is passed over, so that leaving costs nothing.
    order: VecDeque<(F, u64)>,
    /// Conversations in `order` with a ticket that holds: they have something, and no open turn.
    ready: usize,
    tickets: u64,
    flows: HashMap<F, Flow<T>>,
}

#[derive(Debug)]
struct Flow<T> {
    turns: VecDeque<(T, u64)>,
    saved: u64,
    ticket: Option<u64>,
}

impl<T: Copy + Eq + Hash, F: Copy + Eq + Hash> Default for FairQueue<T, F> {
    fn default() -> Self {
        let ring = || Ring { order: VecDeque::new(), ready: 0, tickets: 0, flows: HashMap::new() };
        Self {
            rings: [ring(), ring(), ring()],
            busy: HashSet::new(),
            places: HashMap::new(),
            earned: 0.0,
            helped: 0,
        }
    }
}

impl<T: Copy + Eq + Hash, F: Copy + Eq + Hash> FairQueue<T, F> {
    /// How many turns wait.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True if none waits.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many turns are open.
    pub fn open(&self) -> usize {
        self.busy.len()
    }

    /// A turn waits from now on. `first`: it stood here before and comes back, ahead of everybody.
    pub fn push(&mut self, item: Item<T, F>, first: bool) {
        if self.places.insert(item.id, (item.class, item.flow)).is_some() {
            self.forget(item.id, item.class, item.flow);
        }
        let busy = self.busy.contains(&item.flow);
        let ring = self.ring(item.class);
        let flow = ring.flows.entry(item.flow).or_insert_with(|| Flow {
            turns: VecDeque::new(),
            saved: 0,
            ticket: None,
        });
        if first {
            flow.turns.push_front((item.id, item.cost));
            flow.saved = flow.saved.max(item.cost);
        } else {
            flow.turns.push_back((item.id, item.cost));
        }
        if !busy {
            ring.join_order(item.flow, first);
        }
    }

    /// A turn waits no more. True if it did.
    pub fn cancel(&mut self, id: T) -> bool {
        let Some((class, flow)) = self.places.remove(&id) else { return false };
        self.forget(id, class, flow);
        true
    }

    /// The next turn; it stays where it is until it is [taken](Self::take).
    pub fn peek(&mut self) -> Option<Item<T, F>> {
        let class = self.class()?;
        self.peek_of(class)
    }

    /// The next turn of one class.
    pub fn peek_of(&mut self, class: Class) -> Option<Item<T, F>> {
        let ring = self.ring(class);
        loop {
            let (flow_id, ticket) = *ring.order.front()?;
            let flow = ring.flows.get_mut(&flow_id).filter(|flow| flow.ticket == Some(ticket));
            let Some(flow) = flow else {
                ring.order.pop_front();
                continue;
            };
            let (id, cost) = *flow.turns.front()?;
            if flow.saved >= cost {
                return Some(Item { id, flow: flow_id, class, cost });
            }
            // Its share of this round; those behind it go first if that is not enough.
            flow.saved += QUANTUM;
            if flow.saved < cost {
                ring.order.rotate_left(1);
            }
        }
    }

    /// Takes the turn that [`Self::peek`] gave: it is open until [`Self::done`].
    pub fn take(&mut self, item: Item<T, F>) {
        self.places.remove(&item.id);
        let guests = self.rings[0].ready > 0;
        match item.class {
            Class::Guest => self.earned = (self.earned + SHARE).min(1.0 + SHARE),
            Class::Help | Class::Background if guests => self.earned -= 1.0,
            Class::Help | Class::Background => {}
        }
        match item.class {
            Class::Help => self.helped += 1,
            Class::Background => self.helped = 0,
            Class::Guest => {}
        }
        self.busy.insert(item.flow);
        let ring = self.ring(item.class);
        if let Some(flow) = ring.flows.get_mut(&item.flow) {
            flow.turns.retain(|(id, _)| *id != item.id);
            flow.saved = flow.saved.saturating_sub(item.cost);
        }
        for ring in &mut self.rings {
            ring.leave_order(item.flow);
        }
    }

    /// A conversation's open turn is over: it takes part again, behind all others.
    pub fn done(&mut self, flow: F) {
        if !self.busy.remove(&flow) {
            return;
        }
        for ring in &mut self.rings {
            ring.join_order(flow, false);
        }
    }

    /// Which class is served next: guests, but for the fifth that the others have earned.
    fn class(&self) -> Option<Class> {
        let waits = |class: Class| self.rings[class as usize].ready > 0;
        let other = match (waits(Class::Help), waits(Class::Background)) {
            (true, true) if self.helped >= BACKGROUND_EVERY => Some(Class::Background),
            (true, _) => Some(Class::Help),
            (false, true) => Some(Class::Background),
            (false, false) => None,
        };
        match other {
            Some(other) if !waits(Class::Guest) || self.earned >= 1.0 => Some(other),
            _ => waits(Class::Guest).then_some(Class::Guest),
        }
    }

    fn ring(&mut self, class: Class) -> &mut Ring<T, F> {
        &mut self.rings[class as usize]
    }

    fn forget(&mut self, id: T, class: Class, flow_id: F) {
        let ring = self.ring(class);
        let Some(flow) = ring.flows.get_mut(&flow_id) else { return };
        flow.turns.retain(|(waiting, _)| *waiting != id);
        if flow.turns.is_empty() {
            ring.leave_order(flow_id);
        }
    }
}

impl<T: Copy + Eq + Hash, F: Copy + Eq + Hash> Ring<T, F> {
    fn join_order(&mut self, flow_id: F, first: bool) {
        let Some(flow) = self.flows.get_mut(&flow_id).filter(|flow| flow.ticket.is_none()) else { return };
        self.tickets += 1;
        flow.ticket = Some(self.tickets);
        self.ready += 1;
        let entry = (flow_id, self.tickets);
        if first {
            self.order.push_front(entry)
        } else {
            self.order.push_back(entry)
        }
        // Tickets that were given back do not pile up.
        if self.order.len() > 2 * self.ready + 64 {
            let flows = &self.flows;
            self.order.retain(|(id, ticket)| flows.get(id).is_some_and(|flow| flow.ticket == Some(*ticket)));
        }
    }

    /// The conversation is not next here. One that has nothing left is forgotten, with what it has saved.
    fn leave_order(&mut self, flow_id: F) {
        let Some(flow) = self.flows.get_mut(&flow_id) else { return };
        self.ready -= usize::from(flow.ticket.take().is_some());
        if flow.turns.is_empty() {
            self.flows.remove(&flow_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u32, flow: u32, class: Class) -> Item<u32, u32> {
        Item { id, flow, class, cost: 1_000 }
    }

    fn serve(queue: &mut FairQueue<u32, u32>) -> Option<Item<u32, u32>> {
        let item = queue.peek()?;
        queue.take(item);
        Some(item)
    }

    #[test]
    fn one_who_asks_much_waits_like_everybody() {
        let mut queue = FairQueue::default();
        for n in 0..50 {
            queue.push(item(n, 1, Class::Guest), false);
        }
        queue.push(item(100, 2, Class::Guest), false);
        queue.push(item(101, 3, Class::Guest), false);
        let mut order = Vec::new();
        while let Some(item) = serve(&mut queue) {
            order.push(item.flow);
            queue.done(item.flow);
        }
        assert_eq!(order[..4], [1, 2, 3, 1]);
        assert_eq!(order.len(), 52);
    }

    #[test]
    fn one_open_turn_for_each_conversation() {
        let mut queue = FairQueue::default();
        queue.push(item(1, 1, Class::Guest), false);
        queue.push(item(2, 1, Class::Guest), false);
        assert_eq!(serve(&mut queue).map(|item| item.id), Some(1));
        assert_eq!(serve(&mut queue), None);
        assert_eq!((queue.len(), queue.open()), (1, 1));
        queue.done(1);
        assert_eq!(serve(&mut queue).map(|item| item.id), Some(2));
    }

    #[test]
    fn the_others_get_a_fifth_while_guests_wait() {
        let mut queue = FairQueue::default();
        for n in 0..1_000 {
            queue.push(item(n, n, Class::Guest), false);
            queue.push(item(2_000 + n, 2_000 + n, Class::Help), false);
            queue.push(item(4_000 + n, 4_000 + n, Class::Background), false);
        }
        let mut counts = [0; 3];
        for _ in 0..500 {
            counts[serve(&mut queue).unwrap().class as usize] += 1;
        }
        assert!((395..=405).contains(&counts[0]), "{counts:?}");
        assert!(counts[1] > counts[2] && counts[2] >= 15, "{counts:?}");
        let mut idle = FairQueue::default();
        idle.push(item(1, 1, Class::Background), false);
        assert!(serve(&mut idle).is_some(), "nobody else waits");
    }

    #[test]
    fn dear_turns_come_less_often() {
        let mut queue = FairQueue::default();
        for n in 0..40 {
            queue.push(Item { cost: 12_000, ..item(n, 1, Class::Guest) }, false);
            queue.push(Item { cost: 4_000, ..item(100 + n, 2, Class::Guest) }, false);
        }
        let mut tokens = [0, 0];
        for _ in 0..40 {
            let item = serve(&mut queue).unwrap();
            tokens[item.flow as usize - 1] += item.cost;
            queue.done(item.flow);
        }
        assert!(tokens[0].abs_diff(tokens[1]) <= 16_000, "{tokens:?}");
    }

    #[test]
    fn what_comes_back_is_next_and_what_is_cancelled_is_not() {
        let mut queue = FairQueue::default();
        for n in 0..3 {
            queue.push(item(n, n, Class::Guest), false);
        }
        queue.push(item(9, 9, Class::Guest), true);
        assert!(queue.cancel(0) && !queue.cancel(0));
        assert_eq!(serve(&mut queue).map(|item| item.id), Some(9));
        assert_eq!(serve(&mut queue).map(|item| item.id), Some(1));
    }
}
