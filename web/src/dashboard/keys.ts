// From a key to what it asks for. Single keys work only outside of fields, and can be switched off.

export type Command =
  | 'next'
  | 'previous'
  | 'open'
  | 'reply'
  | 'note'
  | 'resolve'
  | 'assign'
  | 'tags'
  | 'snooze'
  | 'take_over'
  | 'unread'
  | 'select'
  | 'search'
  | 'help'
  | 'palette'
  | 'go_inbox'
  | 'go_knowledge'
  | 'go_team'
  | 'go_settings';

export interface Key {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
}

export interface Place {
  /** The key goes into a field. */
  field: boolean;
  /** The focus is on a button or link, for which Enter has a meaning of its own. */
  control: boolean;
  /** Single keys are on. */
  on: boolean;
}

const SINGLE: Record<string, Command> = {
  j: 'next',
  k: 'previous',
  r: 'reply',
  n: 'note',
  e: 'resolve',
  a: 'assign',
  l: 'tags',
  s: 'snooze',
  t: 'take_over',
  u: 'unread',
  x: 'select',
  '/': 'search',
  '?': 'help',
};

const AFTER_G: Record<string, Command> = {
  i: 'go_inbox',
  k: 'go_knowledge',
  t: 'go_team',
  s: 'go_settings',
};

/** What the help and the palette show beside a command. */
export const SHOWN: Partial<Record<Command, string>> = {
  next: 'j',
  previous: 'k',
  open: '↵',
  reply: 'r',
  note: 'n',
  resolve: 'e',
  assign: 'a',
  tags: 'l',
  snooze: 's',
  take_over: 't',
  unread: 'u',
  select: 'x',
  search: '/',
  help: '?',
  go_inbox: 'g i',
  go_knowledge: 'g k',
  go_team: 'g t',
  go_settings: 'g s',
};

const CHORD_WITHIN = 1_200;

export class Keys {
  #gAt = -Infinity;

  match(key: Key, place: Place, now: number): Command | undefined {
    if (key.isComposing) return undefined;
    const letter = latin(key);
    if ((key.ctrlKey || key.metaKey) && !key.altKey && !key.shiftKey && letter === 'k') {
      return 'palette';
    }
    if (key.ctrlKey || key.metaKey || key.altKey || place.field || !place.on) return undefined;
    const chord = now - this.#gAt < CHORD_WITHIN;
    this.#gAt = -Infinity;
    if (chord) return AFTER_G[letter];
    if (letter === 'g' && !key.shiftKey) {
      this.#gAt = now;
      return undefined;
    }
    if (letter === 'Enter') return place.control ? undefined : 'open';
    return Object.hasOwn(SINGLE, letter) ? SINGLE[letter] : undefined;
  }
}

/** On a keyboard without Latin letters the key's place counts (`j` is `о` on a Russian one). */
function latin(key: Key): string {
  if (key.key.length === 1 && key.key > '\u007f') {
    const place = /^Key([A-Z])$/.exec(key.code);
    if (place?.[1]) return place[1].toLowerCase();
    if (key.code === 'Slash') return key.shiftKey ? '?' : '/';
  }
  return key.key.length === 1 && !key.shiftKey ? key.key.toLowerCase() : key.key;
}

export function placeOf(target: EventTarget | null): Pick<Place, 'field' | 'control'> {
  if (!(target instanceof Element)) return { field: false, control: false };
  const field = target.closest(
    'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable="true"], [role=menu], dialog[open]',
  );
  return { field: field !== null, control: target.closest('a, button, summary, input') !== null };
}
