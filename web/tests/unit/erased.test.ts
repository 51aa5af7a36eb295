// An erasure takes the words off the screen, live and on the way back.
import { expect, test } from 'vitest';
import type { Event, Summary } from '../../src/lib/protocol';
import { append, opened } from '../../src/lib/thread';

const at = '2026-11-25T20:00:00.000Z';
const base = { conversation: 'c', at, by: { kind: 'guest', id: 'g', name: 'Ana' } } as const;
const summary = {
  id: 'c',
  guest: { id: 'g', name: 'Ana', room: '204' },
  tags: ['vip'],
  last_seq: 2,
  last_message: { text: 'secret', by: base.by, at },
} as unknown as Summary;
const said: Event[] = [
  { ...base, seq: 1, prev: 0, kind: 'message', text: 'secret', channel: 'web' },
  { ...base, seq: 2, prev: 1, kind: 'note', text: 'secret' },
];
const end: Event = { ...base, by: { kind: 'system' }, seq: 3, prev: 2, kind: 'erased', through: 2 };

test('live', () => {
  const thread = opened(undefined, {
    type: 'opened',
    conversation: summary,
    events: said,
    more: false,
  });
  const after = append(thread, end);
  if (typeof after === 'string') throw new Error(after);
  expect(JSON.stringify(after)).not.toMatch(/secret|Ana|204|vip/);
  expect(after.events.map((event) => event.seq)).toEqual([1, 2, 3]);
  expect(after.summary.status).toBe('closed');
});

test('on the way back', () => {
  const thread = opened(undefined, {
    type: 'opened',
    conversation: summary,
    events: said,
    more: false,
  });
  const now = { ...summary, guest: { id: 'g' }, tags: [], last_message: null };
  const after = opened(
    thread,
    { type: 'opened', conversation: now, events: [end], more: false },
    2,
  );
  expect(JSON.stringify(after)).not.toMatch(/secret|Ana|204|vip/);
});
