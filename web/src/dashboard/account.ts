// One's own account and colleagues' logins, invitations and tokens: the paths, and refusals in plain words.
import type { Role } from '../lib/protocol';
import { call, Problem, type Agent } from './api';
import { toasts } from './toasts.svelte';
import { t } from './words';

export interface Login {
  id: string;
  current: boolean;
  created_at: string;
  seen_at: string;
  expires_at: string;
  address: string;
  browser: string;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  made_by: string;
  expires_at: string;
}

export interface Offer {
  email: string;
  role: Role;
  hotel: string;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  made_by: string;
  expires_at: string;
  used_at: string | null;
}

export const SCOPES = [
  'conversations:read',
  'conversations:write',
  'knowledge:read',
  'knowledge:write',
  'metrics',
] as const;

export const account = {
  changePassword: (current: string, next: string) =>
    call<void>('POST', '/api/me/password', { current, new: next }),
  logins: () => call<{ items: Login[] }>('GET', '/api/me/sessions'),
  endLogin: (id: string) => call<void>('DELETE', `/api/me/sessions/${id}`),
  endOthers: () => call<void>('DELETE', '/api/me/sessions'),
  loginsOf: (agent: string) => call<{ items: Login[] }>('GET', `/api/agents/${agent}/sessions`),
  endLoginOf: (agent: string, id: string) =>
    call<void>('DELETE', `/api/agents/${agent}/sessions/${id}`),
  endLoginsOf: (agent: string) => call<void>('DELETE', `/api/agents/${agent}/sessions`),
  beginFactor: (password: string) =>
    call<{ secret: string; link: string }>('POST', '/api/me/second-factor', { password }),
  confirmFactor: (code: string) =>
    call<{ recovery_codes: string[] }>('POST', '/api/me/second-factor/confirm', { code }),
  removeFactor: (password: string) =>
    call<void>('POST', '/api/me/second-factor/remove', { password }),

  invitations: () => call<{ items: Invitation[] }>('GET', '/api/invitations'),
  invite: (email: string, role: Role, days: number) =>
    call<Invitation & { link: string }>('POST', '/api/invitations', { email, role, days }),
  withdraw: (id: string) => call<void>('DELETE', `/api/invitations/${id}`),
  offer: (token: string) => call<Offer>('POST', '/api/invitations/open', { token }),
  join: (token: string, name: string, password: string) =>
    call<Agent>('POST', '/api/invitations/accept', { token, name, password }),

  tokens: () => call<{ items: Token[] }>('GET', '/api/tokens'),
  addToken: (name: string, scopes: readonly string[], days: number) =>
    call<Token & { token: string }>('POST', '/api/tokens', { name, scopes, days }),
  revoke: (id: string) => call<void>('DELETE', `/api/tokens/${id}`),
};

/** Does something and says how it went. False if it did not go. */
export async function attempt(work: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await work();
    toasts.show(done);
    return true;
  } catch (error) {
    toasts.show(why(error), { tone: 'late' });
    return false;
  }
}

/** What went wrong, in one sentence. */
export function why(error: unknown): string {
  if (!(error instanceof Problem) || error.status === 0) return t('no_answer');
  if (error.status === 429) return t('too_many_tries', { n: Math.ceil(error.retryAfter ?? 30) });
  const text = error.message || error.code;
  return `${text.charAt(0).toLocaleUpperCase()}${text.slice(1)}.`;
}

/** The same where a password was given as a proof. */
export function whyProof(error: unknown): string {
  return error instanceof Problem && error.status === 403 ? t('not_your_password') : why(error);
}
