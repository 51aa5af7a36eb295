// The hotel's page vouches for its guest: its token goes through the widget to the chat, and to nobody else.
import { createHmac, randomUUID } from 'node:crypto';
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { ADMIN, deskPage, test } from './pages';
import { ownServer, type OwnServer } from './server';
import { shots } from './shots';
import { site, type Site } from './sites';

let hotel: Site;
let partner: Site;
let evil: Site;
let desk: OwnServer;
let secret = '';
/** How often the hotel's server was asked for a token. */
let asked = 0;

/** A token as the hotel's server signs it. */
function token(subject: string, more: Record<string, unknown> = {}, by = secret): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    sub: subject,
    aud: 'default',
    exp: Math.floor(Date.now() / 1_000) + 300,
    jti: randomUUID(),
    ...more,
  };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', by).update(signed).digest('base64url')}`;
}

const script = (attributes = '') => `<script src="${desk.url}/widget.js" ${attributes}></script>`;
const ask = (path: string) =>
  `<script>frontdesk = { identity: () => fetch('${path}').then((answer) => answer.text()) }</script>`;

/** What stands at the hotel's paths. */
function pageAt(path: string): string {
  switch (path) {
    case '/token/mia':
      asked += 1;
      return `plain:${token('g-mia', { name: 'Mia Sommer', room: '412' })}`;
    case '/token/ben':
      return `plain:${token('g-ben', { name: 'Ben Berg' })}`;
    case '/token/nobody':
      return 'plain:';
    case '/fixed':
      return script(`data-identity="${token('g-fixed', { name: 'Fay Fixed' })}"`);
    case '/forged':
      return script(`data-identity="${token('g-mia', { name: 'Mallory' }, 'fdwh_guessed')}"`);
    case '/beside':
      return `${ask('/token/mia')}${script()}<iframe src="${evil.url}"></iframe>`;
    case '/broken':
      return `<script>frontdesk = { identity() { throw new Error('no') } }</script>${script()}`;
    default:
      return `${ask('/token/mia')}${script()}`;
  }
}

test.beforeAll(async ({ playwright }) => {
  const ears = '<script>heard = []; onmessage = (e) => heard.push(e.data)</script>';
  evil = await site('Evil', () => ears);
  partner = await site('Partner', () => ears);
  hotel = await site('Hotel', pageAt);
  desk = await ownServer({
    FRONTDESK_ALLOWED_ORIGINS: `${hotel.url},${partner.url}`,
    FRONTDESK_ADMIN_EMAIL: ADMIN.email,
    FRONTDESK_ADMIN_PASSWORD: ADMIN.password,
  });
  const admin = await playwright.request.newContext({ baseURL: desk.url });
  expect((await admin.post('/api/login', { data: ADMIN })).status()).toBe(200);
  secret = ((await (await admin.post('/api/identity/key')).json()) as { secret: string }).secret;
  await admin.dispose();
});

test.afterAll(async () => {
  for (const { server } of [hotel, partner, evil]) server.close();
  await desk.stop();
});

const chatOf = (page: Page) => page.frameLocator('frontdesk-chat iframe');
const said = (page: Page) => chatOf(page).locator('.row.mine .bubble');

/** Opens the chat at a path of the hotel's. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(hotel.url + path);
  await page.locator('frontdesk-chat button').click();
  await expect(chatOf(page).locator('.composer textarea')).toBeVisible();
}

async function say(page: Page, text: string): Promise<void> {
  await chatOf(page).locator('.composer textarea').fill(text);
  await chatOf(page).locator('.composer textarea').press('Enter');
  await expect(chatOf(page).locator('.row.mine .meta').last()).toContainText(/Sent|Delivered|Read/);
}

interface Row {
  guest: { name?: string; room?: string; verified?: boolean };
}

/** Whose conversation these words are in. */
async function guestOf(admin: APIRequestContext, words: string): Promise<Row['guest']> {
  // The list is searched by what was said last, which soon is the AI's: so each is read.
  const found = await admin.get('/api/conversations?view=all&limit=200');
  const { items } = (await found.json()) as { items: (Row & { id: string })[] };
  for (const { id, guest } of items) {
    const events = await admin.get(`/api/conversations/${id}/events`);
    if ((await events.text()).includes(words)) return guest;
  }
  throw new Error(`nobody said: ${words}`);
}

test('who is logged in at the hotel is verified, and finds the same thread again', async ({
  browser,
  page,
}) => {
  test.slow();
  const admin = await deskPage(browser, desk.url);
  asked = 0;
  await page.goto(hotel.url);
  expect(asked).toBe(0); // nothing is asked before the tap
  await open(page, '/');
  await say(page, 'Is the sauna open, for a verified guest?');
  expect(asked).toBeGreaterThan(0);
  const guest = await guestOf(admin.request, 'verified guest');
  expect(guest).toMatchObject({ name: 'Mia Sommer', room: '412', verified: true });
  await admin.locator('[data-conversation]', { hasText: 'Mia Sommer' }).click();
  const card = admin.getByRole('region', { name: 'Guest card' });
  await expect(card).toContainText('Verified by the hotel');
  await shots(admin, 'verified');

  // Another load of the page, another token, the same guest.
  await open(page, '/');
  await expect(said(page)).toHaveText(['Is the sauna open, for a verified guest?']);

  // Logged out in place: nothing of it is left on the screen, and what is said is nobody's whom the hotel knows.
  const identify = (path: string) =>
    page.evaluate((path) => {
      const { frontdesk } = window as unknown as {
        frontdesk: { identify(source: () => Promise<string>): void };
      };
      frontdesk.identify(() => fetch(path).then((answer) => answer.text()));
    }, path);
  await identify('/token/nobody');
  await expect(said(page)).toHaveCount(0);
  await say(page, 'I am somebody unknown');
  expect((await guestOf(admin.request, 'somebody unknown')).verified).toBeUndefined();

  // Another guest at the same screen sees neither.
  await identify('/token/ben');
  await expect(said(page)).toHaveCount(0);
  await say(page, 'Benjamin speaking');
  expect(await guestOf(admin.request, 'Benjamin speaking')).toMatchObject({
    name: 'Ben Berg',
    verified: true,
  });
  // And the first one finds what was said.
  await identify('/token/mia');
  await expect(said(page)).toHaveText(['Is the sauna open, for a verified guest?']);
});

test('the token may stand in the script’s tag', async ({ browser, page }) => {
  const admin = await deskPage(browser, desk.url);
  await open(page, '/fixed');
  await say(page, 'Hello from the tag');
  const guest = await guestOf(admin.request, 'from the tag');
  expect(guest).toMatchObject({ name: 'Fay Fixed', verified: true });
});

for (const [path, why] of [
  ['/forged', 'that nobody signed'],
  ['/broken', 'that the hotel cannot make'],
] as const) {
  test(`with a token ${why} the guest is answered, and not verified`, async ({ browser, page }) => {
    const admin = await deskPage(browser, desk.url);
    const warned =
      path === '/forged' &&
      page.waitForEvent('console', (line) => line.text().includes('identity token was refused'));
    await open(page, path);
    await warned;
    const words = `Anybody there after ${path.slice(1)}?`;
    await say(page, words);
    const guest = await guestOf(admin.request, words);
    expect(guest.verified).toBeUndefined();
    expect(guest.name).toBeUndefined();
  });
}

test('a stranger beside the chat gets no token and puts none in', async ({ browser, page }) => {
  const admin = await deskPage(browser, desk.url);
  await open(page, '/beside');
  const sibling = page.frames().find((frame) => frame.url().startsWith(evil.url))!;
  const forged = token('g-ben');
  const attack = (token: string) => {
    for (const target of [
      parent,
      ...Array.from({ length: parent.frames.length }, (_, n) => parent.frames[n]),
    ]) {
      if (target === window) continue;
      target?.postMessage({ frontdesk: 1, type: 'identify' }, '*');
      target?.postMessage({ frontdesk: 1, type: 'ready' }, '*');
      target?.postMessage({ frontdesk: 1, type: 'identity', token }, '*');
    }
  };
  await sibling.evaluate(attack, forged);
  // While the chat waits for its answer as well: it is loaded anew, and asks again.
  await page.evaluate(() => {
    const { frontdesk } = window as unknown as { frontdesk: { identify(source: unknown): void } };
    frontdesk.identify(async () => {
      await new Promise((later) => setTimeout(later, 1_500));
      return (await fetch('/token/mia')).text();
    });
  });
  await sibling.evaluate(
    ([attack, token]) => {
      const run = new Function(`return ${attack}`)() as (token: string) => void;
      const timer = setInterval(() => run(token!), 50);
      setTimeout(() => clearInterval(timer), 3_000);
    },
    [attack.toString(), forged] as const,
  );
  await expect(chatOf(page).locator('.composer textarea')).toBeVisible();
  await say(page, 'Still it is me and nobody else');
  expect((await guestOf(admin.request, 'me and nobody else')).name).toBe('Mia Sommer');
  expect(await sibling.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual(
    [],
  );
});

test('a page that frames the chat under the hotel’s name is not asked and not believed', async ({
  page,
}) => {
  test.slow(); // the chat waits ten seconds for the hotel
  await page.goto(partner.url);
  await page.evaluate(
    ([base, host]) => {
      const frame = document.createElement('iframe');
      frame.src = `${base}/?embed=1&identity=1&host=${encodeURIComponent(host!)}`;
      document.body.append(frame);
    },
    [desk.url, hotel.url] as const,
  );
  const chat = page.frameLocator('iframe');
  await expect(chat.locator('.composer textarea')).toBeVisible();
  const began = page.waitForRequest((request) => request.url().includes('/api/guest/session'));
  const stolen = token('g-mia');
  await page.evaluate((token) => {
    setInterval(() => frames[0]?.postMessage({ frontdesk: 1, type: 'identity', token }, '*'), 100);
  }, stolen);
  // It waits for the hotel, hears nothing from there, and goes on with somebody unknown.
  expect((await began).postDataJSON()).toMatchObject({ identity: '' });
  expect(await page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual([]);
});
