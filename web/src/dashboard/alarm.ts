// Which alarms ring: of every conversation of the house, shown in the list or not, until somebody
// acknowledges them. Pure, so that it can be tested by itself.
import type { Summary } from '../lib/protocol';

/** The conversations whose alarm rings, after these summaries came. */
export function ringing(
  before: ReadonlySet<string>,
  summaries: readonly Summary[],
): ReadonlySet<string> {
  const next = new Set(before);
  for (const row of summaries) {
    if (row.alarm && row.status !== 'closed') next.add(row.id);
    else next.delete(row.id);
  }
  return next;
}
