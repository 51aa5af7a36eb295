// How long a guest has waited for a person, and how bad that is.

/** A guest who writes to a front desk expects a person within this time. */
export const DUE_AFTER = 5 * 60_000;
const SOON_FROM = 0.6;

export interface Wait {
  minutes: number;
  level: 'ok' | 'soon' | 'late';
  /** Share of the time that is used up, 0 to 1. */
  share: number;
}

export function waited(since: string, now: number): Wait {
  const ms = Math.max(0, now - Date.parse(since));
  const share = Math.min(1, ms / DUE_AFTER);
  const level = ms >= DUE_AFTER ? 'late' : share >= SOON_FROM ? 'soon' : 'ok';
  return { minutes: Math.floor(ms / 60_000), level, share };
}
