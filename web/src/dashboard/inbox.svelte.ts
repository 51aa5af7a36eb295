// The live list of conversations. Rows change as news comes in; their order is committed at most four
// times a second, and not at all while somebody points at the list or walks it by keyboard.
import { SvelteSet } from 'svelte/reactivity';
import type { Summary } from '../lib/protocol';
import type { ListQuery, Page, Problem } from './api';
import { compare, hasText, inView, merge, type Query } from './order';

export interface InboxOptions {
  page(query: ListQuery): Promise<Page<Summary>>;
  self(): string | undefined;
}

export const COMMIT_EVERY = 250;
const PAGE = 100;
const MOST_PAGES = 20;

export class Inbox {
  /** What is on the screen, in its order. */
  rows = $state.raw<readonly Summary[]>([]);
  /** Rows that would come up, were the order not frozen. */
  held = $state(0);
  loading = $state(true);
  loadingMore = $state(false);
  more = $state(false);
  problem = $state<Problem>();
  /** Guests who wait for a person, in any view. */
  waiting = $state(0);
  /** Where the keyboard is. */
  cursor = $state<string>();
  readonly selected = new SvelteSet<string>();

  #options: InboxOptions;
  #query: Query = { view: 'all', tag: '', q: '' };
  #known = new Map<string, Summary>();
  #waiting = new Set<string>();
  /** The order as it should be; `rows` follows it. */
  #sorted: Summary[] = [];
  #dirty = new Set<string>();
  /** What the server itself found for the search: it may look where we cannot. */
  #found = new Set<string>();
  #before = new Map<string, Summary>();
  #heldIds = new Set<string>();
  #frozen = false;
  #next: string | null = null;
  #load = 0;
  /** What came live since the last reading of the list began. */
  #sinceLoad: Map<string, Summary> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #committedAt = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get query(): Query {
    return this.#query;
  }

  /** Shows another list. */
  async show(query: Query): Promise<void> {
    this.#query = query;
    this.#clear();
    this.rows = [];
    this.cursor = undefined;
    this.selected.clear();
    this.loading = true;
    await this.refresh();
  }

  /**
   * Reads the list anew, as deep as it was read before: after every reconnect, since what happened
   * meanwhile was not told. Rows on the screen stay until the answer is here.
   */
  async refresh(): Promise<void> {
    const load = ++this.#load;
    const wanted = Math.max(PAGE, this.#sorted.length);
    const changedSince = new Map<string, Summary>();
    this.#sinceLoad = changedSince;
    this.problem = undefined;
    try {
      const items: Summary[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < MOST_PAGES && items.length < wanted; pages += 1) {
        const page: Page<Summary> = await this.#read(cursor);
        if (load !== this.#load) return;
        items.push(...page.items);
        cursor = page.next;
        if (!cursor) break;
      }
      const { view, tag, q } = this.#query;
      const sees = view === 'waiting' || view === 'all';
      const waiting =
        sees && !tag && !q ? [] : (await this.#options.page({ view: 'waiting', limit: 200 })).items;
      if (load !== this.#load) return;
      this.#replace(items, waiting, cursor, changedSince);
    } catch (problem) {
      if (load === this.#load) this.problem = problem as Problem;
    } finally {
      if (load === this.#load) this.loading = false;
    }
  }

  /** The next page, when the end of the list comes into sight. */
  async loadMore(): Promise<void> {
    if (!this.more || this.loadingMore || this.loading) return;
    const load = this.#load;
    this.loadingMore = true;
    try {
      const page = await this.#read(this.#next);
      if (load !== this.#load) return;
      this.#next = page.next;
      this.more = page.next !== null;
      for (const row of page.items) {
        this.#found.add(row.id);
        const known = this.#known.get(row.id);
        if (known && known.last_seq > row.last_seq) continue;
        this.#take(row);
        this.#dirty.add(row.id);
      }
      this.#commit(page.items);
    } catch (problem) {
      if (load === this.#load) this.problem = problem as Problem;
    } finally {
      this.loadingMore = false;
    }
  }

  /** Live rows. */
  merge(upserts: readonly Summary[]): void {
    for (const row of upserts) {
      const known = this.#known.get(row.id);
      if (known && known.last_seq > row.last_seq) continue;
      this.#take(row);
      this.#dirty.add(row.id);
      this.#sinceLoad?.set(row.id, row);
    }
    this.waiting = this.#waiting.size;
    this.#schedule();
  }

  /** Somebody is at the list: nothing may move under the pointer or the keyboard. */
  freeze(on: boolean): void {
    if (this.#frozen === on) return;
    this.#frozen = on;
    if (!on) this.#schedule();
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** "5 new": puts the rows in their order now, frozen or not. */
  apply(): void {
    this.#arrange(new Set(), true);
    this.#show();
  }

  /** The row `step` places from the keyboard's place. */
  move(step: number): string | undefined {
    if (this.rows.length === 0) return undefined;
    const at = this.rows.findIndex((row) => row.id === this.cursor);
    const to = at < 0 ? (step > 0 ? 0 : this.rows.length - 1) : at + step;
    const row = this.rows[Math.min(this.rows.length - 1, Math.max(0, to))];
    this.cursor = row?.id;
    return row?.id;
  }

  row(id: string): Summary | undefined {
    return this.#known.get(id) ?? this.rows.find((row) => row.id === id);
  }

  toggle(id: string): void {
    if (!this.selected.delete(id)) this.selected.add(id);
  }

  #read(cursor: string | null): Promise<Page<Summary>> {
    const { view, tag, q } = this.#query;
    return this.#options.page({ view, tag, q, limit: PAGE, cursor });
  }

  #clear(): void {
    this.#known.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    this.#found.clear();
    this.#heldIds.clear();
    this.#sorted = [];
    this.held = 0;
  }

  #replace(
    items: readonly Summary[],
    waiting: readonly Summary[],
    next: string | null,
    since: ReadonlyMap<string, Summary>,
  ): void {
    this.#known.clear();
    this.#waiting.clear();
    this.#found = new Set(items.map((row) => row.id));
    for (const row of [...waiting, ...items]) this.#take(row);
    // What came while the answer was on its way is newer than the answer.
    for (const row of since.values()) {
      const known = this.#known.get(row.id);
      if (!known || known.last_seq <= row.last_seq) this.#take(row);
    }
    this.#dirty.clear();
    this.#sorted = [...this.#known.values()].filter((row) => this.#belongs(row)).sort(compare);
    this.#next = next;
    this.more = next !== null;
    this.waiting = this.#waiting.size;
    if (this.#frozen && this.rows.length > 0) {
      // Nothing moves; rows that belong elsewhere now show what became of them.
      for (const row of this.#sorted) this.#note(row);
      this.rows = this.rows.map((row) => this.#known.get(row.id) ?? row);
      this.held = this.#heldIds.size;
    } else this.#show();
  }

  #take(row: Summary): void {
    this.#known.set(row.id, row);
    if (row.waiting_since !== null && row.status !== 'closed') this.#waiting.add(row.id);
    else this.#waiting.delete(row.id);
  }

  #belongs(row: Summary): boolean {
    const { view, tag, q } = this.#query;
    if (!inView(row, view, this.#options.self())) return false;
    if (tag && !row.tags.includes(tag)) return false;
    return q === '' || this.#found.has(row.id) || hasText(row, q);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#committedAt + COMMIT_EVERY - Date.now());
    this.#timer = setTimeout(() => this.#commit(), wait);
  }

  /** `page`: rows from further down, which go to the end and move nothing that is on the screen. */
  #commit(page: readonly Summary[] = []): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.loading) return; // what came meanwhile is put over the answer
    this.#committedAt = Date.now();
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.#arrange(dirty, false);
    if (!this.#frozen) return this.#show();
    if (dirty.size === 0) return;
    const further = page.filter((row) => !this.#before.has(row.id) && this.#belongs(row));
    for (const row of further) this.#before.set(row.id, row);
    for (const id of dirty) {
      const row = this.#known.get(id);
      if (row && this.#belongs(row)) this.#note(row);
      else this.#heldIds.delete(id);
    }
    const rows = [...this.rows, ...further.sort(compare)];
    this.rows = rows.map((row) => this.#known.get(row.id) ?? row);
    this.held = this.#heldIds.size;
  }

  #arrange(dirty: Set<string>, all: boolean): void {
    const touched = all ? this.#dirty : dirty;
    if (touched.size === 0) return;
    const changed: Summary[] = [];
    for (const id of touched) {
      const row = this.#known.get(id);
      if (row && this.#belongs(row)) changed.push(row);
    }
    this.#sorted = merge(this.#sorted, changed, touched);
    if (all) this.#dirty = new Set();
  }

  /** Counts a row that the frozen order keeps down. */
  #note(row: Summary): void {
    const then = this.#before.get(row.id);
    if (!then || compare(row, then) < 0) this.#heldIds.add(row.id);
    else this.#heldIds.delete(row.id);
  }

  #show(): void {
    this.rows = this.#sorted;
    this.#before = new Map(this.#sorted.map((row) => [row.id, row]));
    this.#heldIds.clear();
    this.held = 0;
    for (const id of this.selected) if (!this.#before.has(id)) this.selected.delete(id);
    // What is neither listed nor waited for need not be remembered.
    for (const id of this.#known.keys()) {
      if (!this.#before.has(id) && !this.#waiting.has(id)) this.#known.delete(id);
    }
  }
}
