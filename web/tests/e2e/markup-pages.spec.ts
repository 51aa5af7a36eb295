// Text is never markup on the other pages of the dashboard either: every list that the server may answer with holds
// five hundred payloads in every field that is words.
import { expect, type Page } from '@playwright/test';
import { conversationOf, deskPage, guestPage, openThread, say, test } from './pages';
import { PAYLOADS } from './payloads';
import { nothingHappened, watch } from './watch';

// A recording would be most of the work.
test.use({ trace: 'off' });
test.setTimeout(90_000);

const at = '2026-11-27T01:00:00.000Z';
const id = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Answers a path's reading with a page of these. */
async function answers(
  page: Page,
  path: string | RegExp,
  one: (payload: string, n: number) => object,
): Promise<void> {
  await page.route(
    ({ pathname }) => (typeof path === 'string' ? pathname === path : path.test(pathname)),
    (route) =>
      route.request().method() === 'GET'
        ? route.fulfill({ json: { items: PAYLOADS.map(one), next: null } })
        : route.fallback(),
  );
}

/** Opens a page of the dashboard and waits until its words hold every payload so often. */
async function holds(desk: Page, place: string, times: number): Promise<string[]> {
  await desk.goto(place);
  const seen = await watch(desk);
  await expect
    .poll(
      async () => {
        const text = (await desk.getByRole('main').textContent()) ?? '';
        return PAYLOADS.filter((payload) => text.split(payload).length <= times);
      },
      { timeout: 20_000 },
    )
    .toEqual([]);
  return seen;
}

test('the knowledge, its versions and its preview', async ({ browser }) => {
  const desk = await deskPage(browser);
  await answers(desk, '/api/knowledge', (text, n) => ({
    id: id(n),
    title: text,
    body: text,
    locale: null,
    tags: [text],
    aliases: [text],
    updated_at: at,
  }));
  const version = (text: string, n: number) => ({
    version: 500 - n,
    title: text,
    body: text,
    locale: null,
    tags: [text],
    aliases: [text],
    removed: false,
    by: { id: id(n), name: text },
    at,
  });
  await answers(desk, /^\/api\/knowledge\/[^/]+\/versions$/, version);
  const seen = await holds(desk, '/dashboard?page=knowledge', 2);
  await desk.getByRole('list', { name: 'Entries' }).getByRole('button').nth(7).click();
  const versions = desk.getByRole('region', { name: 'Versions' });
  await expect(versions.getByRole('listitem')).toHaveCount(500);
  await versions.evaluate((list) => {
    for (const one of list.querySelectorAll('details')) one.open = true;
  });
  const text = (await versions.textContent()) ?? '';
  // The name of who wrote it and the title as they are; the text is Markdown.
  expect(PAYLOADS.filter((payload) => text.split(payload).length <= 2)).toEqual([]);
  for (const payload of PAYLOADS.filter((_, n) => n % 7 === 0)) {
    await desk.getByLabel('Text (Markdown)').fill(payload);
  }
  await nothingHappened(desk, seen);
});

test('the team, its logins and its invitations', async ({ browser }) => {
  const desk = await deskPage(browser);
  await answers(desk, '/api/agents', (text, n) => ({
    id: id(n),
    name: text,
    email: text,
    role: 'agent',
    disabled: n % 2 === 0,
  }));
  await answers(desk, '/api/invitations', (text, n) => ({
    id: id(n),
    email: text,
    role: 'viewer',
    made_by: text,
    expires_at: at,
  }));
  await desk.route('**/api/agents/*/sessions', (route) =>
    route.fulfill({
      json: {
        items: PAYLOADS.map((text, n) => ({
          id: String(n),
          current: false,
          created_at: at,
          seen_at: at,
          expires_at: at,
          address: text,
          browser: text,
        })),
      },
    }),
  );
  const seen = await holds(desk, '/dashboard?page=team', 4);
  await desk.getByRole('button', { name: 'Logins of' }).first().click();
  const dialog = desk.getByRole('dialog');
  await expect(dialog.getByRole('listitem')).toHaveCount(500);
  const text = (await dialog.textContent()) ?? '';
  expect(PAYLOADS.filter((payload) => !text.includes(payload))).toEqual([]);
  await nothingHappened(desk, seen);
});

test('webhooks, their deliveries and tokens', async ({ browser }) => {
  const desk = await deskPage(browser);
  await answers(desk, '/api/webhooks', (text, n) => ({
    id: id(n),
    url: text,
    events: [text],
    enabled: true,
    fault: text,
  }));
  await answers(desk, '/api/tokens', (text, n) => ({
    id: id(n),
    name: text,
    scopes: [text],
    made_by: text,
    expires_at: at,
    used_at: null,
  }));
  await desk.route('**/deliveries?*', (route) =>
    route.fulfill({
      json: {
        items: PAYLOADS.map((text, n) => ({
          id: id(n),
          kind: text,
          step: 'failed',
          tries: 1,
          status: null,
          error: text,
          created_at: at,
        })),
        next: null,
      },
    }),
  );
  const seen = await holds(desk, '/dashboard?page=integrations', 6);
  await desk.getByRole('button', { name: 'Deliveries' }).first().click();
  const dialog = desk.getByRole('dialog');
  await expect(dialog.getByRole('listitem')).toHaveCount(500);
  const text = (await dialog.textContent()) ?? '';
  expect(PAYLOADS.filter((payload) => text.split(payload).length <= 2)).toEqual([]);
  await nothingHappened(desk, seen);
});

test('the audit log and the self-test', async ({ browser }) => {
  const desk = await deskPage(browser);
  await answers(desk, '/api/audit', (text, n) => ({
    seq: 500 - n,
    at,
    actor: { kind: text, name: text },
    address: text,
    action: text,
    target: text,
    detail: text,
  }));
  const seen = await holds(desk, '/dashboard?page=audit', 4);
  await nothingHappened(desk, seen);
  await desk.route('**/api/check', (route) =>
    route.fulfill({
      json: {
        ok: false,
        parts: PAYLOADS.map((part) => ({ part, ok: false, millis: 1, found: part })),
      },
    }),
  );
  await desk.goto('/dashboard?page=check');
  await desk.getByRole('button', { name: 'Run the self-test' }).click();
  await expect(desk.getByRole('main').getByRole('listitem')).toHaveCount(500);
  const text = (await desk.getByRole('main').textContent()) ?? '';
  expect(PAYLOADS.filter((payload) => text.split(payload).length <= 3)).toEqual([]);
  await nothingHappened(desk, seen);
});

test('saved templates, and what is looked for', async ({ browser }) => {
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  const desk = await deskPage(browser);
  await answers(desk, '/api/whatsapp/templates', (text) => ({
    name: text,
    language: 'en',
    category: text,
    header: text,
    body: text,
    footer: text,
    blanks: [],
    named: false,
  }));
  // A guest of WhatsApp, as far as this page knows: there the templates are.
  const conversation = await conversationOf(guest);
  await desk.routeWebSocket(/\/ws\/agent/, (line) => {
    line.connectToServer().onMessage((frame) => {
      line.send(String(frame).replaceAll('"channel":"web"', '"channel":"whatsapp"'));
    });
  });
  await openThread(desk, guest);
  expect(desk.url()).toContain(conversation);
  const seen = await watch(desk);
  await desk
    .getByRole('button', { name: /template/i })
    .first()
    .click();
  const form = desk.getByRole('form', { name: 'WhatsApp templates' });
  const pick = form.getByLabel('Template');
  const preview = form.getByRole('figure');
  const missing = await pick.evaluate(async (select: HTMLSelectElement, texts) => {
    const missing: string[] = [];
    for (const [n, text] of texts.entries()) {
      select.selectedIndex = n;
      select.dispatchEvent(new Event('change', { bubbles: true }));
      await new Promise((done) => setTimeout(done));
      const shown = select.form?.querySelector('figure')?.textContent ?? '';
      if (!shown.includes(text) || !select.options[n]?.textContent?.includes(text)) {
        missing.push(text);
      }
    }
    return missing;
  }, PAYLOADS);
  expect(missing).toEqual([]);
  await expect(preview).toBeVisible();
  await nothingHappened(desk, seen);

  // What stands in the address is shown as well: what was looked for, and by which tag.
  await desk.keyboard.press('Escape');
  const lost = await desk.evaluate(async (texts) => {
    const lost: string[] = [];
    for (const text of texts) {
      history.pushState(null, '', `/dashboard?${new URLSearchParams({ q: text, tag: text })}`);
      window.dispatchEvent(new PopStateEvent('popstate'));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const main = document.querySelector('main');
      const box = main?.querySelector<HTMLInputElement>('input[type=search]')?.value ?? '';
      if (!box.includes(text) || !main?.textContent.includes(text)) lost.push(text);
    }
    return lost;
  }, PAYLOADS);
  expect(lost).toEqual([]);
  await nothingHappened(desk, seen);
});
