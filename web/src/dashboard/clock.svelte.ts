// The server's time, as far as waiting times and day lines need it.
const TICK = 10_000;

class Clock {
  now = $state(Date.now());
  #ahead = 0;

  constructor() {
    setInterval(() => this.#tick(), TICK);
    document.addEventListener('visibilitychange', () => this.#tick());
  }

  set(server: number): void {
    this.#ahead = server - Date.now();
    this.#tick();
  }

  #tick(): void {
    this.now = Date.now() + this.#ahead;
  }
}

export const clock = new Clock();
