// What the hotel's own systems sign with: the paths.
import { call } from './api';

/** Who may tell of reservations. */
export interface Source {
  path: string;
  created_at: string;
}

/** What signs who a guest is. */
export interface IdentityKey {
  created_at: string;
  /** Until when the secret before is good as well. */
  old_until?: string;
}

const SOURCE = '/api/reservations/source';
const KEY = '/api/identity/key';

export const outside = {
  source: () => call<{ source: Source | null }>('GET', SOURCE).then(({ source }) => source),
  newSource: () => call<Source & { secret: string }>('POST', SOURCE),
  removeSource: () => call<void>('DELETE', SOURCE),

  key: () => call<{ key: IdentityKey | null }>('GET', KEY).then(({ key }) => key),
  newKey: () => call<IdentityKey & { secret: string }>('POST', KEY),
  removeKey: () => call<void>('DELETE', KEY),
};

/** A path of this server's as other systems have to call it. */
export function address(path: string): string {
  return new URL(path, location.origin).href;
}
