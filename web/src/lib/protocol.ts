// Made from the server's types by `make types`. Do not edit.
//
// Identifiers are lower-case UUIDs, times RFC 3339 in UTC with milliseconds. Clients ignore frame types
// and fields that they do not know.

/**
 * Milliseconds since 1970-01-01T00:00:00Z. The domain never reads a clock: whoever calls passes it in.
 */
export type Timestamp = string;

/**
 * One hotel.
 */
export type PropertyId = string;

/**
 * A person who writes to a property.
 */
export type GuestId = string;

/**
 * A member of staff with a login.
 */
export type AgentId = string;

/**
 * The one thread between a guest and a property on one channel.
 */
export type ConversationId = string;

/**
 * One attempt of the AI to answer.
 */
export type TurnId = string;

/**
 * One entry of a property's knowledge.
 */
export type EntryId = string;

/**
 * The id that an author gave to a `send` or an `act`: 1 to 64 characters of `A-Za-z0-9_-`.
 * With the author and the conversation it names the command for ever.
 */
export type ClientId = string;

/**
 * What an agent may do. Each role includes those below it.
 */
export type Role = "viewer" | "agent" | "supervisor" | "admin";

/**
 * An agent as others see it.
 */
export type AgentRef = { 
/**
 * The agent.
 */
id: AgentId, 
/**
 * The name that guests and colleagues see.
 */
name: string, };

/**
 * A field of a guest's profile.
 */
export type ProfileField = "name" | "email" | "phone" | "room" | "arrival" | "departure" | "locale";

/**
 * What is known of a guest. Nothing of it is proved but what is `vouched` for.
 */
export type GuestProfile = { 
/**
 * The guest; absent in a `profile` action.
 */
id?: GuestId, 
/**
 * Name.
 */
name?: string, 
/**
 * E-mail address.
 */
email?: string, 
/**
 * Phone number.
 */
phone?: string, 
/**
 * Room number.
 */
room?: string, 
/**
 * Day of arrival.
 */
arrival?: string, 
/**
 * Day of departure.
 */
departure?: string, 
/**
 * Language tag, as in `de` or `pt-BR`.
 */
locale?: string, 
/**
 * The hotel itself vouches for the guest. Never taken from what anybody writes.
 */
verified?: boolean, 
/**
 * The fields that stand as the hotel's own systems gave them; all others are what somebody said or typed.
 * Never taken from what anybody writes.
 */
vouched?: Array<ProfileField>, };

/**
 * The four kinds of author.
 */
export type AuthorKind = "guest" | "agent" | "ai" | "system";

/**
 * Who wrote or did something.
 */
export type Author = { 
/**
 * Which of the four.
 */
kind: AuthorKind, 
/**
 * The guest's or agent's id.
 */
id?: string, 
/**
 * The name to show.
 */
name?: string, };

/**
 * The way a guest reaches the hotel.
 */
export type Channel = "web" | "whatsapp";

/**
 * Who answers the guest.
 */
export type Mode = "ai" | "human";

/**
 * Where a conversation stands.
 */
export type Status = "open" | "waiting" | "snoozed" | "closed";

/**
 * How soon somebody must look.
 */
export type Urgency = "normal" | "urgent";

/**
 * What becomes of an alarm.
 */
export type AlarmStep = "raised" | "escalated" | "acknowledged";

/**
 * An alarm that nobody has acknowledged.
 */
export type Alarm = { 
/**
 * When it was raised.
 */
since: Timestamp, 
/**
 * Why, as a short code.
 */
reason: string, 
/**
 * How often it was passed on since.
 */
rung: number, };

/**
 * The knowledge entry that an answer rests on.
 */
export type Citation = { 
/**
 * The entry.
 */
id: EntryId, 
/**
 * Its title when the answer was written.
 */
title: string, };

/**
 * A file that a message carries.
 */
export type Attachment = { 
/**
 * The upload's id.
 */
id: string, 
/**
 * File name.
 */
name: string, 
/**
 * Media type by content.
 */
media_type: string, 
/**
 * Bytes; 0 while it is still being fetched.
 */
size: number, };

/**
 * What is written into one blank of a template.
 */
export type TemplateParameter = { 
/**
 * The blank's name, where the template names its blanks.
 */
name?: string, 
/**
 * The words.
 */
text: string, };

/**
 * The approved text that a message is, with what was written into its blanks.
 */
export type SentTemplate = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its language, as WhatsApp writes it (`en_US`).
 */
language: string, 
/**
 * For the blanks, in order.
 */
parameters: Array<TemplateParameter>, };

/**
 * What was said to the guest or by the guest.
 */
export type Message = { 
/**
 * The words, exactly as sent.
 */
text: string, 
/**
 * How they came or go.
 */
channel: Channel, 
/**
 * When it was sent, where the channel's clock says so (WhatsApp): it may have come much later.
 */
sent_at?: Timestamp, 
/**
 * Where it comes from, in words for staff: forwarded, an advertisement, a product.
 */
origin?: string, 
/**
 * The message that is answered.
 */
reply_to?: number, 
/**
 * Files.
 */
attachments?: Array<Attachment>, 
/**
 * The entries that an answer of the AI rests on.
 */
citations?: Array<Citation>, 
/**
 * Questions to choose from ("did you mean …?").
 */
suggestions?: Array<string>, 
/**
 * The approved text that it is, outside WhatsApp's window.
 */
template?: SentTemplate, 
/**
 * The AI was interrupted here.
 */
partial?: boolean, 
/**
 * The AI's turn that wrote it.
 */
turn?: TurnId, };

/**
 * How far a message got on its channel. Only ever moves up: what arrived has not failed, whatever is heard
 * later, and what failed may still arrive.
 */
export type DeliveryState = "sent" | "failed" | "delivered" | "read";

/**
 * Where a request stands.
 */
export type RequestState = "open" | "accepted" | "done" | "cancelled";

/**
 * Work for a department that came out of a chat.
 */
export type GuestRequest = { 
/**
 * The request.
 */
id: string, 
/**
 * Who does it.
 */
department: string, 
/**
 * What is to be done.
 */
text: string, 
/**
 * Where.
 */
room?: string, 
/**
 * Where it stands.
 */
state: RequestState, 
/**
 * When it must be done.
 */
due_at?: Timestamp, };

/**
 * The kinds of event, with what each holds.
 */
export type EventKind = { "kind": "message" } & Message | { "kind": "note", 
/**
 * The words.
 */
text: string, } | { "kind": "mode", 
/**
 * Who answers now.
 */
mode: Mode, 
/**
 * Why, as a short code.
 */
reason?: string, } | { "kind": "status", 
/**
 * The status now.
 */
status: Status, 
/**
 * When a snoozed conversation comes back.
 */
until?: Timestamp, 
/**
 * Why, as a short code.
 */
reason?: string, } | { "kind": "assigned", 
/**
 * Whose.
 */
agent: AgentRef | null, } | { "kind": "tags", 
/**
 * All of them, sorted.
 */
tags: Array<string>, } | { "kind": "profile", 
/**
 * All of it.
 */
guest: GuestProfile, } | { "kind": "delivery", 
/**
 * The message.
 */
of: number, 
/**
 * How far it got.
 */
state: DeliveryState, 
/**
 * Why it failed.
 */
error?: string, } | { "kind": "rating", 
/**
 * 1 to 5.
 */
stars: number, 
/**
 * In words.
 */
comment?: string, } | { "kind": "request", 
/**
 * The request as it stands.
 */
request: GuestRequest, } | { "kind": "reaction", 
/**
 * The message, where it is one of this conversation.
 */
of?: number, 
/**
 * The emoji; none: taken away.
 */
emoji?: string, } | { "kind": "edited", 
/**
 * The message.
 */
of: number, 
/**
 * The words now.
 */
text: string, } | { "kind": "deleted", 
/**
 * The message.
 */
of: number, } | { "kind": "erased", 
/**
 * The last of them.
 */
through: number, } | { "kind": "urgency", 
/**
 * The urgency now.
 */
urgency: Urgency, 
/**
 * Why.
 */
reason: string, 
/**
 * What this does to the alarm.
 */
alarm?: AlarmStep, };

/**
 * An event on the wire.
 */
export type Event = { 
/**
 * Its conversation.
 */
conversation: ConversationId, 
/**
 * Its place.
 */
seq: number, 
/**
 * The `seq` of the event before it that this reader may see; 0 if there is none.
 */
prev: number, 
/**
 * The author's own id for the command that made it.
 */
id?: ClientId, 
/**
 * When.
 */
at: Timestamp, 
/**
 * Who.
 */
by: Author, } & ({ "kind": "message" } & Message | { "kind": "note", 
/**
 * The words.
 */
text: string, } | { "kind": "mode", 
/**
 * Who answers now.
 */
mode: Mode, 
/**
 * Why, as a short code.
 */
reason?: string, } | { "kind": "status", 
/**
 * The status now.
 */
status: Status, 
/**
 * When a snoozed conversation comes back.
 */
until?: Timestamp, 
/**
 * Why, as a short code.
 */
reason?: string, } | { "kind": "assigned", 
/**
 * Whose.
 */
agent: AgentRef | null, } | { "kind": "tags", 
/**
 * All of them, sorted.
 */
tags: Array<string>, } | { "kind": "profile", 
/**
 * All of it.
 */
guest: GuestProfile, } | { "kind": "delivery", 
/**
 * The message.
 */
of: number, 
/**
 * How far it got.
 */
state: DeliveryState, 
/**
 * Why it failed.
 */
error?: string, } | { "kind": "rating", 
/**
 * 1 to 5.
 */
stars: number, 
/**
 * In words.
 */
comment?: string, } | { "kind": "request", 
/**
 * The request as it stands.
 */
request: GuestRequest, } | { "kind": "reaction", 
/**
 * The message, where it is one of this conversation.
 */
of?: number, 
/**
 * The emoji; none: taken away.
 */
emoji?: string, } | { "kind": "edited", 
/**
 * The message.
 */
of: number, 
/**
 * The words now.
 */
text: string, } | { "kind": "deleted", 
/**
 * The message.
 */
of: number, } | { "kind": "erased", 
/**
 * The last of them.
 */
through: number, } | { "kind": "urgency", 
/**
 * The urgency now.
 */
urgency: Urgency, 
/**
 * Why.
 */
reason: string, 
/**
 * What this does to the alarm.
 */
alarm?: AlarmStep, });

/**
 * The newest message, shortened to [`PREVIEW_MAX_CHARS`].
 */
export type LastMessage = { 
/**
 * Its first words.
 */
text: string, 
/**
 * Who.
 */
by: Author, 
/**
 * When.
 */
at: Timestamp, };

/**
 * The state of a conversation as an inbox shows it; the same for every agent of the property.
 */
export type Summary = { 
/**
 * The conversation.
 */
id: ConversationId, 
/**
 * Its hotel.
 */
property: PropertyId, 
/**
 * How the guest writes.
 */
channel: Channel, 
/**
 * What is known of the guest.
 */
guest: GuestProfile, 
/**
 * Who answers.
 */
mode: Mode, 
/**
 * Where it stands.
 */
status: Status, 
/**
 * Whose it is.
 */
assigned: AgentRef | null, 
/**
 * Tags, sorted.
 */
tags: Array<string>, 
/**
 * How soon somebody must look.
 */
urgency: Urgency, 
/**
 * The alarm, while nobody has acknowledged it.
 */
alarm?: Alarm, 
/**
 * The newest event.
 */
last_seq: number, 
/**
 * The newest message.
 */
last_message: LastMessage | null, 
/**
 * Since when the guest waits for a human.
 */
waiting_since: Timestamp | null, 
/**
 * The guest's messages since any agent last read or answered.
 */
unread: number, 
/**
 * Until when free text reaches the guest; after that templates only. Absent on channels without such a
 * window, and before the guest has written.
 */
window_until?: Timestamp, 
/**
 * When it began.
 */
created_at: Timestamp, 
/**
 * When it last changed.
 */
updated_at: Timestamp, };

/**
 * The error codes of the contract.
 */
export type Code = "bad_frame" | "bad_text" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "too_large" | "rate_limited" | "overloaded" | "unavailable" | "internal";

/**
 * What an agent may do to a conversation; `rate` is the guest's alone.
 */
export type Action = { "action": "take_over" } | { "action": "hand_back" } | { "action": "assign", 
/**
 * Whose; `null` for nobody's.
 */
agent: AgentId | null, } | { "action": "acknowledge" } | { "action": "close" } | { "action": "reopen" } | { "action": "snooze", 
/**
 * When it comes back.
 */
until: Timestamp, } | { "action": "tag", 
/**
 * To add.
 */
add: Array<string>, 
/**
 * To remove.
 */
remove: Array<string>, } | { "action": "profile", 
/**
 * The fields to set; an empty text clears one.
 */
guest: GuestProfile, } | { "action": "template", 
/**
 * Its name.
 */
name: string, 
/**
 * Its language, as WhatsApp writes it (`en_US`).
 */
language: string, 
/**
 * For its blanks, in order.
 */
parameters: Array<TemplateParameter>, 
/**
 * What the guest reads: the template with its blanks filled in.
 */
text: string, } | { "action": "request", 
/**
 * Which.
 */
request: string, 
/**
 * Where it stands now.
 */
state: RequestState, } | { "action": "rate", 
/**
 * 1 to 5.
 */
stars: number, 
/**
 * In words.
 */
comment?: string, };

/**
 * A frame from a client. Unknown fields are ignored, unknown types refused.
 */
export type ClientFrame = { "type": "hello", 
/**
 * The session, where there is no cookie.
 */
token?: string, 
/**
 * For a guest: what it holds of its conversation.
 */
after?: number, } | { "type": "open", 
/**
 * Which.
 */
conversation: ConversationId, 
/**
 * What the client holds of it; without, the newest events.
 */
after?: number, } | { "type": "leave", 
/**
 * From which.
 */
conversation: ConversationId, } | { "type": "send", 
/**
 * The client's own id.
 */
id: ClientId, 
/**
 * Where; a guest may leave it out.
 */
conversation?: ConversationId, 
/**
 * The words.
 */
text: string, 
/**
 * For staff only.
 */
note?: boolean, 
/**
 * The message that is answered.
 */
reply_to?: number, 
/**
 * Uploads that go with it.
 */
attachments?: Array<string>, 
/**
 * Up to three quick replies to choose from (agents only).
 */
suggestions?: Array<string>, } | { "type": "act", 
/**
 * The client's own id.
 */
id: ClientId, 
/**
 * Where; a guest may leave it out.
 */
conversation?: ConversationId, } & ({ "action": "take_over" } | { "action": "hand_back" } | { "action": "assign", 
/**
 * Whose; `null` for nobody's.
 */
agent: AgentId | null, } | { "action": "acknowledge" } | { "action": "close" } | { "action": "reopen" } | { "action": "snooze", 
/**
 * When it comes back.
 */
until: Timestamp, } | { "action": "tag", 
/**
 * To add.
 */
add: Array<string>, 
/**
 * To remove.
 */
remove: Array<string>, } | { "action": "profile", 
/**
 * The fields to set; an empty text clears one.
 */
guest: GuestProfile, } | { "action": "template", 
/**
 * Its name.
 */
name: string, 
/**
 * Its language, as WhatsApp writes it (`en_US`).
 */
language: string, 
/**
 * For its blanks, in order.
 */
parameters: Array<TemplateParameter>, 
/**
 * What the guest reads: the template with its blanks filled in.
 */
text: string, } | { "action": "request", 
/**
 * Which.
 */
request: string, 
/**
 * Where it stands now.
 */
state: RequestState, } | { "action": "rate", 
/**
 * 1 to 5.
 */
stars: number, 
/**
 * In words.
 */
comment?: string, }) | { "type": "typing", 
/**
 * Where; a guest may leave it out.
 */
conversation?: ConversationId, 
/**
 * Whether.
 */
on: boolean, } | { "type": "read", 
/**
 * Where; a guest may leave it out.
 */
conversation?: ConversationId, 
/**
 * The last event read.
 */
seq: number, } | { "type": "ping" };

/**
 * What became of a draft.
 */
export type DraftOutcome = "sent" | "cut" | "dropped";

/**
 * Who the server takes a client for.
 */
export type Principal = { 
/**
 * An agent's role.
 */
role?: Role, 
/**
 * Which of the four.
 */
kind: AuthorKind, 
/**
 * The guest's or agent's id.
 */
id?: string, 
/**
 * The name to show.
 */
name?: string, };

/**
 * What a client must keep to.
 */
export type Limits = { 
/**
 * The longest text, in characters.
 */
text: number, };

/**
 * Whether an agent is here.
 */
export type AgentPresence = { 
/**
 * The agent.
 */
id: AgentId, 
/**
 * The agent's name.
 */
name: string, 
/**
 * Whether any socket of the agent is open.
 */
online: boolean, };

/**
 * A frame from the server.
 */
export type ServerFrame = { "type": "welcome", 
/**
 * Who the server takes the client for.
 */
self: Principal, 
/**
 * A guest's one conversation.
 */
conversation?: ConversationId, 
/**
 * The server's clock.
 */
time: Timestamp, 
/**
 * Names the log: it changes when a backup was restored.
 */
epoch: string, 
/**
 * Which server process answers.
 */
node: string, 
/**
 * What the client must keep to.
 */
limits: Limits, } | { "type": "opened", 
/**
 * The conversation now.
 */
conversation: Summary, 
/**
 * Its newest events, or the first of those asked for.
 */
events: Array<Event>, 
/**
 * Without `after`: there are older ones. With it: more follow as `event` frames.
 */
more: boolean, } | { "type": "event" } & Event | { "type": "ack", 
/**
 * My id for it.
 */
id: ClientId, 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * As which event.
 */
seq: number, } | { "type": "error", 
/**
 * My id for what is refused, where it had one.
 */
id?: ClientId, 
/**
 * The conversation that could not be opened.
 */
conversation?: ConversationId, 
/**
 * Why.
 */
code: Code, 
/**
 * Why, in words.
 */
message: string, 
/**
 * The least time before another try, in milliseconds.
 */
retry_ms?: number, } | { "type": "draft", 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * Which attempt.
 */
turn: TurnId, 
/**
 * The words.
 */
text: string, } | { "type": "draft_end", 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * Which attempt.
 */
turn: TurnId, 
/**
 * What.
 */
outcome: DraftOutcome, 
/**
 * The event that it became.
 */
seq?: number, } | { "type": "typing", 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * Who.
 */
by: Author, 
/**
 * Whether.
 */
on: boolean, } | { "type": "read", 
/**
 * Where.
 */
conversation: ConversationId, 
/**
 * Who.
 */
by: Author, 
/**
 * The last event read.
 */
seq: number, } | { "type": "alarm", 
/**
 * What, in words; `null`: it is done.
 */
message?: string, } | { "type": "inbox", 
/**
 * As they are now.
 */
upserts: Array<Summary>, } | { "type": "presence", 
/**
 * All of the property's that are or were just here.
 */
agents: Array<AgentPresence>, } | { "type": "pong" };
