// Help for the agent: drafts, rewriting, translations. What comes back is put into the composer or beside a
// message; nothing here sends.
import { pageStore } from '../lib/env';
import type { Event } from '../lib/protocol';
import { api, Problem, type RewriteStyle, type Translation } from './api';
import { toasts } from './toasts.svelte';
import { t } from './words';

export type Work = 'suggest' | 'summary' | 'rewrite' | 'translate';

/** What was written before it was translated for the guest. */
export interface Original {
  text: string;
  language: string;
}

interface Sent extends Original {
  conversation: string;
}

const ORIGINALS = 'frontdesk.originals';
/** More than anybody has under way. */
const ORIGINALS_KEPT = 50;

class Help {
  /** A language model is set up: there is more than suggestions from the knowledge. */
  model = $state(false);
  reading = $state<string | null>(null);
  /** Hosts that links in the AI's text may lead to: this one and those that the hotel's knowledge names. */
  hosts = $state.raw<readonly string[]>([location.hostname]);
  /** What is under way, by conversation. */
  #works = $state.raw<ReadonlyMap<string, Work>>(new Map());
  /** Messages of the open conversation in the language that this agent reads in, by place. */
  translations = $state.raw<ReadonlyMap<number, Translation>>(new Map());
  #of: string | undefined;
  #store = pageStore();

  async load(): Promise<void> {
    try {
      const { model, reading_language, hosts } = await api.preferences();
      this.model = model;
      this.reading = reading_language;
      this.hosts = [location.hostname, ...hosts];
      // A conversation that was opened before the language was known has its translations still to read.
      this.#of = undefined;
    } catch {
      // help is a help: without it everything else goes on
    }
  }

  async setReading(language: string | null): Promise<void> {
    try {
      this.reading = (await api.setPreferences({ reading_language: language })).reading_language;
      this.translations = new Map();
      this.#of = undefined;
    } catch (problem) {
      this.#failed(problem);
    }
  }

  /** Reads what was translated before. */
  async open(conversation: string): Promise<void> {
    if (this.#of === conversation) return;
    this.#of = conversation;
    this.translations = new Map();
    if (!this.reading) return;
    try {
      const { items } = await api.translations(conversation);
      if (this.#of !== conversation) return;
      this.translations = new Map(items.map((item) => [item.seq, item]));
    } catch {
      // each message still has its button
    }
  }

  /** The message in this agent's language. */
  async read(conversation: string, seq: number): Promise<void> {
    const made = await this.#run(conversation, 'translate', () => api.translate(conversation, seq));
    if (made && this.#of === conversation) {
      this.translations = new Map(this.translations).set(seq, made);
    }
  }

  suggest = (conversation: string) =>
    this.#run(conversation, 'suggest', () => api.suggestion(conversation));
  summary = (conversation: string) =>
    this.#run(conversation, 'summary', () => api.summary(conversation));
  rewrite = (conversation: string, text: string, style: RewriteStyle) =>
    this.#run(conversation, 'rewrite', () => api.rewriting(conversation, { text, style }));
  translate = (conversation: string, text: string) =>
    this.#run(conversation, 'translate', () => api.translation(conversation, { text }));

  /** What is under way for this conversation; one thing at a time. */
  work(conversation: string): Work | undefined {
    return this.#works.get(conversation);
  }

  async #run<T>(conversation: string, work: Work, ask: () => Promise<T>): Promise<T | undefined> {
    if (this.#works.has(conversation)) return undefined;
    this.#works = new Map(this.#works).set(conversation, work);
    try {
      return await ask();
    } catch (problem) {
      this.#failed(problem);
      return undefined;
    } finally {
      const works = new Map(this.#works);
      works.delete(conversation);
      this.#works = works;
    }
  }

  /** Remembers what a message said before it was translated, until the message is stored and has a place. */
  sent(id: string, conversation: string, original: Original): void {
    const kept = [...this.#originals(), [id, { ...original, conversation }] as const];
    this.#keep(kept.slice(-ORIGINALS_KEPT));
  }

  /** A message of one's own was stored: its original is kept beside it, for all colleagues. */
  async stored(event: Event): Promise<void> {
    const originals = this.#originals();
    const found = originals.find(([id]) => id === event.id);
    if (!found || event.kind !== 'message') return;
    const [, { conversation, text, language }] = found;
    try {
      await api.keepOriginal(conversation, event.seq, { text, language });
    } catch (problem) {
      // Without a connection it is tried again when the page next sees the message.
      if (problem instanceof Problem && problem.status === 0) return;
    }
    this.#keep(this.#originals().filter(([id]) => id !== event.id));
    if (this.#of === conversation && language === this.reading) {
      const mine = { seq: event.seq, language, text, original: true };
      this.translations = new Map(this.translations).set(event.seq, mine);
    }
  }

  #originals(): [string, Sent][] {
    try {
      return JSON.parse(this.#store.getItem(ORIGINALS) ?? '[]') as [string, Sent][];
    } catch {
      return [];
    }
  }

  #keep(originals: readonly (readonly [string, Sent])[]): void {
    try {
      this.#store.setItem(ORIGINALS, JSON.stringify(originals));
    } catch {
      // full or blocked: the message itself is sent all the same
    }
  }

  #failed(problem: unknown): void {
    const why = problem instanceof Problem && problem.message ? problem.message : t('help_offline');
    toasts.show(t('help_failed', { why }), { tone: 'late' });
  }
}

export const help = new Help();
