// What admins set up for other systems and for guests' rights.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect } from '@playwright/test';
import { violations } from './axe';
import { deskPage, guestPage, openThread, say, test } from './pages';
import { shots } from './shots';

test('a webhook is made, shows its secret once, and is removed', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Integrations and privacy' }).click();
  await expect(desk.getByRole('heading', { name: 'Webhooks' })).toBeVisible();
  expect(await violations(desk)).toEqual([]);
  await desk.getByRole('button', { name: 'Add webhook' }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByLabel('Address (https)').fill('http://127.0.0.1/');
  await dialog.getByRole('button', { name: 'Add webhook' }).click();
  await expect(dialog.getByRole('alert')).toContainText('public internet');
  await dialog.getByLabel('Address (https)').fill('https://pms.example/hooks');
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'Add webhook' }).click();
  const secret = await dialog.locator('pre').innerText();
  expect(secret).toMatch(/^fdwh_/);
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(desk.locator('body')).not.toContainText(secret);
  const row = desk.getByRole('listitem').filter({ hasText: 'https://pms.example/hooks' });
  await row.getByRole('button', { name: 'Deliveries' }).click();
  await expect(desk.getByRole('dialog')).toContainText('Nothing was sent there yet');
  await desk.keyboard.press('Escape');
  await row.getByRole('button', { name: 'Remove the webhook to' }).click();
  await expect(row).toHaveCount(0);
});

test('what guests are told is kept by language', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Integrations and privacy' }).click();
  const notice = desk.getByLabel('Privacy notice, in English');
  await notice.fill('We keep this chat for a month.');
  await desk.getByRole('button', { name: 'Save' }).click();
  await expect(desk.getByText('The privacy settings are saved.')).toBeVisible();
  const guest = await guestPage(browser);
  await guest.getByRole('button', { name: 'Privacy' }).first().click();
  await expect(guest.getByRole('dialog')).toContainText('We keep this chat for a month.');
  await notice.fill('');
  await desk.getByRole('button', { name: 'Save' }).click();
  await expect(desk.getByText('The privacy settings are saved.').last()).toBeVisible();
});

test('a guest is erased, after a question, and gone from both screens', async ({ browser }) => {
  const guest = await guestPage(browser);
  await say(guest, 'My secret is a kanarienvogel');
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await openThread(desk, guest);
  await expect(desk.locator('.row.guest').last()).toContainText('kanarienvogel');
  const data = desk.getByRole('region', { name: 'Guest’s data' });
  const [download] = await Promise.all([
    desk.waitForEvent('download'),
    data.getByRole('link', { name: 'Export everything' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^guest-.*\.zip$/);
  await data.getByRole('button', { name: 'Erase this guest' }).click();
  expect(await violations(desk)).toEqual([]);
  await desk.getByRole('button', { name: 'Erase for good' }).click();
  await expect(desk.getByText('The guest’s data is erased.')).toBeVisible();
  await expect(desk.getByRole('log', { name: 'Messages' })).not.toContainText('kanarienvogel');
  await expect(desk.locator('body')).not.toContainText('kanarienvogel');
  await expect(guest.locator('body')).not.toContainText('kanarienvogel');
});

test('a guest agrees before writing, once', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Integrations and privacy' }).click();
  const consent = desk.getByLabel('What guests agree to before they write, in English');
  await consent.fill('Do you agree that we keep this chat?');
  await desk.getByRole('button', { name: 'Save' }).click();
  await expect(desk.getByText('The privacy settings are saved.')).toBeVisible();
  const guest = await guestPage(browser);
  await expect(guest.getByText('Do you agree that we keep this chat?')).toBeVisible();
  await expect(guest.locator('.composer textarea')).toHaveCount(0);
  await guest.getByRole('button', { name: 'I agree' }).click();
  await say(guest, 'Good evening');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  await guest.reload();
  await expect(guest.locator('.composer textarea')).toBeVisible();
  await expect(guest.getByText('Do you agree that we keep this chat?')).toHaveCount(0);
  await consent.fill('');
  await desk.getByRole('button', { name: 'Save' }).click();
  await expect(desk.getByText('The privacy settings are saved.').last()).toBeVisible();
});

test('a property system is connected: address and secret are shown once, and work until they are taken away', async ({
  browser,
  playwright,
}) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Integrations and privacy' }).click();
  await expect(desk.getByText('No property system is connected.')).toBeVisible();
  await desk.getByRole('button', { name: 'Connect a property system' }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Connect a property system' }).click();
  const address = await dialog.getByLabel('Address to post to').innerText();
  const secret = await dialog.getByLabel('Secret').innerText();
  expect(await violations(desk)).toEqual([]);
  await shots(desk, 'source-shown');
  await dialog.getByRole('button', { name: 'Done' }).click();
  const row = desk.getByRole('list', { name: 'Reservations' }).getByRole('listitem');
  await expect(row).toContainText(address);
  await expect(desk.locator('body')).not.toContainText(secret);

  const system = await playwright.request.newContext();
  const tell = async (by: string) => {
    const body = '{"reservations":[{"reference":"R-1","version":1,"status":"booked"}]}';
    const at = Math.floor(Date.now() / 1_000);
    const digest = createHmac('sha256', by).update(`${at}.${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'frontdesk-signature': `t=${at},v1=${digest}`,
    };
    return (await system.post(address, { data: body, headers })).status();
  };
  expect(await tell(secret)).toBe(200);
  expect(await tell('another')).toBe(401);
  await row.getByRole('button', { name: 'Take away: Reservations' }).click();
  await expect(dialog).toContainText('Nothing that comes from the property system is believed');
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await tell(secret)).toBe(200);
  await row.getByRole('button', { name: 'Take away: Reservations' }).click();
  await dialog.getByRole('button', { name: 'Take away' }).click();
  await expect(desk.getByText('No property system is connected any more.')).toBeVisible();
  await expect(row).toHaveCount(0);
  expect(await tell(secret)).toBe(401);
  await system.dispose();
});

test('what vouches for guests is a secret or a public key, replaced and taken away', async ({
  browser,
}) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.goto('/dashboard?page=integrations');
  const dialog = desk.getByRole('dialog');
  const make = async (name: string, publicKey = '') => {
    await desk.getByRole('button', { name, exact: true }).click();
    await dialog.getByLabel('Public key (optional)').fill(publicKey);
    expect(await violations(desk)).toEqual([]);
    await dialog.getByRole('button', { name, exact: true }).click();
  };
  const secret = async () => {
    const shown = await dialog.getByLabel('Secret').innerText();
    expect(await violations(desk)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    return shown;
  };
  await make('Set up signing');
  const one = await secret();
  const row = desk
    .getByRole('list', { name: 'Guests who are logged in at the hotel' })
    .getByRole('listitem');
  await expect(row).toContainText('A secret (HS256)');
  await expect(row).not.toContainText('the one before');
  await make('Replace the key');
  const two = await secret();
  expect(two).not.toBe(one);
  await expect(row).toContainText('the one before is good until');
  await make('Replace the key', 'no key');
  await expect(dialog.getByRole('alert')).toContainText('Ed25519');
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await dialog.getByLabel('Public key (optional)').fill(pem);
  await shots(desk, 'integrations-key');
  await dialog.getByRole('button', { name: 'Replace the key', exact: true }).click();
  await expect(dialog).toContainText('The public key is taken');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(row).toContainText('A public key (EdDSA)');
  await row.scrollIntoViewIfNeeded();
  await shots(desk, 'integrations');
  await desk.reload();
  for (const shown of [one, two]) await expect(desk.locator('body')).not.toContainText(shown);
  await row.getByRole('button').click();
  await dialog.getByRole('button', { name: 'Take away' }).click();
  await expect(desk.getByText('Nothing signs any more.')).toBeVisible();
  await expect(desk.getByText('Nothing signs: nobody vouches')).toBeVisible();
});
