//! The promises of the contract, kept over any history that guests, agents, the AI and crashes can make.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use frontdesk_domain::conversation::{
    Act, Command, CommandKey, Conversation, EndedTurn, Notice, Receipt, Say, Turn, TurnEnd, TurnNews,
    TurnOutcome, TurnStep,
};
use frontdesk_domain::event::{Channel, Event, EventKind, Mode, RequestState, Status};
use frontdesk_domain::frame::Action;
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{AgentRef, Audience, Author, AuthorKind, GuestProfile};
use frontdesk_domain::refusal::Code;
use frontdesk_domain::timestamp::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Step {
    Guest { id: u8, text: u8 },
    Agent { who: u8, id: u8, text: u8, note: bool },
    Act { who: u8, id: u8, action: Action },
    Delta { stale: bool, text: String },
    End { stale: bool, how: u8 },
    Quiet,
    Typing { on: bool },
    Wake,
    Crash,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::TakeOver),
        3 => Just(Action::HandBack),
        1 => Just(Action::Close),
        1 => Just(Action::Acknowledge),
        1 => (1_001_u128..1_080).prop_map(|turn| Action::Request { request: Uuid::from_u128(turn), state: RequestState::Done }),
        1 => Just(Action::Reopen),
        1 => (1_i64..200_000).prop_map(|at| Action::Snooze { until: Timestamp(at) }),
        1 => Just(Action::Assign { agent: None }),
        1 => any::<u8>().prop_map(|n| Action::Tag { add: vec![n.to_string()], remove: vec![] }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<u8>(), 0_u8..9).prop_map(|(id, text)| Step::Guest { id, text }),
        2 => (0_u8..2, any::<u8>(), 0_u8..4, any::<bool>())
            .prop_map(|(who, id, text, note)| Step::Agent { who, id, text, note }),
        2 => (0_u8..2, any::<u8>(), action()).prop_map(|(who, id, action)| Step::Act { who, id, action }),
        6 => (prop::bool::weighted(0.2), "[a-z ]{0,6}").prop_map(|(stale, text)| Step::Delta { stale, text }),
        3 => (prop::bool::weighted(0.2), 0_u8..7).prop_map(|(stale, how)| Step::End { stale, how }),
        3 => Just(Step::Quiet),
        1 => any::<bool>().prop_map(|on| Step::Typing { on }),
        1 => Just(Step::Wake),
        1 => Just(Step::Crash),
    ]
}

fn guest() -> Author {
    Author::guest(GuestId(Uuid::from_u128(1)), None)
}

fn agent(who: u8) -> Author {
    Author::agent(&AgentRef {
        id: AgentId(Uuid::from_u128(100 + u128::from(who))),
        name: format!("agent {who}"),
    })
}

fn client_id(n: u8) -> ClientId {
    ClientId::try_from(format!("id-{}", n % 24)).unwrap()
}

#[derive(Clone)]
struct World {
    rules: Conversation,
    log: Vec<Event>,
    acks: HashMap<(Author2, ClientId), (u64, String)>,
    shown: HashMap<TurnId, String>,
    /// The guest's messages that the AI was to answer.
    asked: Vec<u64>,
    ended: Vec<EndedTurn>,
    now: i64,
    turns: u128,
}

type Author2 = (AuthorKind, Option<Uuid>);

impl World {
    fn new() -> Self {
        let profile = GuestProfile { id: Some(GuestId(Uuid::from_u128(1))), ..GuestProfile::default() };
        let id = ConversationId(Uuid::from_u128(2));
        let property = PropertyId(Uuid::from_u128(3));
        Self {
            rules: Conversation::new(id, property, Channel::Web, profile, Timestamp(0)),
            log: Vec::new(),
            acks: HashMap::new(),
            shown: HashMap::new(),
            asked: Vec::new(),
            ended: Vec::new(),
            now: 0,
            turns: 1_000,
        }
    }

    fn command(&self, step: &Step) -> (Option<(Author, ClientId, String)>, Option<Command>) {
        let live = self.rules.turn().map(|turn| turn.id);
        let stale = TurnId(Uuid::from_u128(7));
        let pick = |use_stale: bool| if use_stale { Some(stale) } else { live };
        let say = |by: Author, id: u8, text: u8, note: bool| {
            let text = match text {
                4 => "No, I meant the sauna".to_owned(),
                5 => "Let me speak to a human please".to_owned(),
                6 => "Help, there is a fire in the hall!".to_owned(),
                7 => "Is it open?".to_owned(),
                other => format!("text {other}"),
            };
            let body = format!("{note} {text}");
            let id = client_id(id);
            let say = Say {
                by: by.clone(),
                id: id.clone(),
                text,
                note,
                reply_to: None,
                suggestions: vec![],
                attachments: vec![],
                files: vec![],
            };
            (Some((by, id, body)), Some(Command::Say(say)))
        };
        match step.clone() {
            Step::Guest { id, text } => say(guest(), id, text, false),
            Step::Agent { who, id, text, note } => say(agent(who), id, text, note),
            Step::Act { who, id, action } => {
                let (by, id) = (agent(who), client_id(id));
                let body = format!("{action:?}");
                let act = Act { by: by.clone(), id: id.clone(), action, assignee: None };
                (Some((by, id, body)), Some(Command::Act(act)))
            }
            Step::Delta { stale, text } => {
                (None, pick(stale).map(|turn| Command::Turn(turn, TurnNews::Delta(text))))
            }
            Step::End { stale, how } => {
                let end = match how {
                    0 => TurnEnd::Said { citations: vec![], suggestions: vec![] },
                    1 => TurnEnd::HandedOver { reason: "unsure".into(), urgent: false },
                    2 => TurnEnd::HandedOver { reason: "emergency".into(), urgent: true },
                    3 => TurnEnd::SmallTalk,
                    4 => TurnEnd::Requested { department: "desk".into(), text: "a taxi".into() },
                    _ => TurnEnd::Failed { reason: "broken".into() },
                };
                (None, pick(stale).map(|turn| Command::Turn(turn, TurnNews::Ended(end))))
            }
            Step::Quiet => {
                let due = self.rules.turn().and_then(|turn| Some((turn.id, turn.quiet_at?)));
                (None, due.map(|(turn, due)| Command::Quiet(turn, due)))
            }
            Step::Typing { .. } => (None, None),
            Step::Wake => (None, Some(Command::Wake)),
            Step::Crash => (None, Some(Command::Recover)),
        }
    }

    /// What the store knows of ids.
    fn receipts(&self) -> impl Iterator<Item = (CommandKey, Receipt)> + '_ {
        self.log.iter().filter_map(|event| {
            let receipt = Receipt { seq: event.seq, fingerprint: event.fingerprint? };
            Some(((event.by.key(), event.id.clone()?), receipt))
        })
    }

    /// What a restart keeps: the stored snapshot, the receipts, the open turn without its words.
    fn crash(&mut self) {
        let turn = self.rules.turn().cloned().map(|turn| Turn { shown: String::new(), ..turn });
        if let Some(turn) = &turn {
            self.shown.remove(&turn.id);
        }
        let receipts = self.receipts().collect();
        self.rules = Conversation::restore(self.rules.snapshot().clone(), turn, receipts);
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        if matches!(step, Step::Crash) {
            self.crash();
        }
        if let Step::Typing { on } = step {
            self.rules.note_typing(*on, Timestamp(self.now));
        }
        let (own, Some(command)) = self.command(step) else { return Ok(()) };
        self.now += 500;
        self.turns += 1;
        let fresh = TurnId(Uuid::from_u128(self.turns));
        if let Some(key) = self.rules.doubt(&command) {
            let receipt = self.receipts().find(|(known, _)| *known == key).map(|(_, receipt)| receipt);
            self.rules.recall(&key, receipt);
        }
        let mode_before = self.rules.summary().mode;
        let decision = match self.rules.decide(command, Timestamp(self.now), fresh) {
            Ok(decision) => decision,
            Err(refusal) => {
                if let Some((by, id, body)) = own {
                    let first = self.acks.get(&((by.kind, by.id), id));
                    let reused = first.is_some_and(|(_, first)| *first != body);
                    prop_assert_eq!(reused, refusal.code == Code::Conflict);
                }
                return Ok(());
            }
        };
        // Promise 3: a repeat is answered with the first ack and makes nothing new.
        if let Some((by, id, body)) = own {
            let ack = decision.ack.clone().expect("every accepted command is acknowledged");
            match self.acks.get(&((by.kind, by.id), id.clone())) {
                Some((seq, first)) => {
                    prop_assert_eq!(first, &body);
                    prop_assert_eq!(ack.seq, *seq);
                    prop_assert!(decision.events.is_empty() && decision.effects.is_empty());
                }
                None => {
                    prop_assert!(
                        decision.events.iter().any(|e| e.seq == ack.seq && e.id.as_ref() == Some(&id))
                    );
                    self.acks.insert(((by.kind, by.id), id), (ack.seq, body));
                }
            }
        }
        // Promise 6: a draft is shown only while the AI answers, before and after.
        for notice in &decision.notices {
            if let Notice::Draft { turn, text } = notice {
                prop_assert_eq!(mode_before, Mode::Ai);
                self.shown.entry(*turn).or_default().push_str(text);
            }
        }
        if let TurnStep::Show(..) = decision.turn {
            prop_assert!(decision.events.is_empty());
        }
        let next = self.rules.after(&decision);
        self.rules.apply(&decision, next);
        if self.rules.summary().mode == Mode::Ai {
            let said = decision.events.iter().filter(|event| event.by.kind == AuthorKind::Guest);
            self.asked.extend(said.filter(|e| matches!(e.kind, EventKind::Message(_))).map(|e| e.seq));
        }
        self.log.extend(decision.events);
        self.ended.extend(decision.ended);
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (mut mode, mut guest_head, mut at) = (Mode::Ai, 0, Timestamp(0));
        let mut snapshot = World::new().rules.snapshot().as_ref().clone();
        for (n, event) in self.log.iter().enumerate() {
            // Promise 2: 1, 2, 3 … without a hole; promise 4: `prev` is what this reader saw before.
            prop_assert_eq!(event.seq, n as u64 + 1);
            prop_assert_eq!(event.prev(Audience::Agents), event.seq - 1);
            prop_assert_eq!(event.prev(Audience::Guest), guest_head);
            if event.kind.seen_by(Audience::Guest) {
                guest_head = event.seq;
            }
            prop_assert!(event.at >= at, "times do not run backwards");
            at = event.at;
            // Promise 6: no event of the AI in human mode, and `partial` just before the silence.
            if event.by.kind == AuthorKind::Ai {
                prop_assert_eq!(mode, Mode::Ai);
            }
            match &event.kind {
                EventKind::Mode { mode: now, .. } => mode = *now,
                EventKind::Message(message) if event.by.kind == AuthorKind::Ai => {
                    let turn = message.turn.expect("the AI speaks in turns");
                    prop_assert_eq!(Some(&message.text), self.shown.get(&turn), "shown is stored");
                    if message.partial {
                        let after = self.log.get(n + 1).map(|next| &next.kind);
                        let silenced =
                            matches!(
                                after,
                                Some(
                                    EventKind::Mode { mode: Mode::Human, .. }
                                        | EventKind::Status { status: Status::Closed, .. }
                                )
                            ) || self.log.get(n + 1).is_some_and(|next| next.by.kind == AuthorKind::Guest);
                        prop_assert!(silenced, "an interruption is followed by what interrupted");
                    }
                }
                _ => {}
            }
            snapshot.apply(event, false);
        }
        // Replaying the log gives the state.
        let now = self.rules.snapshot();
        snapshot.unanswered = now.unanswered;
        snapshot.settled = now.settled;
        prop_assert_eq!(&snapshot, now.as_ref());
        let summary = self.rules.summary();
        prop_assert_eq!(summary.status == Status::Waiting, summary.waiting_since.is_some());
        if summary.mode == Mode::Human {
            prop_assert!(self.rules.turn().is_none(), "no turn is open while people answer");
        }
        self.check_outcomes()
    }

    /// Every message that the AI was to answer has one outcome, or its turn is open; and in an episode the
    /// AI asks for people at most once.
    fn check_outcomes(&self) -> Result<(), TestCaseError> {
        let final_ones = || self.ended.iter().filter(|row| !row.carried);
        for seq in &self.asked {
            let outcomes = final_ones().filter(|row| row.after < *seq && *seq <= row.through).count();
            let open = self.rules.turn().is_some() && *seq > self.rules.snapshot().settled;
            prop_assert_eq!(outcomes + usize::from(open), 1, "message {}: {:?}", seq, self.ended);
        }
        let mut asked_people: Vec<u32> = final_ones()
            .filter(|row| matches!(row.outcome, TurnOutcome::HandedOver | TurnOutcome::FailedToHuman))
            .map(|row| row.episode)
            .collect();
        let all = asked_people.len();
        asked_people.dedup();
        prop_assert_eq!(asked_people.len(), all, "two hand-overs in one episode");
        prop_assert!(self.ended.iter().all(|row| !row.carried || row.outcome == TurnOutcome::Superseded));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn promises_are_kept(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step)?;
            world.check()?;
        }
    }

    /// The same where several commands share a commit: decided on a copy, which is taken over if the commit is
    /// stored and thrown away if not.
    #[test]
    fn promises_are_kept_in_batches(
        batches in prop::collection::vec((prop::collection::vec(step(), 1..12), any::<bool>()), 1..14),
    ) {
        let mut world = World::new();
        for (steps, stored) in &batches {
            let mut ahead = world.clone();
            for step in steps {
                ahead.take(step)?;
            }
            ahead.check()?;
            if *stored {
                world = ahead;
            }
            world.rules.settle();
            world.check()?;
        }
    }

    #[test]
    fn no_frame_makes_a_panic(text in ".{0,200}") {
        let _ = frontdesk_domain::frame::parse(&text);
    }
}
