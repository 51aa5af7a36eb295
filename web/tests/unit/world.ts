// A socket, a clock and a store that tests drive by hand.
import { memoryStore, type Env, type SocketLike, type Store } from '../../src/lib/env';
import type { Author, ClientFrame, Event, ServerFrame, Summary } from '../../src/lib/protocol';

export class FakeSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: ClientFrame[] = [];
  closed = false;

  constructor(readonly url: string) {}

  send(data: string): void {
    if (this.closed) throw new Error('closed');
    this.sent.push(JSON.parse(data) as ClientFrame);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.(undefined as never);
  }
  say(...frames: (ServerFrame | object)[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }
  drop(code = 1006, reason = ''): void {
    this.closed = true;
    this.onclose?.({ code, reason });
  }
  of<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame) => frame.type === type) as Extract<ClientFrame, { type: T }>[];
  }
}

interface Timer {
  id: number;
  at: number;
  run: () => void;
}

export class World implements Env {
  time = 1_000_000;
  sockets: FakeSocket[] = [];
  luck = 0.5;
  #timers: Timer[] = [];
  #ids = 0;
  #wakes = new Set<() => void>();

  constructor(readonly storage: Store = memoryStore()) {}

  connect = (url: string): SocketLike => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  };
  now = (): number => this.time;
  random = (): number => this.luck;
  later = (run: () => void, ms: number): number => {
    this.#ids += 1;
    this.#timers.push({ id: this.#ids, at: this.time + ms, run });
    return this.#ids;
  };
  cancel = (id: number): void => {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  };
  onWake = (wake: () => void): (() => void) => {
    this.#wakes.add(wake);
    return () => void this.#wakes.delete(wake);
  };
  newId = (): string => {
    this.#ids += 1;
    return `id-${this.#ids}-${Math.random().toString(36).slice(2, 8)}`;
  };

  wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = end;
  }
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket');
    return socket;
  }
}

export const GUEST: Author = { kind: 'guest', id: 'g1' };
export const AGENT: Author = { kind: 'agent', id: 'a1', name: 'Mia' };
export const AI: Author = { kind: 'ai' };

export function summary(id = 'c1', lastSeq = 0): Summary {
  return {
    id,
    property: 'default',
    channel: 'web',
    guest: {},
    mode: 'ai',
    status: 'open',
    assigned: null,
    tags: [],
    urgency: 'normal',
    last_seq: lastSeq,
    last_message: null,
    waiting_since: null,
    unread: 0,
    created_at: '2026-11-22T18:06:00.123Z',
    updated_at: '2026-11-22T18:06:00.123Z',
  };
}

export function message(seq: number, by: Author = AI, more: object = {}): Event {
  return {
    conversation: 'c1',
    seq,
    prev: seq - 1,
    at: '2026-11-22T18:06:00.123Z',
    by,
    kind: 'message',
    channel: 'web',
    text: `m${seq}`,
    ...more,
  } as Event;
}

export const live = (event: Event): ServerFrame => ({ type: 'event', ...event });

export function welcome(self: 'guest' | 'agent', epoch = 'e1'): ServerFrame {
  return {
    type: 'welcome',
    self: self === 'guest' ? { kind: 'guest', id: 'g1' } : { kind: 'agent', id: 'a1', name: 'Mia' },
    ...(self === 'guest' ? { conversation: 'c1' } : {}),
    time: '2026-11-22T18:06:00.123Z',
    epoch,
    node: 'n1',
    limits: { text: 4096 },
  };
}

export const openedFrame = (events: Event[], more = false, id = 'c1'): ServerFrame => ({
  type: 'opened',
  conversation: summary(id, events.at(-1)?.seq ?? 0),
  events,
  more,
});
