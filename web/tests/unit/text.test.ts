import { describe, expect, it } from 'vitest';
import { makeI18n, pickLocale } from '../../src/lib/i18n';
import { sendable, textLength } from '../../src/lib/text';

describe('text', () => {
  it('is counted as the server counts it', () => {
    expect(textLength('  héllo 👋  ')).toBe(7);
    expect(textLength('👩‍👩‍👧')).toBe(5);
  });

  it('loses what the server refuses and nothing else', () => {
    expect(sendable(' a\u0000b\u0007\tc\nd مرحبا 👋 ')).toBe('ab\tc\nd مرحبا 👋');
    expect(sendable('x\ud83dy')).toBe('x\ufffdy');
  });
});

describe('i18n', () => {
  const en = { hello: 'Hello {name}', left_one: '{n} sign left', left_other: '{n} signs left' };

  it('fills in values, counts, and falls back', () => {
    const words = makeI18n('de', { hello: 'Hallo {name}' }, en);
    expect(words.t('hello', { name: 'Mia' })).toBe('Hallo Mia');
    expect(words.plural('left', 1)).toBe('1 sign left');
    expect(words.plural('left', 1_000)).toBe('1.000 signs left');
    expect(makeI18n('ar', {}, en).dir).toBe('rtl');
  });

  it('names days', () => {
    const words = makeI18n('en', {}, en);
    const now = new Date(2026, 10, 22, 9).getTime();
    expect(words.day(now - 3_600_000, now)).toBe('Today');
    expect(words.day(now - 86_400_000, now)).toBe('Yesterday');
    expect(words.day(now - 3 * 86_400_000, now)).toContain('November');
  });

  it('picks the first language that it speaks', () => {
    expect(pickLocale(['sv-SE', 'it-IT', 'en'])).toBe('it');
    expect(pickLocale(['xx'])).toBe('en');
  });
});
