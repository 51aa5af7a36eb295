// Who this guest is. The server knows it by a cookie that no script can read. Only where a browser
// keeps cookies out of frames does the page fall back to the token that the server also answers with.
import type { GuestProfile } from '../lib/protocol';
import { store } from './choice';
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
  fallback = latest;
  try {
    store.setItem(TOKEN, fallback);
  } catch {
    // it lasts as long as the page
  }
  return true;
}

export async function openSession(locale: string, consent = false): Promise<Session> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (fallback) headers.Authorization = `Bearer ${fallback}`;
  let answer: Response;
  try {
    answer = await fetch(page.embedded ? '/api/guest/session?embed=1' : '/api/guest/session', {
      method: 'POST',
      headers,
      credentials: 'same-origin',
      body: JSON.stringify({ locale, room: page.room, property: page.property, consent }),
    });
  } catch {
    throw new SessionError(0, 0);
  }
  if (!answer.ok) {
    if (answer.status === 401 && fallback) {
      fallback = undefined; // too old: begin anew
      store.removeItem(TOKEN);
      return openSession(locale, consent);
    }
    const seconds = Number(answer.headers.get('Retry-After') ?? 0);
    throw new SessionError(answer.status, Number.isFinite(seconds) ? seconds * 1_000 : 0);
  }
  const session = (await answer.json()) as Session;
  latest = session.token;
  return session;
}
