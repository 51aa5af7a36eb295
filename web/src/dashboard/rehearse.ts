// A rehearsal as the server tells it, line by line.
import { send, type EntryBody } from './api';

/** What a question is answered, with titles of the entries that the answer rests on. */
export interface RehearsedText {
  id: string;
  question: string;
  outcome: string;
  reason?: string;
  text: string;
  sources: string[];
}

export interface Rehearsed {
  type: 'answered';
  before: RehearsedText;
  after: RehearsedText;
  change: 'same' | 'words' | 'changed' | 'new';
}

export type RehearsalEnd = 'done' | 'time_up' | 'closing';

export type RehearsalNews =
  | { type: 'begun'; questions: number; by: string }
  | Rehearsed
  | { type: 'ended'; how: RehearsalEnd };

export interface RehearsalBody {
  recorded: number;
  questions: string[];
  changes: { id?: string; entry?: EntryBody }[];
  against: 'then' | 'now';
  embedded: boolean;
  rules: string | null;
  model: string | null;
}

/** Asks; what comes of it is told as it comes. The server drops what is under way when `signal` says so. */
export function rehearse(body: RehearsalBody, signal: AbortSignal): AsyncGenerator<RehearsalNews> {
  return lines('/api/knowledge/rehearsal', body, signal);
}

/** An answer that came line by line, each a JSON object. It ends early if `signal` says so. */
export async function* lines<T>(
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const response = await send('POST', path, body, signal);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    const whole = (rest + part.value).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) yield JSON.parse(line) as T;
  }
}
