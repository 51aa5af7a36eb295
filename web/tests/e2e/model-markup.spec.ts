// A model that has been turned against us, and a server that holds back none of its words: three hundred answers,
// streamed in pieces and then stored, in the guest's page and in the dashboard. Nothing is loaded and nothing runs.
//
// The real server withholds nearly all of them (src/ai/openai/tests/hostile.rs), so they are put into the pages'
// sockets behind its back.
import { expect, type Page } from '@playwright/test';
import { deskPage, guestPage, say, test } from './pages';
import { OUTPUTS } from './payloads';
import { tap, type Tapped } from './tap';
import { nothingHappened, watch } from './watch';

// A recording would be most of the work.
test.use({ trace: 'off' });

/** How many letters are streamed at a time: every mark is cut somewhere. */
const PIECE = 7;

/** The frames of one answer, the `n`th, which becomes event `seq`. */
function answer(conversation: string, n: number, seq: number): string[] {
  const text = `${OUTPUTS[n] ?? ''}\n\nend ${n}.`;
  const turn = `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const pieces = Array.from({ length: Math.ceil(text.length / PIECE) }, (_, piece) =>
    text.slice(piece * PIECE, (piece + 1) * PIECE),
  );
  const event = { seq, prev: seq - 1, id: turn, at: new Date().toISOString(), by: { kind: 'ai' } };
  return [
    ...pieces.map((text) => ({ type: 'draft', conversation, turn, text })),
    { type: 'event', conversation, ...event, kind: 'message', channel: 'web', text },
    { type: 'draft_end', conversation, turn, outcome: 'sent', seq },
  ].map((frame) => JSON.stringify(frame));
}

/** Gives the page frames, and time to draw whatever each answer is: as a draft, and as a message. */
async function put(page: Page, answers: string[][]): Promise<void> {
  await page.evaluate(async (answers) => {
    const drawn = () => new Promise(requestAnimationFrame);
    const give = (data: string) =>
      (window as Tapped).line?.dispatchEvent(new MessageEvent('message', { data }));
    for (const frames of answers) {
      frames.slice(0, -2).forEach(give);
      await drawn();
      frames.slice(-2).forEach(give);
    }
    await drawn();
  }, answers);
}

test('three hundred hostile answers load nothing and run nothing', async ({ browser }) => {
  test.setTimeout(120_000);
  expect(new Set(OUTPUTS).size).toBe(300);
  const guest = await guestPage(browser);
  await say(guest, 'When is breakfast?');
  await expect(guest.locator('.bubble')).toHaveCount(2);
  const session = await guest.request.post('/api/guest/session', { data: {} });
  const { conversation } = (await session.json()) as { conversation: string };
  const desk = await deskPage(browser);
  for (const page of [guest, desk]) {
    await tap(page);
    // By its address: whoever waits for a person stands before it in the list, which draws only what is in sight.
    if (page === desk) await desk.goto(`/dashboard?c=${conversation}`);
    await expect(page.locator('.bubble')).toHaveCount(2);
    const { items } = (await (
      await page.request.get(`/api/conversations/${conversation}/events`)
    ).json()) as { items: { seq: number }[] };
    const next = (items.at(-1)?.seq ?? 0) + 1;
    const seen = await watch(page);
    await put(
      page,
      OUTPUTS.map((_, n) => answer(conversation, n, next + n)),
    );
    await expect(page.locator('.bubble', { hasText: /end \d+\./ })).toHaveCount(OUTPUTS.length);
    await nothingHappened(page, seen);
    await expect(page.locator('a[href*="canary" i], a[href*="xn--" i]')).toHaveCount(0);
  }
});
