// Accounts of the tests' own, and their browsers at the dashboard.
import { expect, type Browser, type Page } from '@playwright/test';
import { ADMIN } from './pages';

export const PASSWORD = 'a password for tests';

export interface Who {
  email: string;
  password: string;
}

/** A browser of its own at the dashboard's login. */
export async function atLogin(browser: Browser, baseURL?: string): Promise<Page> {
  const at = baseURL === undefined ? {} : { baseURL };
  const context = await browser.newContext({ ...at, bypassCSP: true });
  const page = await context.newPage();
  await page.goto('/dashboard');
  return page;
}

export async function logIn(page: Page, who: Who, factor = ''): Promise<void> {
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByLabel('Password').fill(who.password);
  await page.getByLabel('Code').fill(factor);
  await page.getByRole('button', { name: 'Log in' }).click();
}

export const inside = (page: Page) =>
  expect(page.getByRole('region', { name: 'Conversations' })).toBeVisible();
export const outside = (page: Page) =>
  page.getByRole('heading', { name: 'Front desk', exact: true });
export const settings = (page: Page) => page.getByRole('link', { name: 'Settings' }).click();

/** An account of a test's own. */
export async function colleague(browser: Browser, name: string, role = 'agent'): Promise<Who> {
  const context = await browser.newContext();
  const who = { email: `${name}-${Date.now()}@hotel.test`, password: PASSWORD };
  expect((await context.request.post('/api/login', { data: ADMIN })).status()).toBe(200);
  const account = { ...who, name: 'A colleague', role };
  expect((await context.request.post('/api/agents', { data: account })).status()).toBe(201);
  await context.close();
  return who;
}
