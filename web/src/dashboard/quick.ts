// Quick replies that an agent offers with a message.

/** How many a message may carry, and how long each may be; WhatsApp cuts what its buttons show. */
export const QUICK_MAX = 3;
export const QUICK_MAX_CHARS = 120;

/** Empty fields. */
export const blank = (): string[] => Array.from({ length: QUICK_MAX }, () => '');

/** What of the fields is offered: no empty one, none twice. */
export function offered(values: readonly string[]): string[] {
  return [...new Set(values.map((value) => value.trim()).filter((value) => value !== ''))];
}
