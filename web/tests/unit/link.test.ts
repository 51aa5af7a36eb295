import { beforeEach, describe, expect, it } from 'vitest';
import { Client } from '../../src/lib/client';
import { leastWait, waitFor } from '../../src/lib/link';
import { World, message, openedFrame, welcome } from './world';

let world: World;
let client: Client;

beforeEach(() => {
  world = new World();
  client = new Client({ role: 'guest', url: 'ws://x/ws/guest', env: world });
  client.start();
});

function ready(): void {
  world.socket.open();
  world.socket.say(welcome('guest'), openedFrame([message(1)]));
}

const waited = () =>
  client.link.state === 'waiting' ? client.link.retryAt - world.now() : undefined;

describe('the wait before coming back', () => {
  it('is anywhere in 0–2 s at first and doubles to 30 s', () => {
    expect(waitFor(1006, '', 0, 0)).toBe(0);
    expect(waitFor(1006, '', 0, 0.999)).toBeLessThan(2_000);
    expect(waitFor(1006, '', 1, 0.5)).toBe(2_000);
    expect(waitFor(1006, '', 9, 1)).toBe(30_000);
    expect(waitFor(1006, '', 5_000, 1)).toBe(30_000);
  });

  it('is spread over 10 s when the server goes away', () => {
    expect(waitFor(1001, '', 0, 0.5)).toBe(5_000);
  });

  it('is at least what the server asked for', () => {
    expect(leastWait(4503, 'retry_ms=1500')).toBe(1_500);
    expect(waitFor(4429, 'slow down retry_ms=4000', 0, 0)).toBe(4_000);
    expect(leastWait(4429, '')).toBe(1_000);
  });
});

describe('close codes', () => {
  it.each([1000, 1001, 1006, 1009, 1011, 4408, 4429, 4503])('%i: comes back', (code) => {
    ready();
    world.socket.drop(code);
    expect(client.link.state).toBe('waiting');
    world.pass(12_000);
    expect(world.sockets).toHaveLength(2);
  });

  it.each([
    [4401, 'login'],
    [4403, 'forbidden'],
    [4400, 'protocol'],
  ])('%i: stops (%s)', (code, reason) => {
    ready();
    world.socket.drop(code);
    expect(client.link).toEqual({ state: 'stopped', reason });
    world.pass(600_000);
    world.wake();
    expect(world.sockets).toHaveLength(1);
    client.start(); // after a login
    expect(world.sockets).toHaveLength(2);
  });

  it('doubles while it fails and starts small after a welcome', () => {
    ready();
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 6; round += 1) {
      world.socket.drop();
      waits.push(waited());
      world.pass(waited() ?? 0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    ready();
    world.socket.drop();
    expect(waited()).toBe(1_000);
  });

  it('does not start small when a busy server welcomes and closes at once', () => {
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 3; round += 1) {
      ready();
      world.socket.drop(4503);
      waits.push(waited());
      world.pass(waited() ?? 0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });
});

describe('life signs', () => {
  it('pings every 12 s and gives up a line that was silent for 30 s', () => {
    ready();
    world.pass(12_000);
    expect(world.socket.of('ping')).toHaveLength(1);
    world.socket.say({ type: 'pong' });
    world.pass(24_000);
    expect(client.link.state).toBe('ready');
    world.pass(12_000);
    expect(client.link.state).not.toBe('ready');
    expect(world.sockets[0]?.closed).toBe(true);
  });

  it('gives up a connection that brings no welcome', () => {
    world.socket.open();
    world.pass(15_000);
    expect(client.link.state).toBe('waiting');
  });

  it('tries within 300 ms when the network or the page comes back', () => {
    ready();
    for (let round = 0; round < 5; round += 1) {
      world.socket.drop();
      world.pass(waited() ?? 0);
    }
    world.luck = 0.99;
    world.socket.drop();
    expect(waited()).toBeGreaterThan(20_000);
    world.wake();
    expect(waited()).toBeLessThanOrEqual(300);
    const before = world.sockets.length;
    world.pass(300);
    expect(world.sockets).toHaveLength(before + 1);
  });

  it('does not come back sooner than the server asked, also when woken', () => {
    ready();
    world.socket.drop(4429, 'retry_ms=9000');
    world.wake();
    expect(waited()).toBe(9_000);
  });

  it('finds out within 5 s of waking that a line is dead', () => {
    ready();
    world.pass(1_000);
    world.wake();
    expect(world.socket.of('ping')).toHaveLength(1);
    world.pass(5_000);
    expect(client.link.state).toBe('waiting');
  });

  it('is done when stopped', () => {
    ready();
    client.stop();
    world.pass(100_000);
    world.wake();
    expect(world.sockets).toHaveLength(1);
    expect(client.link.state).toBe('idle');
  });
});
