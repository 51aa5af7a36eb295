// Pictures for those who look: with FRONTDESK_SHOTS=<folder> the tests leave them there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';

const folder = process.env.FRONTDESK_SHOTS;

/** What is on the screen, on a desk and on a phone. The page has its old size again afterwards. */
export async function shots(page: Page, name: string): Promise<void> {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  for (const [kind, width, height] of [
    ['desk', 1440, 900],
    ['phone', 390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`) });
  }
  if (before) await page.setViewportSize(before);
}
