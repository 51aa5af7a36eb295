// Which conversations a list shows and in which order. Pure, so that it can be tested by itself.
import type { Summary } from '../lib/protocol';
import type { ViewName } from './api';

export interface Query {
  view: ViewName;
  tag: string;
  q: string;
}

/**
 * Urgent first; then whoever waits for a person, longest first; then unread; then newest. Times are
 * RFC 3339 UTC with milliseconds, so they compare as text.
 */
export function compare(one: Summary, other: Summary): number {
  const urgent = Number(isUrgent(other)) - Number(isUrgent(one));
  if (urgent !== 0) return urgent;
  const a = one.waiting_since;
  const b = other.waiting_since;
  if (a !== b) {
    if (a === null) return 1;
    if (b === null) return -1;
    return a < b ? -1 : 1;
  }
  const unread = Number(other.unread > 0) - Number(one.unread > 0);
  if (unread !== 0) return unread;
  if (one.updated_at !== other.updated_at) return one.updated_at > other.updated_at ? -1 : 1;
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}

export function isUrgent(row: Summary): boolean {
  return row.urgency === 'urgent' && row.status !== 'closed';
}

/**
 * The sorted list with some rows changed, added or gone. One pass over the list and a sort of the few
 * that changed, since a busy house changes a handful out of thousands at a time.
 */
export function merge(
  sorted: readonly Summary[],
  changed: readonly Summary[],
  touched: ReadonlySet<string>,
): Summary[] {
  const incoming = [...changed].sort(compare);
  const merged: Summary[] = [];
  let next = 0;
  for (const row of sorted) {
    if (touched.has(row.id)) continue;
    for (let add = incoming[next]; add && compare(add, row) < 0; add = incoming[next]) {
      merged.push(add);
      next += 1;
    }
    merged.push(row);
  }
  for (; next < incoming.length; next += 1) merged.push(incoming[next] as Summary);
  return merged;
}

/** As the server decides it, for rows that come live. */
export function inView(row: Summary, view: ViewName, self: string | undefined): boolean {
  switch (view) {
    case 'all':
      return row.status !== 'closed';
    case 'mine':
      return row.status !== 'closed' && row.assigned !== null && row.assigned.id === self;
    case 'unassigned':
      return row.status !== 'closed' && row.assigned === null;
    case 'waiting':
      return row.status === 'waiting';
    case 'closed':
      return row.status === 'closed';
  }
}

export function hasText(row: Summary, q: string): boolean {
  const wanted = q.trim().toLowerCase();
  if (wanted === '') return true;
  const { name, email, phone, room } = row.guest;
  const places = [name, email, phone, room, row.last_message?.text, ...row.tags];
  return places.some((place) => place?.toLowerCase().includes(wanted));
}
