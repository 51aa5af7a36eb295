import { expect, it } from 'vitest';
import { blank, offered } from '../../src/dashboard/quick';

it('offers what was filled in, once each', () => {
  expect(offered(blank())).toEqual([]);
  expect(offered([' Yes ', '', 'Yes'])).toEqual(['Yes']);
  expect(offered(['Yes', ' ', 'No'])).toEqual(['Yes', 'No']);
});
