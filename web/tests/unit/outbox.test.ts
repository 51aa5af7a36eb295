import { beforeEach, describe, expect, it } from 'vitest';
import { Client, type Notice } from '../../src/lib/client';
import { memoryStore, newId, type Store } from '../../src/lib/env';
import { GUEST, World, live, message, openedFrame, welcome } from './world';

let store: Store;
let world: World;
let client: Client;
let notices: Notice[];

/** A page is loaded: a new client over the same storage. */
function load(role: 'guest' | 'agent' = 'guest'): void {
  world = new World(store);
  world.luck = 0;
  notices = [];
  client = new Client({ role, url: `ws://x/ws/${role}`, env: world });
  client.on((notice) => notices.push(notice));
  client.start();
}

function ready(...events: ReturnType<typeof message>[]): void {
  world.socket.open();
  world.socket.say(welcome('guest'), openedFrame(events));
}

const sent = () => world.socket.of('send').map((frame) => frame.text);
const states = () => client.outbox.list().map((item) => item.state);
const ack = (id: string, seq: number) => ({ type: 'ack', id, conversation: 'c1', seq });
const saved = () => {
  const keys = Array.from({ length: store.length }, (_, index) => store.key(index) ?? '');
  return keys.filter((key) => key.startsWith('frontdesk.outbox.'));
};

beforeEach(() => {
  store = memoryStore();
  load();
});

describe('sending', () => {
  it('saves before it sends, and forgets when the event is here', () => {
    ready();
    let savedAtSend = 0;
    const send = world.socket.send.bind(world.socket);
    world.socket.send = (data) => {
      savedAtSend = saved().length;
      send(data);
    };
    const id = client.send({ text: 'Towels please' });
    expect(savedAtSend).toBe(1);
    expect(states()).toEqual(['sending']);
    world.socket.say(ack(id, 1));
    expect(states()).toEqual(['sent']);
    expect(saved()).toEqual([]);
    world.socket.say(live(message(1, GUEST, { id })));
    expect(states()).toEqual([]);
  });

  it('is content when the event comes before the ack', () => {
    ready();
    const id = client.send({ text: 'Hi' });
    world.socket.say(live(message(1, GUEST, { id })), ack(id, 1));
    expect(states()).toEqual([]);
    expect(saved()).toEqual([]);
  });

  it('keeps the order: one at a time', () => {
    ready();
    const first = client.send({ text: 'one' });
    client.send({ text: 'two' });
    expect(sent()).toEqual(['one']);
    world.socket.say(ack(first, 1));
    expect(sent()).toEqual(['one', 'two']);
  });

  it('does not let one conversation wait for another', () => {
    load('agent');
    world.socket.open();
    world.socket.say(welcome('agent'));
    client.send({ text: 'one' }, 'c1');
    client.send({ text: 'two', note: true }, 'c2');
    expect(world.socket.of('send').map((frame) => [frame.conversation, frame.note])).toEqual([
      ['c1', undefined],
      ['c2', true],
    ]);
  });

  it('sends what was said while away after the welcome, under the same ids', () => {
    const one = client.send({ text: 'one' });
    ready();
    expect(world.socket.of('send')[0]?.id).toBe(one);
    world.socket.drop();
    client.send({ text: 'two' });
    world.pass(100);
    ready();
    expect(world.socket.of('send')[0]?.id).toBe(one);
    world.socket.say(ack(one, 1));
    expect(sent()).toEqual(['one', 'two']);
  });

  it('says it again when no answer comes on a live line', () => {
    ready();
    client.send({ text: 'one' });
    for (let round = 0; round < 3; round += 1) {
      world.pass(5_000);
      world.socket.say({ type: 'pong' });
    }
    expect(sent()).toEqual(['one', 'one']);
  });

  it('makes ids that the contract allows', () => {
    expect(newId()).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });
});

describe('a reload', () => {
  it('brings back what was not acknowledged, in order', () => {
    ready();
    const ids = ['one', 'two', 'three'].map((text) => client.send({ text }));
    world.socket.say(ack(ids[0]!, 1));
    load();
    expect(client.outbox.list()).toEqual([]); // whose page this is shows with the welcome
    ready(message(1, GUEST, { id: ids[0] }));
    expect(client.outbox.list().map((item) => item.id)).toEqual(ids.slice(1));
    expect(sent()).toEqual(['two']);
    world.socket.say(ack(ids[1]!, 2));
    expect(sent()).toEqual(['two', 'three']);
  });

  it('keeps what was said before the first welcome', () => {
    client.send({ text: 'early' });
    load();
    ready();
    expect(sent()).toEqual(['early']);
  });

  it('forgets what turns out to be stored: only the ack was lost', () => {
    ready();
    const id = client.send({ text: 'one' });
    load();
    ready(message(1, GUEST, { id }));
    expect(states()).toEqual([]);
    expect(saved()).toEqual([]);
  });

  it('neither shows nor sends what another person left on the device', () => {
    ready();
    client.send({ text: 'private' });
    load();
    world.socket.open();
    const other = { ...welcome('guest'), self: { kind: 'guest', id: 'g2' } };
    world.socket.say(other, openedFrame([]));
    expect(client.outbox.list()).toEqual([]);
    expect(sent()).toEqual([]);
    load();
    ready();
    expect(sent()).toEqual(['private']);
  });

  it('keeps a failed message failed', () => {
    ready();
    const id = client.send({ text: 'bad' });
    world.socket.say({ type: 'error', id, code: 'bad_text', message: 'no' });
    load();
    ready();
    expect(states()).toEqual(['failed']);
    expect(sent()).toEqual([]);
  });
});

describe('a stored message whose event was not seen', () => {
  it('is settled when the conversation is opened further on', () => {
    ready();
    const id = client.send({ text: 'one' });
    world.socket.say(ack(id, 1));
    expect(states()).toEqual(['sent']);
    world.socket.drop();
    world.pass(100);
    ready(message(80), message(81));
    expect(states()).toEqual([]);
  });

  it('is said again to a log that may have lost it', () => {
    ready();
    const id = client.send({ text: 'one' });
    world.socket.say(ack(id, 1));
    world.socket.drop();
    world.pass(100);
    world.socket.open();
    world.socket.say(welcome('guest', 'e2'), openedFrame([]));
    world.pass(300);
    world.socket.open();
    world.socket.say(welcome('guest', 'e2'), openedFrame([]));
    expect(world.socket.of('send')[0]?.id).toBe(id);
  });
});

describe('a refusal', () => {
  it.each(['rate_limited', 'overloaded', 'unavailable'])('%s: tries again later', (code) => {
    ready();
    const id = client.send({ text: 'one' });
    client.send({ text: 'two' });
    world.socket.say({ type: 'error', id, code, message: 'later', retry_ms: 2_000 });
    expect(states()).toEqual(['sending', 'sending']);
    world.pass(1_900);
    expect(sent()).toEqual(['one']); // and nothing overtakes it
    world.pass(200);
    expect(sent()).toEqual(['one', 'one']);
    world.socket.say(ack(id, 1));
    expect(sent()).toEqual(['one', 'one', 'two']);
  });

  it('gives up after five passing refusals', () => {
    ready();
    const id = client.send({ text: 'one' });
    for (let round = 0; round < 5; round += 1) {
      world.socket.say({ type: 'error', id, code: 'overloaded', message: '', retry_ms: 10 });
      world.pass(100);
    }
    expect(states()).toEqual(['failed']);
    expect(sent()).toHaveLength(5);
  });

  it.each(['bad_text', 'forbidden', 'too_large', 'internal'])('%s: failed', (code) => {
    ready();
    const id = client.send({ text: 'one' });
    client.send({ text: 'two' });
    world.socket.say({ type: 'error', id, code, message: 'no' });
    expect(client.outbox.get(id)).toMatchObject({ state: 'failed', code });
    expect(sent()).toEqual(['one', 'two']); // the next one goes on
    expect(notices.at(-1)).toMatchObject({ type: 'refused', id, code });
    client.outbox.retry(id);
    expect(states()).toEqual(['sending', 'sending']);
    expect(client.outbox.list().at(-1)?.id).toBe(id);
  });

  it('conflict: another try has another id', () => {
    ready();
    const id = client.send({ text: 'one' });
    world.socket.say({ type: 'error', id, code: 'conflict', message: 'other words' });
    client.outbox.retry(id);
    expect(world.socket.of('send')).toHaveLength(2);
    expect(world.socket.of('send')[1]?.id).not.toBe(id);
  });

  it('unauthorized: waits for the next login', () => {
    ready();
    const id = client.send({ text: 'one' });
    world.socket.say({ type: 'error', id, code: 'unauthorized', message: '' });
    world.socket.drop(4401);
    expect(states()).toEqual(['sending']);
    client.start();
    ready();
    expect(sent()).toEqual(['one']);
  });

  it('a frame too large for the server is not sent for ever', () => {
    ready();
    client.send({ text: 'huge' });
    world.socket.drop(1009);
    expect(states()).toEqual(['failed']);
  });

  it('discard forgets a failed message', () => {
    ready();
    const id = client.send({ text: 'one' });
    client.outbox.discard(id);
    expect(states()).toEqual(['sending']);
    world.socket.say({ type: 'error', id, code: 'bad_text', message: '' });
    client.outbox.discard(id);
    expect(states()).toEqual([]);
    expect(saved()).toEqual([]);
  });
});

describe('actions', () => {
  it('go out in order with messages, and are told when stored', () => {
    load('agent');
    world.socket.open();
    world.socket.say(welcome('agent'));
    const id = client.act({ action: 'take_over' }, 'c1');
    client.send({ text: 'Mia here' }, 'c1');
    expect(world.socket.of('act')).toEqual([
      { type: 'act', id, conversation: 'c1', action: 'take_over' },
    ]);
    expect(sent()).toEqual([]);
    world.socket.say(ack(id, 4));
    expect(sent()).toEqual(['Mia here']);
    expect(notices).toContainEqual({ type: 'acked', id, conversation: 'c1', seq: 4 });
    expect(saved()).toHaveLength(1); // an action is not kept over a reload
  });
});
