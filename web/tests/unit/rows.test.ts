import { describe, expect, it } from 'vitest';
import { rows, type Row } from '../../src/guest/rows';
import type { Item, Thread } from '../../src/lib/client';
import type { Event } from '../../src/lib/protocol';
import { opened } from '../../src/lib/thread';
import { AGENT, AI, GUEST, message, openedFrame } from './world';

const threadOf = (...events: Event[]): Thread =>
  opened(undefined, openedFrame(events) as Parameters<typeof opened>[1]);
const kinds = (list: Row[]) =>
  list.map((row) => (row.type === 'line' ? `line ${row.line}` : row.type));
const system = { kind: 'system' as const };

describe('rows of the log', () => {
  it('begin each day with a line and name an author once in a row', () => {
    const later = { at: '2026-11-24T10:00:00.000Z' };
    const list = rows(threadOf(message(1), message(2), message(3, AI, later)), []);
    expect(kinds(list)).toEqual(['day', 'message', 'message', 'day', 'message']);
    expect(list.flatMap((row) => (row.type === 'message' ? row.joined : []))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('say a take-over once, however many events it made', () => {
    const list = rows(
      threadOf(
        message(1, AGENT, { kind: 'mode', mode: 'human' }),
        message(2, AGENT, { kind: 'assigned', agent: { id: 'a1', name: 'Mia' } }),
        message(3, AGENT, { kind: 'status', status: 'open' }),
      ),
      [],
    );
    expect(kinds(list)).toEqual(['day', 'line joined']);
  });

  it('say a wait once', () => {
    const list = rows(
      threadOf(
        message(1, system, { kind: 'mode', mode: 'human' }),
        message(2, system, { kind: 'status', status: 'waiting' }),
        message(3, GUEST),
        message(4, system, { kind: 'status', status: 'waiting' }),
      ),
      [],
    );
    expect(kinds(list)).toEqual(['day', 'line waiting', 'message']);
  });

  it('show one card for a request, with its newest state', () => {
    const request = (state: string) => ({
      request: { id: 'r', department: 'd', text: 't', state },
    });
    const list = rows(
      threadOf(
        message(1, system, { kind: 'request', ...request('open') }),
        message(2),
        message(3, system, { kind: 'request', ...request('done') }),
      ),
      [],
    );
    expect(kinds(list)).toEqual(['day', 'request', 'message']);
    expect(list[1]).toMatchObject({ request: { state: 'done' } });
  });

  it('tick what was sent, read and answered', () => {
    const thread = threadOf(message(1, GUEST), message(2), message(3, GUEST), message(4, GUEST));
    const ticks = (held: Thread) =>
      rows(held, []).flatMap((row) => (row.type === 'message' && row.tick ? row.tick : []));
    expect(ticks(thread)).toEqual(['read', 'sent', 'sent']);
    expect(ticks({ ...thread, reads: { guest: 0, agent: 3 } })).toEqual(['read', 'read', 'sent']);
  });

  it('keep the key of a message from outbox to event', () => {
    const item: Item = { type: 'send', id: 'x', at: 0, state: 'sending', body: { text: 'Hi' } };
    const before = rows(threadOf(), [item]).at(-1);
    const after = rows(threadOf(message(1, GUEST, { id: 'x' })), []).at(-1);
    expect(before).toMatchObject({ tick: 'sending', item });
    expect(before?.key).toBe(after?.key);
  });

  it('say the time once for messages of one minute', () => {
    const list = rows(threadOf(message(1), message(2), message(3, GUEST)), []);
    const quiet = list.flatMap((row) => (row.type === 'message' ? [row.quiet] : []));
    expect(quiet).toEqual([true, false, false]);
  });

  it('leave out what guests need not see', () => {
    const list = rows(
      threadOf(message(1, AGENT, { kind: 'assigned', agent: null }), message(2, AI, { kind: 'x' })),
      [],
    );
    expect(list).toEqual([]);
  });
});
