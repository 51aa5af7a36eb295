import { expect, it } from 'vitest';
import en from '../../locales/guest/en.json';

const files = import.meta.glob<Record<string, string>>('../../locales/guest/*.json', {
  import: 'default',
  eager: true,
});
const places = (text: string | undefined) => (text?.match(/\{\w+\}/g) ?? []).sort();

// Plural forms differ between languages, so only the base of `key_few` must be known.
const base = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const bases = new Set(Object.keys(en).map(base));

it.each(Object.entries(files))('%s has every word', (_, words) => {
  for (const [key, text] of Object.entries(en)) {
    expect(words[key], key).toBeTruthy();
    if (base(key) === key) expect(places(words[key]), key).toEqual(places(text));
  }
  for (const key of Object.keys(words)) expect(bases.has(base(key)), key).toBe(true);
});
