// One connection that never gives up: connects, says hello, keeps alive, and comes back after a wait
// that depends on why it was closed. Knows frames only as far as that needs.
import type { Env, SocketLike } from './env';
import type { ClientFrame, ServerFrame } from './protocol';

export type StopReason = 'login' | 'forbidden' | 'protocol';

export type LinkState =
  | { state: 'idle' }
  | { state: 'connecting'; attempt: number }
  | { state: 'ready' }
  | { state: 'waiting'; attempt: number; retryAt: number; code: number }
  | { state: 'stopped'; reason: StopReason };

export interface LinkOptions {
  url: string;
  env: Env;
  hello(): ClientFrame;
  onFrame(frame: ServerFrame): void;
  onState(state: LinkState): void;
  /** Called with every close, before the state changes. */
  onDrop(code: number): void;
}

export const PING_EVERY = 12_000;
export const SILENT_FOR = 30_000;
export const WELCOME_WITHIN = 15_000;
export const PROBE_WITHIN = 5_000;
const LONGEST_WAIT = 30_000;
const WAKE_WITHIN = 300;
/** A connection that lived this long was a good one, whatever ended it. */
const SETTLED_AFTER = 10_000;

const ABNORMAL = 1006;
const GOING_AWAY = 1001;

export function stopReason(code: number): StopReason | undefined {
  if (code === 4401) return 'login';
  if (code === 4403) return 'forbidden';
  if (code === 4400) return 'protocol';
  return undefined;
}

/** The least wait that the server asked for, from a close reason such as `retry_ms=1500`. */
export function leastWait(code: number, reason: string): number {
  const asked = /\bretry_ms=(\d{1,8})\b/.exec(reason);
  if (asked) return Number(asked[1]);
  return code === 4429 ? 1_000 : 0;
}

/** Full jitter: anywhere in a window that doubles, on top of what the server asked for. */
export function waitFor(code: number, reason: string, attempt: number, random: number): number {
  const first = code === GOING_AWAY ? 10_000 : 2_000;
  const window = Math.min(LONGEST_WAIT, first * 2 ** Math.min(attempt, 10));
  return leastWait(code, reason) + Math.floor(random * window);
}

export class Link {
  #options: LinkOptions;
  #socket: SocketLike | undefined;
  #state: LinkState = { state: 'idle' };
  #attempt = 0;
  #readyAt = 0;
  #heardAt = 0;
  #notBefore = 0;
  #resyncAt = -Infinity;
  #retryTimer: number | undefined;
  #lifeTimer: number | undefined;
  #forgetWake: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    if (this.#state.state !== 'idle' && this.#state.state !== 'stopped') return;
    this.#forgetWake ??= this.#options.env.onWake(() => this.wake());
    this.#attempt = 0;
    this.#notBefore = 0;
    this.#connect();
  }

  stop(): void {
    this.#forgetWake?.();
    this.#forgetWake = undefined;
    this.#clear();
    this.#detach(1000, 'done');
    this.#enter({ state: 'idle' });
  }

  /** True when the frame went out; a frame is never kept here. */
  transmit(frame: ClientFrame): boolean {
    if (this.#state.state !== 'ready' || !this.#socket) return false;
    return this.#write(frame);
  }

  /** Closes and says hello anew: for a client whose view of the log cannot be mended otherwise. */
  resync(): void {
    if (!this.#socket) return;
    const now = this.#options.env.now();
    const quick = now - this.#resyncAt > SETTLED_AFTER; // never a tight loop, whatever the server does
    this.#resyncAt = now;
    this.#dropped(ABNORMAL, '', quick ? WAKE_WITHIN : undefined);
  }

  /** The network or the page came back: try now, or find out whether the line still lives. */
  wake(): void {
    const { env } = this.#options;
    if (this.#state.state === 'waiting') {
      const soon = env.now() + env.random() * WAKE_WITHIN;
      this.#retryAt(Math.max(this.#notBefore, Math.min(soon, this.#state.retryAt)));
    } else if (this.#state.state === 'ready') {
      this.#write({ type: 'ping' });
      const asked = env.now();
      const socket = this.#socket;
      env.later(() => {
        if (this.#socket === socket && this.#heardAt < asked) this.#dropped(ABNORMAL, '');
      }, PROBE_WITHIN);
    }
  }

  #connect(): void {
    const { env, url, hello } = this.#options;
    this.#clear();
    this.#enter({ state: 'connecting', attempt: this.#attempt });
    let socket: SocketLike;
    try {
      socket = env.connect(url, ['frontdesk.v1']);
    } catch {
      this.#dropped(ABNORMAL, '');
      return;
    }
    this.#socket = socket;
    this.#heardAt = env.now();
    socket.onopen = () => this.#write(hello());
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#heard(event.data);
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#dropped(event.code, event.reason);
    };
    this.#lifeTimer = env.later(() => this.#dropped(ABNORMAL, ''), WELCOME_WITHIN);
  }

  #heard(data: unknown): void {
    this.#heardAt = this.#options.env.now();
    if (typeof data !== 'string') return;
    let frame: unknown;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof frame !== 'object' || frame === null || !('type' in frame)) return;
    const known = frame as ServerFrame;
    if (known.type === 'welcome' && this.#state.state === 'connecting') this.#welcomed();
    this.#options.onFrame(known);
  }

  #welcomed(): void {
    this.#readyAt = this.#options.env.now();
    this.#clear();
    this.#enter({ state: 'ready' });
    this.#keepAlive();
  }

  #keepAlive(): void {
    const { env } = this.#options;
    this.#lifeTimer = env.later(() => {
      if (env.now() - this.#heardAt >= SILENT_FOR) {
        this.#dropped(ABNORMAL, '');
        return;
      }
      this.#write({ type: 'ping' });
      this.#keepAlive();
    }, PING_EVERY);
  }

  #write(frame: ClientFrame): boolean {
    try {
      this.#socket?.send(JSON.stringify(frame));
      return true;
    } catch {
      return false; // closing: onclose follows
    }
  }

  #dropped(code: number, reason: string, within?: number): void {
    const { env, onDrop } = this.#options;
    const wasReady = this.#state.state === 'ready';
    const pressed = code === 4503 || code === 4429;
    // A busy server that welcomes and then closes must not be hammered at the first, short wait.
    if (wasReady && (!pressed || env.now() - this.#readyAt >= SETTLED_AFTER)) this.#attempt = 0;
    this.#clear();
    this.#detach(1000, 'again');
    onDrop(code);

    const stop = stopReason(code);
    if (stop) {
      this.#enter({ state: 'stopped', reason: stop });
      return;
    }
    this.#notBefore = env.now() + leastWait(code, reason);
    const quick = within !== undefined && this.#attempt === 0;
    const wait = quick ? env.random() * within : waitFor(code, reason, this.#attempt, env.random());
    this.#attempt += 1;
    this.#enter({ state: 'waiting', attempt: this.#attempt, retryAt: 0, code });
    this.#retryAt(env.now() + wait);
  }

  #retryAt(time: number): void {
    if (this.#state.state !== 'waiting') return;
    const { env } = this.#options;
    if (this.#retryTimer !== undefined) env.cancel(this.#retryTimer);
    this.#enter({ ...this.#state, retryAt: time });
    this.#retryTimer = env.later(() => this.#connect(), Math.max(0, time - env.now()));
  }

  #clear(): void {
    const { env } = this.#options;
    if (this.#retryTimer !== undefined) env.cancel(this.#retryTimer);
    if (this.#lifeTimer !== undefined) env.cancel(this.#lifeTimer);
    this.#retryTimer = this.#lifeTimer = undefined;
  }

  /** A dead network may hold `onclose` back for minutes, so the old socket is let go at once. */
  #detach(code: number, reason: string): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code, reason);
    } catch {
      // already closed
    }
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
