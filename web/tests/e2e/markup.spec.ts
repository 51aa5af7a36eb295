// Text is never markup: five hundred payloads as a guest's words, an agent's and a private note, and some in every
// other field, in the guest's page and in the dashboard. Nothing runs, and nothing asks another origin.
import { expect, type APIRequestContext, type Page } from '@playwright/test';
import { PAYLOADS } from './payloads';
import { deskPage, guestPage, openThread, say, test } from './pages';
import { nothingHappened, watch } from './watch';

/** How many payloads one message holds. */
const EACH = 10;
const GROUPS = Array.from({ length: PAYLOADS.length / EACH }, (_, n) =>
  PAYLOADS.slice(n * EACH, (n + 1) * EACH).join('\n'),
);

async function post(who: APIRequestContext, path: string, data: unknown): Promise<void> {
  const answer = await who.post(path, { data });
  expect(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
}

test('five hundred payloads in every text are text', async ({ browser }) => {
  test.setTimeout(120_000);
  expect(PAYLOADS).toHaveLength(500);
  expect(new Set(PAYLOADS).size).toBe(500);
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  const desk = await deskPage(browser);
  await openThread(desk, guest);
  const seen = [await watch(guest), await watch(desk)] as const;
  const session = await guest.request.post('/api/guest/session', { data: {} });
  const { conversation } = (await session.json()) as { conversation: string };
  const path = `/api/conversations/${conversation}`;
  await post(desk.request, `${path}/actions`, { id: 'mine', action: 'take_over' });

  const profile = { name: PAYLOADS[80], room: PAYLOADS[86]?.slice(0, 20) };
  await post(desk.request, `${path}/actions`, { id: 'who', action: 'profile', guest: profile });
  for (const [n, text] of GROUPS.entries()) {
    await post(guest.request, `${path}/messages`, { id: `g${n}`, text });
    await post(desk.request, `${path}/messages`, { id: `a${n}`, text });
    await post(desk.request, `${path}/messages`, { id: `n${n}`, text, note: true });
  }
  const last = PAYLOADS.at(-1) ?? '';
  const bubbles = (page: Page) => page.locator('.bubble', { hasText: last });
  await expect(bubbles(guest)).toHaveCount(2);
  await expect(bubbles(desk)).toHaveCount(3);
  // Shown as they are, to the letter, in both pages.
  for (const page of [guest, desk]) {
    const shown = await page.locator('.bubble').allInnerTexts();
    const all = shown.join('\n').replace(/\s+/g, ' ');
    const lost = PAYLOADS.filter((payload) => !all.includes(payload.replace(/\s+/g, ' ')));
    expect(lost).toEqual([]);
  }
  await nothingHappened(guest, seen[0]);
  await nothingHappened(desk, seen[1]);

  // And when all of it is read anew.
  for (const [n, page] of [guest, desk].entries()) {
    await page.reload();
    if (page === desk) await openThread(desk, guest);
    await expect(bubbles(page).first()).toBeVisible();
    await nothingHappened(page, seen[n] ?? []);
  }
});
