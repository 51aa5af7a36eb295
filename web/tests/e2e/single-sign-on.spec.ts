// Logging in with a company's account: by the button on the login page, to the provider and back.
import { expect } from '@playwright/test';
import { inside, outside, settings } from './accounts';
import { violations } from './axe';
import { test } from './pages';
import { provider, type Provider } from './provider';
import { freePort, ownServer, type OwnServer } from './server';
import { shots } from './shots';

let company: Provider;
let desk: OwnServer;

test.beforeAll(async () => {
  const person = (sub: string, name: string, groups: string[]) => ({
    sub,
    name,
    email: `${sub}@company.test`,
    email_verified: true,
    groups,
  });
  company = await provider({
    'Mia Sommer': person('mia', 'Mia Sommer', ['desk']),
    'Otto Other': person('otto', 'Otto Other', ['kitchen']),
    'Una Unknown': { ...person('una', 'Una Unknown', ['desk']), email_verified: false },
  });
  const port = await freePort();
  desk = await ownServer({
    ...company.settings,
    FRONTDESK_LISTEN: `127.0.0.1:${port}`,
    FRONTDESK_PUBLIC_URL: `http://127.0.0.1:${port}`,
  });
});

test.afterAll(async () => {
  company.stop();
  await desk.stop();
});

const button = 'Log in with your company account';

test('the button leads to the provider and back to the inbox, as who one is there', async ({
  browser,
}) => {
  const page = await (await browser.newContext({ baseURL: desk.url, bypassCSP: true })).newPage();
  await page.goto('/dashboard');
  await expect(page.getByRole('link', { name: button })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await shots(page, 'single-sign-on');
  await page.getByRole('link', { name: button }).click();
  await page.getByRole('link', { name: 'Mia Sommer' }).click();
  await inside(page);
  expect(new URL(page.url()).pathname).toBe('/dashboard');
  await settings(page);
  await expect(page.getByText('Mia Sommer').first()).toBeVisible();
  await expect(page.getByText('· Agent')).toBeVisible();
  await expect(page.getByText('You log in with your company account')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Change password' })).toHaveCount(0);
  // Logged out is logged out; the button lets the same person in again.
  await page.getByRole('main').getByRole('button', { name: 'Log out' }).click();
  await expect(outside(page)).toBeVisible();
  await page.getByRole('link', { name: button }).click();
  await page.getByRole('link', { name: 'Mia Sommer' }).click();
  await inside(page);
});

test('who has no role here, or no address that is vouched for, is told so', async ({ browser }) => {
  const page = await (await browser.newContext({ baseURL: desk.url, bypassCSP: true })).newPage();
  for (const [name, why] of [
    ['Otto Other', 'Your company account has no role here. Please ask an admin.'],
    ['Una Unknown', 'does not vouch for your e-mail address'],
  ] as const) {
    await page.goto('/dashboard');
    await page.getByRole('link', { name: button }).click();
    await page.getByRole('link', { name }).click();
    await expect(page.getByRole('alert')).toContainText(why);
    expect(await violations(page)).toEqual([]);
    expect((await page.request.get('/api/me')).status()).toBe(401);
  }
});

test('a way back that was not begun here, or is gone twice, lets nobody in', async ({
  browser,
}) => {
  const page = await (await browser.newContext({ baseURL: desk.url })).newPage();
  await page.goto('/dashboard');
  await page.getByRole('link', { name: button }).click();
  const back = await page.getByRole('link', { name: 'Mia Sommer' }).getAttribute('href');
  const thief = await (await browser.newContext({ baseURL: desk.url })).newPage();
  await thief.goto(back ?? '');
  await expect(thief.getByRole('alert')).toContainText(
    'That took too long, or was begun elsewhere',
  );
  expect((await thief.request.get('/api/me')).status()).toBe(401);
});

test('where no provider is set up there is no button', async ({ page }) => {
  const ways = page.waitForResponse((answer) => answer.url().endsWith('/api/login/ways'));
  await page.goto('/dashboard');
  await ways;
  await expect(page.getByLabel('Password')).toBeVisible();
  await expect(page.getByText(button)).toHaveCount(0);
});
