import { beforeEach, describe, expect, it } from 'vitest';
import { Client, type Notice } from '../../src/lib/client';
import type { Author, ServerFrame } from '../../src/lib/protocol';
import { AGENT, AI, GUEST, World, live, message, openedFrame, welcome } from './world';

let world: World;
let client: Client;
let notices: Notice[];

function start(role: 'guest' | 'agent', options: { token?: () => string } = {}): void {
  world = new World();
  notices = [];
  client = new Client({ role, url: `ws://x/ws/${role}`, env: world, ...options });
  client.on((notice) => notices.push(notice));
  client.start();
}

/** Next connection: opened, and the server's answers said. */
function serve(...frames: ServerFrame[]): void {
  world.socket.open();
  world.socket.say(...frames);
}

const seqs = (conversation = 'c1') => client.thread(conversation)?.events.map((event) => event.seq);
const fresh = () => notices.flatMap((notice) => (notice.type === 'event' ? notice.event.seq : []));
const draftText = () => client.thread('c1')?.drafts.map((draft) => draft.text);
const draft = (text: string, turn = 't1'): ServerFrame => ({
  type: 'draft',
  conversation: 'c1',
  turn,
  text,
});

describe('a guest', () => {
  beforeEach(() => start('guest'));

  it('says hello first and holds its conversation', () => {
    serve(welcome('guest'), openedFrame([message(1), message(2)], true));
    expect(world.socket.sent[0]).toEqual({ type: 'hello' });
    expect(client.own).toBe('c1');
    expect(seqs()).toEqual([1, 2]);
    expect(client.thread('c1')?.older).toBe(true);
    expect(fresh()).toEqual([]);
    world.socket.say(live(message(3)));
    expect(fresh()).toEqual([3]);
  });

  it('resumes with after, adds only what is new and announces it', () => {
    serve(welcome('guest'), openedFrame([message(1), message(2)]));
    world.socket.drop();
    expect(client.link.state).toBe('waiting');
    expect(seqs()).toEqual([1, 2]);
    world.pass(2_000);
    serve(welcome('guest'), openedFrame([message(3), message(4)]));
    expect(world.socket.sent[0]).toEqual({ type: 'hello', after: 2 });
    expect(seqs()).toEqual([1, 2, 3, 4]);
    expect(fresh()).toEqual([3, 4]);
  });

  it('drops repeats', () => {
    serve(welcome('guest'), openedFrame([message(1), message(2)]));
    world.socket.say(live(message(2)), live(message(3)), live(message(3)), live(message(1)));
    expect(seqs()).toEqual([1, 2, 3]);
    expect(fresh()).toEqual([3]);
  });

  it('finds a hole by prev and says hello again with after', () => {
    serve(welcome('guest'), openedFrame([message(1)]));
    const first = world.socket;
    first.say(live(message(3)));
    expect(first.closed).toBe(true);
    world.pass(300);
    expect(world.sockets).toHaveLength(2);
    serve(welcome('guest'), openedFrame([message(2), message(3)]));
    expect(world.socket.sent[0]).toEqual({ type: 'hello', after: 1 });
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('takes a prev that skips what it may not see', () => {
    serve(welcome('guest'), openedFrame([message(1)]));
    world.socket.say(live(message(5, AGENT, { prev: 1 })));
    expect(seqs()).toEqual([1, 5]);
    expect(world.sockets).toHaveLength(1);
  });

  it('throws away what it holds when the epoch is another one', () => {
    serve(welcome('guest'), openedFrame([message(1), message(2), message(3)]));
    world.socket.drop();
    world.pass(2_000);
    serve(welcome('guest', 'e2'), openedFrame([]));
    expect(notices.some((notice) => notice.type === 'reset')).toBe(true);
    expect(client.thread('c1')).toBeUndefined();
    world.pass(300);
    serve(welcome('guest', 'e2'), openedFrame([message(1)]));
    expect(world.socket.sent[0]).toEqual({ type: 'hello' });
    expect(seqs()).toEqual([1]);
  });

  it('appends drafts and keeps them until their event is here', () => {
    serve(welcome('guest'), openedFrame([message(1, GUEST)]));
    world.socket.say(draft('Good '), draft('evening'));
    expect(draftText()).toEqual(['Good evening']);
    world.socket.say({
      type: 'draft_end',
      conversation: 'c1',
      turn: 't1',
      outcome: 'sent',
      seq: 2,
    });
    expect(draftText()).toEqual(['Good evening']);
    world.socket.say(live(message(2, AI)));
    expect(draftText()).toEqual([]);
    world.socket.say(draft(' late'));
    expect(draftText()).toEqual([]);
  });

  it('takes a dropped draft off the screen', () => {
    serve(welcome('guest'), openedFrame([]));
    world.socket.say(draft('Hm'));
    world.socket.say({ type: 'draft_end', conversation: 'c1', turn: 't1', outcome: 'dropped' });
    expect(draftText()).toEqual([]);
  });

  it('replaces a cut draft by the partial message; then the human has won', () => {
    serve(welcome('guest'), openedFrame([message(1, GUEST)]));
    world.socket.say(draft('The pool op'), live(message(2, AI, { partial: true })));
    world.socket.say(live(message(3, AGENT, { kind: 'mode', mode: 'human' })));
    world.socket.say({ type: 'draft_end', conversation: 'c1', turn: 't1', outcome: 'cut', seq: 2 });
    world.socket.say(draft('ens at', 't1'), draft('ghost', 't2'));
    expect(draftText()).toEqual([]);
    expect(client.thread('c1')?.summary.mode).toBe('human');
  });

  it('resets drafts when it opens again', () => {
    serve(welcome('guest'), openedFrame([message(1)]));
    world.socket.say(draft('Half'));
    world.socket.drop();
    expect(draftText()).toEqual(['Half']);
    world.pass(2_000);
    serve(welcome('guest'), openedFrame([]));
    expect(draftText()).toEqual([]);
    world.socket.say(draft('Half and more'));
    expect(draftText()).toEqual(['Half and more']);
  });

  it('shows who types for six seconds, and not itself', () => {
    serve(welcome('guest'), openedFrame([]));
    const typing = (by: Author): ServerFrame => ({
      type: 'typing',
      conversation: 'c1',
      by,
      on: true,
    });
    world.socket.say(typing(GUEST), typing(AGENT));
    expect(client.thread('c1')?.typing.map((typist) => typist.by.id)).toEqual(['a1']);
    world.pass(7_500);
    expect(client.thread('c1')?.typing).toEqual([]);
  });

  it('says read once, and again after a reconnect', () => {
    serve(welcome('guest'), openedFrame([message(1), message(2)]));
    client.read(2);
    client.read(2);
    client.read(1);
    expect(world.socket.of('read')).toEqual([{ type: 'read', conversation: 'c1', seq: 2 }]);
    world.socket.drop();
    world.pass(2_000);
    serve(welcome('guest'), openedFrame([]));
    expect(world.socket.of('read')).toHaveLength(1);
  });

  it('ignores frames and kinds that it does not know', () => {
    serve(welcome('guest'), openedFrame([message(1)]));
    world.socket.say({ type: 'weather', sun: true }, live(message(2, AI, { kind: 'song' })));
    world.socket.onmessage?.({ data: 'not json' });
    world.socket.onmessage?.({ data: '7' });
    expect(seqs()).toEqual([1, 2]);
  });

  it('sends at most one typing frame in three seconds', () => {
    serve(welcome('guest'), openedFrame([]));
    client.typing(true);
    client.typing(true);
    world.pass(3_000);
    client.typing(true);
    client.typing(false);
    client.typing(false);
    expect(world.socket.of('typing').map((frame) => frame.on)).toEqual([true, true, false]);
  });

  it('puts the token into hello where there is one', () => {
    start('guest', { token: () => 'secret' });
    world.socket.open();
    expect(world.socket.sent[0]).toEqual({ type: 'hello', token: 'secret' });
    expect(world.socket.url).not.toContain('secret');
  });
});

describe('an agent', () => {
  beforeEach(() => start('agent'));

  it('opens what it was asked to, again after every reconnect', () => {
    client.open('c1');
    client.open('c2');
    serve(welcome('agent'));
    expect(world.socket.of('open').map((frame) => frame.conversation)).toEqual(['c1', 'c2']);
    world.socket.say(openedFrame([message(7)]), openedFrame([], false, 'c2'));
    client.leave('c2');
    expect(world.socket.of('leave')).toHaveLength(1);
    world.socket.drop(4503);
    world.pass(5_000);
    serve(welcome('agent'));
    expect(world.socket.of('open')).toEqual([{ type: 'open', conversation: 'c1', after: 7 }]);
  });

  it('mends a hole on the same connection and ignores events until then', () => {
    client.open('c1');
    serve(welcome('agent'), openedFrame([message(1)]));
    world.socket.say(live(message(3)), live(message(4)));
    expect(seqs()).toEqual([1]);
    expect(world.socket.of('open').at(-1)).toEqual({ type: 'open', conversation: 'c1', after: 1 });
    expect(world.socket.of('open')).toHaveLength(2);
    world.socket.say(openedFrame([message(2), message(3), message(4)]), live(message(5)));
    expect(seqs()).toEqual([1, 2, 3, 4, 5]);
    expect(world.sockets).toHaveLength(1);
  });

  it('starts over when opening again did not close the hole', () => {
    client.open('c1');
    serve(welcome('agent'), openedFrame([message(1)]));
    world.socket.say(live(message(3)), openedFrame([]), live(message(4)));
    expect(world.socket.of('open').at(-1)).toEqual({ type: 'open', conversation: 'c1' });
    world.socket.say(openedFrame([message(3), message(4)], true));
    expect(seqs()).toEqual([3, 4]);
  });

  it('opens all without after when the epoch is another one', () => {
    client.open('c1');
    serve(welcome('agent'), openedFrame([message(9)]));
    world.socket.drop(1001);
    world.pass(10_000);
    serve(welcome('agent', 'e2'));
    expect(world.socket.of('open')).toEqual([{ type: 'open', conversation: 'c1' }]);
    expect(client.thread('c1')).toBeUndefined();
  });

  it('adds older events in front', () => {
    client.open('c1');
    serve(welcome('agent'), openedFrame([message(5), message(6)], true));
    client.prepend('c1', [message(3), message(4), message(5)], false);
    expect(seqs()).toEqual([3, 4, 5, 6]);
    expect(client.thread('c1')?.older).toBe(false);
  });

  it('keeps the summary in step with events and inbox rows', () => {
    client.open('c1');
    serve(welcome('agent'), openedFrame([message(1)]));
    world.socket.say(
      live(message(2, AGENT, { kind: 'assigned', agent: { id: 'a1', name: 'Mia' } })),
    );
    const held = client.thread('c1')?.summary;
    expect(held?.assigned?.name).toBe('Mia');
    const row = { ...held!, tags: ['vip'], last_seq: 1 };
    world.socket.say({ type: 'inbox', upserts: [row] });
    expect(client.thread('c1')?.summary.tags).toEqual([]);
    world.socket.say({ type: 'inbox', upserts: [{ ...row, last_seq: 2 }] });
    expect(client.thread('c1')?.summary.tags).toEqual(['vip']);
  });
});
