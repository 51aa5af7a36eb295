// The guest's language: from a choice made before, the address, or the browser.
import { browserLanguages, readChoice, saveChoice } from './choice';
import en from '../../locales/guest/en.json';
import type { AuthorKind } from '../lib/protocol';
import { applyLocale, isLocale, makeI18n, pickLocale, type Locale } from '../lib/i18n';

export type Key = keyof typeof en;

// Addresses, not modules: a language is fetched when it is chosen, as plain JSON.
const files = import.meta.glob<string>(['../../locales/guest/*.json', '!**/en.json'], {
  query: '?url',
  import: 'default',
  eager: true,
});

async function load(locale: Locale): Promise<Record<string, string>> {
  const address = files[`../../locales/guest/${locale}.json`];
  if (!address) return en;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`locale: ${answer.status}`);
  return (await answer.json()) as Record<string, string>;
}

class Words {
  #now = $state.raw(makeI18n('en', en, en));

  get i18n() {
    return this.#now;
  }
  t = (key: Key, values?: Record<string, string | number>) => this.#now.t(key, values);
  plural = (key: string, n: number) => this.#now.plural(key, n);

  /** How somebody other than the guest is called. */
  author(kind: AuthorKind, name?: string): string {
    return kind === 'ai' ? this.t('ai') : (name ?? this.t('team'));
  }

  /** The language to begin with: known at once, while its words are still on their way. */
  first(): Locale {
    const chosen = readChoice();
    return isLocale(chosen) ? chosen : pickLocale(browserLanguages());
  }

  async choose(locale: Locale): Promise<void> {
    saveChoice(locale);
    await this.use(locale);
  }

  async use(locale: Locale): Promise<void> {
    let words: Record<string, string> = en;
    try {
      words = await load(locale);
    } catch {
      locale = 'en'; // offline: better English than nothing
    }
    const region = browserLanguages().find((tag) => tag.split('-')[0] === locale);
    this.#now = makeI18n(locale, words, en, region);
    applyLocale(this.#now);
  }
}

export const words = new Words();
