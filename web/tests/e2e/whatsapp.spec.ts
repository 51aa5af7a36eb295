// A guest on WhatsApp, and the desk that may write freely for a day only. The phone is a stand-in.
import { expect, type Browser, type Page } from '@playwright/test';
import { violations } from './axe';
import { GRAPH, says, sentTo } from './graph';
import { deskPage, reply, test } from './pages';

const HOUR = 3600;

test.skip(!GRAPH, 'needs a stand-in for WhatsApp');

/** The conversation of this phone, open at the desk. */
async function openPhone(
  browser: Browser,
  phone: string,
  text: string,
  secondsAgo: number,
): Promise<Page> {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await says(desk, phone, text, secondsAgo);
  // Among many its row need not be drawn.
  const found = await desk.request.get(`/api/conversations?view=all&q=${phone}`);
  const { items } = (await found.json()) as { items: { id: string }[] };
  await desk.goto(`/dashboard?c=${items[0]?.id}`);
  await expect(desk.getByRole('log', { name: 'Messages' })).toContainText(text);
  return desk;
}

test('within the day the composer counts down, and what is written arrives', async ({
  browser,
}) => {
  const desk = await openPhone(browser, '4915100000701', 'Is the sauna open?', 0);
  await expect(desk.locator('.window')).toContainText(
    /WhatsApp takes free text for 23 h 5\d min more/,
  );
  await expect(desk.locator('.window')).not.toHaveClass(/soon/);
  await desk.getByRole('button', { name: 'Take over' }).first().click();
  await reply(desk, 'Until ten tonight.');
  await expect
    .poll(async () => (await sentTo(desk, '4915100000701')).map(({ text }) => text))
    .toContain('Until ten tonight.');
  expect(await violations(desk)).toEqual([]);
});

test('the last two hours are told apart', async ({ browser }) => {
  const desk = await openPhone(browser, '4915100000702', 'Late one', 22.5 * HOUR);
  await expect(desk.locator('.window')).toHaveClass(/soon/);
  await expect(desk.locator('.window')).toContainText(/1 h (29|30) min more/);
});

test('after the day only a template goes out, with its blanks filled in', async ({ browser }) => {
  const phone = '4915100000703';
  const desk = await openPhone(browser, phone, 'Can we check in early?', 25 * HOUR);
  await expect(desk.locator('.window')).toContainText('WhatsApp takes only an approved template');
  await expect(desk.getByLabel('Reply to the guest')).toBeDisabled();
  await expect(desk.getByLabel('Send a photo or a file')).toBeDisabled();

  await desk.getByRole('button', { name: 'Choose a template' }).click();
  const form = desk.getByRole('form', { name: 'WhatsApp templates' });
  await expect(form.getByLabel('Template')).toBeFocused();
  await form.getByLabel('Template').selectOption({ label: 'room_ready (American English)' });
  const send = form.getByRole('button', { name: 'Send template' });
  await form.getByLabel('Blank 1').fill('Mrs Vogel');
  await expect(send).toBeDisabled();
  await form.getByLabel('Blank 2').fill('204');
  const words = 'Dear Mrs Vogel, your room 204 is ready. We look forward to seeing you.';
  await expect(form.getByRole('figure', { name: 'What the guest will read' })).toContainText(words);
  for (const size of [
    { width: 390, height: 844 },
    { width: 1440, height: 900 },
  ]) {
    await desk.setViewportSize(size);
    await expect(send).toBeInViewport({ ratio: 1 });
    expect(await violations(desk)).toEqual([]);
  }
  await send.click();

  await expect(desk.getByRole('log', { name: 'Messages' })).toContainText(words);
  await expect
    .poll(() => sentTo(desk, phone))
    .toContainEqual(expect.objectContaining({ kind: 'template', text: words }));
  // It opens nothing: only the guest does.
  await expect(desk.getByLabel('Reply to the guest')).toBeDisabled();
  await says(desk, phone, 'Wonderful, we are on our way');
  await expect(desk.locator('.window')).toContainText('WhatsApp takes free text for');
  await expect(desk.getByLabel('Reply to the guest')).toBeEnabled();
});
