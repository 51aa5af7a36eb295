// Talking with the page around the frame (the widget): how many are unread, open, closed, and who the guest is by the
// hotel's word. Only the parent window is listened to, and only the site that the widget named.
import { page } from './page';

export type FromHost =
  { frontdesk: 1; type: 'shown' | 'hidden' } | { frontdesk: 1; type: 'identity'; token: string };
export type ToHost =
  | { frontdesk: 1; type: 'ready' | 'close' | 'identify' }
  | { frontdesk: 1; type: 'unread'; count: number };

/** How long the hotel's page may take to get a token from its server. */
const VOUCH_WITHIN = 10_000;

const framed = page.embedded && window.parent !== window && page.host !== undefined;

/** The page around the frame says who the guest is. */
export const hostVouches = framed && page.identity;

export function tellHost(message: ToHost): void {
  if (framed && page.host) window.parent.postMessage(message, page.host);
}

/** Returns how to stop listening. */
function listen(heard: (said: Partial<Record<string, unknown>>) => void): () => void {
  if (!framed) return () => undefined;
  const listener = (event: MessageEvent<Partial<Record<string, unknown>> | null>) => {
    if (event.source !== window.parent || event.origin !== page.host) return;
    if (event.data?.frontdesk === 1) heard(event.data);
  };
  window.addEventListener('message', listener);
  return () => window.removeEventListener('message', listener);
}

export function listenToHost(heard: (type: 'shown' | 'hidden') => void): void {
  listen(({ type }) => {
    if (type === 'shown' || type === 'hidden') heard(type);
  });
}

/** A token that the hotel has signed; empty if nobody is logged in there, or nothing is heard in time. */
export function askHost(): Promise<string> {
  return new Promise((resolve) => {
    const done = (token: string) => {
      stop();
      window.clearTimeout(timer);
      resolve(token);
    };
    const stop = listen(({ type, token }) => {
      if (type === 'identity' && typeof token === 'string') done(token);
    });
    const timer = window.setTimeout(() => done(''), VOUCH_WITHIN);
    tellHost({ frontdesk: 1, type: 'identify' });
  });
}
