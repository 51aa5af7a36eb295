// Where the person is, kept in the address so that it can be shared, reloaded and gone back from.
import type { ViewName } from './api';

const PAGES = ['inbox', 'knowledge', 'team', 'integrations', 'settings', 'audit', 'check'] as const;
export type PageName = (typeof PAGES)[number];

/** Pages that only admins may see. */
export const FOR_ADMINS: readonly PageName[] = ['team', 'integrations', 'audit', 'check'];
export const VIEWS: readonly ViewName[] = ['all', 'mine', 'unassigned', 'waiting', 'closed'];

export interface Place {
  page: PageName;
  view: ViewName;
  tag: string;
  q: string;
  conversation: string | undefined;
}

class Route {
  page = $state<PageName>('inbox');
  view = $state<ViewName>('all');
  tag = $state('');
  q = $state('');
  conversation = $state<string>();

  constructor() {
    this.#read();
    window.addEventListener('popstate', () => this.#read());
  }

  /** `replace`: the way back skips this place (each letter of a search is no place of its own). */
  go(change: Partial<Place>, replace = false): void {
    const href = this.href(change);
    if (href === location.pathname + location.search) return;
    if (replace) history.replaceState(null, '', href);
    else history.pushState(null, '', href);
    this.#read();
  }

  href(change: Partial<Place>): string {
    const { page, view, tag, q, conversation } = this;
    const place = { page, view, tag, q, conversation, ...change };
    const params = new URLSearchParams();
    if (place.page !== 'inbox') params.set('page', place.page);
    else {
      if (place.view !== 'all') params.set('view', place.view);
      if (place.tag) params.set('tag', place.tag);
      if (place.q) params.set('q', place.q);
      if (place.conversation) params.set('c', place.conversation);
    }
    const text = params.toString();
    return location.pathname + (text ? `?${text}` : '');
  }

  #read(): void {
    const params = new URLSearchParams(location.search);
    this.page = oneOf(PAGES, params.get('page')) ?? 'inbox';
    // The other pages leave the inbox as it was, to come back to.
    if (this.page !== 'inbox') return;
    this.view = oneOf(VIEWS, params.get('view')) ?? 'all';
    this.tag = params.get('tag') ?? '';
    this.q = params.get('q') ?? '';
    this.conversation = params.get('c') ?? undefined;
  }
}

function oneOf<T extends string>(known: readonly T[], value: string | null): T | undefined {
  return known.find((name) => name === value);
}

export const route = new Route();
