import { describe, expect, it } from 'vitest';
import type { ReplayedTurn } from '../../src/dashboard/api';
import { between, money, steps } from '../../src/dashboard/replay';
import type { Event } from '../../src/lib/protocol';

const event = (seq: number, kind = 'message') => ({ seq, kind }) as Event;
const turn = (name: string, through: number) => ({ turn: name, through }) as ReplayedTurn;
const shape = (events: Event[], turns: ReplayedTurn[]) =>
  steps({ events, turns }).map((step) =>
    step.type === 'turn' ? step.turn.turn : String(step.event.seq),
  );

describe('a replayed conversation', () => {
  it('tells each turn after the words that it answers', () => {
    expect(shape([event(1), event(2), event(3)], [turn('b', 3), turn('a', 1)])).toEqual([
      '1',
      'a',
      '2',
      '3',
      'b',
    ]);
  });

  it('tells a turn whose words are not among the events', () => {
    expect(shape([event(5)], [turn('old', 2), turn('new', 9)])).toEqual(['old', '5', 'new']);
  });

  it('leaves out what only says that something arrived', () => {
    expect(shape([event(1), event(2, 'delivery')], [])).toEqual(['1']);
  });

  it('counts money and time exactly', () => {
    expect(money(1_234)).toBe('0.001234');
    expect(money(2_500_000)).toBe('2.50');
    expect(between('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.250Z')).toBe(250);
    expect(between('2026-01-01T00:00:00Z', null)).toBeUndefined();
  });
});
