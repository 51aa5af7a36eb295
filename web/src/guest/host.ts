// Talking with the page around the frame (the widget): how many are unread, open, closed. Only the
// parent window is listened to, and only the site that the widget named.
import { page } from './page';

export type FromHost = { frontdesk: 1; type: 'shown' | 'hidden' };
export type ToHost =
  { frontdesk: 1; type: 'ready' | 'close' } | { frontdesk: 1; type: 'unread'; count: number };

const framed = page.embedded && window.parent !== window && page.host !== undefined;

export function tellHost(message: ToHost): void {
  if (framed && page.host) window.parent.postMessage(message, page.host);
}

export function listenToHost(heard: (type: FromHost['type']) => void): void {
  if (!framed) return;
  window.addEventListener('message', (event: MessageEvent<Partial<FromHost> | null>) => {
    if (event.source !== window.parent || event.origin !== page.host) return;
    if (event.data?.frontdesk !== 1) return;
    if (event.data.type === 'shown' || event.data.type === 'hidden') heard(event.data.type);
  });
}
