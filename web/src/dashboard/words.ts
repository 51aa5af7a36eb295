// The dashboard's words. They are loaded before anything is drawn; another language is another load.
import en from '../../locales/dashboard/en.json';
import { applyLocale, makeI18n, type I18n } from '../lib/i18n';

export type Word = keyof typeof en;

export const i18n: I18n<Word> = makeI18n('en', en, en);
applyLocale(i18n);

export const t: (key: Word, values?: Record<string, string | number>) => string = i18n.t;

/** `word_one`, `word_other` … */
export const count: (key: string, n: number) => string = i18n.plural;

/** A department of the contract's list, or the name as it came. */
export function departmentName(name: string): string {
  const key = `department_${name}`;
  return key in en ? t(key as Word) : name;
}

/** "5 min", "2 h 5 min", "3 d": short enough for a row. */
export function duration(minutes: number): string {
  if (minutes < 1) return t('under_minute');
  if (minutes < 60) return t('minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return t('days', { n: Math.floor(hours / 24) });
  const rest = minutes % 60;
  return rest === 0 ? t('hours', { n: hours }) : t('hours_minutes', { h: hours, m: rest });
}

const date = new Intl.DateTimeFormat(i18n.locale, { day: 'numeric', month: 'short' });

/** The time today, else the day. */
export function shortTime(at: string, now: number): string {
  const then = new Date(at);
  const today = new Date(now).toDateString() === then.toDateString();
  return today ? i18n.time(at) : date.format(then);
}

/** A calendar day (`2026-11-20`), which has no time zone. */
export function calendarDay(day: string): string {
  const parsed = /^(\d{4})-(\d{2})-(\d{2})/.exec(day);
  if (!parsed) return day;
  return date.format(new Date(Number(parsed[1]), Number(parsed[2]) - 1, Number(parsed[3])));
}

/** The name of a language, by its tag. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([i18n.locale], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

export function initials(name: string | undefined): string {
  const parts = (name ?? '').trim().split(/\s+/).filter(Boolean);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined];
  return (
    letters
      .map((part) => [...(part ?? '')][0] ?? '')
      .join('')
      .toLocaleUpperCase() || '?'
  );
}
