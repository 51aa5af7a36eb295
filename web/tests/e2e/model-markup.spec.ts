// A model that has been turned against us: three hundred answers, streamed in pieces, in the guest's page and in the
// dashboard at the same time. Nothing is loaded and nothing runs.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page } from '@playwright/test';
import { ADMIN, deskPage, guestPage, openThread, test } from './pages';
import { OUTPUTS } from './payloads';
import { ownServer, type OwnServer } from './server';
import { nothingHappened, watch } from './watch';

/** How many one guest gets: nobody may ask without end. */
const EACH = 30;

let model: Server;
let desk: OwnServer;
let answer = '';
let asked = 0;

/** Answers every question with `answer`, a few letters at a time. */
function hostile(): Server {
  return createServer((request, reply) => {
    request.resume().on('end', () => {
      asked += 1;
      reply.setHeader('Content-Type', 'text/event-stream');
      for (const content of answer.match(/[^]{1,3}/gu) ?? []) {
        reply.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
      }
      const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
      reply.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    });
  });
}

test.beforeAll(async () => {
  model = hostile();
  await new Promise<void>((done) => model.listen(0, '127.0.0.1', done));
  desk = await ownServer({
    FRONTDESK_ADMIN_EMAIL: ADMIN.email,
    FRONTDESK_ADMIN_PASSWORD: ADMIN.password,
    OPENAI_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
    OPENAI_MODEL: 'hostile',
    OPENAI_MAX_RPM: '1000000',
    OPENAI_MAX_TPM: '100000000',
  });
});

test.afterAll(async () => {
  await desk.stop();
  model.close();
});

type Found = { seq: number; kind: string; mode?: string; by: { kind: string } };

/** What has happened in a conversation so far. */
interface Talk {
  conversation: string;
  seq: number;
  /** The AI gave up: what it is handed back with is its next question. */
  gaveUp: boolean;
}

/** The guest asks, or the agent hands back, and it is over when the AI has spoken or given up. */
async function turn(guest: Page, agent: Page, talk: Talk, n: number): Promise<void> {
  const path = `/api/conversations/${talk.conversation}`;
  const text = 'Tell me about the planetarium in the village, please';
  const begun = talk.gaveUp
    ? await agent.request.post(`${path}/actions`, { data: { id: `b${n}`, action: 'hand_back' } })
    : await guest.request.post(`${path}/messages`, { data: { id: `q${n}`, text } });
  expect(begun.ok()).toBe(true);
  await expect
    .poll(
      async () => {
        const page = await agent.request.get(`${path}/events?after=${talk.seq}&limit=200`);
        const { items } = (await page.json()) as { items: Found[] };
        const end = items.find(
          ({ kind, mode, by }) => mode === 'human' || (kind === 'message' && by.kind === 'ai'),
        );
        if (!end) return false;
        talk.gaveUp = items.findLast(({ kind }) => kind === 'mode')?.mode === 'human';
        talk.seq = items.at(-1)?.seq ?? talk.seq;
        return true;
      },
      { intervals: [40] },
    )
    .toBe(true);
}

test('three hundred hostile answers load nothing and run nothing', async ({ browser }) => {
  test.setTimeout(180_000);
  expect(new Set(OUTPUTS).size).toBe(300);
  const agent = await deskPage(browser, desk.url);
  const seen = await watch(agent);
  for (let first = 0; first < OUTPUTS.length; first += EACH) {
    const guest = await guestPage(browser, desk.url);
    const noted = await watch(guest);
    const session = await guest.request.post('/api/guest/session', { data: {} });
    const { conversation } = (await session.json()) as { conversation: string };
    const talk = { conversation, seq: 0, gaveUp: false };
    for (let n = first; n < first + EACH; n++) {
      answer = OUTPUTS[n] ?? '';
      await turn(guest, agent, talk, n);
      if (n === first) await openThread(agent, guest);
    }
    await nothingHappened(guest, noted);
    await nothingHappened(agent, seen);
    await guest.context().close();
  }
  expect(asked).toBeGreaterThanOrEqual(OUTPUTS.length);
});
