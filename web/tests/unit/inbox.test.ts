import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ListQuery, Page } from '../../src/dashboard/api';
import { COMMIT_EVERY, Inbox } from '../../src/dashboard/inbox.svelte';
import { compare, hasText, inView, merge } from '../../src/dashboard/order';
import type { Summary } from '../../src/lib/protocol';

const ME = 'agent-me';
const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 18, minute)).toISOString();

function row(id: string, change: Partial<Summary> = {}): Summary {
  return {
    id,
    property: 'p',
    channel: 'web',
    guest: { name: `Guest ${id}` },
    mode: 'ai',
    status: 'open',
    assigned: null,
    tags: [],
    urgency: 'normal',
    last_seq: 1,
    last_message: null,
    waiting_since: null,
    unread: 0,
    created_at: at(0),
    updated_at: at(0),
    ...change,
  };
}

const waits = (id: string, minute: number, change: Partial<Summary> = {}) =>
  row(id, { status: 'waiting', mode: 'human', waiting_since: at(minute), unread: 1, ...change });

const ids = (rows: readonly Summary[]) => rows.map(({ id }) => id).join(' ');

describe('the order', () => {
  it('puts urgent first, then the longest wait, then unread, then the newest', () => {
    const rows = [
      row('newest', { updated_at: at(50) }),
      row('unread', { unread: 2, updated_at: at(1) }),
      waits('waits-less', 20),
      waits('waits-more', 10),
      row('older', { updated_at: at(40) }),
      row('urgent', { urgency: 'urgent' }),
      row('urgent-but-closed', { urgency: 'urgent', status: 'closed' }),
    ];
    expect(ids([...rows].sort(compare))).toBe(
      'urgent waits-more waits-less unread newest older urgent-but-closed',
    );
  });

  it('merges a few changes as a whole sort would', () => {
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const make = (n: number) =>
      random() < 0.3
        ? waits(`c${n}`, Math.floor(random() * 60))
        : row(`c${n}`, {
            unread: Math.floor(random() * 2),
            updated_at: at(Math.floor(random() * 60)),
          });
    let all = Array.from({ length: 200 }, (_, n) => make(n)).sort(compare);
    for (let round = 0; round < 50; round += 1) {
      const changed = [make(Math.floor(random() * 200)), make(200 + round)];
      const gone = `c${Math.floor(random() * 200)}`;
      const touched = new Set([...changed.map(({ id }) => id), gone]);
      const kept = changed.filter(({ id }) => id !== gone);
      const expected = [...all.filter(({ id }) => !touched.has(id)), ...kept].sort(compare);
      all = merge(all, kept, touched);
      expect(ids(all)).toBe(ids(expected));
    }
  });

  it('decides the views as the server does', () => {
    const mine = row('a', { assigned: { id: ME, name: 'Me' } });
    const closed = row('b', { status: 'closed', assigned: { id: ME, name: 'Me' } });
    expect([inView(mine, 'mine', ME), inView(closed, 'mine', ME)]).toEqual([true, false]);
    expect([inView(mine, 'all', ME), inView(closed, 'all', ME)]).toEqual([true, false]);
    expect([inView(mine, 'unassigned', ME), inView(row('c'), 'unassigned', ME)]).toEqual([
      false,
      true,
    ]);
    expect([inView(waits('d', 1), 'waiting', ME), inView(mine, 'waiting', ME)]).toEqual([
      true,
      false,
    ]);
    expect([inView(mine, 'closed', ME), inView(closed, 'closed', ME)]).toEqual([false, true]);
  });

  it('finds by name, room, tag and last words', () => {
    const found = row('a', {
      guest: { name: 'Mia Sommer', room: '412' },
      tags: ['vip'],
      last_message: { text: 'Two towels', by: { kind: 'guest' }, at: at(1) },
    });
    for (const q of ['sommer', '412', 'VIP', 'towel', ' ']) expect(hasText(found, q)).toBe(true);
    expect(hasText(found, 'checkout')).toBe(false);
  });
});

describe('the inbox', () => {
  let server: Summary[];
  let asked: ListQuery[];
  let inbox: Inbox;

  beforeEach(async () => {
    vi.useFakeTimers();
    server = [waits('w1', 10), waits('w2', 20), row('o1', { updated_at: at(5) })];
    asked = [];
    const page = async (query: ListQuery): Promise<Page<Summary>> => {
      asked.push(query);
      const from = Number(query.cursor ?? 0);
      const limit = query.limit ?? 50;
      const listed = server.filter((one) => inView(one, query.view, ME));
      const next = from + limit < listed.length ? String(from + limit) : null;
      return { items: listed.slice(from, from + limit), next };
    };
    inbox = new Inbox({ page, self: () => ME });
    await inbox.show({ view: 'all', tag: '', q: '' });
    vi.advanceTimersByTime(COMMIT_EVERY);
  });
  afterEach(() => vi.useRealTimers());

  it('shows the first page and counts who waits', () => {
    expect(ids(inbox.rows)).toBe('w1 w2 o1');
    expect(inbox.waiting).toBe(2);
    expect(inbox.loading).toBe(false);
  });

  it('commits at most four times a second', () => {
    inbox.merge([row('n1', { updated_at: at(30), last_seq: 1 })]);
    vi.advanceTimersByTime(0);
    expect(ids(inbox.rows)).toBe('w1 w2 n1 o1');
    inbox.merge([row('n2', { updated_at: at(31) })]);
    vi.advanceTimersByTime(COMMIT_EVERY - 50);
    expect(ids(inbox.rows)).toBe('w1 w2 n1 o1');
    vi.advanceTimersByTime(50);
    expect(ids(inbox.rows)).toBe('w1 w2 n2 n1 o1');
  });

  it('ignores a row that is older than what is held', () => {
    inbox.merge([row('o1', { last_seq: 5, unread: 3 })]);
    inbox.merge([row('o1', { last_seq: 4, unread: 0 })]);
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(inbox.row('o1')?.unread).toBe(3);
  });

  it('moves nothing while frozen, counts what is held back, and applies it when asked', () => {
    inbox.freeze(true);
    inbox.merge([
      row('o1', { last_seq: 2, urgency: 'urgent' }),
      waits('w3', 1),
      waits('w2', 20, { last_seq: 2, unread: 4 }),
    ]);
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(ids(inbox.rows)).toBe('w1 w2 o1');
    expect(inbox.rows[1]?.unread).toBe(4); // the content is live all the same
    expect(inbox.held).toBe(2);
    inbox.apply();
    expect(ids(inbox.rows)).toBe('o1 w3 w1 w2');
    expect(inbox.held).toBe(0);
    expect(inbox.frozen).toBe(true);
  });

  it('keeps a row in its place while frozen even when it leaves the view, and lets go after', () => {
    inbox.freeze(true);
    inbox.merge([row('w1', { last_seq: 2, status: 'closed' })]);
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(ids(inbox.rows)).toBe('w1 w2 o1');
    expect(inbox.rows[0]?.status).toBe('closed');
    expect(inbox.waiting).toBe(1);
    inbox.freeze(false);
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(ids(inbox.rows)).toBe('w2 o1');
  });

  it('after a reconnect reads anew, keeping the order where somebody is at the list', async () => {
    inbox.freeze(true);
    server = [waits('w9', 2), waits('w2', 20, { last_seq: 9, unread: 7 })];
    await inbox.refresh();
    expect(ids(inbox.rows)).toBe('w1 w2 o1');
    expect(inbox.rows[1]?.unread).toBe(7);
    expect(inbox.held).toBe(1);
    inbox.apply();
    expect(ids(inbox.rows)).toBe('w9 w2');
    expect(inbox.waiting).toBe(2);
  });

  it('puts what came live over an answer that was still on its way', async () => {
    const reading = inbox.refresh();
    inbox.merge([waits('w1', 10, { last_seq: 8, unread: 9 }), waits('live', 5)]);
    await reading;
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(ids(inbox.rows)).toBe('live w1 w2 o1');
    expect(inbox.row('w1')?.unread).toBe(9);
  });

  it('loads further pages', async () => {
    server = Array.from({ length: 250 }, (_, n) =>
      row(`c${String(n).padStart(3, '0')}`, { updated_at: at(59 - Math.floor(n / 5)) }),
    );
    await inbox.show({ view: 'all', tag: '', q: '' });
    expect(inbox.rows.length).toBe(100);
    expect(inbox.more).toBe(true);
    await inbox.loadMore();
    await inbox.loadMore();
    expect(inbox.rows.length).toBe(250);
    expect(inbox.more).toBe(false);
    await inbox.refresh();
    expect(inbox.rows.length).toBe(250);
  });

  it('puts a further page at the end while frozen', async () => {
    server = Array.from({ length: 120 }, (_, n) => row(`c${String(n).padStart(3, '0')}`));
    server.push(row('late', { urgency: 'urgent' }));
    await inbox.show({ view: 'all', tag: '', q: '' });
    const before = ids(inbox.rows);
    inbox.freeze(true);
    await inbox.loadMore();
    expect(ids(inbox.rows.slice(0, 100))).toBe(before);
    expect(inbox.rows.length).toBe(121);
    inbox.apply();
    expect(inbox.rows[0]?.id).toBe('late');
  });

  it('says so when the list cannot be read, and keeps what it has', async () => {
    const broken = new Inbox({ page: () => Promise.reject(new Error('no')), self: () => ME });
    await broken.show({ view: 'all', tag: '', q: '' });
    expect(broken.problem).toBeDefined();
    expect(broken.loading).toBe(false);
  });

  it('walks by keyboard and forgets selections that are gone', async () => {
    expect(inbox.move(1)).toBe('w1');
    expect(inbox.move(1)).toBe('w2');
    expect(inbox.move(-1)).toBe('w1');
    expect(inbox.move(-1)).toBe('w1');
    inbox.toggle('w1');
    inbox.merge([row('w1', { last_seq: 2, status: 'closed' })]);
    vi.advanceTimersByTime(COMMIT_EVERY);
    expect(inbox.selected.size).toBe(0);
  });

  it('asks for who waits beside a view that does not show them', async () => {
    asked = [];
    await inbox.show({ view: 'closed', tag: '', q: '' });
    expect(asked.map(({ view }) => view)).toEqual(['closed', 'waiting']);
    expect(inbox.rows.length).toBe(0);
    expect(inbox.waiting).toBe(2);
  });
});
