// What a text could do if a page took it for markup, and that it did not.
import { expect, type Page } from '@playwright/test';

/** Notes everything that a payload could do. */
export async function watch(page: Page): Promise<string[]> {
  const done: string[] = [];
  const own = new URL(page.url()).host;
  page.on('dialog', (dialog) => {
    done.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) done.push(message.text());
  });
  page.on('popup', (popup) => done.push(`popup ${popup.url()}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.host !== own && !['data:', 'blob:'].includes(url.protocol)) done.push(request.url());
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== own) done.push(socket.url());
  });
  page.on('framenavigated', (frame) => {
    if (new URL(frame.url()).host !== own) done.push(`navigated to ${frame.url()}`);
  });
  return done;
}

/** Nothing was noted, and no element is there that only a payload could have made. */
export async function nothingHappened(page: Page, done: string[]): Promise<void> {
  // What was shown as an element would run by now, or with the next frame.
  await page.waitForTimeout(500);
  expect(done).toEqual([]);
  expect(await page.evaluate(() => '__pwned' in window)).toBe(false);
  expect(await page.title()).not.toBe('pwned');
  expect(page.frames()).toHaveLength(1);
  const made = 'main img, main script, main iframe, main object, main video, main math, main style';
  await expect(page.locator(made)).toHaveCount(0);
  await expect(page.locator('a[href^="javascript:" i], [onerror], [onload]')).toHaveCount(0);
}
