// What hostile pages post to the widget and to the chat in its frame: fifty messages, most of them in our own form.
const url = 'https://evil.example/';

/** Each as the other side might send it, with more in it than there is; then what is no message of ours at all. */
export const MESSAGES: readonly unknown[] = [
  ...['ready', 'close', 'shown', 'hidden', 'unread', 'open', 'identity', 'identify'].flatMap(
    (type) => [
      { frontdesk: 1, type },
      { frontdesk: 1, type, count: 7 },
      { frontdesk: 1, type, count: '<img src=x onerror=alert(1)>', origin: url },
      { frontdesk: 1, type, host: url, url, src: url, href: url },
      { frontdesk: 1, type, token: 'x', session: 'x', conversation: 'x' },
    ],
  ),
  { frontdesk: '1', type: 'unread', count: 7 },
  { frontdesk: 1, type: ['unread'], count: 7 },
  { frontdesk: 1, type: { toString: 'unread' }, count: [7] },
  { frontdesk: 1, type: 'unread', count: Number.POSITIVE_INFINITY },
  { __proto__: null, constructor: { prototype: { frontdesk: 1 } } },
  JSON.stringify({ frontdesk: 1, type: 'close' }),
  'close',
  null,
  [1, 'unread', 7],
  7,
];
