// Who is logged in, the line to the server, and the open conversation. One for the whole page.
import { Client, type Item, type LinkState, type Thread } from '../lib/client';
import { pageStore, socketUrl } from '../lib/env';
import { oncePerFrame } from '../lib/frame';
import { parse, plain } from '../lib/markdown';
import { Chime, desktopNotice } from '../lib/notify';
import type { Action, AgentPresence, Event, Summary } from '../lib/protocol';
import { ringing } from './alarm';
import { all, api, isMine, Problem, whenLoggedOut, type Agent } from './api';
import { clock } from './clock.svelte';
import { help } from './help.svelte';
import { Inbox } from './inbox.svelte';
import { authorName } from './lines';
import { prefs } from './prefs.svelte';
import { route } from './route.svelte';
import { toasts } from './toasts.svelte';
import { t } from './words';

/** `must`: logged in, but something is to be done first. */
export type Phase = 'asking' | 'login' | 'must' | 'in' | 'failed';
export type Panel = 'assign' | 'snooze' | 'tags';

/** So many conversations stay open behind the one on the screen: going back to one is instant. */
const KEEP_OPEN = 4;
const OLDER_PAGE = 50;
/** How often an alarm sounds, in milliseconds. */
const ALARM_EVERY = 2_000;
const UNREAD = 'frontdesk.unread.';

interface Done {
  text: string;
  undo?: () => void;
}

export class Desk {
  phase = $state<Phase>('asking');
  me = $state.raw<Agent>();
  link = $state.raw<LinkState>({ state: 'idle' });
  presence = $state.raw<readonly AgentPresence[]>([]);
  /** What the server cannot set right by itself, in its words. */
  alarm = $state<string | null>(null);
  /** Accounts, for admins; the others know their colleagues from the presence frames. */
  agents = $state.raw<readonly Agent[]>([]);

  conversation = $state<string>();
  thread = $state.raw<Thread>();
  outbox = $state.raw<readonly Item[]>([]);
  /** The server refused to open it: gone, or never ours. */
  missing = $state(false);
  readingOlder = $state(false);
  olderFailed = $state(false);

  /** A menu of the open conversation that a key asked for. */
  panel = $state<Panel>();
  composing = $state<'reply' | 'note'>('reply');
  /** Rises whenever the composer is to be focused. */
  focusComposer = $state(0);
  limit = $state(4_096);
  /** Marked unread by this person, for themselves: the server counts for the whole team. */
  marked = $state.raw<ReadonlySet<string>>(new Set());

  readonly inbox = new Inbox({
    page: async (query) => {
      const page = await api.conversations(query);
      this.#alarm(page.items);
      return page;
    },
    self: () => this.me?.id,
  });
  readonly chime = new Chime(pageStore());
  #ringing: ReadonlySet<string> = new Set();
  #ringer: ReturnType<typeof setInterval> | undefined;
  readonly client = new Client({ role: 'agent', url: socketUrl('/ws/agent') });
  /** Set by the page: says a finished message to screen readers. */
  announce: (text: string) => void = () => {};

  #recent: string[] = [];
  #done = new Map<string, Done>();
  #draw = oncePerFrame(() => {
    const { conversation } = this;
    this.thread = conversation === undefined ? undefined : this.client.thread(conversation);
    this.outbox = conversation === undefined ? [] : this.client.outbox.list(conversation);
  });

  constructor() {
    this.client.on((notice) => this.#notice(notice));
    whenLoggedOut(() => this.#loggedOut());
  }

  get writes(): boolean {
    return this.me !== undefined && this.me.role !== 'viewer';
  }
  get edits(): boolean {
    return this.me?.role === 'admin' || this.me?.role === 'supervisor';
  }
  get admin(): boolean {
    return this.me?.role === 'admin';
  }
  get summary(): Summary | undefined {
    return this.thread?.summary;
  }

  async begin(): Promise<void> {
    this.phase = 'asking';
    try {
      this.#entered(await api.me());
    } catch (problem) {
      this.phase = problem instanceof Problem && problem.status === 401 ? 'login' : 'failed';
    }
  }

  async login(email: string, password: string, code?: string): Promise<void> {
    this.#entered(await api.login(email, password, code));
  }

  async logout(): Promise<void> {
    try {
      await api.logout();
    } catch (problem) {
      toasts.show(t('logout_failed'), { tone: 'late' });
      if (!(problem instanceof Problem && problem.status === 401)) return;
    }
    this.#loggedOut();
  }

  /** Shows a conversation, or none. */
  open(id: string | undefined): void {
    if (this.conversation === id) return;
    this.conversation = id;
    this.missing = false;
    this.olderFailed = false;
    this.panel = undefined;
    this.composing = 'reply';
    if (id !== undefined) {
      this.client.open(id);
      this.#recent = [id, ...this.#recent.filter((other) => other !== id)];
      for (const old of this.#recent.splice(KEEP_OPEN)) this.client.leave(old);
      this.inbox.cursor = id;
      void help.open(id);
      this.mark(id, false);
    }
    this.thread = id === undefined ? undefined : this.client.thread(id);
    this.outbox = id === undefined ? [] : this.client.outbox.list(id);
  }

  /** Does something to a conversation; the note about it appears once it is stored. */
  act(action: Action, conversation = this.conversation, done?: Done): void {
    if (conversation === undefined || !this.writes) return;
    const id = this.client.act(action, conversation);
    if (done) this.#done.set(id, done);
  }

  /** Says something to the guest, with answers to tap; or writes a note for the team. Gives its id. */
  send(text: string, note: boolean, suggestions: string[] = []): string | undefined {
    if (this.conversation === undefined) return undefined;
    const offered = suggestions.length > 0 ? { text, suggestions } : { text };
    return this.client.send(note ? { text, note: true } : offered, this.conversation);
  }

  /** Sends a file to the guest, with these words or under its name. Gives the message's id. */
  async attach(file: File, text: string): Promise<string | undefined> {
    const { conversation } = this;
    if (conversation === undefined) return undefined;
    const { upload } = await import('../lib/upload');
    const { id, name } = await upload(file, {});
    return this.client.send({ text: text || name, attachments: [id] }, conversation);
  }

  async older(): Promise<void> {
    const { thread } = this;
    if (!thread?.older || this.readingOlder) return;
    const first = thread.events[0]?.seq ?? 1;
    this.readingOlder = true;
    this.olderFailed = false;
    try {
      const page = await api.before(thread.conversation, first, OLDER_PAGE);
      const events = [...page.items].sort((a, b) => a.seq - b.seq);
      const start = events[0]?.seq ?? 1;
      this.client.prepend(thread.conversation, events, events.length > 0 && start > 1);
    } catch {
      this.olderFailed = true;
    } finally {
      this.readingOlder = false;
    }
  }

  write(kind: 'reply' | 'note'): void {
    if (!this.writes) return;
    this.composing = kind;
    this.focusComposer += 1;
  }

  mark(id: string, unread: boolean): void {
    if (this.marked.has(id) === unread) return;
    const marked = new Set(this.marked);
    if (unread) marked.add(id);
    else marked.delete(id);
    this.marked = marked;
    try {
      pageStore().setItem(UNREAD + (this.me?.id ?? ''), JSON.stringify([...marked].slice(-200)));
    } catch {
      // it holds as long as the page lives
    }
  }

  async loadAgents(): Promise<void> {
    if (!this.admin) return;
    try {
      this.agents = await all(api.agents);
    } catch {
      // the presence frames still name who is here
    }
  }

  #entered(agent: Agent): void {
    const other = this.me !== undefined && this.me.id !== agent.id;
    this.me = agent;
    if (other) this.agents = [];
    if (agent.must !== undefined) {
      this.phase = 'must';
      return;
    }
    this.phase = 'in';
    try {
      const saved = JSON.parse(pageStore().getItem(UNREAD + agent.id) ?? '[]') as string[];
      this.marked = new Set(saved);
    } catch {
      this.marked = new Set();
    }
    this.client.start();
    void this.loadAgents();
    void help.load().then(() => {
      if (this.conversation !== undefined) void help.open(this.conversation);
    });
  }

  #loggedOut(): void {
    this.phase = 'login';
    this.client.stop();
  }

  #notice(notice: Parameters<Parameters<Client['on']>[0]>[0]): void {
    switch (notice.type) {
      case 'link':
        this.link = notice.link;
        if (notice.link.state === 'stopped' && notice.link.reason === 'login') this.phase = 'login';
        return;
      case 'welcome':
        this.limit = notice.limits.text;
        this.alarm = null; // told again, if it still is so
        clock.set(this.client.serverNow());
        void this.inbox.refresh();
        return;
      case 'reset':
        void this.inbox.refresh();
        return this.#draw();
      case 'inbox':
        this.#ring(notice.upserts);
        this.#alarm(notice.upserts);
        return this.inbox.merge(notice.upserts);
      case 'presence':
        this.presence = notice.agents;
        return;
      case 'alarm':
        this.alarm = notice.message;
        return;
      case 'thread':
      case 'outbox':
        if (notice.conversation === this.conversation) this.#draw();
        return;
      case 'event':
        // The event of what was done here may come before or after its ack.
        if (isMine(notice.event.by, this.me?.id) && notice.event.id) {
          this.#stored(notice.event.id);
          void help.stored(notice.event);
        }
        return this.#heard(notice.event);
      case 'acked':
        return this.#stored(notice.id);
      case 'refused':
        return this.#refused(notice);
      default: {
        const unseen: never = notice;
        void unseen;
      }
    }
  }

  #stored(id: string): void {
    const done = this.#done.get(id);
    if (!this.#done.delete(id) || !done) return;
    toasts.show(done.text, { undo: done.undo });
  }

  #refused(notice: { id?: string; code: string; message: string; item?: Item }): void {
    if (notice.code === 'unauthorized') return;
    if (notice.id === undefined) {
      if (notice.code === 'not_found' && !this.thread) this.missing = true;
      return;
    }
    this.#done.delete(notice.id);
    if (notice.item?.type !== 'act') return; // a message shows its own fate
    this.client.outbox.discard(notice.id);
    toasts.show(t('act_refused', { why: notice.message || notice.code }), { tone: 'late' });
  }

  /** Something new in one of the open conversations: said aloud once it is complete. */
  #heard(event: Event): void {
    if (event.conversation !== this.conversation || event.kind !== 'message') return;
    if (isMine(event.by, this.me?.id)) return;
    const text = plain(parse(event.text, { rich: event.by.kind === 'ai' }));
    this.announce(t('says', { who: authorName(event), text }));
  }

  /** Alarms sound, and say so to who cannot hear, until somebody acknowledges them. */
  #alarm(summaries: readonly Summary[]): void {
    this.#ringing = ringing(this.#ringing, summaries);
    if (this.#ringing.size === 0) {
      clearInterval(this.#ringer);
      this.#ringer = undefined;
    } else if (this.#ringer === undefined) {
      this.announce(t('alarm_rings'));
      this.chime.alarm();
      this.#ringer = setInterval(() => this.chime.alarm(), ALARM_EVERY);
    }
    for (const row of summaries.filter((row) => this.#ringing.has(row.id))) {
      desktopNotice(t('alarm_rings'), row.guest.name ?? t('guest'), `alarm-${row.id}`, () =>
        route.go({ page: 'inbox', conversation: row.id }),
      );
    }
  }

  /** A sound and a notice when a guest writes who waits for a person, or for this one. */
  #ring(upserts: readonly Summary[]): void {
    for (const row of upserts) {
      const said = row.last_message;
      const concerns = row.waiting_since !== null || row.assigned?.id === this.me?.id;
      if (said?.by.kind !== 'guest' || !concerns) continue;
      if (row.unread <= (this.inbox.row(row.id)?.unread ?? 0)) continue;
      if (prefs.sound) this.chime.play();
      if (!prefs.notices) continue;
      const who = row.guest.name ?? t('guest');
      desktopNotice(who, said.text.slice(0, 120), row.id, () =>
        route.go({ page: 'inbox', conversation: row.id }),
      );
    }
  }
}

export const desk = new Desk();
