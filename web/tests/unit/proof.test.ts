import { expect, it } from 'vitest';
import { proof } from '../../src/dashboard/proof';

it('says what of a card is verified, and what is not', () => {
  expect(proof({ name: 'Mia' })).toMatchObject({ verified: false });
  expect(proof({ name: 'Mia', vouched: ['name'] }).text).toMatch(/^Not verified/);
  expect(proof({ name: 'Mia', verified: true }).text).toBe('Verified by the hotel: who this is');
  expect(proof({ verified: true, vouched: ['name', 'room', 'locale'] }).text).toBe(
    'Verified by the hotel: name, room, and language',
  );
});
