// A page's socket within reach: what no server would send is put into it.
import type { Page } from '@playwright/test';

export type Tapped = Window & { line?: WebSocket };

/** Keeps the page's socket within reach, and the server in the dark about what is put into it. */
export async function tap(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        (window as Tapped).line = this;
      }
      override send(data: string): void {
        if ((JSON.parse(data) as { type: string }).type !== 'read') super.send(data);
      }
    };
  });
  await page.reload();
}
