// A guest of the chat page shows to be one of WhatsApp's as well, by a code that arrives there.
import { expect, type Page } from '@playwright/test';
import { violations } from './axe';
import { GRAPH, says, sentTo } from './graph';
import { deskPage, guestPage, say, test } from './pages';
import { shots } from './shots';

const PHONE = '4915100000801';

test.skip(!GRAPH, 'needs a stand-in for WhatsApp');

/** The digits of the newest code on this phone. */
async function code(desk: Page): Promise<string> {
  let found = '';
  const newest = async () => {
    const sent = await sentTo(desk, PHONE);
    const text = sent
      .filter(({ text }) => text.includes('your code for our chat page'))
      .at(-1)?.text;
    found = /^\d{4} \d{4}/.exec(text ?? '')?.[0] ?? '';
    return found;
  };
  await expect.poll(newest).not.toBe('');
  return found;
}

test('who types in the code is the same person to staff', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await says(desk, PHONE, 'Is the sauna open?');
  const guest = await guestPage(browser, undefined, { bypassCSP: true });
  await say(guest, 'It is me again, about the sauna');
  const session = await guest.request.post('/api/guest/session', { data: {} });
  const { conversation } = (await session.json()) as { conversation: string };

  await guest.getByRole('button', { name: 'Who can read this chat' }).click();
  const also = guest.getByRole('region', { name: 'Do you also write to us on WhatsApp?' });
  const number = also.getByLabel('Your number on WhatsApp, with country code');
  await number.fill('0151 000 00801');
  await also.getByRole('button', { name: 'Send me a code' }).click();
  await expect(also.getByRole('alert')).toContainText('with its country code');
  await number.fill('+49 151 000 00801');
  await also.getByRole('button', { name: 'Send me a code' }).click();
  const field = also.getByLabel('The code from WhatsApp');
  await expect(field).toBeFocused();
  const right = await code(desk);
  await field.fill('0000 0000');
  await also.getByRole('button', { name: 'Confirm' }).click();
  await expect(also.getByRole('alert')).toContainText('wrong or too old');
  await shots(guest, 'link-code');
  expect(await violations(guest)).toEqual([]);
  await field.fill(right);
  await also.getByRole('button', { name: 'Confirm' }).click();
  await expect(also.getByRole('status')).toContainText('both chats are yours');

  await desk.goto(`/dashboard?c=${conversation}`);
  const card = desk.getByRole('region', { name: 'Guest card' });
  await expect(card.getByRole('heading', { name: 'The same person' })).toBeVisible();
  await shots(desk, 'link-card');
  expect(await violations(desk)).toEqual([]);
  await card.getByRole('link', { name: /WhatsApp/ }).click();
  await expect(desk.getByRole('log', { name: 'Messages' })).toContainText('Is the sauna open?');
  await expect(card.getByRole('link', { name: /Web chat/ })).toBeVisible();
});

test('a refused code and a full hand of tries are said in words', async ({ browser }) => {
  const guest = await guestPage(browser);
  await guest.route('**/api/guest/whatsapp-code', (route) => route.fulfill({ status: 429 }));
  await guest.getByRole('button', { name: 'Who can read this chat' }).click();
  const also = guest.getByRole('region', { name: 'Do you also write to us on WhatsApp?' });
  await also.getByLabel('Your number on WhatsApp, with country code').fill('+49 151 000 00802');
  await also.getByRole('button', { name: 'Send me a code' }).click();
  await expect(also.getByRole('alert')).toContainText('too often');
  await guest.route('**/api/guest/whatsapp-code', (route) => route.abort());
  await also.getByRole('button', { name: 'Send me a code' }).click();
  await expect(also.getByRole('alert')).toContainText('did not work');
});
