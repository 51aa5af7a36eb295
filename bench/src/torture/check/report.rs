//! What came out of a check.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

/// The rules, each named by what a breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Promise 1: an event that was acknowledged is not there.
    AckedLost,
    /// Promise 1: an event that somebody was shown is not there.
    ShownGone,
    /// Promise 1: a webhook was answered 200, and a message of it is not there.
    TakenLost,
    /// Promise 2: places are not 1, 2, 3 …
    Hole,
    /// Promise 2: an event is at another place than was acknowledged.
    Moved,
    /// Promise 2: two readers saw two orders.
    TwoOrders,
    /// Promise 2: what was sent after an acknowledgement stands before it.
    RealTime,
    /// Promise 2: an author's messages changed places.
    AuthorOrder,
    /// Promise 2: two readers of the final history read two histories.
    FinalsDiffer,
    /// Promise 3: one attempt became two events.
    Doubled,
    /// Promise 3: a repeat was acknowledged with another place.
    AckDiffers,
    /// Promise 3: one id was acknowledged for two things.
    ConflictAccepted,
    /// Promise 3: `conflict` for an id that was only ever used for one thing.
    ConflictInvented,
    /// Promise 3: a guest on WhatsApp has more than one conversation.
    TwoConversations,
    /// Promise 4: a reader was not shown an event that it may see.
    Missed,
    /// Promise 4: `prev` is not the event before.
    WrongPrev,
    /// Promise 5: a resume left something out.
    ResumeHole,
    /// Promise 5: a reader was shown an event again.
    Repeated,
    /// Promise 6: the AI wrote although people answer.
    AiAfterTakeOver,
    /// Promise 6: words of the AI were shown although people answer.
    DraftAfterTakeOver,
    /// Promise 6: what was shown of an answer is not what is kept.
    DraftNotKept,
    /// Promise 7: refused, and yet stored.
    RefusedStored,
    /// A text is under a conversation that it was not written for.
    Foreign,
    /// A guest was shown what is for staff.
    StaffOnlyShown,
    /// A text is not as it was written.
    Altered,
    /// An event of a guest or an agent that nobody asked for.
    Invented,
    /// The guest was never answered, and no human was asked.
    NoOutcome,
    /// More answers than questions.
    AnsweredTwice,
    /// The server did not end within ten seconds of a SIGTERM, or not with 0.
    BadGoodbye,
}

/// One breach.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// What was broken.
    pub rule: Rule,
    /// Where.
    pub conversation: String,
    /// How.
    pub detail: String,
}

/// How much was judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// `kill -9`s.
    pub kills: u64,
    /// SIGTERMs.
    pub terms: u64,
    /// SIGSTOPs, each followed by a SIGCONT.
    pub stops: u64,
    /// Conversations.
    pub conversations: u64,
    /// Attempts to have something stored.
    pub attempts: u64,
    /// Those that repeated an id.
    pub repeats: u64,
    /// Attempts that were acknowledged.
    pub acknowledged: u64,
    /// Attempts that were refused with `conflict`.
    pub conflicts: u64,
    /// Attempts that were refused otherwise.
    pub refused: u64,
    /// Attempts without an answer.
    pub unanswered: u64,
    /// Messages of guests on WhatsApp.
    pub phone_messages: u64,
    /// How often one of them was delivered.
    pub posts: u64,
    /// Of those, answered 200.
    pub taken: u64,
    /// Events in the final histories.
    pub events: u64,
    /// Those by the AI.
    pub ai_messages: u64,
    /// Of those, cut short.
    pub partial: u64,
    /// Times that people took over.
    pub take_overs: u64,
    /// Connections.
    pub connections: u64,
    /// Conversations opened with `after`.
    pub resumes: u64,
    /// Events that readers were shown.
    pub shown: u64,
    /// Pieces of the AI's words that readers were shown.
    pub drafts: u64,
    /// Of those, shown before the events that precede them, to a reader whose last known mode is `human`.
    pub early_drafts: u64,
}

impl Counts {
    /// Adds those of another history.
    pub fn add(&mut self, other: &Self) {
        let pairs: [(&mut u64, u64); 22] = [
            (&mut self.kills, other.kills),
            (&mut self.terms, other.terms),
            (&mut self.stops, other.stops),
            (&mut self.conversations, other.conversations),
            (&mut self.attempts, other.attempts),
            (&mut self.repeats, other.repeats),
            (&mut self.acknowledged, other.acknowledged),
            (&mut self.conflicts, other.conflicts),
            (&mut self.refused, other.refused),
            (&mut self.unanswered, other.unanswered),
            (&mut self.phone_messages, other.phone_messages),
            (&mut self.posts, other.posts),
            (&mut self.taken, other.taken),
            (&mut self.events, other.events),
            (&mut self.ai_messages, other.ai_messages),
            (&mut self.partial, other.partial),
            (&mut self.take_overs, other.take_overs),
            (&mut self.connections, other.connections),
            (&mut self.resumes, other.resumes),
            (&mut self.shown, other.shown),
            (&mut self.drafts, other.drafts),
            (&mut self.early_drafts, other.early_drafts),
        ];
        for (mine, theirs) in pairs {
            *mine += theirs;
        }
    }
}

/// What was judged, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// How much was judged.
    pub counts: Counts,
    /// What is wrong.
    pub violations: Vec<Violation>,
}

/// What a reader of the report asks first, with the rules that answer it.
const HEADLINES: [(&str, &[Rule]); 8] = [
    ("lost", &[Rule::AckedLost, Rule::TakenLost, Rule::ShownGone, Rule::Hole]),
    (
        "doubled",
        &[
            Rule::Doubled,
            Rule::TwoConversations,
            Rule::AckDiffers,
            Rule::ConflictAccepted,
            Rule::ConflictInvented,
        ],
    ),
    ("moved", &[Rule::Moved, Rule::TwoOrders, Rule::RealTime, Rule::AuthorOrder, Rule::FinalsDiffer]),
    ("missed by a reader", &[Rule::Missed, Rule::WrongPrev, Rule::ResumeHole, Rule::Repeated]),
    (
        "words after a take-over, or not kept",
        &[Rule::AiAfterTakeOver, Rule::DraftAfterTakeOver, Rule::DraftNotKept],
    ),
    (
        "foreign, leaked, altered, invented",
        &[Rule::Foreign, Rule::StaffOnlyShown, Rule::Altered, Rule::Invented],
    ),
    ("refused and stored", &[Rule::RefusedStored]),
    (
        "turns without an end or with two, bad goodbyes",
        &[Rule::NoOutcome, Rule::AnsweredTwice, Rule::BadGoodbye],
    ),
];

impl Report {
    /// Notes a breach.
    pub(super) fn found(&mut self, rule: Rule, conversation: &str, detail: impl Into<String>) {
        let (conversation, detail) = (conversation.to_owned(), detail.into());
        self.violations.push(Violation { rule, conversation, detail });
    }

    /// Adds another history's.
    pub fn add(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.violations.extend(other.violations);
    }

    /// How often a rule was broken.
    pub fn count(&self, rule: Rule) -> usize {
        self.violations.iter().filter(|violation| violation.rule == rule).count()
    }

    /// Writes it for people; of each rule the first breaches only.
    ///
    /// # Errors
    /// The output is closed.
    pub fn print(&self, to: &mut impl Write) -> std::io::Result<()> {
        let c = &self.counts;
        writeln!(to, "faults           {} kill -9, {} SIGTERM, {} SIGSTOP", c.kills, c.terms, c.stops)?;
        writeln!(to, "conversations    {}, with {} events", c.conversations, c.events)?;
        writeln!(
            to,
            "attempts         {}: {} acknowledged, {} unanswered, {} refused, {} conflicts; {} were repeats",
            c.attempts, c.acknowledged, c.unanswered, c.refused, c.conflicts, c.repeats
        )?;
        writeln!(
            to,
            "WhatsApp         {} messages, delivered {} times: {} answered 200",
            c.phone_messages, c.posts, c.taken
        )?;
        writeln!(
            to,
            "readers          {} connections, {} resumes, {} events shown",
            c.connections, c.resumes, c.shown
        )?;
        writeln!(
            to,
            "AI               {} messages, {} of them cut; {} drafts shown, {} of them ahead of older events; {} take-overs",
            c.ai_messages, c.partial, c.drafts, c.early_drafts, c.take_overs
        )?;
        for (what, rules) in HEADLINES {
            let found: usize = rules.iter().map(|rule| self.count(*rule)).sum();
            writeln!(to, "{found:<16} {what}")?;
        }
        let mut by_rule: BTreeMap<Rule, Vec<&Violation>> = BTreeMap::new();
        for violation in &self.violations {
            by_rule.entry(violation.rule).or_default().push(violation);
        }
        for (rule, violations) in by_rule {
            writeln!(to, "{rule:?}: {}", violations.len())?;
            for violation in violations.iter().take(5) {
                writeln!(to, "  {} {}", violation.conversation, violation.detail)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_much_and_what() {
        let mut report = Report::default();
        report.counts.kills = 3;
        report.found(Rule::Doubled, "c", "twice");
        let mut other = Report::default();
        other.counts.kills = 4;
        other.found(Rule::Doubled, "d", "again");
        report.add(other);
        let mut text = Vec::new();
        report.print(&mut text).expect("printed");
        let text = String::from_utf8(text).expect("text");
        assert!(text.contains("7 kill -9") && text.contains("2                doubled"), "{text}");
        assert!(text.contains("Doubled: 2\n  c twice\n  d again"), "{text}");
    }
}
