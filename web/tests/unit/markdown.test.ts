import { describe, expect, it } from 'vitest';
import { parse, plain, safeHref, type Inline } from '../../src/lib/markdown';

const inline = (text: string, options = {}): Inline[] => {
  const block = parse(text, { rich: true, ...options })[0];
  return block?.type === 'paragraph' ? block.children : [];
};
const hrefs = (text: string, options = {}) =>
  inline(text, options).flatMap((token) => (token.type === 'link' ? token.href : []));

describe('rich text', () => {
  it('reads bold, italic and code', () => {
    expect(inline('a **b** *c* `d*e*`')).toEqual([
      { type: 'text', text: 'a ' },
      { type: 'strong', children: [{ type: 'text', text: 'b' }] },
      { type: 'text', text: ' ' },
      { type: 'em', children: [{ type: 'text', text: 'c' }] },
      { type: 'text', text: ' ' },
      { type: 'code', text: 'd*e*' },
    ]);
  });

  it('leaves marks without an end, and underscores in words, as they are', () => {
    expect(inline('2 * 3 and **open and snake_case_word')).toEqual([
      { type: 'text', text: '2 * 3 and **open and snake_case_word' },
    ]);
  });

  it('reads lists and their first number', () => {
    expect(parse('Hours:\n- pool\n- **spa**\n\n3. three\n4. four', { rich: true })).toMatchObject([
      { type: 'paragraph' },
      { type: 'list', ordered: false, items: [[{ text: 'pool' }], [{ type: 'strong' }]] },
      { type: 'list', ordered: true, start: 3, items: [[{}], [{}]] },
    ]);
  });

  it('reads fenced code, also one that is still open', () => {
    expect(parse('```\n<b>*x*</b>', { rich: true })).toEqual([
      { type: 'code', text: '<b>*x*</b>' },
    ]);
  });

  it('shows HTML, images and what it does not know as text', () => {
    const nasty = '<img src=x onerror=alert(1)> <script>1</script> | a | b |';
    expect(inline(nasty)).toEqual([{ type: 'text', text: nasty }]);
  });

  it('says it plainly for announcements', () => {
    expect(plain(parse('**Hi** [you](https://x.org)\n- a\n- b', { rich: true }))).toBe(
      'Hi you\na, b',
    );
  });
});

describe('links', () => {
  it('are https, mailto and tel only', () => {
    expect(safeHref('javascript:alert(1)', {})).toBeUndefined();
    expect(safeHref('http://x.org', {})).toBeUndefined();
    expect(safeHref('data:text/html,x', {})).toBeUndefined();
    expect(safeHref('//x.org', {})).toBeUndefined();
    expect(safeHref('https://hotel.com@evil.org/', {})).toBeUndefined();
    expect(safeHref('https://x.org/a?b=1', {})).toBe('https://x.org/a?b=1');
    expect(safeHref('mailto:desk@hotel.com', {})).toBe('mailto:desk@hotel.com');
    expect(safeHref('tel:+49 30 123', {})).toBe('tel:+4930123');
  });

  it('lead only to allowed hosts; others are shown in full', () => {
    const hosts = ['hotel.com'];
    expect(hrefs('[Menu](https://www.hotel.com/menu)', { hosts })).toHaveLength(1);
    for (const other of [
      'nothotel.com',
      'hotel.com.evil.org',
      'shop.hotel.com',
      'www.hotel.com.org',
    ])
      expect(hrefs(`https://${other}/`, { hosts }), other).toEqual([]);
    expect(inline('[Menu](https://evil.org/x)', { hosts })).toEqual([
      { type: 'text', text: 'Menu (https://evil.org/x)' },
    ]);
  });

  it('bare addresses and phone numbers come alive, their full stop does not', () => {
    expect(hrefs('See https://x.org/a. Call +49 30 1234567, write a@b.org.')).toEqual([
      'https://x.org/a',
      'tel:+49301234567',
      'mailto:a@b.org',
    ]);
  });

  it('live in plain text, where marks are only text', () => {
    expect(parse('**no** https://x.org\nline')).toEqual([
      {
        type: 'paragraph',
        children: [
          { type: 'text', text: '**no** ' },
          {
            type: 'link',
            href: 'https://x.org/',
            children: [{ type: 'text', text: 'https://x.org' }],
          },
          { type: 'break' },
          { type: 'text', text: 'line' },
        ],
      },
    ]);
  });
});

it('stays quick on hostile text', () => {
  for (const bit of ['*', '**a', '[', '[a](', '`', '_a', '+1', 'a@', '- ', '\\*', '((', '**a*']) {
    const text = bit.repeat(20_000 / bit.length);
    const start = performance.now();
    parse(text, { rich: true });
    expect(performance.now() - start, bit).toBeLessThan(1_000);
  }
});
