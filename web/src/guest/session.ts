// Who this guest is. The server knows it by a cookie that no script can read. Only where a browser
// keeps cookies out of frames does the page fall back to the token that the server also answers with.
import type { GuestProfile } from '../lib/protocol';
import { store } from './choice';
import { askHost, hostVouches } from './host';
import { page } from './page';

export interface Session {
  guest: GuestProfile;
  conversation: string;
  token?: string;
  /** The hotel's name. */
  hotel?: string;
  /** What the hotel says about the guest's data. */
  notice?: string;
  /** What the guest has to agree to before writing, and has not. */
  consent?: string;
  /** The hotel is on WhatsApp as well. */
  whatsapp?: boolean;
  /** Hosts that the hotel's knowledge names. */
  hosts?: string[];
}

export class SessionError extends Error {
  constructor(
    readonly status: number,
    readonly retryMs: number,
  ) {
    super(`session: ${status}`);
  }
  /** Trying again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const TOKEN = 'frontdesk.token';
let fallback = store.getItem(TOKEN) ?? undefined;
let latest: string | undefined;

/** The token for `hello`, once it is known that the cookie does not arrive. */
export function token(): string | undefined {
  return fallback;
}

/**
 * The token for requests that must be answered as the guest's. By cookies alone, a browser that is also
 * logged in to the dashboard would be answered as the agent.
 */
export function bearer(): Record<string, string> {
  const shown = fallback ?? latest;
  return shown === undefined ? {} : { Authorization: `Bearer ${shown}` };
}

/** The cookie was not accepted right after it was given: use the token from now on. */
export function useToken(): boolean {
  if (fallback !== undefined || latest === undefined) return false;
  keep(latest);
  return true;
}

function keep(token: string | undefined): void {
  fallback = token;
  try {
    if (token === undefined) store.removeItem(TOKEN);
    else store.setItem(TOKEN, token);
  } catch {
    // it lasts as long as the page
  }
}

/** What is said beside who this is. */
interface Said {
  /** The guest agrees to what it was asked. */
  consent?: boolean;
  /** A token that the hotel has signed; empty: nobody is logged in at the hotel. */
  identity?: string;
}

/**
 * Begins a session, or finds it again: as whoever the hotel's page vouches for, if it does so. A guest whose token
 * is refused twice is somebody unknown, who is answered all the same.
 */
export async function beginSession(locale: string): Promise<Session> {
  if (!hostVouches) return openSession(locale);
  for (let tries = 0; tries < 2; tries++) {
    const identity = await askHost();
    try {
      return await openSession(locale, { identity });
    } catch (error) {
      const refused = error instanceof SessionError && error.status === 401 && identity !== '';
      if (!refused) throw error;
    }
  }
  console.warn('Frontdesk: the identity token was refused; the guest is not verified.');
  return openSession(locale, { identity: '' });
}

export async function openSession(locale: string, said: Said = {}): Promise<Session> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (fallback) headers.Authorization = `Bearer ${fallback}`;
  let answer: Response;
  try {
    answer = await fetch(page.embedded ? '/api/guest/session?embed=1' : '/api/guest/session', {
      method: 'POST',
      headers,
      credentials: 'same-origin',
      body: JSON.stringify({ locale, room: page.room, property: page.property, ...said }),
    });
  } catch {
    throw new SessionError(0, 0);
  }
  if (!answer.ok) {
    if (answer.status === 401 && fallback && !said.identity) {
      keep(undefined); // too old: begin anew
      return openSession(locale, said);
    }
    const seconds = Number(answer.headers.get('Retry-After') ?? 0);
    throw new SessionError(answer.status, Number.isFinite(seconds) ? seconds * 1_000 : 0);
  }
  const session = (await answer.json()) as Session;
  latest = session.token;
  // Another session than before, as for another guest: the token of the one before opens the wrong one.
  if (fallback !== undefined && latest !== undefined && latest !== fallback) keep(latest);
  return session;
}
