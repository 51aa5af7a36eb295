// A typed dictionary: the keys come from the fallback language, every other language is one small file
// that is fetched when it is chosen. Each page brings its own dictionary.

export type Dictionary = Record<string, string>;
export type Values = Record<string, string | number>;

export interface I18n<Key extends string> {
  readonly locale: string;
  readonly dir: 'ltr' | 'rtl';
  t(key: Key, values?: Values): string;
  /** `key_one`, `key_few`, `key_other` … by the language's own rules; `{n}` is the number. */
  plural(key: string, n: number): string;
  time(at: string | number): string;
  day(at: string | number, now: number): string;
}

const RTL = new Set(['ar', 'he', 'fa', 'ur']);

export const LOCALES = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  it: 'Italiano',
  ar: 'العربية',
} as const;
export type Locale = keyof typeof LOCALES;

export function isLocale(tag: string | null | undefined): tag is Locale {
  return tag !== null && tag !== undefined && Object.hasOwn(LOCALES, tag);
}

/** The first language of the browser's list that we speak. */
export function pickLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    if (isLocale(base)) return base;
  }
  return 'en';
}

/** `region` is the same language as the reader's own country writes dates and times (`en-GB`). */
export function makeI18n<Fallback extends Dictionary>(
  locale: string,
  words: Dictionary,
  fallback: Fallback,
  region = locale,
): I18n<keyof Fallback & string> {
  const rules = new Intl.PluralRules(locale);
  const clock = new Intl.DateTimeFormat(region, { hour: 'numeric', minute: '2-digit' });
  const date = new Intl.DateTimeFormat(region, { weekday: 'long', day: 'numeric', month: 'long' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const say = (key: string, values?: Values): string => {
    const text = words[key] ?? fallback[key] ?? key;
    if (!values) return text;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
  return {
    locale,
    dir: RTL.has(locale.split('-')[0] ?? '') ? 'rtl' : 'ltr',
    t: say,
    plural(key, n) {
      const form = `${key}_${rules.select(n)}`;
      const known = form in words || form in fallback;
      return say(known ? form : `${key}_other`, { n: new Intl.NumberFormat(locale).format(n) });
    },
    time: (at) => clock.format(new Date(at)),
    day(at, now) {
      const days = Math.round((midnight(new Date(at)) - midnight(new Date(now))) / 86_400_000);
      if (days > 0 || days < -1) return date.format(new Date(at));
      const text = relative.format(days, 'day');
      return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
    },
  };
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** Sets the page's language and direction, so that fonts, hyphens and readers follow. */
export function applyLocale(i18n: { locale: string; dir: string }): void {
  document.documentElement.lang = i18n.locale;
  document.documentElement.dir = i18n.dir;
}
