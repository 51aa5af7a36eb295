// Help for agents in the dashboard: drafts go into the box, and nothing is sent by itself.
import { expect } from '@playwright/test';
import { violations } from './axe';
import { conversationOf, deskPage, guestPage, openThread, say, test } from './pages';

const HELPFUL = process.env.HELPFUL_URL;

test('without a model the best entry is suggested', async ({ browser }) => {
  const guest = await guestPage(browser);
  await say(guest, 'When is breakfast served?');
  await expect(guest.locator('.row.ai .bubble').last()).toContainText(/breakfast/i);
  const desk = await deskPage(browser);
  await openThread(desk, guest);
  const before = await guest.locator('.bubble').count();
  await desk.getByRole('button', { name: 'Suggest a reply' }).click();
  await expect(desk.getByLabel('Reply to the guest')).toHaveValue(/breakfast/i);
  await expect(desk.getByRole('button', { name: 'Summarise' })).toHaveCount(0);
  expect(await guest.locator('.bubble').count()).toBe(before);

  // The replay of the turn, for those who answer for it.
  await desk.getByRole('button', { name: 'How the AI answered' }).click();
  const dialog = desk.getByRole('dialog', { name: 'How the AI answered' });
  await expect(dialog).toContainText('When is breakfast served?');
  await expect(dialog).toContainText('The AI answered');
  await expect(dialog).toContainText('Sources, as they were ranked');
});

test('without a model and without an entry it says why there is no draft', async ({ browser }) => {
  const guest = await guestPage(browser);
  await say(guest, 'qwyx zzkj vvbn');
  await expect(guest.locator('.row.ai .bubble').last()).toBeVisible();
  const desk = await deskPage(browser, undefined, { bypassCSP: true });
  await openThread(desk, guest);
  await desk.getByRole('button', { name: 'Suggest a reply' }).click();
  await expect(desk.getByText('no entry of the knowledge answers this')).toBeVisible();
  await expect(desk.getByLabel('Reply to the guest')).toHaveValue('');
  expect(await violations(desk)).toEqual([]);
});

test('links lead to the hosts that the knowledge names and to no others', async ({ browser }) => {
  const desk = await deskPage(browser);
  const made = await desk.request.post('/api/knowledge', {
    data: {
      title: 'Where is the planetarium?',
      body: 'The planetarium: https://planetarium.example/visit and its map.',
    },
  });
  expect(made.status()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  try {
    await expect
      .poll(async () => {
        const told = await desk.request.get('/api/me/preferences');
        return ((await told.json()) as { hosts: string[] }).hosts;
      })
      .toEqual(['planetarium.example']);
    const guest = await guestPage(browser);
    await say(guest, 'Where is the planetarium?');
    const link = guest.locator('.row.ai .bubble a');
    await expect(link).toHaveAttribute('href', 'https://planetarium.example/visit');
    await desk.reload();
    await openThread(desk, guest);
    const log = desk.getByRole('log', { name: 'Messages' });
    await expect(log.locator('.bubble a')).toHaveAttribute(
      'href',
      'https://planetarium.example/visit',
    );
  } finally {
    await desk.request.delete(`/api/knowledge/${id}`);
  }
});

test.describe('with a model', () => {
  test('suggest, summarise, rewrite, translate', async ({ browser }) => {
    test.skip(!HELPFUL, 'needs a server with a model');
    const guest = await guestPage(browser, HELPFUL);
    await say(guest, 'Tell me about the house');
    const desk = await deskPage(browser, HELPFUL, { bypassCSP: true });
    await openThread(desk, guest);
    await desk.getByRole('button', { name: 'Take over' }).first().click();
    await expect(desk.getByRole('button', { name: 'Hand back to AI' })).toBeVisible();
    const box = desk.getByLabel('Reply to the guest');
    await desk.getByRole('button', { name: 'Suggest a reply' }).click();
    await expect(box).toHaveValue(/^Good morning/, { timeout: 15_000 });
    await box.fill('come at 8');
    await desk.getByRole('button', { name: 'Rewrite', exact: true }).click();
    await desk.getByRole('menuitem', { name: 'More formal' }).click();
    await expect(box).toHaveValue(/^Good morning/, { timeout: 15_000 });
    await desk.getByRole('button', { name: 'Undo' }).last().click();
    await expect(box).toHaveValue('come at 8');
    await desk.getByRole('button', { name: 'Translate for the guest' }).click();
    await expect(box).toHaveValue(/^Good morning/, { timeout: 15_000 });
    await desk.getByRole('button', { name: 'Summarise' }).click();
    await expect(desk.getByRole('region', { name: 'Summary', exact: true })).toContainText(
      'Good morning',
      { timeout: 15_000 },
    );
    expect(await violations(desk)).toEqual([]);
    await expect(guest.locator('.row.agent')).toHaveCount(0);
  });

  test('a translated reply with a file keeps what was written', async ({ browser }) => {
    test.skip(!HELPFUL, 'needs a server with a model');
    const guest = await guestPage(browser, HELPFUL);
    await say(guest, 'Tell me about the house');
    const desk = await deskPage(browser, HELPFUL);
    await desk.request.put('/api/me/preferences', { data: { reading_language: 'en' } });
    await desk.reload();
    await openThread(desk, guest);
    await desk.getByRole('button', { name: 'Take over' }).first().click();
    const box = desk.getByLabel('Reply to the guest');
    await box.fill('here is the plan');
    await desk.getByRole('button', { name: 'Translate for the guest' }).click();
    await expect(box).toHaveValue(/^Good morning/, { timeout: 15_000 });
    const plan = { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') };
    await desk.locator('#write-reply input[type=file]').setInputFiles(plan);
    await expect(guest.locator('.row.agent')).toContainText('Good morning');
    const log = desk.getByRole('log', { name: 'Messages' });
    await expect(log).toContainText('here is the plan');
    await desk.reload();
    await expect(log).toContainText('here is the plan');
    await desk.request.put('/api/me/preferences', { data: { reading_language: null } });
  });

  test('help that comes late is not put into another conversation', async ({ browser }) => {
    test.skip(!HELPFUL, 'needs a server with a model');
    const one = await guestPage(browser, HELPFUL);
    await say(one, 'The first guest');
    const two = await guestPage(browser, HELPFUL);
    await say(two, 'The second guest');
    const desk = await deskPage(browser, HELPFUL);
    await openThread(desk, one);
    // The server's own answer, kept back until the other conversation is open.
    let release = () => {};
    const opened = new Promise<void>((resolve) => (release = resolve));
    await desk.route('**/suggestion', async (route) => {
      const response = await route.fetch();
      await opened;
      await route.fulfill({ response });
    });
    const answered = desk.waitForResponse(/\/suggestion$/);
    await desk.getByRole('button', { name: 'Suggest a reply' }).click();
    // In the page as it is: to load it anew would end what it has asked for.
    await desk.locator(`[data-conversation="${await conversationOf(two)}"]`).click();
    const box = desk.getByLabel('Reply to the guest');
    await box.fill('for the second guest');
    release();
    expect((await answered).status()).toBe(200);
    await expect(desk.getByRole('button', { name: 'Suggest a reply' })).toBeEnabled();
    await expect(box).toHaveValue('for the second guest');
    await expect(desk.getByText('Your draft was replaced')).toHaveCount(0);
    await openThread(desk, one);
    await expect(box).toHaveValue('');
  });
});
