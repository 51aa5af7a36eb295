// The stand-in for WhatsApp: what a phone says, and what it is sent.
import { expect, type Page } from '@playwright/test';

export const GRAPH = process.env.GRAPH_URL;

interface Sent {
  kind: string;
  to: string;
  text: string;
}

/** A guest's message, which WhatsApp brings only now. */
export async function says(desk: Page, from: string, text: string, secondsAgo = 0): Promise<void> {
  const data = { from, text, seconds_ago: secondsAgo };
  expect((await desk.request.post(`${GRAPH}/say`, { data })).status()).toBe(200);
}

/** What has gone out to this phone. */
export async function sentTo(desk: Page, phone: string): Promise<Sent[]> {
  const answer = await desk.request.get(`${GRAPH}/journal`);
  const { accepted } = (await answer.json()) as { accepted: Sent[] };
  return accepted.filter(({ to }) => to === phone);
}
