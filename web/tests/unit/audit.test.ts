import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import en from '../../locales/dashboard/en.json';
import { target, what, who, type Deed } from '../../src/dashboard/audit';

const source = readFileSync(join(import.meta.dirname, '../../../src/audit.rs'), 'utf8');

const deed = (more: Partial<Deed> = {}): Deed => ({
  seq: 1,
  at: '2026-11-27T02:00:00.000Z',
  actor: { kind: 'agent', name: 'Mia' },
  action: 'login',
  ...more,
});

it('has a word for everything that the server records', () => {
  const actions = [...source.matchAll(/^ {4}[A-Z]\w+ = "(\w+)",$/gm)].map(
    (found) => found[1] ?? '',
  );
  expect(actions.length).toBeGreaterThan(30);
  for (const action of actions) expect(Object.keys(en), action).toContain(`deed_${action}`);
  const kinds = new Set([...source.matchAll(/kind: "(\w+)"|"(token)"/g)].map((f) => f[1] ?? f[2]));
  expect(kinds.size).toBeGreaterThan(4);
  for (const kind of kinds) expect(Object.keys(en), kind).toContain(`actor_${kind}`);
});

it('names who did it', () => {
  expect(who(deed())).toBe('Mia');
  expect(who(deed({ actor: { kind: 'token', name: 'Key cards' } }))).toBe('Key cards (API token)');
  expect(who(deed({ actor: { kind: 'nobody' } }))).toBe('Somebody unknown');
  expect(who(deed({ actor: { kind: 'robot' } }))).toBe('robot');
});

it('says what was done, also what a newer server does', () => {
  expect(what(deed())).toBe('Logged in');
  expect(what(deed({ action: 'moon_landed' }))).toBe('moon landed');
  expect(what(deed({ action: 'constructor' }))).toBe('constructor');
});

it('names accounts that there still are', () => {
  const names = new Map([['7', 'Nora']]);
  expect(target(deed({ target: 'agent:7' }), names)).toBe('Nora');
  expect(target(deed({ target: 'agent:8' }), names)).toBe('agent:8');
  expect(target(deed({ target: 'entry:7' }), names)).toBe('entry:7');
  expect(target(deed(), names)).toBe('');
});
