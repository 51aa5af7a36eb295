// What was said and is not yet stored by the server. A message is saved before it is sent, is sent
// again after every welcome under the same id (the server makes one event of it, however often it
// comes), and leaves only when its event is seen. Per conversation one thing is under way at a time,
// so that the order in which it was said is the order in which it is stored.
import type { Env } from './env';
import { frameOf, type Common, type Item, type Message } from './item';
import type { Action, ClientFrame, Code } from './protocol';

export type { Item, Message } from './item';

export interface OutboxOptions {
  env: Env;
  /** Called after every change, with the conversation it was in. */
  onChange(conversation: string | undefined): void;
}

interface Lane {
  flying?: string;
  tries: number;
  timer?: number;
}

const PREFIX = 'frontdesk.outbox.';
const UNCLAIMED_FOR = 3_600_000;
const ACK_WITHIN = 15_000;
const MOST_TRIES = 5;
const PASSING: readonly Code[] = ['rate_limited', 'overloaded', 'unavailable'];

export class Outbox {
  #env: Env;
  #onChange: (conversation: string | undefined) => void;
  #owner: string | undefined;
  #items: Item[] = [];
  #lanes = new Map<string, Lane>();
  #transmit: ((frame: ClientFrame) => boolean) | undefined;

  constructor(options: OutboxOptions) {
    this.#env = options.env;
    this.#onChange = options.onChange;
  }

  /**
   * Says whose messages these are. What the same person left behind before a reload comes back; what
   * somebody else left on this device is neither shown nor sent.
   */
  claim(owner: string): void {
    if (this.#owner === owner) return;
    if (this.#owner !== undefined) this.#items = []; // another login: the rest stays saved for its owner
    this.#resetLanes();
    // Said before the first answer of the server, in this life of the page or just before a reload.
    const unclaimed = this.#load('').filter((item) => this.#env.now() - item.at < UNCLAIMED_FOR);
    this.#owner = owner;
    const known = new Set<string>();
    const all = [...this.#items, ...unclaimed, ...this.#load(owner)];
    this.#items = all.filter((item) => !known.has(item.id) && known.add(item.id));
    this.#items.sort((a, b) => a.at - b.at);
    for (const item of this.#items) {
      this.#env.storage.removeItem(`${PREFIX}.${item.id}`);
      this.#save(item);
    }
    for (const conversation of new Set(this.#items.map((item) => item.conversation))) {
      this.#onChange(conversation);
    }
    this.#pumpAll();
  }

  list(conversation?: string): readonly Item[] {
    return this.#items.filter(
      (item) => !conversation || (item.conversation ?? '') === conversation,
    );
  }

  get(id: string): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  send(body: Message, conversation?: string): string {
    return this.#add({ ...this.#fresh(conversation), type: 'send', body });
  }

  act(body: Action, conversation: string): string {
    return this.#add({ ...this.#fresh(conversation), type: 'act', body });
  }

  retry(id: string): void {
    const item = this.get(id);
    if (item?.state !== 'failed') return;
    this.#remove(item);
    // `conflict` says that this id stands for other words already; any other refusal stored nothing.
    const again = item.code === 'conflict' ? this.#env.newId() : item.id;
    const at = this.#fresh().at;
    this.#add({ ...item, id: again, at, state: 'sending', code: undefined, message: undefined });
  }

  discard(id: string): void {
    const item = this.get(id);
    if (item?.state !== 'failed') return;
    this.#remove(item);
    this.#onChange(item.conversation);
  }

  /** After a welcome: everything that is not acknowledged goes out again. */
  connected(transmit: (frame: ClientFrame) => boolean): void {
    this.#transmit = transmit;
    this.#resetLanes();
    this.#pumpAll();
  }

  disconnected(): void {
    this.#transmit = undefined;
    this.#resetLanes();
  }

  /** Whether the id was one of ours. */
  acked(id: string, seq: number): boolean {
    const item = this.get(id);
    if (!item) return false;
    this.#landed(item);
    this.#lane(this.#laneOf(item)).tries = 0;
    this.#env.storage.removeItem(this.#key(item));
    if (item.type === 'act') this.#items = this.#items.filter((other) => other !== item);
    else this.#replace(item, { ...item, state: 'sent', seq });
    this.#pump(this.#laneOf(item));
    return true;
  }

  /** Its event is on the screen now. */
  settled(id: string): void {
    const item = this.get(id);
    if (!item) return;
    this.#landed(item);
    this.#remove(item);
    this.#onChange(item.conversation);
    this.#pump(this.#laneOf(item));
  }

  /** A conversation is held up to `last`: what was stored before that is on the screen or long gone. */
  caughtUp(conversation: string, last: number): void {
    for (const item of this.#items) {
      const here = (item.conversation ?? conversation) === conversation;
      if (here && item.state === 'sent' && (item.seq ?? 0) <= last) this.settled(item.id);
    }
  }

  /** The log is another one (a backup was restored): what it may have lost is said again. */
  restored(): void {
    for (const item of this.#items) {
      if (item.state !== 'sent') continue;
      const again: Item = { ...item, state: 'sending', seq: undefined };
      this.#replace(item, again);
      this.#save(again);
    }
  }

  refused(id: string, code: Code, message: string, retryMs?: number): void {
    const item = this.get(id);
    if (!item || item.state !== 'sending') return;
    const name = this.#laneOf(item);
    const lane = this.#lane(name);
    this.#landed(item);
    if (code === 'unauthorized') return; // the socket is about to close; it goes out after a new login
    if (PASSING.includes(code) && lane.tries + 1 < MOST_TRIES) {
      lane.tries += 1;
      const jitter = this.#env.random() * 500 * 2 ** lane.tries;
      const wait = (retryMs ?? 500) + jitter;
      lane.timer = this.#env.later(() => {
        lane.timer = undefined;
        this.#pump(name);
      }, wait);
      return;
    }
    this.#fail(item, code, message);
  }

  /** What was under way when a socket closed because a frame was too large. */
  tooLarge(): void {
    for (const lane of [...this.#lanes.values()]) {
      const item = lane.flying === undefined ? undefined : this.get(lane.flying);
      if (item) this.#fail(item, 'too_large', '');
    }
  }

  #fresh(conversation?: string): Common {
    const newest = this.#items.at(-1)?.at ?? 0;
    const at = Math.max(this.#env.now(), newest + 1);
    return { id: this.#env.newId(), conversation, at, state: 'sending' };
  }

  #add(item: Item): string {
    this.#items = [...this.#items, item];
    this.#save(item);
    this.#onChange(item.conversation);
    this.#pump(this.#laneOf(item));
    return item.id;
  }

  #fail(item: Item, code: Code, message: string): void {
    const failed: Item = { ...item, state: 'failed', code, message };
    this.#landed(item);
    this.#lane(this.#laneOf(item)).tries = 0;
    this.#replace(item, failed);
    this.#save(failed);
    this.#pump(this.#laneOf(item));
  }

  #pumpAll(): void {
    for (const name of new Set(this.#items.map((item) => this.#laneOf(item)))) this.#pump(name);
  }

  #pump(name: string): void {
    const lane = this.#lane(name);
    if (!this.#transmit || lane.flying !== undefined || lane.timer !== undefined) return;
    const next = this.#items.find(
      (item) => item.state === 'sending' && this.#laneOf(item) === name,
    );
    if (!next || !this.#transmit(frameOf(next))) return;
    lane.flying = next.id;
    lane.timer = this.#env.later(() => {
      lane.timer = lane.flying = undefined;
      this.#pump(name); // no answer on a live socket: say it again, under the same id
    }, ACK_WITHIN);
  }

  /** The answer to what was under way in the item's lane has come. */
  #landed(item: Item): void {
    const lane = this.#lane(this.#laneOf(item));
    if (lane.flying !== item.id) return;
    if (lane.timer !== undefined) this.#env.cancel(lane.timer);
    lane.flying = lane.timer = undefined;
  }

  #resetLanes(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.timer !== undefined) this.#env.cancel(lane.timer);
    }
    this.#lanes.clear();
  }

  #laneOf(item: Item): string {
    return item.conversation ?? '';
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = { tries: 0 }));
    return lane;
  }

  #replace(item: Item, next: Item): void {
    this.#items = this.#items.map((other) => (other === item ? next : other));
    this.#onChange(item.conversation);
  }

  #remove(item: Item): void {
    this.#items = this.#items.filter((other) => other !== item);
    this.#env.storage.removeItem(this.#key(item));
  }

  #key(item: Item): string {
    return `${PREFIX}${this.#owner ?? ''}.${item.id}`;
  }

  /** One key for each message, so that two tabs never write over each other's. Acts are not kept. */
  #save(item: Item): void {
    if (item.type !== 'send') return;
    try {
      this.#env.storage.setItem(this.#key(item), JSON.stringify(item));
    } catch {
      // full or blocked: it is still in memory and goes out as long as the page lives
    }
  }

  #load(owner: string): Item[] {
    const { storage } = this.#env;
    const found: Item[] = [];
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (!key?.startsWith(`${PREFIX}${owner}.`)) continue;
      try {
        const item = JSON.parse(storage.getItem(key) ?? '') as Item;
        if (item.type === 'send' && typeof item.body.text === 'string') found.push(item);
      } catch {
        // not ours, or cut short: leave it
      }
    }
    return found;
  }
}
