// One's own account from the first login on: password, second factor, logins; and what lets others in.
import { expect } from '@playwright/test';
import { atLogin, colleague, inside, logIn, outside, PASSWORD, settings } from './accounts';
import { violations } from './axe';
import { code, scanned } from './factor';
import { deskPage, test } from './pages';
import { ownServer } from './server';

test('the first login leads to a password of one’s own, and to nothing else before', async ({
  browser,
}) => {
  const server = await ownServer();
  try {
    const first = server.login!;
    const page = await atLogin(browser, server.url);
    await logIn(page, first);
    await expect(page.getByRole('heading', { name: 'Choose your own password' })).toBeFocused();
    await page.goto('/dashboard/settings');
    await expect(page.getByRole('heading', { name: 'Choose your own password' })).toBeVisible();
    await expect(page.getByRole('navigation')).toHaveCount(0);
    expect(await violations(page)).toEqual([]);

    const save = page.getByRole('button', { name: 'Save the new password' });
    const fill = async (now: string, next: string, again: string) => {
      await page.getByLabel('Current password').fill(now);
      await page.getByLabel('New password', { exact: true }).fill(next);
      await page.getByLabel('New password, once more').fill(again);
      await save.click();
    };
    await fill(first.password, PASSWORD, `${PASSWORD}!`);
    await expect(page.getByRole('alert')).toHaveText('The two new passwords differ.');
    await fill('not the password', PASSWORD, PASSWORD);
    await expect(page.getByRole('alert')).toContainText('password');
    await fill(first.password, 'password123', 'password123');
    await expect(page.getByRole('alert')).not.toBeEmpty();
    await fill(first.password, PASSWORD, PASSWORD);
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();

    const other = await atLogin(browser, server.url);
    await logIn(other, first);
    await expect(other.getByRole('alert')).toHaveText('E-mail, password or code is wrong.');
    await logIn(other, { ...first, password: PASSWORD });
    await inside(other);
  } finally {
    await server.stop();
  }
});

test('a second factor is set up by its QR code, and opens by app and by recovery code', async ({
  browser,
}) => {
  test.slow(); // five browsers log in, each with a password hash
  const who = await colleague(browser, 'factor');
  const page = await atLogin(browser);
  await logIn(page, who);
  await inside(page);
  await settings(page);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByLabel('Current password').fill('not the password');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('alert')).toContainText('not your');
  await page.getByLabel('Current password').fill(who.password);
  await page.getByRole('button', { name: 'Go on' }).click();

  const secret = await page.getByLabel('Key of the second factor').innerText();
  const drawing = page.getByRole('img', { name: 'QR code for your authenticator app' });
  await expect(drawing).toBeVisible();
  const link = new URL((await scanned(drawing)) ?? 'about:blank');
  expect(link.protocol).toBe('otpauth:');
  expect(link.searchParams.get('secret')).toBe(secret);
  expect(decodeURIComponent(link.pathname)).toContain(who.email);
  expect(await violations(page)).toEqual([]);

  const digits = page.getByLabel('The six digits that the app shows');
  const wrong = code(secret, 1_000);
  await digits.fill(wrong);
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByRole('alert')).toContainText('not the code of now');
  await digits.fill(code(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByRole('heading', { name: 'Keep your recovery codes' })).toBeVisible();
  const codes = (await page.getByLabel('Keep your recovery codes').innerText()).split('\n');
  expect(codes).toHaveLength(10);
  expect(await violations(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('frontdesk-recovery-codes.txt');
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await expect(page.getByText('On: each login asks for a code')).toBeVisible();

  const again = await atLogin(browser);
  await logIn(again, who);
  await expect(again.getByRole('alert')).toHaveText('E-mail, password or code is wrong.');
  // Each code opens once, and that of now is used up: the next one is taken as well.
  await logIn(again, who, code(secret, 1));
  await inside(again);

  const lost = await atLogin(browser);
  await logIn(lost, who, codes[3]);
  await inside(lost);
  const twice = await atLogin(browser);
  await logIn(twice, who, codes[3]);
  await expect(twice.getByRole('alert')).toHaveText('E-mail, password or code is wrong.');

  await settings(lost);
  await lost.getByRole('button', { name: 'Turn off' }).click();
  await lost.getByLabel('Current password').fill(who.password);
  await lost.getByRole('button', { name: 'Turn off' }).last().click();
  await expect(lost.getByText('The second factor is off.')).toBeVisible();
  await logIn(twice, who);
  await inside(twice);
});

test('an invited colleague makes an account by the link, once', async ({ browser }) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  const email = `invited-${Date.now()}@hotel.test`;
  await desk.getByRole('link', { name: 'Team', exact: true }).click();
  await desk.getByRole('button', { name: 'Invite by link' }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByLabel('Role').selectOption('supervisor');
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.locator('pre').innerText();
  expect(link).toMatch(/^http.*\/dashboard\/join#/);
  await dialog.getByRole('button', { name: 'Done' }).click();
  const open = desk.getByRole('list', { name: 'Invitations' }).getByText(email);
  await expect(open).toBeVisible();

  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(link);
  await expect(page.getByText(`as Supervisor, with the address ${email}`)).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel('Your name').fill('Nora New');
  await page.getByLabel('Password').fill('password123');
  await page.getByRole('button', { name: 'Make my account' }).click();
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make my account' }).click();
  await expect(page.getByRole('heading', { name: 'Your account is ready' })).toBeFocused();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: 'Go to the login' }).click();
  await logIn(page, { email, password: PASSWORD });
  await inside(page);
  await settings(page);
  await expect(page.getByText('Nora New').first()).toBeVisible();
  await expect(page.getByText('· Supervisor')).toBeVisible();

  const late = await context.newPage();
  await late.goto(link);
  await expect(
    late.getByRole('heading', { name: 'This invitation is not open any more' }),
  ).toBeVisible();
  await desk.reload();
  await expect(desk.getByRole('list', { name: 'Accounts' }).getByText(email)).toBeVisible();
  await expect(open).toHaveCount(0);
});

test('an invitation that was withdrawn opens nothing', async ({ browser }) => {
  const desk = await deskPage(browser);
  const email = `never-${Date.now()}@hotel.test`;
  await desk.getByRole('link', { name: 'Team', exact: true }).click();
  await desk.getByRole('button', { name: 'Invite by link' }).click();
  const dialog = desk.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.locator('pre').innerText();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await desk.getByRole('button', { name: `Withdraw the invitation of ${email}` }).click();
  await expect(desk.getByText('The invitation is withdrawn.')).toBeVisible();
  const page = await (await browser.newContext()).newPage();
  await page.goto(link);
  await expect(
    page.getByRole('heading', { name: 'This invitation is not open any more' }),
  ).toBeVisible();
});

test('a token is shown once, opens its scope and nothing after it is revoked', async ({
  browser,
  playwright,
  baseURL,
}) => {
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await desk.getByRole('link', { name: 'Integrations and privacy' }).click();
  await desk.getByRole('button', { name: 'Make a token' }).click();
  const dialog = desk.getByRole('dialog');
  const make = dialog.getByRole('button', { name: 'Make a token' });
  await dialog.getByLabel('What it is for').fill('The key cards');
  await expect(make).toBeDisabled();
  await dialog.getByLabel('knowledge:read').check();
  expect(await violations(desk)).toEqual([]);
  await make.click();
  const token = await dialog.locator('pre').innerText();
  expect(token).toMatch(/^fdt_/);
  expect(await violations(desk)).toEqual([]);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(desk.locator('body')).not.toContainText(token);

  const headers = { authorization: `Bearer ${token}` };
  const system = await playwright.request.newContext({ baseURL, extraHTTPHeaders: headers });
  expect((await system.get('/api/knowledge')).status()).toBe(200);
  expect((await system.get('/api/conversations')).status()).toBe(403);
  const row = desk.getByRole('listitem').filter({ hasText: 'The key cards' });
  await expect(row).toContainText('knowledge:read');
  await row.getByRole('button', { name: 'Revoke the token The key cards' }).click();
  await expect(row).toHaveCount(0);
  expect((await system.get('/api/knowledge')).status()).toBe(401);
  await system.dispose();
});

test('a login that is ended elsewhere is out within two seconds', async ({ browser }) => {
  const who = await colleague(browser, 'logins');
  const here = await atLogin(browser);
  await logIn(here, who);
  await inside(here);
  const there = await atLogin(browser);
  const welcomed = there
    .waitForEvent('websocket')
    .then((socket) => socket.waitForEvent('framereceived'));
  await logIn(there, who);
  await inside(there);
  await welcomed;

  await settings(here);
  const rows = here.getByRole('list', { name: 'Logins' }).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  expect(await violations(here)).toEqual([]);
  await rows.filter({ hasNotText: 'this one' }).getByRole('button').click();
  await expect(outside(there)).toBeVisible({ timeout: 2_000 });
  await expect(there.getByText('You were logged out. Your drafts are kept.')).toBeVisible();
  await expect(there.getByText('Reconnecting')).toHaveCount(0);
  await expect(rows).toHaveCount(1);
  // Nothing of the other browser works any more; here all of it does.
  expect((await there.request.get('/api/me')).status()).toBe(401);
  await here.getByRole('link', { name: 'Inbox' }).click();
  await inside(here);
  await logIn(there, who);
  await inside(there);
});
