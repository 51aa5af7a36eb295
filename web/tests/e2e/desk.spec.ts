// A real guest page and a real dashboard talk through the real server.
import { expect } from '@playwright/test';
import { violations } from './axe';
import { ADMIN, deskPage, guestPage, openThread, reply, say, test } from './pages';

const SLOW = process.env.SLOW_URL;

test('a wrong password is refused, the right one is let in, and logging out ends it', async ({
  page,
}) => {
  await page.goto('/dashboard');
  await page.getByLabel('E-mail').fill(ADMIN.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('region', { name: 'Conversations' })).toBeVisible();
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByLabel('Password')).toBeVisible();
});

test('guest, AI and agent in one conversation', async ({ browser }) => {
  const guest = await guestPage(browser);
  const desk = await deskPage(browser);
  await say(guest, 'When is breakfast served?');
  await expect(guest.locator('.row.ai .bubble').last()).toContainText(/breakfast/i);
  await openThread(desk, guest);
  await expect(desk.locator('.row.guest').last()).toContainText('When is breakfast served?');
  await desk.getByRole('button', { name: 'Take over' }).click();
  await reply(desk, 'Mia here: I have kept you a table by the window.');
  await expect(guest.locator('.row.agent .bubble').last()).toContainText('a table by the window');

  await desk.getByRole('tab', { name: 'Private note' }).click();
  await desk.getByLabel('Private note, only your team reads it').fill('Celebrates a birthday');
  await desk.getByRole('button', { name: 'Add private note' }).click();
  await expect(desk.locator('.row.note')).toContainText('Celebrates a birthday');

  await say(guest, 'Thank you, that is lovely');
  await expect(desk.locator('.row.guest').last()).toContainText('that is lovely');
  await expect(guest.locator('body')).not.toContainText('birthday');

  await desk.getByRole('button', { name: 'Hand back to AI' }).click();
  await expect(desk.getByRole('button', { name: 'Take over' })).toBeVisible();
  await desk.getByRole('button', { name: 'Resolve', exact: true }).click();
  await expect(desk.getByRole('button', { name: 'Reopen' }).first()).toBeVisible();
  await guest.reload();
  await expect(guest.locator('.row.agent .bubble').last()).toContainText('a table by the window');
  await expect(guest.locator('body')).not.toContainText('birthday');
});

test('the human wins in mid-sentence', async ({ browser }) => {
  test.skip(!SLOW, 'needs a server whose AI speaks slowly');
  const guest = await guestPage(browser, SLOW);
  const desk = await deskPage(browser, SLOW);
  await say(guest, 'Tell me all about the house');
  await openThread(desk, guest);
  await expect(desk.locator('[aria-busy=true]')).toContainText('Good morning');
  await expect(guest.locator('.bubble.streaming')).toContainText('Good morning');
  await desk.getByRole('button', { name: 'Take over' }).first().click();
  await expect(desk.getByRole('button', { name: 'Hand back to AI' })).toBeVisible();
  await expect(guest.locator('.bubble.streaming')).toHaveCount(0);
  const shown = await guest.locator('.row.ai .bubble').last().innerText();
  await reply(desk, 'I am a person.');
  await expect(guest.locator('.row.agent .bubble').last()).toContainText('I am a person.');
  expect(await guest.locator('.row.ai .bubble').last().innerText()).toBe(shown);
  await expect(desk.locator('.row.ai')).toHaveCount(1);
});

test('what the agent writes without a connection arrives once and in order', async ({
  browser,
}) => {
  const guest = await guestPage(browser);
  await say(guest, 'Is anybody there tonight?');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  const desk = await deskPage(browser);
  await openThread(desk, guest);
  await desk.context().setOffline(true);
  // Chromium keeps open sockets when it goes offline; the server's end is what counts.
  await desk.evaluate(() => window.dispatchEvent(new Event('offline')));
  for (const text of ['first', 'second', 'third']) await reply(desk, `offline ${text}`);
  await desk.context().setOffline(false);
  await expect(guest.locator('.row.agent .bubble')).toHaveText(
    ['offline first', 'offline second', 'offline third'],
    { timeout: 20_000 },
  );
});

test('knowledge that is added is what the AI answers from', async ({ browser }) => {
  const desk = await deskPage(browser);
  const made = await desk.request.post('/api/knowledge', {
    data: {
      title: 'Where is the beekeeping tour?',
      body: 'The beekeeping tour starts at the **orchard gate**.',
    },
  });
  expect(made.status()).toBe(201);
  const guest = await guestPage(browser);
  await say(guest, 'Where does the beekeeping tour start?');
  await expect(guest.locator('.row.ai .bubble').last()).toContainText('orchard gate');
});

test('an answer to a handed-over question is remembered with one click', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  const guest = await guestPage(browser);
  await say(guest, 'Where is the falconry display?');
  await expect(guest.locator('.rows')).toContainText('Someone', { ignoreCase: true });
  await openThread(desk, guest);
  await reply(desk, 'On the lower meadow, behind the old mill.');
  await desk.getByRole('button', { name: 'Remember this answer' }).last().click();
  await expect(desk.getByRole('button', { name: 'Remembered' })).toBeDisabled();
  expect(await violations(desk)).toEqual([]);
  const other = await guestPage(browser);
  await say(other, 'Where is the falconry display?');
  await expect(other.locator('.row.ai .bubble').last()).toContainText('behind the old mill');
});

test('the knowledge is imported, changed, and an older version brought back', async ({
  browser,
}) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.goto('/dashboard?page=knowledge');
  await desk.getByRole('button', { name: 'Import', exact: true }).click();
  await desk.getByLabel('Text', { exact: true }).fill('# Boathouse\nOpen from May.\n');
  expect(await violations(desk)).toEqual([]);
  await desk.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(desk.getByText('1 added, 0 changed, 0 as they were')).toBeVisible();

  const entry = desk.getByRole('button', { name: /Boathouse/ });
  await entry.click();
  await desk.getByLabel('Text (Markdown)').fill('Open from June.');
  await desk.getByLabel('Other wordings').fill('When may we row?');
  await desk.getByRole('button', { name: 'Save' }).click();
  await entry.click();
  await expect(desk.getByLabel('Other wordings')).toHaveValue('When may we row?');
  const versions = desk.getByRole('region', { name: 'Versions' });
  await expect(versions.getByRole('listitem')).toHaveCount(2);
  await versions.getByText(/^Version 1 /).click();
  await expect(versions).toContainText('Open from May.');
  expect(await violations(desk)).toEqual([]);
  await versions.getByRole('button', { name: 'Restore version 1' }).click();
  await entry.click();
  await expect(desk.getByLabel('Text (Markdown)')).toHaveValue('Open from May.');
  await expect(versions.getByRole('listitem')).toHaveCount(3);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 1440]) {
    test.describe(`${colorScheme} ${width}`, () => {
      test.use({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });

      test('axe has nothing to say about the dashboard', async ({ page, browser }) => {
        const guest = await guestPage(browser);
        const text = `Axe ${colorScheme} ${width}`;
        await say(guest, text);
        await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
        await page.goto('/dashboard');
        await expect(page.getByLabel('Password')).toBeVisible();
        expect(await violations(page)).toEqual([]);
        await page.getByLabel('E-mail').fill(ADMIN.email);
        await page.getByLabel('Password').fill(ADMIN.password);
        await page.getByRole('button', { name: 'Log in' }).click();
        await expect(page.locator('[data-conversation]').first()).toBeVisible();
        expect(await violations(page)).toEqual([]);
        await openThread(page, guest);
        expect(await violations(page)).toEqual([]);
      });
    });
  }
}

test('an agent offers quick replies, and the guest taps one', async ({ browser }) => {
  const guest = await guestPage(browser);
  const desk = await deskPage(browser);
  await say(guest, 'I would like a table tonight');
  await openThread(desk, guest);
  await desk.getByRole('button', { name: 'Take over' }).first().click();
  await desk.getByRole('button', { name: 'Offer quick replies' }).click();
  await desk.getByLabel('Quick reply 1').fill('At 19:00');
  await desk.getByLabel('Quick reply 3').fill('At 20:30');
  await desk.getByLabel('Quick reply 3').press('Enter');
  await expect(desk.getByLabel('Reply to the guest')).toBeFocused();
  await reply(desk, 'With pleasure. When would you like to come?');
  await expect(desk.locator('.row.agent').last()).toContainText('At 20:30');
  await expect(desk.getByLabel('Quick reply 1')).toBeHidden();
  await guest.getByRole('button', { name: 'At 20:30' }).click();
  await expect(desk.locator('.row.guest').last()).toContainText('At 20:30');
});

test('a click right after scrolling is not lost', async ({ browser, playwright }) => {
  test.skip(!SLOW, 'fills the list of a server that other tests hardly use');
  for (let n = 0; n < 6; n++) {
    const guest = await playwright.request.newContext({ baseURL: SLOW });
    const session = await guest.post('/api/guest/session', { data: {} });
    const { conversation } = (await session.json()) as { conversation: string };
    const said = { id: 'one', text: 'I would like to speak to a person' };
    const sent = await guest.post(`/api/conversations/${conversation}/messages`, { data: said });
    expect(sent.status()).toBe(201);
    await guest.dispose();
  }
  const desk = await deskPage(browser, SLOW);
  await desk.setViewportSize({ width: 1440, height: 480 });
  const row = desk.locator('[data-conversation]').nth(1);
  await expect(row).toBeVisible();
  const takes = await row.evaluate(async (row) => {
    const scroller = row.closest('[role=presentation]');
    const scrolled = new Promise((done) => scroller?.addEventListener('scroll', done));
    scroller?.scrollBy(0, 30);
    await scrolled;
    await new Promise(requestAnimationFrame);
    const { x, y, width, height } = row.getBoundingClientRect();
    // What the browser would give a click to.
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    return hit !== null && row.contains(hit);
  });
  expect(takes).toBe(true);
});
