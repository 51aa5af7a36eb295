import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

// Both pages in the system's Chromium against the real server, which answers from the demo hotel's
// knowledge and has a stand-in for WhatsApp; and against a second one whose AI is a stand-in that speaks
// slowly enough to be interrupted.
// With FRONTDESK_URL the tests run against a server that is already up.
// E2E_PORT moves the ports, so that two runs can go side by side.
const KNOWING = Number(process.env.E2E_PORT ?? 8761);
const [SLOW, MODEL, HELPFUL] = [KNOWING + 1, KNOWING + 2, KNOWING + 3] as const;
const GRAPH = KNOWING + 4;

const admin = { email: 'admin@hotel.test', password: 'correct horse battery' };
const env = (port: number, more: Record<string, string> = {}) => ({
  FRONTDESK_LISTEN: `127.0.0.1:${port}`,
  FRONTDESK_DATA_DIR: mkdtempSync(join(tmpdir(), 'frontdesk-')),
  FRONTDESK_ADMIN_EMAIL: admin.email,
  FRONTDESK_ADMIN_PASSWORD: admin.password,
  FRONTDESK_RATE_LIMITS: 'off',
  ...more,
});
const build = process.env.FRONTDESK_BUILD ?? '../target/debug';
const words = encodeURIComponent('Good morning and welcome to our house by the lake. '.repeat(12));

process.env.SLOW_URL ??= `http://127.0.0.1:${SLOW}`;
process.env.HELPFUL_URL ??= `http://127.0.0.1:${HELPFUL}`;
if (!process.env.FRONTDESK_URL) process.env.GRAPH_URL ??= `http://127.0.0.1:${GRAPH}`;

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  timeout: 30_000,
  expect: { timeout: 10_000 },
  workers: 1,
  retries: 0,
  reporter: [['list']],
  webServer: process.env.FRONTDESK_URL
    ? undefined
    : [
        {
          command: `${build}/frontdesk-bench fake-graph --port ${GRAPH} --webhook http://127.0.0.1:${KNOWING}/webhooks/whatsapp`,
          port: GRAPH,
          reuseExistingServer: false,
        },
        {
          command: `${build}/frontdesk serve`,
          url: `http://127.0.0.1:${KNOWING}/readyz`,
          env: env(KNOWING, {
            // What the stand-in takes when it is told nothing else.
            WHATSAPP_API_BASE: `http://127.0.0.1:${GRAPH}`,
            WHATSAPP_VERIFY_TOKEN: 'verify',
            WHATSAPP_APP_SECRET: 'fake-secret',
            WHATSAPP_ACCESS_TOKEN: 'fake-token',
            WHATSAPP_PHONE_NUMBER_ID: '100000000000001',
          }),
          reuseExistingServer: false,
        },
        {
          command: `${build}/frontdesk-bench fake-openai --port ${MODEL}`,
          port: MODEL,
          reuseExistingServer: false,
        },
        {
          command: `${build}/frontdesk serve`,
          url: `http://127.0.0.1:${SLOW}/readyz`,
          env: env(SLOW, {
            OPENAI_BASE_URL: `http://127.0.0.1:${MODEL}/v1`,
            OPENAI_MODEL: `fake:delta=120,text=${words}`,
          }),
          reuseExistingServer: false,
        },
        {
          command: `${build}/frontdesk serve`,
          url: `http://127.0.0.1:${HELPFUL}/readyz`,
          env: env(HELPFUL, {
            OPENAI_BASE_URL: `http://127.0.0.1:${MODEL}/v1`,
            OPENAI_MODEL: 'fake:delta=5,text=Good%20morning%20to%20you',
          }),
          reuseExistingServer: false,
        },
      ],
  use: {
    baseURL: process.env.FRONTDESK_URL ?? `http://127.0.0.1:${KNOWING}`,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--disable-quic',
      ],
    },
  },
});
