// A changed entry is tried on what guests have asked, before it is live.
import { expect } from '@playwright/test';
import { violations } from './axe';
import { deskPage, guestPage, say, test } from './pages';

const HELPFUL = process.env.HELPFUL_URL;

test('a change is tried, seen side by side, and put live', async ({ browser }) => {
  const guest = await guestPage(browser);
  await say(guest, 'When is the observatory open?');
  await expect(guest.locator('.row.ai .bubble').last()).toBeVisible();
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  const made = await desk.request.post('/api/knowledge', {
    data: { title: 'Is there an observatory?', body: 'Yes, on the roof, every clear night.' },
  });
  expect(made.status()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  try {
    await desk.goto('/dashboard?page=knowledge');
    const page = desk.getByRole('region', { name: 'Knowledge', exact: true });
    await page.getByRole('button', { name: /Is there an observatory\?/ }).click();
    await page.getByLabel('Text (Markdown)').fill('It is closed for the **winter**.');
    await page.getByRole('button', { name: 'Rehearse first' }).click();

    // The draft is kept, and nothing of it is live.
    const changes = page.getByRole('region', { name: 'Changes to try' });
    await expect(changes.getByRole('listitem')).toContainText('Is there an observatory?');
    await page.getByLabel('The newest questions of guests, this many').fill('5');
    await page.getByLabel('Questions of your own').fill('Is there an observatory?\nqwyx zzkj vvbn');
    // By the keyboard alone from here.
    await page.getByLabel('Questions of your own').press('Tab');
    await expect(page.getByRole('button', { name: 'Rehearse now' })).toBeFocused();
    await desk.keyboard.press('Enter');
    const results = page.getByRole('region', { name: 'What changes' });
    await expect(results.getByRole('status')).toHaveText('All questions were asked.');
    await expect(results).toContainText('Answered by: Answerer without a model');
    const first = results.getByRole('article').filter({ hasText: 'every clear night' }).first();
    await expect(first.getByRole('group', { name: 'Before' })).toContainText('every clear night');
    await expect(first.getByRole('group', { name: 'After' })).toContainText(
      'closed for the winter',
    );
    await expect(results.locator('.counts')).toContainText('the same');
    expect(await violations(desk)).toEqual([]);
    const told = await desk.request.get(`/api/knowledge/${id}`);
    expect(((await told.json()) as { body: string }).body).toContain('every clear night');

    // On a phone, too.
    await desk.setViewportSize({ width: 390, height: 844 });
    await results
      .getByText(/^\d+ the same$/)
      .last()
      .click();
    const wide = await desk.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect(wide).toBe(false);
    expect(await violations(desk)).toEqual([]);
    await desk.setViewportSize({ width: 1440, height: 900 });

    await changes
      .getByRole('button', { name: 'Edit the change of “Is there an observatory?”' })
      .click();
    await expect(page.getByLabel('Text (Markdown)')).toHaveValue(
      'It is closed for the **winter**.',
    );
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Put the changes live' }).click();
    await expect(desk.getByText('One change is live')).toBeVisible();
    await expect
      .poll(async () => (await (await desk.request.get(`/api/knowledge/${id}`)).json()) as object)
      .toMatchObject({ body: 'It is closed for the **winter**.' });
  } finally {
    await desk.request.delete(`/api/knowledge/${id}`);
  }
});

test('an entry that is left out is missed', async ({ browser }) => {
  const desk = await deskPage(browser);
  await desk.goto('/dashboard?page=knowledge');
  const page = desk.getByRole('region', { name: 'Knowledge', exact: true });
  await page.getByRole('button', { name: 'Rehearse', exact: true }).click();
  const changes = page.getByRole('region', { name: 'Changes to try' });
  await changes
    .getByLabel('An entry …')
    .selectOption({ label: 'When and where is breakfast served?' });
  await changes.getByRole('button', { name: 'Leave out' }).click();
  await expect(changes.getByRole('listitem')).toContainText('left out');
  await page.getByLabel('The newest questions of guests, this many').fill('0');
  await expect(page.getByRole('button', { name: 'Rehearse now' })).toBeDisabled();
  await page.getByLabel('Questions of your own').fill('When is breakfast served?');
  await page.getByRole('button', { name: 'Rehearse now' }).click();
  const results = page.getByRole('region', { name: 'What changes' });
  await expect(results.locator('.counts')).toContainText('1 changed');
  await changes.getByRole('button', { name: /^Drop the change of/ }).click();
  await expect(changes).toContainText('None yet.');
  await page.getByRole('button', { name: 'Rehearse now' }).click();
  await expect(results.locator('.counts')).toContainText('1 the same');
});

test('what runs is stopped, and by whoever leaves', async ({ browser }) => {
  test.skip(!HELPFUL, 'needs a server with a model');
  const desk = await deskPage(browser, HELPFUL);
  await desk.goto(`${HELPFUL}/dashboard?page=knowledge`);
  const page = desk.getByRole('region', { name: 'Knowledge', exact: true });
  await page.getByRole('button', { name: 'Rehearse', exact: true }).click();
  await page.getByLabel('The newest questions of guests, this many').fill('0');
  await page
    .getByLabel('Questions of your own')
    .fill('When is breakfast served?\nIs there a pool?');
  await page.getByText('Model and rules').click();
  await page.getByLabel('Another model of the same server').fill('fake:stall-headers');
  await page.getByRole('button', { name: 'Rehearse now' }).click();
  const results = page.getByRole('region', { name: 'What changes' });
  await expect(results.getByRole('status')).toHaveText('2 questions are being asked');
  await expect(results.getByRole('progressbar')).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(results.getByRole('status')).toHaveText(/^Stopped\./);
  // The place is free at once, for a model that answers.
  await page.getByLabel('Another model of the same server').fill('fake:text=The same to you');
  await expect(async () => {
    await page.getByRole('button', { name: 'Rehearse now' }).click();
    await expect(results.getByRole('status')).toHaveText('All questions were asked.', {
      timeout: 3_000,
    });
  }).toPass();
  await expect(results.getByRole('article')).toHaveCount(2);
  await expect(results.getByRole('article').first()).toContainText('The same to you');
});
