// What admins see of the server's own doings: who did what, whether all of it works, and where colleagues are
// logged in.
import { expect } from '@playwright/test';
import { atLogin, colleague, inside, logIn, outside, settings } from './accounts';
import { violations } from './axe';
import { cut } from './fits';
import { ADMIN, deskPage, test } from './pages';
import { ownServer } from './server';
import { shots } from './shots';

test('the audit log says who did what, page by page', async ({ browser }) => {
  const who = await colleague(browser, 'audited');
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await settings(desk);
  // Enough for a second page.
  for (let n = 0; n < 30; n++) {
    const made = await desk.request.post('/api/invitations', {
      data: { email: `page-${n}@hotel.test`, role: 'viewer', days: 1 },
    });
    const { id } = (await made.json()) as { id: string };
    expect((await desk.request.delete(`/api/invitations/${id}`)).status()).toBe(204);
  }
  const agents = await (await desk.request.get('/api/agents?limit=200')).json();
  const { id } = agents.items.find((agent: { email: string }) => agent.email === who.email);
  const change = { data: { role: 'supervisor' } };
  expect((await desk.request.patch(`/api/agents/${id}`, change)).status()).toBe(200);

  await desk.getByRole('link', { name: 'Open: Audit log' }).click();
  const rows = desk.getByRole('table').locator('tbody tr');
  await expect(rows).toHaveCount(50);
  await expect(rows.first()).toContainText('Changed an account');
  await expect(rows.first()).toContainText('A colleague');
  await expect(rows.first()).toContainText('role agent → supervisor');
  await expect(rows.first()).toContainText('127.0.0.1');
  await expect(rows.nth(1)).toContainText('Withdrew an invitation');
  expect(await violations(desk)).toEqual([]);
  await shots(desk, 'audit');
  for (const width of [390, 360]) {
    await desk.setViewportSize({ width, height: 800 });
    expect(await cut(desk)).toEqual([]);
    expect(await violations(desk)).toEqual([]);
  }
  await desk.getByRole('button', { name: 'Show older entries' }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(60);
  await expect(desk.getByText('Logged in', { exact: true }).first()).toBeVisible();

  // What happens meanwhile is there after a refresh, at the top.
  await desk.request.post('/api/knowledge', { data: { title: 'A sauna', body: 'From six.' } });
  await desk.getByRole('button', { name: 'Refresh' }).click();
  await expect(rows.first()).toContainText('Added an entry');
  await desk.getByRole('main').getByRole('link', { name: 'Settings' }).click();
  await expect(desk.getByRole('heading', { name: 'Settings' })).toBeVisible();
});

test('a log that cannot be read says so, and is read again', async ({ browser }) => {
  const desk = await deskPage(browser);
  await desk.route('**/api/audit?*', (route) => route.fulfill({ status: 503, body: '{}' }));
  await desk.goto('/dashboard?page=audit');
  await expect(desk.getByText('The log could not be read')).toBeVisible();
  await desk.unroute('**/api/audit?*');
  await desk.getByRole('button', { name: 'Try again' }).click();
  await expect(desk.getByRole('table').locator('tbody tr').first()).toBeVisible();
});

test('the self-test finds everything well', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await settings(desk);
  await desk.getByRole('link', { name: 'Open: Self-test' }).click();
  expect(await violations(desk)).toEqual([]);
  await desk.getByRole('button', { name: 'Run the self-test' }).click();
  const parts = desk.getByRole('list', { name: /^Parts/ }).getByRole('listitem');
  await expect(parts.first()).toBeVisible({ timeout: 30_000 });
  for (const part of ['database', 'socket', 'commit', 'broadcast', 'answer']) {
    await expect(parts.filter({ hasText: part }).first()).toContainText('works');
  }
  await shots(desk, 'self-test');
  expect(await violations(desk)).toEqual([]);
  await expect(desk.getByRole('button', { name: 'Run it again' })).toBeEnabled();
});

test('the self-test names the part that fails, and what to do about it', async ({ browser }) => {
  test.slow();
  const server = await ownServer({
    FRONTDESK_ADMIN_EMAIL: ADMIN.email,
    FRONTDESK_ADMIN_PASSWORD: ADMIN.password,
    // Nobody listens there.
    OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    OPENAI_MODEL: 'none',
  });
  try {
    const desk = await deskPage(browser, server.url, { bypassCSP: true });
    await desk.goto('/dashboard?page=check');
    await desk.getByRole('button', { name: 'Run the self-test' }).click();
    await expect(desk.getByText('Not well: model')).toBeVisible({ timeout: 40_000 });
    const model = desk.getByRole('listitem').filter({ hasText: 'model' }).last();
    await expect(model).toContainText('fails');
    await expect(model).toContainText('OPENAI_BASE_URL');
    expect(await violations(desk)).toEqual([]);
    await shots(desk, 'self-test-fails');
    await desk.setViewportSize({ width: 360, height: 800 });
    expect(await cut(desk)).toEqual([]);
  } finally {
    await server.stop();
  }
});

test('an admin sees where a colleague is logged in, and ends one login or all of them', async ({
  browser,
}) => {
  test.slow(); // four browsers log in, each with a password hash
  const who = await colleague(browser, 'watched');
  const first = await atLogin(browser);
  await logIn(first, who);
  await inside(first);
  const second = await atLogin(browser);
  await logIn(second, who);
  await inside(second);
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Team', exact: true }).click();
  const row = desk.getByRole('list', { name: 'Accounts' }).getByRole('listitem');
  await row
    .filter({ hasText: who.email })
    .getByRole('button', { name: 'Logins of A colleague' })
    .click();
  const dialog = desk.getByRole('dialog', { name: 'Logins of A colleague' });
  const logins = dialog.getByRole('list', { name: 'Logins' }).getByRole('listitem');
  await expect(logins).toHaveCount(2);
  await expect(logins.first()).toContainText('from 127.0.0.1');
  await expect(dialog.getByText('this one')).toHaveCount(0);
  expect(await violations(desk)).toEqual([]);
  await shots(desk, 'logins-of');
  await desk.setViewportSize({ width: 360, height: 800 });
  expect(await cut(desk)).toEqual([]);

  // The newest first: that of the second browser.
  await logins.first().getByRole('button').click();
  await expect(outside(second)).toBeVisible();
  await expect(logins).toHaveCount(1);
  expect((await first.request.get('/api/me')).status()).toBe(200);
  await logIn(second, who);
  await inside(second);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await row
    .filter({ hasText: who.email })
    .getByRole('button', { name: 'Logins of A colleague' })
    .click();
  await expect(logins).toHaveCount(2);
  await dialog.getByRole('button', { name: 'End all' }).click();
  for (const page of [first, second]) await expect(outside(page)).toBeVisible();
  await expect(dialog.getByText('Logged in nowhere.')).toBeVisible();
});

test('who is no admin sees no link to these pages, and nothing at their address', async ({
  browser,
}) => {
  const who = await colleague(browser, 'curious', 'supervisor');
  const page = await atLogin(browser);
  await logIn(page, who);
  await inside(page);
  await settings(page);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  for (const name of ['Team', 'Integrations and privacy', 'Open: Audit log', 'Open: Self-test']) {
    await expect(page.getByRole('link', { name })).toHaveCount(0);
  }
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  for (const place of ['audit', 'check', 'team', 'integrations']) {
    await page.goto(`/dashboard?page=${place}`);
    await expect(page.getByText('This page is for admins')).toBeVisible();
  }
  for (const path of ['/api/audit', '/api/check', '/api/agents', '/api/webhooks']) {
    expect(asked).not.toContain(path);
  }
});
