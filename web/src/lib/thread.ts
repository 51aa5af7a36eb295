// What a page holds of one conversation. Pure: every function returns a new Thread (or the same one
// when nothing changed), so a page can keep it in raw state and compare by identity.
import type { Author, Event, ServerFrame, Summary } from './protocol';

export interface Draft {
  turn: string;
  text: string;
  /** The draft is complete and becomes the event with this seq, which is not here yet. */
  becomes?: number;
}

export interface Typist {
  by: Author;
  until: number;
}

export interface Thread {
  readonly conversation: string;
  readonly summary: Summary;
  readonly events: readonly Event[];
  /** The seq of the newest event held. */
  readonly last: number;
  /** There are older events, to be had over HTTP and added with `prepend`. */
  readonly older: boolean;
  readonly drafts: readonly Draft[];
  readonly typing: readonly Typist[];
  /** How far others have read, by kind of reader. */
  readonly reads: { readonly guest: number; readonly agent: number };
  /** Turns that ended, so that a late draft frame cannot bring one back. */
  readonly ended: readonly string[];
}

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

export const TYPING_FOR = 6_000;

/** The answer to an open. With `after` it adds to what is held, without it starts over. */
export function opened(held: Thread | undefined, frame: Frame<'opened'>, after?: number): Thread {
  const { conversation: summary, events, more } = frame;
  const resumed = after !== undefined && held !== undefined;
  const known = resumed ? held.events : [];
  const floor = resumed ? held.last : 0;
  const fresh = events.filter((event) => event.seq > floor);
  return {
    conversation: summary.id,
    summary,
    events: fresh.length ? [...forget(known, fresh), ...fresh] : known,
    last: fresh.at(-1)?.seq ?? floor,
    older: resumed ? held.older : more,
    drafts: [],
    typing: resumed ? held.typing : [],
    reads: resumed ? held.reads : { guest: 0, agent: 0 },
    ended: [],
  };
}

/** A stored event: added, already held, or proof that something before it was missed. */
export function append(thread: Thread, event: Event): Thread | 'known' | 'hole' {
  if (event.seq <= thread.last) return 'known';
  if (event.prev !== thread.last) return 'hole';
  return {
    ...thread,
    events:
      event.kind === 'erased'
        ? [...erased(thread.events, event.through), event]
        : [...thread.events, event],
    last: event.seq,
    summary: summarise(thread.summary, event),
    drafts: draftsAfter(thread.drafts, event),
    ended: closesDrafts(event)
      ? [...thread.ended, ...thread.drafts.map((draft) => draft.turn)].slice(-8)
      : thread.ended,
    typing: thread.typing.filter((typist) => !sameAuthor(typist.by, event.by)),
  };
}

/** What is held, without the words that an erasure took away. */
function forget(known: readonly Event[], fresh: readonly Event[]): readonly Event[] {
  const end = fresh.find((event) => event.kind === 'erased');
  return end?.kind === 'erased' ? erased(known, end.through) : known;
}

function erased(events: readonly Event[], through: number): readonly Event[] {
  return events.map((event): Event => {
    if (event.seq > through) return event;
    const by = event.by.kind === 'guest' ? { ...event.by, name: undefined } : event.by;
    const { conversation, seq, prev, id, at } = event;
    const place = { conversation, seq, prev, id, at, by };
    switch (event.kind) {
      case 'message':
        return { ...place, kind: 'message', text: '', channel: event.channel };
      case 'note':
        return { ...place, kind: 'note', text: '' };
      case 'tags':
        return { ...place, kind: 'tags', tags: [] };
      case 'profile':
        return { ...place, kind: 'profile', guest: { id: event.guest.id } };
      case 'rating':
        return { ...place, kind: 'rating', stars: event.stars };
      case 'request':
        return {
          ...place,
          kind: 'request',
          request: { ...event.request, text: '', room: undefined },
        };
      case 'edited':
        return { ...place, kind: 'edited', of: event.of, text: '' };
      default:
        return { ...event, by };
    }
  });
}

/** Older events, read over HTTP. */
export function prepend(thread: Thread, events: readonly Event[], older: boolean): Thread {
  const first = thread.events[0]?.seq ?? Infinity;
  const before = events.filter((event) => event.seq < first);
  return { ...thread, events: [...before, ...thread.events], older };
}

export function draft(thread: Thread, frame: Frame<'draft'>): Thread {
  if (thread.summary.mode === 'human' || thread.ended.includes(frame.turn)) return thread;
  const at = thread.drafts.findIndex((held) => held.turn === frame.turn);
  const drafts = [...thread.drafts];
  const held = drafts[at];
  if (held) drafts[at] = { ...held, text: held.text + frame.text };
  else drafts.push({ turn: frame.turn, text: frame.text });
  return { ...thread, drafts };
}

export function draftEnd(thread: Thread, frame: Frame<'draft_end'>): Thread {
  const ended = [...thread.ended, frame.turn].slice(-8);
  const { seq } = frame;
  const waits = frame.outcome !== 'dropped' && seq !== undefined && seq > thread.last;
  const drafts = waits
    ? // Kept on the screen until its event is here, so that nothing flickers.
      thread.drafts.map((held) => (held.turn === frame.turn ? { ...held, becomes: seq } : held))
    : thread.drafts.filter((held) => held.turn !== frame.turn);
  return { ...thread, drafts, ended };
}

export function typing(thread: Thread, frame: Frame<'typing'>, now: number): Thread {
  const others = thread.typing.filter((typist) => !sameAuthor(typist.by, frame.by));
  if (!frame.on && others.length === thread.typing.length) return thread;
  const until = now + TYPING_FOR;
  return { ...thread, typing: frame.on ? [...others, { by: frame.by, until }] : others };
}

export function typingOver(thread: Thread, now: number): Thread {
  const still = thread.typing.filter((typist) => typist.until > now);
  return still.length === thread.typing.length ? thread : { ...thread, typing: still };
}

export function read(thread: Thread, frame: Frame<'read'>): Thread {
  const kind = frame.by.kind;
  if (kind !== 'guest' && kind !== 'agent') return thread;
  if (frame.seq <= thread.reads[kind]) return thread;
  return { ...thread, reads: { ...thread.reads, [kind]: frame.seq } };
}

/** An inbox row is newer news than what the events told, unless it was made before them. */
export function refresh(thread: Thread, summary: Summary): Thread {
  return summary.last_seq < thread.summary.last_seq ? thread : { ...thread, summary };
}

export function sameAuthor(one: Author, other: Author): boolean {
  return one.kind === other.kind && one.id === other.id;
}

function closesDrafts(event: Event): boolean {
  return (
    (event.kind === 'message' && event.by.kind === 'ai') ||
    (event.kind === 'mode' && event.mode === 'human')
  );
}

/** At most one turn is live, so an AI message is that turn's end, also before its `draft_end`. */
function draftsAfter(drafts: readonly Draft[], event: Event): readonly Draft[] {
  if (drafts.length === 0) return drafts;
  if (closesDrafts(event)) return [];
  return drafts.filter((held) => held.becomes === undefined || held.becomes > event.seq);
}

function summarise(summary: Summary, event: Event): Summary {
  const next = { ...summary, last_seq: event.seq, updated_at: event.at };
  switch (event.kind) {
    case 'message':
      return { ...next, last_message: { text: event.text, by: event.by, at: event.at } };
    case 'mode':
      return { ...next, mode: event.mode };
    case 'status':
      return { ...next, status: event.status };
    case 'assigned':
      return { ...next, assigned: event.agent };
    case 'tags':
      return { ...next, tags: event.tags };
    case 'profile':
      // All of it: what is not there was taken away.
      return { ...next, guest: { id: summary.guest.id, ...event.guest } };
    case 'urgency':
      return { ...next, urgency: event.urgency, ...alarm(summary, event) };
    case 'erased': {
      const { id } = summary.guest;
      return {
        ...next,
        guest: { id },
        tags: [],
        last_message: null,
        status: 'closed',
        alarm: undefined,
      };
    }
    case 'note':
    case 'delivery':
    case 'rating':
    case 'request':
    case 'reaction':
    case 'edited':
    case 'deleted':
      return next;
    default: {
      const unseen: never = event; // a new kind in the contract fails the build here
      void unseen;
      return next;
    }
  }
}

/** What an urgency event does to the alarm. */
function alarm(
  summary: Summary,
  event: Extract<Event, { kind: 'urgency' }>,
): Pick<Summary, 'alarm'> {
  switch (event.alarm) {
    case 'raised':
      return { alarm: { since: event.at, reason: event.reason, rung: 0 } };
    case 'escalated':
      return summary.alarm ? { alarm: { ...summary.alarm, rung: summary.alarm.rung + 1 } } : {};
    case 'acknowledged':
      return { alarm: undefined };
    default:
      return {};
  }
}
