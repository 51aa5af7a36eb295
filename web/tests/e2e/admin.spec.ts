// What admins set up for other systems and for guests' rights.
import { expect } from '@playwright/test';
import { violations } from './axe';
import { deskPage, guestPage, openThread, say, test } from './pages';

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
  await expect(dialog).toContainText('fdwh_');
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
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
