//! Where a guest's data lies: every table of the database, and what becomes of it when a guest asks.
//!
//! One list for either database, so that nothing is forgotten: a test of each fails when there is a table that it does
//! not name. Beside the database there are the files of attachments (in the data folder, by the ids of `attachments`), the backups, and
//! what the hotel's other systems were sent; PRIVACY.md says what becomes of those.

/// One table.
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    /// What of a guest is in it, for people.
    #[cfg_attr(not(test), allow(dead_code, reason = "read by people and by a test"))]
    pub(in crate::store) holds: &'static str,
    /// Finds the guest's rows; `?1` is the guest's id, which PostgreSQL calls `$1`.
    pub(in crate::store) export: Option<&'static str>,
    /// Takes the guest out, within one transaction, in the order of this list.
    pub(in crate::store) erase: &'static [&'static str],
}

impl Table {
    /// True if what it holds is a guest's.
    pub(in crate::store) fn is_of_guests(&self) -> bool {
        self.export.is_some() || !self.erase.is_empty() || self.name == "events"
    }
}

const fn nothing(name: &'static str, holds: &'static str) -> Table {
    Table { name, holds, export: None, erase: &[] }
}

/// The guest's conversations.
macro_rules! theirs {
    ($before:literal, $after:literal) => {
        concat!($before, "(SELECT id FROM conversations WHERE guest = ?1)", $after)
    };
}

/// The table that SQLite alone has.
pub(in crate::store) const PLACES: &str = "places";

/// The table that PostgreSQL alone has.
pub(in crate::store) const TAKEN: &str = "taken";

/// Every table. What names others' rows comes before them.
pub(in crate::store) const TABLES: &[Table] = &[
    Table {
        name: "early_reports",
        holds: "ids of WhatsApp messages, which hold a phone number; a day at most",
        export: None,
        erase: &[theirs!(
            "DELETE FROM early_reports WHERE wamid IN (SELECT wamid FROM deliveries WHERE conversation IN ",
            ")"
        )],
    },
    Table {
        name: "deliveries",
        holds: "the words of messages that went out over WhatsApp",
        export: Some(theirs!(
            "SELECT conversation, seq, part, payload, step, tries, wamid, state, error, created_at
               FROM deliveries WHERE conversation IN ",
            " ORDER BY conversation, seq, part"
        )),
        erase: &[theirs!("DELETE FROM deliveries WHERE conversation IN ", "")],
    },
    Table {
        name: "whatsapp_messages",
        holds: "ids of WhatsApp messages, which hold a phone number",
        export: Some(theirs!(
            "SELECT conversation, seq, wamid FROM whatsapp_messages WHERE conversation IN ",
            " ORDER BY conversation, seq"
        )),
        erase: &[theirs!("DELETE FROM whatsapp_messages WHERE conversation IN ", "")],
    },
    Table {
        name: "attachments",
        holds: "files that were sent either way: names, kinds; the bytes are in the data folder",
        export: Some(theirs!(
            "SELECT id, owner_kind, name, media_type, size, state, conversation, seq, created_at FROM attachments
              WHERE (owner_kind = 'guest' AND owner = ?1) OR conversation IN ",
            " ORDER BY created_at, id"
        )),
        erase: &[theirs!(
            "DELETE FROM attachments WHERE (owner_kind = 'guest' AND owner = ?1) OR conversation IN ",
            ""
        )],
    },
    Table {
        name: "translations",
        holds: "messages in other languages",
        export: Some(theirs!("SELECT * FROM translations WHERE conversation IN ", " ORDER BY conversation, seq")),
        erase: &[theirs!("DELETE FROM translations WHERE conversation IN ", "")],
    },
    Table {
        name: "turn_records",
        holds: "how each answer of the AI came about: prompt and words",
        export: Some(theirs!("SELECT * FROM turn_records WHERE conversation IN ", " ORDER BY id")),
        erase: &[theirs!("DELETE FROM turn_records WHERE conversation IN ", "")],
    },
    Table {
        name: "turns",
        holds: "that the AI is at work",
        export: None,
        erase: &[theirs!("DELETE FROM turns WHERE conversation IN ", "")],
    },
    Table {
        name: "guest_sessions",
        holds: "digests of tokens; ended when an erasure begins",
        export: Some("SELECT conversation, created_at FROM guest_sessions WHERE guest = ?1 ORDER BY created_at"),
        erase: &["DELETE FROM guest_sessions WHERE guest = ?1"],
    },
    Table {
        name: "passed_numbers",
        holds: "a phone number that passed from guest to guest, until staff are told: seconds",
        export: None,
        erase: &[
            theirs!("DELETE FROM passed_numbers WHERE former IN ", ""),
            theirs!("DELETE FROM passed_numbers WHERE present IN ", ""),
        ],
    },
    Table {
        name: "guest_aliases",
        holds: "phone number, WhatsApp ids",
        export: Some("SELECT kind, value, user_id, created_at, seen_at FROM guest_aliases WHERE guest = ?1 ORDER BY kind, value"),
        erase: &["DELETE FROM guest_aliases WHERE guest = ?1"],
    },
    Table {
        name: "guest_identities",
        holds: "the hotel's own name of the guest",
        export: Some("SELECT subject, created_at FROM guest_identities WHERE guest = ?1"),
        erase: &["DELETE FROM guest_identities WHERE guest = ?1"],
    },
    Table {
        name: "link_codes",
        holds: "that a code was sent to the guest of a number: a digest, ten minutes",
        export: None,
        erase: &["DELETE FROM link_codes WHERE guest = ?1", "DELETE FROM link_codes WHERE whatsapp = ?1"],
    },
    Table {
        name: "guest_links",
        holds: "that a guest of the chat page is one of WhatsApp as well: ids",
        export: Some("SELECT guest, whatsapp, linked_at FROM guest_links WHERE guest = ?1 OR whatsapp = ?1 ORDER BY linked_at"),
        erase: &["DELETE FROM guest_links WHERE guest = ?1", "DELETE FROM guest_links WHERE whatsapp = ?1"],
    },
    Table {
        name: "reservations",
        holds: "name, contact, room and days of a stay",
        export: Some("SELECT * FROM reservations WHERE guest = ?1 ORDER BY reference"),
        erase: &["DELETE FROM reservations WHERE guest = ?1"],
    },
    Table {
        name: "guests",
        holds: "what the guest said of itself; emptied by a statement of each database's own",
        export: Some("SELECT id, profile, created_at, consented_at FROM guests WHERE id = ?1"),
        erase: &[],
    },
    Table {
        name: "conversations",
        holds: "the guest's card, the last words, what a search looks at; emptied by the conversation's actor",
        export: Some("SELECT id, channel, snapshot FROM conversations WHERE guest = ?1 ORDER BY id"),
        erase: &[],
    },
    nothing("events", "every word of the conversations: exported as such, emptied by the conversation's actor"),
    nothing(PLACES, "where the events of a conversation are: numbers"),
    nothing(TAKEN, "conversations that one server took from another: ids"),
    nothing("ended_turns", "when and how the AI answered: ids, codes, times"),
    nothing("model_calls", "what calls of the model cost: ids, numbers"),
    nothing("webhook_deliveries", "which events went to which system: ids; bodies are made when they are sent"),
    nothing("erasures", "that this guest was erased, by whom and when: ids"),
    nothing("audit", "who among the staff did what: ids of conversations and guests, no words of theirs"),
    nothing("webhooks", "the hotel's systems"),
    nothing("privacy_settings", "the hotel's own texts and periods"),
    nothing("reservation_sources", "the hotel's systems"),
    nothing("identity_keys", "the hotel's systems"),
    nothing("used_identity_tokens", "digests of tokens that were used, for an hour"),
    nothing("meta", "the server's own facts"),
    nothing("properties", "the hotels"),
    nothing("agents", "staff"),
    nothing("sessions", "logins of staff"),
    nothing("second_factors", "staff"),
    nothing("recovery_codes", "staff"),
    nothing("devices", "staff"),
    nothing("identities", "staff"),
    nothing("preferences", "staff"),
    nothing("invitations", "staff"),
    nothing("api_tokens", "the hotel's systems"),
    nothing("knowledge", "the hotel's own words"),
    nothing("knowledge_versions", "the hotel's own words"),
    nothing("_sqlx_migrations", "the schema's steps"),
];
