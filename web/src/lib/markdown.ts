// A closed subset of Markdown as a tree of tokens. No HTML string ever exists, so nothing needs to be
// sanitised: a page turns the tokens into elements, and text into text.
//
// Rich text (the AI's): **bold**, *italic*, `code`, fenced code, lists, headings (as bold lines), links.
// Plain text (everybody else's): only bare links, mail addresses and phone numbers come alive.

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'strong'; children: Inline[] }
  | { type: 'em'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'link'; href: string; children: Inline[] }
  | { type: 'break' };

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { type: 'code'; text: string };

export interface MarkdownOptions {
  /** Read Markdown; otherwise the text is shown as it is, with live links. */
  rich?: boolean;
  /**
   * Hosts that links may lead to, with or without `www.`: other names below one may be somebody else's.
   * A link elsewhere is shown as its full address, which does nothing when tapped. Undefined: any host.
   */
  hosts?: readonly string[];
}

const DEEPEST = 4;

export function parse(text: string, options: MarkdownOptions = {}): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  return options.rich ? richBlocks(lines, options) : plainBlocks(lines, options);
}

/** What the tokens say, without their form: for announcements and previews. */
export function plain(blocks: readonly Block[]): string {
  const say = (inline: Inline): string => {
    if (inline.type === 'break') return ' ';
    if ('text' in inline) return inline.text;
    return inline.children.map(say).join('');
  };
  return blocks
    .map((block) => {
      if (block.type === 'code') return block.text;
      if (block.type === 'list')
        return block.items.map((item) => item.map(say).join('')).join(', ');
      return block.children.map(say).join('');
    })
    .join('\n');
}

function plainBlocks(lines: string[], options: MarkdownOptions): Block[] {
  const children: Inline[] = [];
  lines.forEach((line, index) => {
    if (index > 0) children.push({ type: 'break' });
    children.push(...links(line, options));
  });
  return [{ type: 'paragraph', children }];
}

function richBlocks(lines: string[], options: MarkdownOptions): Block[] {
  const blocks: Block[] = [];
  let paragraph: Inline[] = [];
  const flush = () => {
    if (paragraph.length) blocks.push({ type: 'paragraph', children: paragraph });
    paragraph = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*```/.test(line)) {
      flush();
      const code: string[] = [];
      // An open fence runs to the end: the text may still be on its way.
      for (index += 1; index < lines.length && !/^\s*```/.test(lines[index] ?? ''); index += 1) {
        code.push(lines[index] ?? '');
      }
      blocks.push({ type: 'code', text: code.join('\n') });
      continue;
    }
    const item = /^\s{0,6}(?:[-*+]|(\d{1,4})[.)])\s+(.*)$/.exec(line);
    if (item) {
      flush();
      const ordered = item[1] !== undefined;
      const content = inlines(item[2] ?? '', options, 0);
      const last = blocks.at(-1);
      const joins = last?.type === 'list' && last.ordered === ordered && lines[index - 1]?.trim();
      if (joins && last.type === 'list') last.items.push(content);
      else blocks.push({ type: 'list', ordered, start: Number(item[1] ?? 1), items: [content] });
      continue;
    }
    if (line.trim() === '') {
      flush();
      continue;
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    if (heading) {
      flush();
      const children = inlines(heading[1] ?? '', options, 1);
      blocks.push({ type: 'paragraph', children: [{ type: 'strong', children }] });
      continue;
    }
    if (paragraph.length) paragraph.push({ type: 'break' });
    paragraph.push(...inlines(line.trim(), options, 0));
  }
  flush();
  return blocks;
}

/** Finds the next mark, then its end; text without an end for a mark stays text. */
function inlines(text: string, options: MarkdownOptions, depth: number): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  let at = 0;
  const take = (length: number, inline: Inline[]) => {
    found.push(...links(text.slice(from, at), options), ...inline);
    at += length;
    from = at;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 2_048);
    const code = rest[0] === '`' ? /^`([^`]+)`/.exec(rest) : null;
    const bold = rest.startsWith('**') || rest.startsWith('__') ? strong(rest) : null;
    const link = rest[0] === '[' ? /^\[([^[\]]{1,300})\]\(([^()\s]{1,1000})\)/.exec(rest) : null;
    const lean = !bold && (rest[0] === '*' || rest[0] === '_') ? em(rest, text[at - 1]) : null;
    if (rest[0] === '\\' && /^\\[\\`*_[\]()#+.!-]/.test(rest)) {
      take(2, [{ type: 'text', text: rest[1] ?? '' }]);
    } else if (code) {
      take(code[0].length, [{ type: 'code', text: code[1] ?? '' }]);
    } else if (bold && depth < DEEPEST) {
      const children = inlines(bold[1] ?? '', options, depth + 1);
      take(bold[0].length, [{ type: 'strong', children }]);
    } else if (link) {
      take(link[0].length, named(link[1] ?? '', link[2] ?? '', options));
    } else if (lean && depth < DEEPEST) {
      const children = inlines(lean[1] ?? '', options, depth + 1);
      take(lean[0].length, [{ type: 'em', children }]);
    } else {
      at += 1;
    }
  }
  found.push(...links(text.slice(from), options));
  return found;
}

function strong(rest: string): RegExpExecArray | null {
  return /^\*\*(?=\S)((?:[^*]|\*(?!\*))+)\*\*/.exec(rest) ?? /^__(?=\S)([^_]+)__/.exec(rest);
}

/** An underscore inside a word (`room_service`) is no mark. */
function em(rest: string, before: string | undefined): RegExpExecArray | null {
  if (rest[0] === '_' && before !== undefined && /[\p{L}\p{N}]/u.test(before)) return null;
  return /^\*(?=[^\s*])([^*]+)\*/.exec(rest) ?? /^_(?=[^\s_])([^_]+)_(?![\p{L}\p{N}])/u.exec(rest);
}

/** `[label](address)`: a link, or both in plain sight when it may not be one. */
function named(label: string, address: string, options: MarkdownOptions): Inline[] {
  const href = safeHref(address, options);
  if (href) return [{ type: 'link', href, children: [{ type: 'text', text: label }] }];
  return [{ type: 'text', text: label === address ? label : `${label} (${address})` }];
}

const BARE =
  /https:\/\/[^\s<>"'`]{3,1000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}|\+\d[\d ()/.-]{6,20}\d/g;

/** Bare addresses in text. What is none stays text. */
function links(text: string, options: MarkdownOptions): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(BARE)) {
    // A full stop or bracket after an address belongs to the sentence.
    const shown = match[0].replace(/[.,;:!?)\]}'"*_]+$/, '');
    const href = safeHref(hrefOf(shown), options);
    if (!href) continue;
    if (match.index > from) found.push({ type: 'text', text: text.slice(from, match.index) });
    found.push({ type: 'link', href, children: [{ type: 'text', text: shown }] });
    from = match.index + shown.length;
  }
  if (from < text.length) found.push({ type: 'text', text: text.slice(from) });
  return found;
}

function hrefOf(shown: string): string {
  if (shown.startsWith('https://')) return shown;
  if (shown.startsWith('+')) return `tel:${shown.replace(/[^\d+]/g, '')}`;
  return `mailto:${shown}`;
}

/** The address if a link may lead there: https (to an allowed host), mailto and tel, nothing else. */
export function safeHref(address: string, options: MarkdownOptions): string | undefined {
  if (/^tel:\+?[\d() .-]{3,24}$/.test(address)) return address.replace(/[^\d+:a-z]/g, '');
  if (/^mailto:[\w.+-]+@[\w.-]+$/.test(address)) return address;
  if (!/^https:\/\//i.test(address)) return undefined;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (url.username || url.password) return undefined; // https://hotel.com@elsewhere.com
  if (!options.hosts) return url.href;
  const bare = (host: string) => host.toLowerCase().replace(/^www\./, '');
  const host = bare(url.hostname);
  return options.hosts.some((allowed) => bare(allowed) === host) ? url.href : undefined;
}
