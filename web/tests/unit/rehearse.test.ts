import { afterEach, describe, expect, it, vi } from 'vitest';
import { sorted } from '../../src/dashboard/rehearsal.svelte';
import { lines, type Rehearsed } from '../../src/dashboard/rehearse';

const one = (change: Rehearsed['change'], id: string) => ({ change, after: { id } }) as Rehearsed;

describe('a rehearsal', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('shows what changed first, and else what was asked first', () => {
    const results = [one('same', 'a'), one('words', 'b'), one('changed', 'c'), one('changed', 'd')];
    expect(sorted(results).map(({ after }) => after.id)).toEqual(['c', 'd', 'b', 'a']);
    expect(results[0]?.after.id).toBe('a');
  });

  it('reads lines however they are cut, and leaves out one that never ended', async () => {
    const bytes = new TextEncoder().encode('{"text":"Zürich"}\n{"text":"二"}\n{"text":"ha');
    for (let size = 1; size < bytes.length; size += 1) {
      const body = new ReadableStream<Uint8Array>({
        start(to) {
          for (let at = 0; at < bytes.length; at += size) to.enqueue(bytes.slice(at, at + size));
          to.close();
        },
      });
      vi.stubGlobal('fetch', () => Promise.resolve(new Response(body)));
      const read: unknown[] = [];
      for await (const line of lines('/x', {}, new AbortController().signal)) read.push(line);
      expect(read).toEqual([{ text: 'Zürich' }, { text: '二' }]);
    }
  });
});
