// On a phone nothing of the dashboard is cut off or stands beyond the screen.
import { expect, type Page } from '@playwright/test';
import { violations } from './axe';
import { cut } from './fits';
import { conversationOf, deskPage, guestPage, openThread, say, test } from './pages';
import { shots } from './shots';
import { tap, type Tapped } from './tap';

const WIDTHS = [390, 360];
const NAME = 'Maximiliane Freifrau von Hohenstein-Schwarzenberg';

async function fits(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 780 });
    // What turns or slides does so in two frames.
    await page.waitForTimeout(150);
    expect(await cut(page), `${width} px`).toEqual([]);
  }
}

test('a thread’s header says how long its guest has waited, whole', async ({ browser }) => {
  test.slow();
  const guest = await guestPage(browser);
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  const conversation = await conversationOf(guest);
  await tap(desk);
  await openThread(desk, guest);
  const header = desk.locator('header', { has: desk.locator('.back') });
  await expect(header).toContainText('waiting under a minute');
  await fits(desk);
  await expect(header.getByText('waiting under a minute')).toBeInViewport({ ratio: 1 });
  await shots(desk, 'thread-short');

  // The longest that there is: a long name and room, urgent, an alarm, and hours of waiting.
  const answer = await desk.request.get(`/api/conversations/${conversation}`);
  const summary = (await answer.json()) as { guest: object; last_seq: number };
  const since = new Date(Date.now() - (23 * 60 + 55) * 60_000).toISOString();
  const told = {
    ...summary,
    guest: { ...summary.guest, name: NAME, room: 'Gartenhaus am See, erster Stock' },
    urgency: 'urgent',
    alarm: { since, reason: 'medical', rung: 1 },
    tags: ['a rather long tag for a phone', 'another one', 'a third'],
    status: 'waiting',
    waiting_since: since,
    assigned: { id: conversation, name: NAME },
    unread: 12,
    last_seq: summary.last_seq + 100,
  };
  await desk.evaluate(
    (upserts) => {
      const data = JSON.stringify({ type: 'inbox', upserts });
      (window as Tapped).line?.dispatchEvent(new MessageEvent('message', { data }));
    },
    [told],
  );
  await expect(header).toContainText('waiting 23 h 55 min');
  await fits(desk);
  for (const text of ['waiting 23 h 55 min · late', 'Urgent']) {
    await expect(header.getByText(text)).toBeInViewport({ ratio: 1 });
  }
  await expect(header.getByRole('button', { name: 'I see to it' })).toBeInViewport({ ratio: 1 });
  await shots(desk, 'thread-long');
  await desk.setViewportSize({ width: 390, height: 780 });
  expect(await violations(desk)).toEqual([]);

  for (const name of ['Assign', 'Tags', 'Snooze']) {
    await header.getByRole('button', { name, exact: true }).click();
    await fits(desk);
    await desk.keyboard.press('Escape');
  }
  await desk.getByRole('tab', { name: 'Private note' }).click();
  await fits(desk);
  await header.getByRole('button', { name: 'Guest card' }).click();
  await expect(desk.getByRole('region', { name: 'Guest card' })).toBeVisible();
  await fits(desk);
  await shots(desk, 'card');
  await desk.getByRole('button', { name: 'Close guest card' }).click();
  await header.getByRole('button', { name: 'Back to the list' }).click();
  await expect(desk.locator(`[data-conversation="${conversation}"]`)).toBeVisible();
  await fits(desk);
  await shots(desk, 'list');
});

test('every page and its bar below', async ({ browser }) => {
  test.slow();
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  const bar = desk.getByRole('navigation', { name: 'Main' });
  for (const place of [
    'inbox',
    'knowledge',
    'team',
    'integrations',
    'settings',
    'audit',
    'check',
  ]) {
    await desk.goto(place === 'inbox' ? '/dashboard' : `/dashboard?page=${place}`);
    await expect(desk.getByRole('main').getByRole('heading').first()).toBeVisible();
    await desk.waitForLoadState('networkidle');
    if (place === 'audit') await expect(desk.getByRole('table')).toBeVisible();
    await fits(desk);
    for (const name of ['Inbox', 'Knowledge', 'Team', 'Integrations and privacy', 'Settings']) {
      await expect(bar.getByRole('link', { name })).toBeInViewport({ ratio: 1 });
    }
    expect(await violations(desk)).toEqual([]);
    await shots(desk, `page-${place}`);
  }
  for (const [place, button] of [
    ['integrations', 'Make a token'],
    ['integrations', 'Connect a property system'],
    ['team', 'Invite by link'],
    ['knowledge', 'Import'],
    ['knowledge', 'Rehearse'],
    ['knowledge', 'Add an entry'],
  ] as const) {
    await desk.goto(`/dashboard?page=${place}`);
    await desk.getByRole('button', { name: button, exact: true }).first().click();
    await fits(desk);
  }
});
