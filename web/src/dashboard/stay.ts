// How long a stay is, and which night of it this is.
export interface Stay {
  nights: number;
  /** 1 for the first night; undefined before the arrival and after the departure. */
  night: number | undefined;
}

const DAY = 86_400_000;

export function nights(
  arrival: string | undefined,
  departure: string | undefined,
  now: number,
): Stay | undefined {
  const from = midnight(arrival);
  const to = midnight(departure);
  if (from === undefined || to === undefined || to <= from) return undefined;
  const today = new Date(now);
  const at = Date.UTC(today.getFullYear(), today.getMonth(), today.getDate());
  const total = Math.round((to - from) / DAY);
  const night = Math.round((at - from) / DAY) + 1;
  return { nights: total, night: night >= 1 && night <= total ? night : undefined };
}

/** A calendar day has no time zone; counted in UTC, no clock change gets in between. */
function midnight(day: string | undefined): number | undefined {
  const parsed = /^(\d{4})-(\d{2})-(\d{2})/.exec(day ?? '');
  if (!parsed) return undefined;
  return Date.UTC(Number(parsed[1]), Number(parsed[2]) - 1, Number(parsed[3]));
}
