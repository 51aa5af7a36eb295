// <script src="https://desk.example/widget.js" async></script> puts the guest chat on any site: a bubble,
// and after the first tap an iframe with the chat. Nothing else is fetched before that tap.
//
// Options on the tag: data-label (words for the button), data-side="left", data-color (CSS colour),
// data-property, data-room, data-identity. Without scripts, a plain link to the desk's address does the same job:
// <noscript><a href="https://desk.example/">Chat with the front desk</a></noscript>
//
// A hotel that knows its guest vouches with a token that its server signs: data-identity="<token>", or
// frontdesk = { identity: () => fetch('/chat-token').then((answer) => answer.text()) } before this script, asked
// when a token is needed; an empty text says that nobody is logged in. frontdesk.identify(token or function) says
// that this has changed. The token goes to the chat and to nobody else.
type Source = string | (() => string | Promise<string>);
const site = window as { frontdesk?: { identity?: Source; identify?: (source: Source) => void } };

const script = document.currentScript as HTMLScriptElement | null;

function start(tag: HTMLScriptElement): void {
  const { origin } = new URL(tag.src);
  const { label = 'Chat with the front desk', side, color, property, room } = tag.dataset;
  const query = new URLSearchParams({ embed: '1', host: location.origin });
  if (property) query.set('property', property);
  if (room) query.set('room', room);
  let source = site.frontdesk?.identity ?? tag.dataset.identity;
  const address = () => {
    if (source !== undefined) query.set('identity', '1');
    return `${origin}/?${query}`;
  };

  const host = document.createElement('frontdesk-chat');
  // Open, so that the site's own tests and accessibility tools can look inside.
  const root = host.attachShadow({ mode: 'open' });
  const add = <K extends keyof HTMLElementTagNameMap>(
    name: K,
    values: Partial<HTMLElementTagNameMap[K]> = {},
    parent: Node = root,
  ) => parent.appendChild(Object.assign(document.createElement(name), values));

  const css = `:host{all:initial}
*{box-sizing:border-box}
button,.panel{position:fixed;${side === 'left' ? 'left' : 'right'}:20px;z-index:2147483000}
button{bottom:20px;width:60px;height:60px;padding:0;border:0;border-radius:50%;background:${color ?? '#1f5f5b'};color:#fff;box-shadow:0 2px 12px rgb(0 0 0/25%);cursor:pointer}
button:focus-visible{outline:3px solid #0b57d0;outline-offset:3px}
b{position:absolute;top:-4px;inset-inline-end:-4px;min-width:22px;padding:0 6px;border:2px solid #fff;border-radius:11px;background:#a4231a;font:600 12px/18px system-ui,sans-serif}
.panel{bottom:92px;display:flex;flex-direction:column;width:400px;height:min(640px,calc(100vh - 112px));overflow:hidden;border:1px solid rgb(0 0 0/15%);border-radius:16px;background:#fff;box-shadow:0 8px 32px rgb(0 0 0/22%)}
iframe{flex:1;width:100%;border:0}
a{padding:12px;color:#1f5f5b;font:16px system-ui,sans-serif;text-align:center}
[hidden]{display:none!important}
@media(max-width:480px){.panel{inset:0;width:auto;height:auto;border:0;border-radius:0}.panel:not([hidden])~button{display:none}}
@media(prefers-color-scheme:dark){.panel{background:#1b1b19}a{color:#7cc5bd}}`;
  try {
    // Works under a site's CSP that forbids style elements.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    add('style', { textContent: css });
  }

  const panel = add('div', { className: 'panel', hidden: true });
  const button = add('button', { type: 'button' });
  button.setAttribute('aria-label', label);
  button.setAttribute('aria-expanded', 'false');
  const svg = 'http://www.w3.org/2000/svg';
  const icon = button.appendChild(document.createElementNS(svg, 'svg'));
  for (const [name, value] of [
    ['width', '28'],
    ['height', '28'],
    ['viewBox', '0 0 24 24'],
    ['fill', 'none'],
    ['stroke', 'currentColor'],
    ['stroke-width', '2'],
    ['stroke-linecap', 'round'],
    ['stroke-linejoin', 'round'],
    ['aria-hidden', 'true'],
  ] as const) {
    icon.setAttribute(name, value);
  }
  icon
    .appendChild(document.createElementNS(svg, 'path'))
    .setAttribute(
      'd',
      'M3 20a1 1 0 0 1-1-1v-1a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v1a1 1 0 0 1-1 1ZM20 16a8 8 0 1 0-16 0M12 4v4M10 4h4',
    );
  const badge = add('b', { hidden: true }, button);

  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  const tell = (type: string, more = {}) =>
    frame?.contentWindow?.postMessage({ frontdesk: 1, type, ...more }, origin);
  const vouch = async () => {
    let token: unknown;
    try {
      token = typeof source === 'function' ? await source() : source;
    } catch {
      // the chat goes on with somebody unknown
    }
    tell('identity', { token: typeof token === 'string' ? token : '' });
  };
  site.frontdesk = {
    ...site.frontdesk,
    identify(to) {
      source = to;
      // Somebody else, perhaps: nothing of what the frame shows is to stay.
      ready = false;
      if (frame) frame.src = address();
    },
  };

  const open = (on: boolean) => {
    panel.hidden = !on;
    button.setAttribute('aria-expanded', String(on));
    if (on && !frame) {
      frame = add('iframe', { src: address(), title: label, allow: 'clipboard-write' }, panel);
      // The chat did not say that it is ready: offer it in a tab of its own.
      const link = add('a', { href: `${origin}/`, target: '_blank', textContent: label }, panel);
      link.hidden = true;
      setTimeout(() => {
        if (!ready) link.hidden = false;
      }, 10_000);
    }
    // A frame that is still loading says when it is ready, and is told then.
    if (ready) tell(on ? 'shown' : 'hidden');
    if (on) frame?.focus();
    else button.focus();
  };

  button.onclick = () => open(panel.hidden === true);
  host.onkeydown = (event) => {
    if (event.key === 'Escape' && !panel.hidden) open(false);
  };
  addEventListener('message', (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    const { frontdesk, type, count } = (event.data ?? {}) as Record<string, unknown>;
    if (frontdesk !== 1) return;
    if (type === 'ready') {
      ready = true;
      tell(panel.hidden ? 'hidden' : 'shown');
    } else if (type === 'identify') {
      void vouch();
    } else if (type === 'close') {
      open(false);
    } else if (type === 'unread' && typeof count === 'number') {
      badge.hidden = count < 1;
      badge.textContent = count > 99 ? '99+' : String(count);
    }
  });
  document.body.append(host);
}

if (script?.src && !document.querySelector('frontdesk-chat')) {
  if (document.body) start(script);
  else addEventListener('DOMContentLoaded', () => start(script));
}
