// What the protocol client needs of the world, so that tests can bring their own socket and clock.

export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** The part of Web Storage that is used. */
export interface Store {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Env {
  connect(url: string, protocols: string[]): SocketLike;
  now(): number;
  random(): number;
  later(run: () => void, ms: number): number;
  cancel(timer: number): void;
  storage: Store;
  /** Calls back when the network or the page came back; returns how to stop that. */
  onWake(wake: () => void): () => void;
  /** A new client id: 1–64 characters of A-Za-z0-9_-. */
  newId(): string;
}

/** Keeps things for the life of the page: for browsers that block storage. */
export function memoryStore(): Store {
  const held = new Map<string, string>();
  return {
    get length() {
      return held.size;
    },
    key: (index) => [...held.keys()][index] ?? null,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

/** Reading `localStorage` itself throws where a browser blocks storage in frames. */
export function pageStore(): Store {
  try {
    const probe = 'frontdesk.probe';
    localStorage.setItem(probe, '1');
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return memoryStore();
  }
}

/** `crypto.randomUUID` exists on https only; a hotel may try the page over plain http first. */
export function newId(): string {
  if (typeof crypto !== 'undefined') {
    if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
    if (typeof crypto.getRandomValues === 'function') {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    }
  }
  const part = () => Math.random().toString(36).slice(2, 12).padEnd(10, '0');
  return `${Date.now().toString(36)}-${part()}${part()}`;
}

export function browserEnv(): Env {
  return {
    connect: (url, protocols) => new WebSocket(url, protocols) as SocketLike,
    now: () => Date.now(),
    random: () => Math.random(),
    later: (run, ms) => window.setTimeout(run, ms),
    cancel: (timer) => window.clearTimeout(timer),
    storage: pageStore(),
    onWake(wake) {
      const seen = () => {
        if (document.visibilityState === 'visible') wake();
      };
      window.addEventListener('online', wake);
      window.addEventListener('pageshow', wake);
      document.addEventListener('visibilitychange', seen);
      return () => {
        window.removeEventListener('online', wake);
        window.removeEventListener('pageshow', wake);
        document.removeEventListener('visibilitychange', seen);
      };
    },
    newId,
  };
}

/** The WebSocket address of a path on this page's own server. */
export function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
