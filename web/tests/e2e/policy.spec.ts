// The pages' policy in use: nothing that they do themselves offends it, and no script that somebody slips into a page
// runs, not even one of our own.
import { expect, type Page } from '@playwright/test';
import { deskPage, guestPage, openThread, reply, say, test } from './pages';

/** Every breach of the policy, as the browser tells of it. */
async function breaches(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.exposeFunction('breach', (what: string) => found.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { breach } = window as unknown as { breach(what: string): void };
      breach(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return found;
}

test('no page offends its own policy, whatever is done in it', async ({ browser }) => {
  test.slow();
  const guest = await guestPage(browser);
  const desk = await deskPage(browser);
  const found = [await breaches(guest), await breaches(desk)];
  await guest.reload();
  await guest.getByRole('button', { name: 'Privacy' }).first().click();
  await guest.keyboard.press('Escape');
  await say(guest, 'I would like to speak to a person');
  await expect(guest.locator('.row.mine .meta')).toContainText(/Sent|Delivered|Read/);
  // Loaded only now: what sends files, and what draws them.
  const file = { name: 'ticket.txt', mimeType: 'text/plain', buffer: Buffer.from('Platform 9') };
  await guest.locator('input[type=file]').setInputFiles(file);
  await expect(guest.locator('.files')).toContainText('ticket.txt');

  await openThread(desk, guest);
  await desk.getByRole('button', { name: 'Take over' }).first().click();
  await reply(desk, '**Good evening**, see https://hotel.example/');
  await expect(guest.locator('.row.agent .bubble').last()).toContainText('Good evening');
  await desk.getByRole('button', { name: 'How the AI answered' }).click();
  await expect(desk.getByRole('dialog')).toBeVisible();
  await desk.keyboard.press('Escape');
  await desk.keyboard.press('Control+k');
  await desk.keyboard.press('Escape');
  for (const place of ['knowledge', 'team', 'integrations', 'settings', 'audit', 'check']) {
    await desk.goto(`/dashboard?page=${place}`);
    await expect(desk.getByRole('main').getByRole('heading').first()).toBeVisible();
  }
  await desk.getByRole('button', { name: 'Run the self-test' }).click();
  await expect(desk.getByRole('main').getByRole('listitem').first()).toBeVisible({
    timeout: 30_000,
  });
  // What the browser kept is shown again, under the policy that it came with.
  await desk.goBack();
  await desk.goForward();
  await expect(desk.getByRole('heading', { name: 'Self-test' })).toBeVisible();
  await guest.goto('/?lang=ar');
  await expect(guest.locator('html')).toHaveAttribute('dir', 'rtl');
  expect(found).toEqual([[], []]);
});

for (const place of ['/', '/dashboard']) {
  test(`a script that is slipped into ${place} does not run`, async ({ page }) => {
    const found = await breaches(page);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.route(
      (url) => url.pathname === place,
      async (route) => {
        const answer = await route.fetch();
        const html = await answer.text();
        const own = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
        const slipped = `<script>window.__pwned = 'inline'</script>
          <script src="/widget.js?slipped"></script>
          <script nonce="" src="${own}?slipped" type="module"></script>
          <script nonce="guessed">window.__pwned = 'guessed'</script>
          <img src="/nothing.png" onerror="window.__pwned = 'handler'">`;
        await route.fulfill({ response: answer, body: html.replace('<body>', `<body>${slipped}`) });
      },
    );
    await page.goto(place);
    await expect(page.locator('textarea, input').first()).toBeVisible();
    await expect.poll(() => found.length).toBeGreaterThanOrEqual(5);
    expect(await page.evaluate(() => '__pwned' in window)).toBe(false);
    expect(await page.locator('frontdesk-chat').count()).toBe(0);
    expect(found.every((breach) => breach.startsWith('script-src'))).toBe(true);
    // The page's own script runs all the same.
    await expect(page.locator('[type=submit], .composer').first()).toBeVisible();
    expect(asked.some((path) => path.startsWith('/assets/'))).toBe(true);
  });
}
