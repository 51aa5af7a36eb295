// What the hotel's own systems sign with: the paths.
import { call } from './api';

/** Who may tell of reservations. */
export interface Source {
  path: string;
  created_at: string;
}

/** What signs who a guest is. */
export interface IdentityKey {
  /** A secret that both know, or the public half of a key pair of the hotel's. */
  algorithm: 'HS256' | 'EdDSA';
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
  /** Without a public key a secret is made, and shown. */
  newKey: (publicKey?: string) =>
    call<IdentityKey & { secret?: string }>('POST', KEY, { public_key: publicKey }),
  removeKey: () => call<void>('DELETE', KEY),
};

/** A path of this server's as other systems have to call it. */
export function address(path: string): string {
  return new URL(path, location.origin).href;
}
