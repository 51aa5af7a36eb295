// The HTTP side of the contract, as far as the dashboard uses it.
import type { Author, Citation, Code, Event, Role, Summary } from '../lib/protocol';
import type { Template } from './window';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Agent {
  id: string;
  name: string;
  email: string;
  role: Role;
  disabled?: boolean;
  /** What is to be done before anything else; only of oneself. */
  must?: 'change_password' | 'set_up_second_factor';
  /** A second factor is asked for at each login; only of oneself. */
  second_factor?: boolean;
  /** Logs in at the provider of single sign-on, and there alone; only of oneself. */
  single_sign_on?: boolean;
}

export interface Entry {
  id: string;
  title: string;
  body: string;
  locale?: string | null;
  tags?: string[];
  /** Other wordings of the question. */
  aliases?: string[];
  updated_at?: string;
}

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  enabled: boolean;
  fault: string | null;
}

export interface WebhookDelivery {
  id: string;
  kind: string;
  step: 'waiting' | 'delivered' | 'failed';
  tries: number;
  status: number | null;
  error: string | null;
  created_at: string;
}

export interface PrivacySettings {
  conversation_days: number | null;
  attachment_days: number | null;
  notice: Record<string, string>;
  consent: Record<string, string>;
}

export interface Erased {
  done_at: string | null;
  copies: { backups: number; backups_gone_after_hours: number | null; set_aside: string[] };
}
/** What an entry said; newest first in a list. */
export interface EntryVersion {
  version: number;
  title: string;
  body: string;
  locale: string | null;
  tags: string[];
  aliases: string[];
  removed: boolean;
  by: { id: string; name: string } | null;
  at: string;
}

export type ImportFormat = 'markdown' | 'csv' | 'page';

export type RewriteStyle = 'friendlier' | 'shorter' | 'formal' | 'fix';

/** A reply that the agent might send; nobody has got it. */
export interface Suggestion {
  text: string;
  citations: Citation[];
  by: 'model' | 'knowledge';
  /** It holds something that none of its sources states. */
  unproven?: string;
}

/** A message in another language. */
export interface Translation {
  seq: number;
  language: string;
  text: string;
  /** These are the agent's own words, and the message is the translation. */
  original: boolean;
}

/** A conversation of the same person on another channel. */
export interface Linked {
  conversation: Summary;
  linked_at: string;
}

export interface Preferences {
  reading_language: string | null;
  model: boolean;
  hosts: string[];
}

interface Written {
  text: string;
  language?: string;
}

export interface ReplayedTurn {
  turn: string;
  after: number;
  through: number;
  outcome: string | null;
  reason: string | null;
  carried: boolean;
  answer: number | null;
  opened_at: string;
  asked_at: string | null;
  first_word_at: string | null;
  ended_at: string | null;
  records: {
    by: 'model' | 'knowledge';
    model: string | null;
    question: string;
    prompt: { role: string; content: string }[];
    sources: { entry: string; title: string; score: number }[];
    calls: { name: string; arguments: string }[];
    said: string;
    outcome: string;
    reason: string | null;
    at: string;
    first_word_ms: number | null;
    whole_ms: number;
  }[];
  calls: {
    prompt_tokens: number;
    answer_tokens: number;
    cost_micros: number;
    queued_ms: number;
  }[];
}

export interface Replay {
  events: Event[];
  turns: ReplayedTurn[];
  cost_micros: number;
}

export type EntryBody = Omit<Entry, 'id' | 'updated_at'>;
export type AgentBody = Partial<Omit<Agent, 'id'>> & { password?: string };
export type ViewName = 'all' | 'mine' | 'unassigned' | 'waiting' | 'closed';

/** A refusal, or no answer at all (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: Code,
    detail: string,
    /** Seconds to wait before the next try, where the server said so. */
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
}

let onLoggedOut = () => {};

/** Called whenever an answer says that the session is over. */
export function whenLoggedOut(run: () => void): void {
  onLoggedOut = run;
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Sends a request; what is not answered well is a `Problem`. */
export async function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch {
    throw new Problem(0, 'unavailable', '');
  }
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as { code?: Code; detail?: string };
  const wait = Number(response.headers.get('retry-after'));
  const problem = new Problem(
    response.status,
    told.code ?? 'internal',
    told.detail ?? '',
    Number.isFinite(wait) && wait > 0 ? wait : undefined,
  );
  if (response.status === 401 && path !== '/api/login') onLoggedOut();
  throw problem;
}

function query(values: Record<string, string | number | undefined | null>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export interface ListQuery {
  view: ViewName;
  tag?: string;
  q?: string;
  limit?: number;
  cursor?: string | null;
}

export const api = {
  me: () => call<Agent | { agent: Agent }>('GET', '/api/me').then(unwrap),
  login: (email: string, password: string, totp?: string) =>
    call<Agent | { agent: Agent }>('POST', '/api/login', { email, password, totp }).then(unwrap),
  logout: () => call<void>('POST', '/api/logout'),

  conversations: (list: ListQuery) =>
    call<Page<Summary>>('GET', `/api/conversations${query({ ...list })}`),
  before: (conversation: string, seq: number, limit: number) =>
    call<Page<Event>>(
      'GET',
      `/api/conversations/${conversation}/events${query({ before: seq, limit })}`,
    ),

  preferences: () => call<Preferences>('GET', '/api/me/preferences'),
  setPreferences: (body: { reading_language: string | null }) =>
    call<Preferences>('PUT', '/api/me/preferences', body),
  suggestion: (id: string) => call<Suggestion>('POST', `/api/conversations/${id}/suggestion`),
  summary: (id: string) => call<Written>('POST', `/api/conversations/${id}/summary`),
  rewriting: (id: string, body: { text: string; style: RewriteStyle }) =>
    call<Written>('POST', `/api/conversations/${id}/rewriting`, body),
  translation: (id: string, body: { text: string; to?: string }) =>
    call<Written>('POST', `/api/conversations/${id}/translation`, body),
  links: async (id: string) =>
    (await call<{ items: Linked[] }>('GET', `/api/conversations/${id}/links`)).items,
  translations: (id: string) =>
    call<{ items: Translation[] }>('GET', `/api/conversations/${id}/translations`),
  translate: (id: string, seq: number) =>
    call<Translation>('POST', `/api/conversations/${id}/translations/${seq}`),
  keepOriginal: (id: string, seq: number, body: { language: string; text: string }) =>
    call<void>('PUT', `/api/conversations/${id}/translations/${seq}`, body),
  replay: (id: string) => call<Replay>('GET', `/api/conversations/${id}/replay`),

  templates: () => call<{ items: Template[] }>('GET', '/api/whatsapp/templates'),

  agents: (cursor?: string | null) =>
    call<Page<Agent>>('GET', `/api/agents${query({ limit: 200, cursor })}`),
  addAgent: (body: AgentBody) => call<Agent>('POST', '/api/agents', body),
  changeAgent: (id: string, body: AgentBody) => call<Agent>('PATCH', `/api/agents/${id}`, body),

  entries: (cursor?: string | null) =>
    call<Page<Entry>>('GET', `/api/knowledge${query({ limit: 200, cursor })}`),
  addEntry: (body: EntryBody) => call<Entry>('POST', '/api/knowledge', body),
  putEntry: (id: string, body: EntryBody) => call<Entry>('PUT', `/api/knowledge/${id}`, body),
  webhooks: () => call<{ items: Webhook[] }>('GET', '/api/webhooks'),
  addWebhook: (url: string, events: readonly string[]) =>
    call<Webhook & { secret: string }>('POST', '/api/webhooks', { url, events }),
  changeWebhook: (id: string, enabled: boolean) =>
    call<Webhook>('PATCH', `/api/webhooks/${id}`, { enabled }),
  removeWebhook: (id: string) => call<void>('DELETE', `/api/webhooks/${id}`),
  pingWebhook: (id: string) => call<{ delivery: string }>('POST', `/api/webhooks/${id}/ping`),
  deliveries: (id: string) =>
    call<Page<WebhookDelivery>>('GET', `/api/webhooks/${id}/deliveries${query({ limit: 50 })}`),
  redeliver: (id: string, delivery: string) =>
    call<{ delivery: string }>('POST', `/api/webhooks/${id}/deliveries/${delivery}/redeliver`),

  privacy: () => call<PrivacySettings>('GET', '/api/privacy'),
  putPrivacy: (body: PrivacySettings) => call<PrivacySettings>('PUT', '/api/privacy', body),
  exportHref: (guest: string) => `/api/guests/${guest}/export`,
  eraseGuest: (guest: string) => call<Erased>('DELETE', `/api/guests/${guest}`),

  versions: (id: string) => call<Page<EntryVersion>>('GET', `/api/knowledge/${id}/versions`),
  importEntries: (body: { format: ImportFormat; text: string; locale: string | null }) =>
    call<{ added: number; changed: number; same: number }>('POST', '/api/knowledge/import', body),
  remember: (body: { conversation: string; question: number; answer: number }) =>
    call<Entry>('POST', '/api/knowledge/remember', body),
  removeEntry: (id: string) => call<void>('DELETE', `/api/knowledge/${id}`),
};

/** Every page of a list, up to a bound that no hotel reaches. */
export async function all<T>(read: (cursor?: string | null) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await read(cursor);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < 5_000);
  return items;
}

function unwrap(answer: Agent | { agent: Agent }): Agent {
  return 'agent' in answer ? answer.agent : answer;
}

export function isMine(by: Author, self: string | undefined): boolean {
  return by.kind === 'agent' && by.id === self;
}
