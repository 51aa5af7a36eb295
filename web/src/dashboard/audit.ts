// Who did what: the log as admins read it, in plain words.
import en from '../../locales/dashboard/en.json';
import { call, type Page } from './api';
import { t, type Word } from './words';

export interface Deed {
  seq: number;
  at: string;
  actor: { kind: string; id?: string; name?: string };
  address?: string;
  action: string;
  target?: string;
  detail?: string;
}

export const PAGE_SIZE = 50;

export function readLog(cursor: string | null): Promise<Page<Deed>> {
  const params = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (cursor) params.set('cursor', cursor);
  return call<Page<Deed>>('GET', `/api/audit?${params}`);
}

/** The word of this name, if there is one: a newer server may know more than this page. */
function known(key: string): string | undefined {
  return Object.hasOwn(en, key) ? t(key as Word) : undefined;
}

/** Who did it: a name where there is one, else what it is. */
export function who({ actor }: Deed): string {
  const kind = known(`actor_${actor.kind}`) ?? actor.kind;
  if (!actor.name) return kind;
  return actor.kind === 'token' ? `${actor.name} (${kind})` : actor.name;
}

/** What was done. */
export function what({ action }: Deed): string {
  return known(`deed_${action}`) ?? action.replaceAll('_', ' ');
}

/** To whom or what: the name of an account that there still is, else as it stands. */
export function target(deed: Deed, names: ReadonlyMap<string, string>): string {
  const named = deed.target ?? '';
  const [kind, id = ''] = named.split(':', 2);
  return (kind === 'agent' && names.get(id)) || named;
}
