// Changed entries that are not live yet, and questions asked of them.
import { api, Problem, type Entry, type EntryBody } from './api';
import { rehearse, type RehearsalBody, type RehearsalEnd, type Rehearsed } from './rehearse';
import { t } from './words';

/** An entry as it would be: without `was` a new one, without `entry` none any more. */
export interface Draft {
  key: string;
  was?: Entry;
  entry?: EntryBody;
}

export type Options = Omit<RehearsalBody, 'changes'>;

const ORDER: Record<Rehearsed['change'], number> = { changed: 0, new: 0, words: 1, same: 2 };

/** What changed most comes first; else as it was asked. */
export function sorted(results: readonly Rehearsed[]): Rehearsed[] {
  return [...results].sort((a, b) => ORDER[a.change] - ORDER[b.change]);
}

class Rehearsal {
  drafts = $state.raw<readonly Draft[]>([]);
  results = $state.raw<readonly Rehearsed[]>([]);
  /** Questions of the rehearsal that runs, or ran. */
  questions = $state(0);
  by = $state('');
  phase = $state<'idle' | 'running' | RehearsalEnd | 'stopped' | 'cut'>('idle');
  problem = $state('');
  /** The drafts that the results are of. */
  #tried: readonly Draft[] = [];
  #abort: AbortController | undefined;
  #next = 0;

  /** What would be put live was rehearsed as it is. */
  get ready(): boolean {
    return this.phase === 'done' && this.drafts.length > 0 && this.drafts === this.#tried;
  }

  /** Keeps a draft; one of the same entry is written anew. */
  keep(was: Entry | undefined, entry: EntryBody | undefined, key?: string): void {
    const known = this.drafts.find((one) => (was ? one.was?.id === was.id : one.key === key));
    const draft: Draft = { key: known?.key ?? `draft-${this.#next++}`, was, entry };
    this.drafts = known
      ? this.drafts.map((one) => (one === known ? draft : one))
      : [...this.drafts, draft];
  }

  drop(draft: Draft): void {
    this.drafts = this.drafts.filter((one) => one !== draft);
  }

  async run(options: Options): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.#tried = this.drafts;
    this.results = [];
    this.questions = 0;
    this.problem = '';
    this.phase = 'running';
    const changes = this.drafts.map(({ was, entry }) => ({ id: was?.id, entry }));
    try {
      for await (const news of rehearse({ ...options, changes }, abort.signal)) {
        if (news.type === 'begun') [this.questions, this.by] = [news.questions, news.by];
        else if (news.type === 'answered') this.results = [...this.results, news];
        else this.phase = news.how;
      }
      // An end that nobody told is none.
      if (this.phase === 'running') this.phase = 'cut';
    } catch (error) {
      if (abort.signal.aborted) this.phase = 'stopped';
      else if (error instanceof Problem) {
        this.phase = 'idle';
        this.problem = t('rehearse_failed', { why: error.message || t('help_offline') });
      } else this.phase = 'cut';
    }
  }

  /** The server drops what is under way. */
  stop(): void {
    this.#abort?.abort();
  }

  /** Writes the drafts; each that is written is a draft no more. */
  async putLive(): Promise<number> {
    let done = 0;
    for (const draft of this.drafts) {
      const { was, entry } = draft;
      if (was && entry) await api.putEntry(was.id, entry);
      else if (was) await api.removeEntry(was.id);
      else if (entry) await api.addEntry(entry);
      this.drop(draft);
      done += 1;
    }
    return done;
  }
}

export const rehearsal = new Rehearsal();
