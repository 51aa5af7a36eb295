// The conversations that are open on this page, kept whole: resumed by `after`, mended when `prev` shows
// a hole, thrown away when the log or the person behind it is another one.
import type { Env } from './env';
import type { ClientFrame, Event, Principal, ServerFrame } from './protocol';
import * as threads from './thread';
import type { Thread } from './thread';

export interface ConversationsOptions {
  role: 'guest' | 'agent';
  env: Env;
  self(): Principal | undefined;
  transmit(frame: ClientFrame): boolean;
  /** Says hello on a new connection: a guest's only way to open its conversation again. */
  resync(): void;
  onThread(conversation: string, thread: Thread | undefined): void;
  /** `fresh`: it came after the first opening. */
  onEvent(event: Event, fresh: boolean): void;
}

interface Subscription {
  /** The `after` of the open that is under way; null when opened anew, undefined when none is. */
  asking: number | null | undefined;
  /** Holes found since the last event that fitted. */
  holes: number;
  readSeq: number;
  typingAt: number;
}

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

const TYPING_EVERY = 3_000;

export class Conversations {
  #options: ConversationsOptions;
  #threads = new Map<string, Thread>();
  #subscriptions = new Map<string, Subscription>();
  #own: string | undefined;
  #helloAfter: number | undefined;
  #typingTimer: number | undefined;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  /** The guest's own conversation, once known. */
  get own(): string | undefined {
    return this.#own;
  }

  thread(conversation: string): Thread | undefined {
    return this.#threads.get(conversation);
  }

  /** The `after` of a guest's hello, remembered for the answer. */
  helloAfter(): number | undefined {
    this.#helloAfter = this.#own === undefined ? undefined : this.#afterOf(this.#own);
    return this.#helloAfter;
  }

  /** After an agent's welcome. */
  askAll(): void {
    for (const conversation of this.#subscriptions.keys()) this.#ask(conversation);
  }

  /** After a guest's welcome: its hello opened this conversation. */
  ownIs(conversation: string): void {
    if (this.#own !== undefined && this.#own !== conversation) this.forget();
    this.#own = conversation;
    const subscription = this.#subscriptions.get(conversation) ?? newSubscription();
    subscription.asking = this.#threads.has(conversation) ? (this.#helloAfter ?? null) : null;
    this.#subscriptions.set(conversation, subscription);
  }

  open(conversation: string): void {
    if (this.#subscriptions.has(conversation)) return;
    this.#subscriptions.set(conversation, newSubscription());
    this.#ask(conversation);
  }

  leave(conversation: string): void {
    if (!this.#subscriptions.delete(conversation)) return;
    this.#options.transmit({ type: 'leave', conversation });
    if (this.#threads.delete(conversation)) this.#options.onThread(conversation, undefined);
  }

  /** The connection is gone; what is held stays. */
  dropped(): void {
    for (const subscription of this.#subscriptions.values()) {
      subscription.asking = undefined;
      subscription.typingAt = 0;
    }
  }

  /** Throws away what is held; an agent's conversations stay subscribed and are opened anew. */
  forget(): void {
    const held = [...this.#threads.keys()];
    this.#threads.clear();
    if (this.#options.role === 'guest') {
      this.#subscriptions.clear();
      this.#own = undefined;
    }
    for (const subscription of this.#subscriptions.values()) subscription.readSeq = 0;
    for (const conversation of held) this.#options.onThread(conversation, undefined);
  }

  opened(frame: Frame<'opened'>): void {
    const conversation = frame.conversation.id;
    if (this.#options.role === 'guest') this.ownIs(conversation);
    const subscription = this.#subscriptions.get(conversation);
    if (!subscription) return; // left meanwhile
    const after = subscription.asking ?? undefined;
    subscription.asking = undefined;
    const held = this.#threads.get(conversation);
    this.#hold(conversation, threads.opened(held, frame, after));
    const firstNew = held && after !== undefined ? held.last : Infinity;
    for (const event of frame.events) this.#options.onEvent(event, event.seq > firstNew);
    if (subscription.readSeq > 0) this.#sendRead(conversation, subscription.readSeq);
  }

  event(frame: Event): void {
    const { conversation } = frame;
    const thread = this.#threads.get(conversation);
    const subscription = this.#subscriptions.get(conversation);
    // While an open is under way its answer will hold this event as well.
    if (!thread || !subscription || subscription.asking !== undefined) return;
    const next = threads.append(thread, frame);
    if (next === 'known') return;
    if (next === 'hole') return this.#mend(conversation, subscription);
    subscription.holes = 0;
    this.#hold(conversation, next);
    this.#options.onEvent(frame, true);
  }

  typing(frame: Frame<'typing'>): void {
    const self = this.#options.self();
    if (frame.by.kind === self?.kind && frame.by.id === self.id) return;
    const now = this.#options.env.now();
    this.change(frame.conversation, (thread) => threads.typing(thread, frame, now));
    this.#watchTyping();
  }

  change(conversation: string, step: (thread: Thread) => Thread): void {
    const thread = this.#threads.get(conversation);
    if (!thread) return;
    const next = step(thread);
    if (next !== thread) this.#hold(conversation, next);
  }

  sayTyping(on: boolean, conversation = this.#own): void {
    const subscription = conversation && this.#subscriptions.get(conversation);
    if (!subscription) return;
    const now = this.#options.env.now();
    if (on ? now - subscription.typingAt < TYPING_EVERY : subscription.typingAt === 0) return;
    if (this.#options.transmit({ type: 'typing', conversation, on })) {
      subscription.typingAt = on ? now : 0;
    }
  }

  sayRead(seq: number, conversation = this.#own): void {
    const subscription = conversation && this.#subscriptions.get(conversation);
    if (!subscription || seq <= subscription.readSeq) return;
    subscription.readSeq = seq; // also said again after a reconnect
    this.#sendRead(conversation, seq);
  }

  #sendRead(conversation: string, seq: number): void {
    this.#options.transmit({ type: 'read', conversation, seq });
  }

  /** Something was missed: open again from what is held, or from nothing if that did not help. */
  #mend(conversation: string, subscription: Subscription): void {
    subscription.holes += 1;
    if (subscription.holes > 1) this.#threads.delete(conversation);
    if (this.#options.role === 'guest') this.#options.resync();
    else this.#ask(conversation);
  }

  #ask(conversation: string): void {
    const subscription = this.#subscriptions.get(conversation);
    const after = this.#afterOf(conversation);
    const sent = this.#options.transmit({ type: 'open', conversation, after });
    if (sent && subscription) subscription.asking = after ?? null;
  }

  #afterOf(conversation: string): number | undefined {
    const last = this.#threads.get(conversation)?.last ?? 0;
    return last > 0 ? last : undefined;
  }

  #watchTyping(): void {
    const { env } = this.#options;
    if (this.#typingTimer !== undefined) return;
    this.#typingTimer = env.later(() => {
      this.#typingTimer = undefined;
      let left = 0;
      for (const conversation of [...this.#threads.keys()]) {
        this.change(conversation, (thread) => threads.typingOver(thread, env.now()));
        left += this.#threads.get(conversation)?.typing.length ?? 0;
      }
      if (left > 0) this.#watchTyping();
    }, 1_000);
  }

  #hold(conversation: string, thread: Thread): void {
    this.#threads.set(conversation, thread);
    this.#options.onThread(conversation, thread);
  }
}

function newSubscription(): Subscription {
  return { asking: undefined, holes: 0, readSeq: 0, typingAt: 0 };
}
