// Hostile pages beside, above and behind the widget: they post messages to it and to the chat in its frame, and
// listen for what is posted to them. A page of the hotel's, and one of somebody else's.
import { expect, type Page } from '@playwright/test';
import { MESSAGES } from './hostile-messages';
import { test } from './pages';
import { ownServer, type OwnServer } from './server';
import { site, type Site } from './sites';

/** What the hostile page has heard. */
type Ears = { heard?: unknown[] };

let hotel: Site;
/** Another site that may frame the chat. */
let partner: Site;
let evil: Site;
let desk: OwnServer;

test.beforeAll(async () => {
  const ears = '<script>heard = []; onmessage = (e) => heard.push(e.data)</script>';
  evil = await site('Evil', () => ears);
  partner = await site('Partner', () => ears);
  hotel = await site(
    'Hotel',
    () => `<script src="${desk.url}/widget.js"></script><iframe src="${evil.url}"></iframe>`,
  );
  desk = await ownServer({ FRONTDESK_ALLOWED_ORIGINS: `${hotel.url},${partner.url}` });
});

test.afterAll(async () => {
  for (const { server } of [hotel, partner, evil]) server.close();
  await desk.stop();
});

/** The hotel's page with the chat open, and one message of the guest answered in it. */
async function chatting(page: Page) {
  await page.goto(hotel.url);
  const bubble = page.locator('frontdesk-chat button');
  await bubble.click();
  const chat = page.frameLocator('frontdesk-chat iframe');
  await expect(chat.locator('.composer textarea')).toBeVisible();
  await ask(page, 'When is breakfast?', 1);
  return bubble;
}

async function ask(page: Page, text: string, answers: number): Promise<void> {
  const chat = page.frameLocator('frontdesk-chat iframe');
  await chat.locator('.composer textarea').fill(text);
  await chat.locator('.composer textarea').press('Enter');
  await expect(chat.locator('.row.ai .bubble')).toHaveCount(answers);
}

/** All that the widget shows of itself. */
const state = (page: Page) =>
  page.evaluate(() => {
    const root = document.querySelector('frontdesk-chat')?.shadowRoot;
    return [...(root?.querySelectorAll('*') ?? [])].map(
      (element) => (element.cloneNode(false) as Element).outerHTML,
    );
  });

test('fifty messages of strangers do nothing to the widget and to the chat', async ({ page }) => {
  expect(MESSAGES).toHaveLength(50);
  const bubble = await chatting(page);
  const badge = bubble.locator('b');
  const before = await state(page);

  // From the frame beside it: to the hotel's page, and to every frame on it.
  const sibling = page.frames().find((frame) => frame.url().startsWith(evil.url));
  await sibling?.evaluate((messages) => {
    for (const message of messages) {
      parent.postMessage(message, '*');
      for (let n = 0; n < parent.frames.length; n++) parent.frames[n]?.postMessage(message, '*');
    }
  }, MESSAGES);
  // From the page's own window, which is not the chat's frame.
  await page.evaluate((messages) => {
    for (const message of messages) window.postMessage(message, '*');
  }, MESSAGES);
  // From a window that it opened, to it and to every frame on it.
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.evaluate((url) => void window.open(url), evil.url),
  ]);
  await popup.waitForLoadState();
  await popup.evaluate((messages) => {
    const { opener } = window as unknown as { opener: Window };
    for (const message of messages) {
      opener.postMessage(message, '*');
      for (let n = 0; n < opener.frames.length; n++) opener.frames[n]?.postMessage(message, '*');
    }
  }, MESSAGES);
  await page.bringToFront();

  // The chat believes itself seen still: what is answered now is not unread.
  await ask(page, 'When is check-out?', 2);
  expect(await state(page)).toEqual(before);
  await expect(badge).toBeHidden();

  // And strangers have heard nothing of the chat: what they hold is what they were sent by themselves.
  for (const stranger of [sibling, popup.mainFrame()]) {
    const heard = await stranger?.evaluate(() => (window as unknown as Ears).heard?.length);
    expect(heard).toBe(stranger === sibling ? 2 * MESSAGES.length : 0);
  }

  // The chat's own word counts, or the above would show nothing.
  await page
    .frameLocator('frontdesk-chat iframe')
    .getByRole('button', { name: 'Close', exact: true })
    .click();
  await expect(bubble).toHaveAttribute('aria-expanded', 'false');
});

/** Frames the chat under the hotel's name. */
async function frameIt(page: Page): Promise<void> {
  await page.evaluate(
    ([base, host]) => {
      const frame = document.createElement('iframe');
      frame.src = `${base}/?embed=1&host=${encodeURIComponent(host ?? '')}`;
      document.body.append(frame);
    },
    [desk.url, hotel.url],
  );
}

const heard = (page: Page) => page.evaluate(() => (window as unknown as Ears).heard);

test('a page that frames the chat under another’s name hears nothing and moves nothing', async ({
  page,
}) => {
  await page.goto(partner.url);
  await frameIt(page);
  const chat = page.frameLocator('iframe');
  await expect(chat.locator('.composer textarea')).toBeVisible();
  const before = await chat.locator('main').innerHTML();
  await page.evaluate((messages) => {
    for (const message of messages) frames[0]?.postMessage(message, '*');
  }, MESSAGES);
  await chat.locator('.composer textarea').focus();
  expect(await chat.locator('main').innerHTML()).toBe(before);
  expect(await heard(page)).toEqual([]);
});

test('a page that is not listed cannot frame the chat', async ({ page }) => {
  const refused = page.waitForEvent('console', (line) => line.text().includes('frame-ancestors'));
  await page.goto(evil.url);
  await frameIt(page);
  await refused;
  await expect(page.frameLocator('iframe').locator('.composer')).toHaveCount(0);
  expect(await heard(page)).toEqual([]);
});
