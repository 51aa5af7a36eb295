import { describe, expect, it } from 'vitest';
import { Keys, placeOf, type Key, type Place } from '../../src/dashboard/keys';
import { answered, authorName, fates, happened, toLines } from '../../src/dashboard/lines';
import { nights } from '../../src/dashboard/stay';
import { DUE_AFTER, waited } from '../../src/dashboard/waiting';
import type { AuthorKind, Event, EventKind, RequestState } from '../../src/lib/protocol';

const FREE: Place = { field: false, control: false, on: true };
const press = (key: string, more: Partial<Key> = {}): Key => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...more,
});

describe('keys', () => {
  it('knows single keys outside of fields only', () => {
    const keys = new Keys();
    expect(keys.match(press('j'), FREE, 0)).toBe('next');
    expect(keys.match(press('?', { shiftKey: true }), FREE, 0)).toBe('help');
    expect(keys.match(press('j'), { ...FREE, field: true }, 0)).toBeUndefined();
    expect(keys.match(press('j'), { ...FREE, on: false }, 0)).toBeUndefined();
    expect(keys.match(press('j', { isComposing: true }), FREE, 0)).toBeUndefined();
    expect(keys.match(press('e', { ctrlKey: true }), FREE, 0)).toBeUndefined();
    expect(keys.match(press('E', { shiftKey: true }), FREE, 0)).toBeUndefined();
  });

  it('opens the palette from anywhere, also with single keys off', () => {
    const keys = new Keys();
    const place = { field: true, control: false, on: false };
    expect(keys.match(press('k', { ctrlKey: true }), place, 0)).toBe('palette');
    expect(keys.match(press('k', { metaKey: true }), place, 0)).toBe('palette');
  });

  it('takes g and a letter within a moment as one', () => {
    const keys = new Keys();
    expect(keys.match(press('g'), FREE, 0)).toBeUndefined();
    expect(keys.match(press('k'), FREE, 500)).toBe('go_knowledge');
    expect(keys.match(press('k'), FREE, 600)).toBe('previous');
    expect(keys.match(press('g'), FREE, 1_000)).toBeUndefined();
    expect(keys.match(press('k'), FREE, 5_000)).toBe('previous');
    keys.match(press('g'), FREE, 6_000);
    expect(keys.match(press('q'), FREE, 6_100)).toBeUndefined();
  });

  it('goes by the place of a key where the letters are not Latin', () => {
    const keys = new Keys();
    expect(keys.match(press('о', { code: 'KeyJ' }), FREE, 0)).toBe('next');
    expect(keys.match(press('ز', { code: 'Slash' }), FREE, 0)).toBe('search');
  });

  it('leaves Enter to buttons and links', () => {
    const keys = new Keys();
    expect(keys.match(press('Enter'), FREE, 0)).toBe('open');
    expect(keys.match(press('Enter'), { ...FREE, control: true }, 0)).toBeUndefined();
  });

  it('tells fields from controls', () => {
    document.body.innerHTML = '<textarea></textarea><a href="#"><b></b></a><input type="checkbox">';
    const place = (selector: string) => placeOf(document.querySelector(selector));
    expect(place('textarea').field).toBe(true);
    expect(place('b')).toEqual({ field: false, control: true });
    expect(place('input').field).toBe(false);
    expect(placeOf(null)).toEqual({ field: false, control: false });
  });
});

const BASE = Date.UTC(2026, 10, 22, 12);
function event(seq: number, kind: EventKind, more: Partial<Event> = {}): Event {
  return {
    conversation: 'c',
    seq,
    prev: seq - 1,
    at: new Date(BASE + seq * 1_000).toISOString(),
    by: { kind: 'guest', id: 'g', name: 'Mia' },
    ...kind,
    ...more,
  } as Event;
}
const said = (seq: number, text: string, more: Partial<Event> = {}) =>
  event(seq, { kind: 'message', text, channel: 'web' }, more);

describe('lines', () => {
  it('begins each day with its line and names an author once in a row', () => {
    const later = new Date(BASE + 86_400_000).toISOString();
    const lines = toLines([said(1, 'a'), said(2, 'b'), said(3, 'c', { at: later })], BASE);
    expect(lines.map(({ type }) => type)).toEqual(['day', 'said', 'said', 'day', 'said']);
    expect(lines.map((line) => line.type === 'said' && line.first)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(lines[0]).toMatchObject({ text: 'Today' });
  });

  it('shows a delivery at its message and not as a line', () => {
    const by = { kind: 'system' as const };
    const events = [
      said(1, 'a'),
      event(2, { kind: 'delivery', of: 1, state: 'sent' }, { by }),
      event(3, { kind: 'delivery', of: 1, state: 'failed', error: 'blocked' }, { by }),
    ];
    expect(toLines(events, BASE).length).toBe(2);
    expect(fates(events).get(1)).toEqual({ state: 'failed', error: 'blocked' });
  });

  it('never takes a note for a message of the same agent', () => {
    const by = { kind: 'agent' as const, id: 'a', name: 'Jon' };
    const lines = toLines(
      [said(1, 'a', { by }), event(2, { kind: 'note', text: 'b' }, { by })],
      BASE,
    );
    expect(lines.at(-1)).toMatchObject({ type: 'said', first: true, event: { kind: 'note' } });
  });

  it('shows one card for a request, with its newest state, and lines for what became of it', () => {
    const request = (seq: number, state: RequestState) =>
      event(seq, {
        kind: 'request',
        request: { id: 'r', department: 'housekeeping', text: 'two towels', state },
      });
    const events = [request(1, 'open'), said(2, 'x'), request(3, 'accepted')];
    const lines = toLines(events, BASE);
    expect(lines.map((line) => line.type)).toEqual(['day', 'request', 'said', 'system']);
    expect(lines[1]).toMatchObject({ request: { state: 'accepted' } });
    expect(lines[3]).toMatchObject({ text: 'Housekeeping is on it: two towels' });
  });

  it('knows which question a colleague answers', () => {
    const by = (kind: AuthorKind) => ({ by: { kind, id: kind } });
    const events = [
      said(1, 'where?', by('guest')),
      said(2, 'hm', by('ai')),
      said(3, 'there', by('agent')),
      said(4, 'and when?', by('guest')),
      event(5, { kind: 'message', text: 'x', channel: 'web', reply_to: 1 }, by('agent')),
    ];
    expect([...answered(events)]).toEqual([
      [3, 1],
      [5, 1],
    ]);
  });

  it('says in plain words what happened', () => {
    const by = { kind: 'agent' as const, id: 'a', name: 'Jon' };
    expect(happened(event(1, { kind: 'mode', mode: 'human' }, { by }))).toBe(
      'Jon took over from the AI',
    );
    expect(happened(event(1, { kind: 'assigned', agent: { id: 'a', name: 'Jon' } }, { by }))).toBe(
      'Jon took this',
    );
    expect(happened(event(1, { kind: 'urgency', urgency: 'urgent', reason: 'smoke' }))).toBe(
      'Urgent: smoke',
    );
    expect(authorName(event(1, { kind: 'note', text: '' }, { by: { kind: 'ai' } }))).toBe(
      'AI assistant',
    );
  });
});

describe('waiting and staying', () => {
  it('tells how long and how bad', () => {
    const since = new Date(BASE).toISOString();
    expect(waited(since, BASE + 60_000)).toMatchObject({ minutes: 1, level: 'ok' });
    expect(waited(since, BASE + 0.7 * DUE_AFTER).level).toBe('soon');
    expect(waited(since, BASE + DUE_AFTER)).toMatchObject({ level: 'late', share: 1 });
    expect(waited(since, BASE - 5_000).minutes).toBe(0);
  });

  it('counts nights', () => {
    const noon = new Date(2026, 10, 22, 12).getTime();
    expect(nights('2026-11-20', '2026-11-25', noon)).toEqual({ nights: 5, night: 3 });
    expect(nights('2026-12-20', '2026-12-25', noon)).toEqual({ nights: 5, night: undefined });
    expect(nights('2026-11-25', '2026-11-20', noon)).toBeUndefined();
    expect(nights('soon', undefined, noon)).toBeUndefined();
  });
});
