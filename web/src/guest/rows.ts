// The log as rows: what the guest sees of events, drafts and unsent messages. Pure.
import type { Draft, Item, Thread } from '../lib/client';
import type { Attachment, Author, Citation, Event, GuestRequest } from '../lib/protocol';
import type { TickState } from '../ui/kinds';

export type Row = { key: string } & (
  | { type: 'day'; at: string | number }
  | {
      type: 'message';
      by: Author;
      /** Nobody else wrote in between: the name is not repeated. */
      joined: boolean;
      /** The next one says the same of time and fate: shown once, below the last. */
      quiet?: boolean;
      text: string;
      at: string | number;
      partial?: boolean;
      files?: Attachment[];
      citations?: Citation[];
      /** Questions to choose from, while nobody has said anything since. */
      suggestions?: string[];
      tick?: TickState;
      item?: Item;
    }
  | { type: 'draft'; draft: Draft; joined: boolean }
  | { type: 'line'; line: 'joined' | 'team' | 'ai' | 'waiting' | 'closed'; name?: string }
  | { type: 'request'; request: GuestRequest }
);

const AI: Author = { kind: 'ai' };
export function rows(thread: Thread | undefined, items: readonly Item[]): Row[] {
  const guest: Author = { kind: 'guest', id: thread?.summary.guest.id };
  const out: Row[] = [];
  let day = 0;
  let last: Author | undefined;
  const separate = (at: string | number, key: string) => {
    const date = new Date(at).setHours(0, 0, 0, 0);
    if (date <= day) return; // clocks differ: a day is never gone back to
    day = date;
    last = undefined;
    out.push({ type: 'day', key: `day-${key}`, at });
  };
  const joins = (by: Author) => last?.kind === by.kind && last.id === by.id;

  const events = thread?.events ?? [];
  const requests = new Map<string, GuestRequest>();
  for (const event of events) {
    if (event.kind === 'request') requests.set(event.request.id, event.request);
  }
  const answered = lastAnswer(events);
  const newest = events.filter((event) => event.kind === 'message').at(-1)?.seq;
  for (const [index, event] of events.entries()) {
    // Ids are each author's own; only the guest's are needed, and only theirs are told apart here.
    const own = event.by.kind === 'guest' && event.id !== undefined;
    const key = own ? `own-${event.id}` : `event-${event.seq}`;
    if (event.kind === 'message') {
      separate(event.at, key);
      out.push({
        type: 'message',
        key,
        by: event.by,
        joined: joins(event.by),
        text: event.text,
        at: event.at,
        partial: event.partial,
        files: event.attachments,
        citations: event.citations,
        suggestions: event.seq === newest && items.length === 0 ? event.suggestions : undefined,
        tick: event.by.kind === 'guest' && thread ? tickOf(event, thread, answered) : undefined,
      });
      last = event.by;
    } else if (event.kind === 'request') {
      // One card where the request was made, always with its newest state.
      const request = requests.get(event.request.id);
      if (!request) continue;
      requests.delete(event.request.id);
      separate(event.at, key);
      out.push({ type: 'request', key, request });
      last = undefined;
    } else {
      const line = lineOf(event, events, index);
      if (!line) continue;
      separate(event.at, key);
      out.push({ key, ...line });
      last = undefined;
    }
  }
  for (const draft of thread?.drafts ?? []) {
    out.push({ type: 'draft', key: `draft-${draft.turn}`, draft, joined: joins(AI) });
    last = AI;
  }
  for (const item of items) {
    if (item.type !== 'send') continue;
    // The same key as its event will have, so that the bubble stays when one becomes the other.
    const key = `own-${item.id}`;
    separate(item.at, key);
    const tick = item.state === 'failed' ? 'failed' : item.state;
    const { text } = item.body;
    out.push({ type: 'message', key, by: guest, joined: true, text, at: item.at, tick, item });
    last = guest;
  }
  for (const [index, row] of out.entries()) {
    if (row.type === 'message') row.quiet = saysTheSame(row, out[index + 1]);
  }
  return out;
}

function saysTheSame(row: Extract<Row, { type: 'message' }>, next: Row | undefined): boolean {
  if (next?.type !== 'message' || next.by.kind !== row.by.kind || next.by.id !== row.by.id) {
    return false;
  }
  const minute = (at: string | number) => Math.floor(new Date(at).getTime() / 60_000);
  return row.tick !== 'failed' && row.tick === next.tick && minute(row.at) === minute(next.at);
}

function lastAnswer(events: readonly Event[]): number {
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event?.kind === 'message' && event.by.kind !== 'guest') return event.seq;
  }
  return 0;
}

function tickOf(event: Event, thread: Thread, answered: number): TickState {
  if (event.seq < answered || event.seq <= thread.reads.agent) return 'read';
  const busy = thread.drafts.length > 0 || thread.typing.length > 0;
  return busy ? 'delivered' : 'sent';
}

type Line = Omit<Extract<Row, { type: 'line' }>, 'key'>;

/** Taking over makes two or three events at once; the guest reads one line. */
function lineOf(event: Event, events: readonly Event[], index: number): Line | undefined {
  const near = (kind: Event['kind']) =>
    [events[index - 1], events[index + 1], events[index + 2]].find(
      (other) => other?.kind === kind && Date.parse(other.at) - Date.parse(event.at) < 2_000,
    );
  if (event.kind === 'assigned') {
    return event.agent ? { type: 'line', line: 'joined', name: event.agent.name } : undefined;
  }
  if (event.kind === 'mode') {
    if (event.mode === 'ai') return { type: 'line', line: 'ai' };
    const assigned = near('assigned');
    if (assigned?.kind === 'assigned' && assigned.agent) return undefined;
    const status = near('status');
    if (status?.kind === 'status' && status.status === 'waiting') return undefined;
    if (event.by.kind === 'agent' && event.by.name) {
      return { type: 'line', line: 'joined', name: event.by.name };
    }
    return { type: 'line', line: event.by.kind === 'agent' ? 'team' : 'waiting' };
  }
  if (event.kind === 'status') {
    // While a person answers, every message waits for an answer; that need not be said each time.
    if (event.status === 'waiting' && event.reason === 'guest_wrote') return undefined;
    if (event.status === 'waiting') {
      // Only the first of a wait; every further message of the guest may repeat it.
      const earlier = events
        .slice(0, index)
        .reverse()
        .find((other) => other.kind === 'status');
      const again = earlier?.kind === 'status' && earlier.status === 'waiting';
      return again ? undefined : { type: 'line', line: 'waiting' };
    }
    if (event.status === 'closed') return { type: 'line', line: 'closed' };
  }
  return undefined;
}
