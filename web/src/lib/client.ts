// The protocol client of both pages: commands in, notices out, no framework. It holds the open
// conversations, keeps them whole over lost connections, and sends what was said exactly once.
import { Conversations } from './conversations';
import { browserEnv, type Env } from './env';
import { Link, type LinkState } from './link';
import { Outbox, type Item, type Message } from './outbox';
import type {
  Action,
  AgentPresence,
  Code,
  Event,
  Limits,
  Principal,
  ServerFrame,
  Summary,
} from './protocol';
import * as threads from './thread';
import type { Thread } from './thread';

export type { Item, Message } from './outbox';
export type { LinkState, StopReason } from './link';
export type { Draft, Thread, Typist } from './thread';

export type Notice =
  | { type: 'link'; link: LinkState }
  | { type: 'welcome'; self: Principal; limits: Limits }
  /** What is held of a conversation is new; also sent, with undefined, when it was thrown away. */
  | { type: 'thread'; conversation: string; thread: Thread | undefined }
  /** An event that came after the first opening: the time to announce it or make a sound. */
  | { type: 'event'; event: Event }
  | { type: 'outbox'; conversation: string | undefined }
  /** A `send` or `act` was stored. */
  | { type: 'acked'; id: string; conversation: string; seq: number }
  /** Refused for good (a passing refusal is retried and not told). `item` if it was one of ours. */
  | { type: 'refused'; id?: string; code: Code; message: string; item?: Item }
  | { type: 'inbox'; upserts: Summary[] }
  | { type: 'presence'; agents: AgentPresence[] }
  /** Something needs a person's hand; `null`: no longer. */
  | { type: 'alarm'; message: string | null }
  /** The log was replaced (a backup was restored): lists of conversations must be read anew. */
  | { type: 'reset' };

export interface ClientOptions {
  role: 'guest' | 'agent';
  /** Address of the socket: `socketUrl('/ws/guest')` or `socketUrl('/ws/agent')`. */
  url: string;
  env?: Env;
  /** Only where the cookie does not reach the server (blocked in a frame). */
  token?: () => string | undefined;
}

export class Client {
  readonly outbox: Outbox;
  #role: 'guest' | 'agent';
  #env: Env;
  #link: Link;
  #conversations: Conversations;
  #listeners = new Set<(notice: Notice) => void>();
  #self: Principal | undefined;
  #epoch: string | undefined;
  #limits: Limits = { text: 4096 };
  #clockAhead = 0;

  constructor(options: ClientOptions) {
    this.#role = options.role;
    this.#env = options.env ?? browserEnv();
    this.outbox = new Outbox({
      env: this.#env,
      onChange: (conversation) => this.#tell({ type: 'outbox', conversation }),
    });
    this.#link = new Link({
      url: options.url,
      env: this.#env,
      hello: () => ({
        type: 'hello',
        token: options.token?.(),
        after: this.#conversations.helloAfter(),
      }),
      onFrame: (frame) => this.#frame(frame),
      onState: (link) => this.#tell({ type: 'link', link }),
      onDrop: (code) => {
        if (code === 1009) this.outbox.tooLarge();
        this.outbox.disconnected();
        this.#conversations.dropped();
      },
    });
    this.#conversations = new Conversations({
      role: this.#role,
      env: this.#env,
      self: () => this.#self,
      transmit: (frame) => this.#link.transmit(frame),
      resync: () => this.#link.resync(),
      onThread: (conversation, thread) => this.#tell({ type: 'thread', conversation, thread }),
      onEvent: (event, fresh) => {
        const mine = event.by.kind === this.#self?.kind && event.by.id === this.#self?.id;
        if (mine && event.id !== undefined) this.outbox.settled(event.id);
        if (fresh) this.#tell({ type: 'event', event });
      },
    });
  }

  get link(): LinkState {
    return this.#link.state;
  }
  get self(): Principal | undefined {
    return this.#self;
  }
  get limits(): Limits {
    return this.#limits;
  }
  /** The guest's own conversation, once known. */
  get own(): string | undefined {
    return this.#conversations.own;
  }
  /** The server's clock, as well as we know it (ms). */
  serverNow(): number {
    return this.#env.now() + this.#clockAhead;
  }

  /** Every notice from now on; returns how to stop. */
  on(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Connects, or tries anew after it was stopped (say, after a login). */
  start(): void {
    this.#link.start();
  }
  stop(): void {
    this.#link.stop();
    this.outbox.disconnected();
  }
  /** Do not wait for the next try: a "try now" button. */
  wake(): void {
    this.#link.wake();
  }

  thread(conversation: string): Thread | undefined {
    return this.#conversations.thread(conversation);
  }

  /** Agent: subscribes, now and after every reconnect, until `leave`. */
  open(conversation: string): void {
    this.#conversations.open(conversation);
  }
  leave(conversation: string): void {
    this.#conversations.leave(conversation);
  }

  /** Adds older events that the page read over HTTP. */
  prepend(conversation: string, events: readonly Event[], older: boolean): void {
    this.#conversations.change(conversation, (thread) => threads.prepend(thread, events, older));
  }

  /** Says something; returns the id under which it is to be found in the outbox. */
  send(message: Message, conversation?: string): string {
    this.typing(false, conversation);
    return this.outbox.send(message, conversation);
  }

  act(action: Action, conversation: string): string {
    return this.outbox.act(action, conversation);
  }

  /** Call it on every keystroke; it sends as seldom as is enough. */
  typing(on: boolean, conversation?: string): void {
    this.#conversations.sayTyping(on, conversation);
  }
  read(seq: number, conversation?: string): void {
    this.#conversations.sayRead(seq, conversation);
  }

  #frame(frame: ServerFrame): void {
    const all = this.#conversations;
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'opened':
        all.opened(frame);
        return this.#caughtUp(frame.conversation.id);
      case 'event':
        return all.event(frame);
      case 'ack':
        return this.#ack(frame.id, frame.conversation, frame.seq);
      case 'error':
        return this.#refused(frame);
      case 'draft':
        return all.change(frame.conversation, (thread) => threads.draft(thread, frame));
      case 'draft_end':
        return all.change(frame.conversation, (thread) => threads.draftEnd(thread, frame));
      case 'typing':
        return all.typing(frame);
      case 'read':
        return all.change(frame.conversation, (thread) => threads.read(thread, frame));
      case 'inbox':
        for (const row of frame.upserts) all.change(row.id, (held) => threads.refresh(held, row));
        return this.#tell({ type: 'inbox', upserts: frame.upserts });
      case 'presence':
        return this.#tell({ type: 'presence', agents: frame.agents });
      case 'alarm':
        return this.#tell({ type: 'alarm', message: frame.message ?? null });
      case 'pong':
        return;
      default: {
        const unseen: never = frame; // a new frame in the contract fails the build here
        void unseen; // and is ignored by a page older than the server
      }
    }
  }

  #welcome(frame: Extract<ServerFrame, { type: 'welcome' }>): void {
    const otherLog = this.#epoch !== undefined && this.#epoch !== frame.epoch;
    const otherSelf = this.#self !== undefined && this.#self.id !== frame.self.id;
    this.#epoch = frame.epoch;
    this.#self = frame.self;
    this.#limits = frame.limits;
    this.#clockAhead = Date.parse(frame.time) - this.#env.now() || 0;
    if (otherLog || otherSelf) {
      const resumed = this.#conversations.own !== undefined;
      this.#conversations.forget();
      if (otherLog && !otherSelf) this.outbox.restored();
      this.#tell({ type: 'reset' });
      // The guest's hello asked for a place in a log that is gone. Only another hello, on another
      // connection, can ask for the newest events.
      if (resumed) return this.#link.resync();
    }
    if (frame.conversation !== undefined) this.#conversations.ownIs(frame.conversation);
    this.outbox.claim(`${frame.self.kind}.${frame.self.id}`);
    this.#tell({ type: 'welcome', self: frame.self, limits: frame.limits });
    if (this.#role === 'agent') this.#conversations.askAll();
    this.outbox.connected((out) => this.#link.transmit(out));
  }

  #caughtUp(conversation: string): void {
    const thread = this.#conversations.thread(conversation);
    if (thread) this.outbox.caughtUp(conversation, thread.last);
  }

  #ack(id: string, conversation: string, seq: number): void {
    if (!this.outbox.acked(id, seq)) return;
    const thread = this.#conversations.thread(conversation);
    // Its event is here already, or will not come to this page.
    if (!thread || thread.last >= seq) this.outbox.settled(id);
    this.#tell({ type: 'acked', id, conversation, seq });
  }

  #refused(frame: Extract<ServerFrame, { type: 'error' }>): void {
    const { id, code, message, retry_ms } = frame;
    if (id === undefined) return this.#tell({ type: 'refused', code, message });
    this.outbox.refused(id, code, message, retry_ms);
    const item = this.outbox.get(id);
    if (item?.state === 'sending') return;
    this.#tell({ type: 'refused', id, code, message, item });
  }

  #tell(notice: Notice): void {
    for (const listener of [...this.#listeners]) listener(notice);
  }
}
