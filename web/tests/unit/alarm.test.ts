import { describe, expect, it } from 'vitest';
import { ringing } from '../../src/dashboard/alarm';
import type { Summary } from '../../src/lib/protocol';

const alarm = { since: '2026-11-25T10:00:00.000Z', reason: 'fire', rung: 0 };
const row = (id: string, more: Partial<Summary>): Summary =>
  ({ id, status: 'open', ...more }) as Summary;

describe('ringing', () => {
  it('rings until somebody acknowledges', () => {
    const rings = ringing(new Set(), [row('a', { alarm }), row('b', {})]);
    expect([...rings]).toEqual(['a']);
    expect([...ringing(rings, [row('b', { alarm })])]).toEqual(['a', 'b']);
    expect([...ringing(rings, [row('a', {})])]).toEqual([]);
    expect([...ringing(rings, [row('a', { alarm, status: 'closed' })])]).toEqual([]);
  });
});
