// The guest page against a running server (FRONTDESK_URL).
import { expect, type Page } from '@playwright/test';
import { test } from './pages';
import { violations } from './axe';

async function say(page: Page, text: string): Promise<void> {
  const box = page.locator('.composer textarea');
  await box.fill(text);
  await box.press('Enter');
}

function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // A refused connection is the subject of some tests; a CSP or script error never is.
    if (message.type() === 'error' && !message.text().includes('WebSocket')) {
      errors.push(message.text());
    }
  });
  return errors;
}

test('a guest asks and the AI answers, under the strict CSP', async ({ page }) => {
  const errors = watchErrors(page);
  await page.goto('/?room=412');
  await say(page, 'When is breakfast?');
  await expect(page.locator('.row.mine .bubble')).toHaveText('When is breakfast?');
  await expect(page.locator('.row.ai .bubble').last()).not.toBeEmpty({ timeout: 15_000 });
  await expect(page.locator('.bubble.streaming')).toHaveCount(0, { timeout: 15_000 });
  await expect(page.locator('.chip')).toHaveCount(0);
  expect(errors).toEqual([]);
});

test('a reload shows the same conversation, nothing doubled', async ({ page }) => {
  await page.goto('/');
  await say(page, 'Remember this, please');
  await expect(page.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  await page.reload();
  await expect(page.locator('.row.mine .bubble')).toHaveText(['Remember this, please']);
});

test('messages written without a connection arrive once and in order', async ({ page }) => {
  let away = true;
  await page.routeWebSocket('**/ws/guest', (socket) => {
    if (away) void socket.close({ code: 1011 });
    else socket.connectToServer();
  });
  await page.goto('/');
  const texts = ['one', 'two', 'three', 'four', 'five'].map((word) => `offline ${word}`);
  for (const text of texts.slice(0, 3)) await say(page, text);
  await expect(page.getByRole('status')).toBeVisible();
  await page.reload();
  for (const text of texts.slice(3)) await say(page, text);
  away = false;
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await expect(page.locator('.row.mine .bubble')).toHaveText(texts, { timeout: 15_000 });
  await expect(page.locator('.row.mine .meta').last()).toContainText(/Sent|Delivered|Read/);
  await page.reload();
  await expect(page.locator('.row.mine .bubble')).toHaveText(texts);
});

test('a person is one tap away, in the language of the guest', async ({ page }) => {
  await page.goto('/');
  await page.selectOption('select', 'de');
  await page.getByRole('button', { name: 'Mit einem Menschen sprechen' }).click();
  await expect(page.locator('.row.mine .bubble')).toHaveText(
    'Ich möchte bitte mit einem Menschen sprechen.',
  );
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const locale of ['en-GB', 'ar']) {
    for (const width of [390, 1440]) {
      test.describe(`${colorScheme} ${locale} ${width}`, () => {
        test.use({ colorScheme, locale, viewport: { width, height: 844 }, bypassCSP: true });

        test('axe has nothing to say', async ({ page }) => {
          await page.goto('/');
          await expect(page.locator('.chip').first()).toBeVisible();
          expect(await violations(page)).toEqual([]);
          await page.locator('.chip').first().click();
          await expect(page.locator('.row.ai').first()).toBeVisible({ timeout: 15_000 });
          expect(await violations(page)).toEqual([]);
        });
      });
    }
  }
}
