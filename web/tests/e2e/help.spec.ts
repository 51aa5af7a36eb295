// Help for agents in the dashboard: drafts go into the box, and nothing is sent by itself.
import { expect, test } from '@playwright/test';
import { violations } from './axe';
import { deskPage, guestPage, openThread, say } from './pages';

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
  await expect(dialog).toContainText('Sources, the best first');
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
});
