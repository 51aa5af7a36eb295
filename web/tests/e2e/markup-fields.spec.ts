// Text is never markup, wherever else it stands: five hundred payloads as tags, file names, quick replies, requests,
// names, rooms and all else on the card, in what the browser notifies of, and in what is exported.
//
// The server cuts or refuses many of them in such fields, so they are put into the pages' sockets behind its back.
import { expect, type Page } from '@playwright/test';
import { conversationOf, deskPage, guestPage, openThread, say, test } from './pages';
import { PAYLOADS, SOME_PAYLOADS } from './payloads';
import { tap, type Tapped } from './tap';
import { nothingHappened, watch } from './watch';
import { textIn } from './zip';

// A recording would be most of the work.
test.use({ trace: 'off' });

type Frame = Record<string, unknown>;

const id = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Gives the page each batch of frames, and says in which batches its text was not drawn in all of these places. */
function put(page: Page, batches: Frame[][], places: string[]): Promise<string[]> {
  return page.evaluate(
    async ({ batches, places, texts }) => {
      const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const missing: string[] = [];
      const shows = (place: string, text: string) =>
        [...document.querySelectorAll(place)].some((there) => there.textContent.includes(text));
      for (const [n, frames] of batches.entries()) {
        for (const frame of frames) {
          const data = JSON.stringify(frame);
          (window as Tapped).line?.dispatchEvent(new MessageEvent('message', { data }));
        }
        for (const place of places) {
          let tries = 0;
          while (!shows(place, texts[n]!) && tries++ < 60) await drawn();
          if (tries > 60) missing.push(`${place}: ${texts[n]}`);
        }
      }
      return missing;
    },
    { batches, places, texts: [...SOME_PAYLOADS] },
  );
}

/** An open thread in a page whose socket is tapped, and what makes the next event of it. */
async function tapped(page: Page, conversation: string) {
  await tap(page);
  if (new URL(page.url()).pathname.startsWith('/dashboard')) {
    await page.goto(`/dashboard?c=${conversation}`);
  }
  await expect(page.locator('.bubble').first()).toBeVisible();
  const answer = await page.request.get(`/api/conversations/${conversation}/events`);
  const { items } = (await answer.json()) as { items: { seq: number }[] };
  let seq = items.at(-1)?.seq ?? 0;
  return (kind: string, by: Frame, more: Frame): Frame => {
    seq += 1;
    const at = new Date().toISOString();
    return {
      type: 'event',
      conversation,
      seq,
      prev: seq - 1,
      id: `e${seq}`,
      at,
      by,
      kind,
      ...more,
    };
  };
}

const message = (text: string, more: Frame = {}) => ({ channel: 'web', text, ...more });
const file = (n: number, name: string) => ({
  id: id(n),
  name,
  media_type: 'application/pdf',
  size: 1_000,
});

test('in file names, quick replies and names of the guest’s page', async ({ browser }) => {
  test.setTimeout(120_000);
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.bubble').first()).toBeVisible();
  const next = await tapped(guest, await conversationOf(guest));
  const seen = await watch(guest);
  const batches = SOME_PAYLOADS.map((payload, n) => [
    next('assigned', { kind: 'system' }, { agent: { id: id(n), name: payload } }),
    next(
      'request',
      { kind: 'ai' },
      { request: { id: id(n), department: payload, text: payload, room: payload, state: 'open' } },
    ),
    next(
      'message',
      { kind: 'agent', id: id(n), name: payload },
      message(`file ${n}`, { attachments: [file(n, payload)], suggestions: [payload] }),
    ),
  ]);
  const places = ['.files', '.row.agent', 'main button'];
  expect(await put(guest, batches, places)).toEqual([]);
  await nothingHappened(guest, seen);
});

test('on the card, in tags, file names, requests and names of the dashboard', async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  const conversation = await conversationOf(guest);
  const desk = await deskPage(browser);
  const answer = await desk.request.get(`/api/conversations/${conversation}`);
  const summary = (await answer.json()) as { guest: Frame };
  const next = await tapped(desk, conversation);
  const seen = await watch(desk);
  const self = { kind: 'system' };
  const batches = SOME_PAYLOADS.map((payload, n) => {
    const fields = ['name', 'email', 'phone', 'room', 'arrival', 'departure', 'locale'];
    const told = Object.fromEntries(fields.map((field) => [field, payload]));
    const card = { ...summary.guest, ...told, verified: true, vouched: ['name', 'room'] };
    const agent = { kind: 'agent', id: id(n), name: payload };
    const request = { id: id(n), department: payload, text: payload, room: payload, state: 'open' };
    const events = [
      next('profile', agent, { guest: card }),
      next('tags', agent, { tags: [payload] }),
      next('assigned', self, { agent: { id: id(n), name: payload } }),
      next('request', { kind: 'ai' }, { request }),
      next('urgency', self, { urgency: 'urgent', reason: payload }),
      next('rating', { kind: 'guest' }, { stars: 3, comment: payload }),
      next('note', agent, { text: payload }),
      next(
        'message',
        { kind: 'guest', name: payload },
        message(`file ${n}`, { attachments: [file(n, payload)] }),
      ),
      next('message', agent, message(`offer ${n}`, { suggestions: [payload] })),
      next(
        'message',
        { kind: 'ai' },
        message(`source ${n}`, { citations: [{ entry: id(n), title: payload }] }),
      ),
    ];
    const last = events.at(-1) as { seq: number };
    const row = {
      ...summary,
      guest: card,
      tags: [payload],
      assigned: { id: id(n), name: payload },
      requests: [request],
      last_message: { text: payload, by: agent, at: new Date().toISOString() },
      last_seq: last.seq,
    };
    return [...events, { type: 'inbox', upserts: [row] }];
  });
  const places = ['.card-pane', 'header h2', '.files', '.offered'];
  expect(await put(desk, batches, places)).toEqual([]);
  // Those that stand in the thread for good are all there, each in its own line.
  const log = (await desk.getByRole('log', { name: 'Messages' }).textContent()) ?? '';
  expect(SOME_PAYLOADS.filter((payload) => log.split(payload).length < 8)).toEqual([]);
  await nothingHappened(desk, seen);
});

test('in what the browser notifies of', async ({ browser }) => {
  const desk = await deskPage(browser);
  await desk.addInitScript(() => {
    const told: [string, string][] = [];
    const stub = function (title: string, options: { body: string }) {
      told.push([title, options.body]);
    };
    Object.assign(stub, { permission: 'granted', requestPermission: async () => 'granted' });
    Object.assign(window, { Notification: stub, told });
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  await desk.goto('/dashboard?page=settings');
  await desk.getByRole('switch', { name: 'Desktop notifications' }).click();
  const conversation = await conversationOf(guest);
  await tapped(desk, conversation);
  const seen = await watch(desk);
  const answer = await desk.request.get(`/api/conversations/${conversation}`);
  const summary = (await answer.json()) as { guest: Frame };
  const now = new Date().toISOString();
  const upserts = PAYLOADS.map((payload, n) => ({
    ...summary,
    id: id(n),
    guest: { id: id(n), name: payload, room: payload },
    tags: [payload, `${payload}2`],
    assigned: { id: id(n), name: payload },
    channel: 'whatsapp',
    last_message: { text: payload, by: { kind: 'guest' }, at: now },
    waiting_since: now,
    unread: 1,
  }));
  await desk.evaluate((upserts) => {
    const data = JSON.stringify({ type: 'inbox', upserts });
    (window as Tapped).line?.dispatchEvent(new MessageEvent('message', { data }));
  }, upserts);
  const told = () => desk.evaluate(() => (window as unknown as { told: [string, string][] }).told);
  await expect.poll(async () => (await told()).length).toBeGreaterThanOrEqual(PAYLOADS.length);
  const all = new Set((await told()).map((one) => JSON.stringify(one)));
  const lost = PAYLOADS.filter((text) => !all.has(JSON.stringify([text, text.slice(0, 120)])));
  expect(lost).toEqual([]);
  // All of their rows were in sight once.
  const list = desk.getByRole('region', { name: 'Conversations' });
  const rows = await list.evaluate(async (list) => {
    const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const scroller = list.querySelector('[role=presentation]') as HTMLElement;
    const rows = new Set<string>();
    for (let at = 0; at < scroller.scrollHeight; at += scroller.clientHeight / 2) {
      scroller.scrollTop = at;
      for (let frame = 0; frame < 3; frame++) await drawn();
      for (const row of list.querySelectorAll('[data-conversation]')) rows.add(row.textContent);
    }
    return [...rows];
  });
  expect(PAYLOADS.filter((text) => !rows.some((row) => row.includes(text)))).toEqual([]);
  await nothingHappened(desk, seen);
});

test('what is exported is data, to the letter, and nothing that a browser would run', async ({
  browser,
}) => {
  test.setTimeout(60_000);
  const guest = await guestPage(browser);
  const conversation = await conversationOf(guest);
  const desk = await deskPage(browser);
  for (const [n, text] of PAYLOADS.entries()) {
    const path = `/api/conversations/${conversation}/messages`;
    const sent = await guest.request.post(path, { data: { id: `x${n}`, text } });
    expect(sent.status()).toBe(201);
  }
  const name = PAYLOADS[81]!;
  await guest.request.post('/api/guest/session', { data: { name, room: PAYLOADS[2] } });
  await openThread(desk, guest);
  const data = desk.getByRole('region', { name: 'Guest’s data' });
  const href = await data.getByRole('link', { name: 'Export everything' }).getAttribute('href');
  const answer = await desk.request.get(href ?? '');
  expect(answer.headers()).toMatchObject({
    'content-type': 'application/zip',
    'content-disposition': expect.stringMatching(/^attachment; filename="guest-[\w-]+\.zip"$/),
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  });
  const text = textIn(await answer.body(), 'guest.json');
  const held = new Set<string>();
  JSON.parse(text, (_, value: unknown) => {
    if (typeof value === 'string') held.add(value);
    return value;
  });
  expect(PAYLOADS.filter((payload) => !held.has(payload))).toEqual([]);
});
