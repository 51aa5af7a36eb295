// What the tests do as a guest and as an agent.
import {
  test as base,
  expect,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';

/** A test that leaves no page open: each would go on living beside the tests that follow, and slow them down. */
export const test = base.extend<{ closed: void }>({
  closed: [
    async ({ browser }, use) => {
      await use();
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    { auto: true },
  ],
});

export const ADMIN = { email: 'admin@hotel.test', password: 'correct horse battery' };

/** Another server than the usual one, if one is named. */
const at = (baseURL?: string) => (baseURL === undefined ? {} : { baseURL });

/** A guest's phone, with cookies of its own. */
export async function guestPage(
  browser: Browser,
  baseURL?: string,
  more: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    ...more,
    ...at(baseURL),
    viewport: { width: 390, height: 844 },
  });
  const page = await context.newPage();
  await page.goto('/');
  return page;
}

/** An agent at the dashboard. */
export async function deskPage(
  browser: Browser,
  baseURL?: string,
  more: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    ...more,
    ...at(baseURL),
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  await page.goto('/dashboard');
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('region', { name: 'Conversations' })).toBeVisible();
  return page;
}

/** Types and sends as the guest. */
export async function say(page: Page, text: string): Promise<void> {
  const box = page.locator('.composer textarea');
  await box.fill(text);
  await box.press('Enter');
}

/** The conversation of this guest. */
export async function conversationOf(guest: Page): Promise<string> {
  const session = await guest.request.post('/api/guest/session', { data: {} });
  const { conversation } = (await session.json()) as { conversation: string };
  return conversation;
}

/** Opens this guest's conversation by its address: its row may be one that is not drawn. */
export async function openThread(desk: Page, guest: Page): Promise<void> {
  await desk.goto(`/dashboard?c=${await conversationOf(guest)}`);
  await expect(desk.getByRole('log', { name: 'Messages' })).toBeVisible();
}

/** Types and sends as the agent. */
export async function reply(desk: Page, text: string): Promise<void> {
  const box = desk.getByLabel('Reply to the guest');
  await box.fill(text);
  await desk.getByRole('button', { name: 'Send reply' }).click();
}
