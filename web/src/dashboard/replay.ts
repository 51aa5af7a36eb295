// A conversation as it happened, in order: what was said and done, and after the guest's words what the AI made of
// them.
import type { Event } from '../lib/protocol';
import type { Replay, ReplayedTurn } from './api';

export type Step = { type: 'event'; event: Event } | { type: 'turn'; turn: ReplayedTurn };

/** Kinds that say nothing about what happened between guest and hotel. */
const SILENT: ReadonlySet<Event['kind']> = new Set(['delivery']);

/** A turn stands right after the last of the guest's words that it was to answer. */
export function steps({ events, turns }: Pick<Replay, 'events' | 'turns'>): Step[] {
  const waiting = [...turns].sort((a, b) => a.through - b.through);
  const found: Step[] = [];
  const until = (seq: number) => {
    for (let turn = waiting[0]; turn && turn.through < seq; turn = waiting[0]) {
      found.push({ type: 'turn', turn });
      waiting.shift();
    }
  };
  for (const event of events) {
    until(event.seq);
    if (!SILENT.has(event.kind)) found.push({ type: 'event', event });
  }
  until(Infinity);
  return found;
}

/** Money in the operator's own currency, as exact as it is kept. */
export function money(micros: number): string {
  return (micros / 1_000_000).toFixed(6).replace(/0{1,4}$/, '');
}

/** Milliseconds from one time to another; none if either did not come. */
export function between(from: string | null, to: string | null): number | undefined {
  return from && to ? Date.parse(to) - Date.parse(from) : undefined;
}
