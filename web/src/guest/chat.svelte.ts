// The guest's side of the conversation as state for the page: session, client, notices, attention.
import { Client, type Item, type LinkState, type Notice, type Thread } from '../lib/client';
import { browserEnv, socketUrl } from '../lib/env';
import { oncePerFrame } from '../lib/frame';
import { waitFor } from '../lib/link';
import { Chime, titleCounter } from '../lib/notify';
import type { Event } from '../lib/protocol';
import { store } from './choice';
import { listenToHost, tellHost } from './host';
import { page } from './page';
import { beginSession, bearer, openSession, SessionError, token, useToken } from './session';

const TROUBLE_AFTER = 1_000;
const THINKING_FOR = 20_000;

export class Chat {
  thread = $state.raw<Thread>();
  items = $state.raw<readonly Item[]>([]);
  link = $state.raw<LinkState>({ state: 'idle' });
  /** The connection has been away for long enough to say so. */
  trouble = $state(false);
  everReady = $state(false);
  /** The guest asked, the AI has not begun to write. */
  thinking = $state(false);
  unread = $state(0);
  limit = $state(4096);
  /** Seq of the closing that was rated, or -1 while the rating is on its way. */
  rated = $state(0);
  loadingOlder = $state(false);
  muted = $state(false);
  /** The hotel's name, once the server has told it. */
  hotel = $state(page.hotel);
  /** What the hotel says about the guest's data. */
  notice = $state<string>();
  /** What the guest has to agree to before writing. */
  consent = $state<string>();
  /** The hotel is on WhatsApp as well. */
  whatsapp = $state(false);
  /** Hosts that links in the AI's text may lead to: this one and those that the hotel's knowledge names. */
  hosts = $state.raw<readonly string[]>([location.hostname]);
  onevent: ((event: Event) => void) | undefined;

  #env = browserEnv();
  #client = new Client({ role: 'guest', url: socketUrl('/ws/guest'), env: this.#env, token });
  #chime = new Chime(store);
  #title = titleCounter(document.title);
  #locale = 'en';
  #attempt = 0;
  #refusals = 0;
  /** Since the session was opened. */
  #welcomed = false;
  #troubleTimer: number | undefined;
  #thinkingTimer: number | undefined;
  #shown = !page.embedded || window.parent === window;
  #refresh = oncePerFrame(() => this.#publish());

  start(locale: string): void {
    this.#locale = locale;
    this.muted = this.#chime.muted;
    this.#client.on((notice) => this.#notice(notice));
    listenToHost((type) => {
      this.#shown = type === 'shown';
    });
    this.#watch();
    void this.#begin();
  }

  send(text: string): void {
    this.#client.send({ text });
  }
  /** Sends a file, with these words or under its name. */
  async attach(file: File, text: string): Promise<void> {
    const { upload } = await import('../lib/upload');
    const { id, name } = await upload(file, bearer());
    this.#client.send({ text: text || name, attachments: [id] });
  }
  typing(on: boolean): void {
    this.#client.typing(on);
  }
  retry(id: string): void {
    this.#client.outbox.retry(id);
  }
  discard(id: string): void {
    this.#client.outbox.discard(id);
  }
  wake(): void {
    this.#client.wake();
  }
  mute(muted: boolean): void {
    this.#chime.muted = this.muted = muted;
  }

  /** The newest message is on the screen of somebody who looks. */
  seen(): void {
    if (!this.#shown || document.visibilityState !== 'visible') return;
    if (this.unread > 0) this.#count(0);
    if (this.thread && this.thread.last > 0) this.#client.read(this.thread.last);
  }

  rate(stars: number): void {
    if (!this.thread) return;
    this.#client.act({ action: 'rate', stars }, this.thread.conversation);
    this.rated = this.closing;
    try {
      store.setItem(`frontdesk.rated.${this.thread.conversation}`, String(this.closing));
    } catch {
      // it may be asked once more
    }
  }

  /** The seq of the event that closed the conversation, 0 while it is not closed. */
  get closing(): number {
    if (this.thread?.summary.status !== 'closed') return 0;
    const closed = this.thread.events.filter(
      (event) => event.kind === 'status' && event.status === 'closed',
    );
    return closed.at(-1)?.seq ?? 0;
  }

  async older(): Promise<void> {
    const thread = this.thread;
    const first = thread?.events[0];
    if (!thread || !first || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const answer = await fetch(
        `/api/conversations/${thread.conversation}/events?before=${first.seq}&limit=50`,
        { headers: bearer() },
      );
      if (!answer.ok) return;
      const { items } = (await answer.json()) as { items: Event[] };
      this.#client.prepend(thread.conversation, items, items.length >= 50);
      this.#publish(); // now, not with the next frame: the log keeps its place around it
    } catch {
      // the button stays
    } finally {
      this.loadingOlder = false;
    }
  }

  /** The guest agrees. */
  async agree(): Promise<void> {
    try {
      this.consent = (await openSession(this.#locale, { consent: true })).consent;
    } catch {
      // the button stays
    }
  }

  async #begin(): Promise<void> {
    this.#watch();
    this.#welcomed = false;
    try {
      const {
        hotel,
        notice,
        consent,
        whatsapp = false,
        hosts = [],
      } = await beginSession(this.#locale);
      this.notice = notice;
      this.consent = consent;
      this.whatsapp = whatsapp;
      this.hosts = [location.hostname, ...hosts];
      if (hotel) {
        this.hotel = hotel;
        this.#title = titleCounter(hotel);
        this.#title(this.unread);
      }
    } catch (error) {
      if (!(error instanceof SessionError) || !error.passing) {
        this.link = { state: 'stopped', reason: 'forbidden' };
        return;
      }
      const wait = error.retryMs + waitFor(1006, '', this.#attempt, Math.random());
      this.#attempt += 1;
      setTimeout(() => void this.#begin(), wait);
      return;
    }
    this.#attempt = 0;
    this.#client.start();
  }

  #notice(notice: Notice): void {
    switch (notice.type) {
      case 'link':
        return this.#linked(notice.link);
      case 'welcome':
        this.limit = notice.limits.text;
        this.#refusals = 0;
        this.#welcomed = true;
        return;
      case 'event':
        return this.#arrived(notice.event);
      case 'reset':
      case 'thread':
      case 'outbox':
      case 'acked':
      case 'refused':
        return this.#refresh();
      case 'inbox':
      case 'presence':
      case 'alarm':
        return; // for agents
      default: {
        const unseen: never = notice;
        void unseen;
      }
    }
  }

  #linked(link: LinkState): void {
    if (link.state === 'stopped' && link.reason === 'login' && this.#refusals < 2) {
      // The cookie is too old (a new session is made), or it never came (the token is used instead).
      if (!this.#welcomed) useToken();
      this.#refusals += 1;
      void this.#begin();
      return;
    }
    this.link = link;
    if (link.state === 'ready') {
      this.everReady = true;
      this.trouble = false;
      window.clearTimeout(this.#troubleTimer);
      this.#troubleTimer = undefined;
    } else {
      this.#watch();
    }
  }

  #watch(): void {
    this.#troubleTimer ??= window.setTimeout(() => {
      this.#troubleTimer = undefined;
      this.trouble = this.link.state !== 'ready';
    }, TROUBLE_AFTER);
  }

  #arrived(event: Event): void {
    this.#refresh();
    const mine = event.by.kind === 'guest';
    if (event.kind === 'message' && mine && this.#client.thread(event.conversation)) {
      const mode = this.#client.thread(event.conversation)?.summary.mode;
      this.#think(mode === 'ai');
    } else if (event.kind === 'message' || event.kind === 'mode' || event.kind === 'status') {
      this.#think(false);
    }
    if (event.kind === 'message' && !mine) {
      if (!this.#shown || document.visibilityState !== 'visible') {
        this.#count(this.unread + 1);
        this.#chime.play();
      }
    }
    this.onevent?.(event);
  }

  #think(on: boolean): void {
    window.clearTimeout(this.#thinkingTimer);
    this.thinking = on;
    if (on) this.#thinkingTimer = window.setTimeout(() => (this.thinking = false), THINKING_FOR);
  }

  #count(unread: number): void {
    this.unread = unread;
    this.#title(unread);
    tellHost({ frontdesk: 1, type: 'unread', count: unread });
  }

  #publish(): void {
    const own = this.#client.own;
    const thread = own === undefined ? undefined : this.#client.thread(own);
    if (thread && thread.conversation !== this.thread?.conversation) {
      this.rated = Number(store.getItem(`frontdesk.rated.${thread.conversation}`) ?? 0);
    }
    this.thread = thread;
    this.items = this.#client.outbox.list();
    if (thread && thread.drafts.length > 0) this.#think(false);
  }
}
