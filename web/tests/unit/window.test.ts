import { expect, it } from 'vitest';
import { filled, openFor, parameters, whole, type Template } from '../../src/dashboard/window';
import type { Summary } from '../../src/lib/protocol';

const now = Date.parse('2026-11-25T12:00:00.000Z');
const phone = (until: string | null) => ({ channel: 'whatsapp', window_until: until }) as Summary;

it('knows how long free text still reaches the guest', () => {
  expect(openFor(undefined, now)).toBeUndefined();
  expect(openFor({ channel: 'web' } as Summary, now)).toBeUndefined();
  expect(openFor(phone('2026-11-25T13:30:10.000Z'), now)).toBe(90);
  expect(openFor(phone('2026-11-25T12:00:20.000Z'), now)).toBe(1);
  expect(openFor(phone('2026-11-25T11:59:59.000Z'), now)).toBe(0);
  expect(openFor(phone(null), now)).toBe(0);
});

it('fills in the blanks of a template', () => {
  const template: Template = {
    name: 'ready',
    language: 'en_US',
    category: 'utility',
    body: 'Dear {{1}}, room {{ 2 }} is ready, {{1}}.',
    footer: 'Hotel',
    blanks: ['1', '2'],
    named: false,
  };
  expect(filled(template.body, { 1: 'Ada' })).toBe('Dear Ada, room {{ 2 }} is ready, Ada.');
  expect(parameters(template, { 1: 'Ada', 2: ' ' })).toBeUndefined();
  expect(parameters(template, { 1: 'Ada', 2: '12' })).toEqual([{ text: 'Ada' }, { text: '12' }]);
  expect(whole(template, { 1: 'Ada', 2: '12' })).toBe('Dear Ada, room 12 is ready, Ada.\n\nHotel');
  const named = { ...template, blanks: ['name'], named: true };
  expect(parameters(named, { name: 'Ada' })).toEqual([{ name: 'name', text: 'Ada' }]);
});
