// The widget on a page of another site, against a running server (FRONTDESK_URL).
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';

let site: Server;
let address: string;

test.beforeAll(async ({ baseURL }) => {
  site = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<!doctype html><html lang="en"><title>Hotel</title><main><h1>Hotel</h1></main>
      <link rel="icon" href="data:," /><script src="${baseURL}/widget.js" async></script></html>`);
  });
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  // `localhost` and `127.0.0.1` are two sites to a browser.
  address = `http://localhost:${(site.address() as AddressInfo).port}/`;
});

test.afterAll(() => void site.close());

test('one request before the tap; then the chat opens and closes', async ({ page, baseURL }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('data:')) {
      asked.push(request.url());
    }
  });
  await page.goto(address);
  const bubble = page.getByRole('button', { name: 'Chat with the front desk' });
  await expect(bubble).toBeVisible();
  expect(asked).toEqual([`${baseURL}/widget.js`]);
  await bubble.click();
  await expect(bubble).toHaveAttribute('aria-expanded', 'true');
  await expect(page.locator('frontdesk-chat iframe')).toHaveAttribute('src', /embed=1/);
  await bubble.click();
  await expect(bubble).toHaveAttribute('aria-expanded', 'false');
});
