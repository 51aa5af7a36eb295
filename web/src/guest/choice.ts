// What this device remembers of the guest beside unsent messages: a language.
import { pageStore } from '../lib/env';

export const store = pageStore();
const LOCALE = 'frontdesk.locale';

export function browserLanguages(): readonly string[] {
  return navigator.languages ?? [navigator.language];
}

export function readChoice(): string | null {
  return new URLSearchParams(location.search).get('lang') ?? store.getItem(LOCALE);
}

export function saveChoice(locale: string): void {
  try {
    store.setItem(LOCALE, locale);
  } catch {
    // storage full: it is asked again next time
  }
}
