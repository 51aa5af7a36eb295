// A server of a test's own, for what a server does only once or what would disturb the others.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OwnServer {
  url: string;
  /** The first admin's login, where the server made it up. */
  login?: { email: string; password: string };
  stop: () => Promise<void>;
}

/** Starts one on a free port and an empty folder, beside what `settings` say. */
export async function ownServer(settings: Record<string, string> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'frontdesk-own-'));
  const build = process.env.FRONTDESK_BUILD ?? '../target/debug';
  const child = spawn(`${build}/frontdesk`, ['serve'], {
    env: {
      FRONTDESK_LISTEN: '127.0.0.1:0',
      FRONTDESK_DATA_DIR: folder,
      FRONTDESK_RATE_LIMITS: 'off',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  for (const giveUp = Date.now() + 15_000; Date.now() < giveUp && child.exitCode === null;) {
    const url = /^Agent dashboard +(http:\S+)\/dashboard\n/m.exec(said)?.[1];
    const ready = url && (await fetch(`${url}/readyz`).catch(() => undefined))?.ok;
    if (url && ready) {
      const [, email, password] = /^First login +(\S+) +(\S+)\n/m.exec(said) ?? [];
      return { url, login: email && password ? { email, password } : undefined, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`the server did not start: ${said}`);
}

/** A port that nobody listens at, for a server that has to know its own address before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
