// Ways to be noticed: the number in the tab's title, a soft sound, a desktop notification.
import type { Store } from './env';

const MUTED = 'frontdesk.muted';

/** `(2) Hotel` while something is unread. */
export function titleCounter(title: string): (unread: number) => void {
  return (unread) => {
    document.title = unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${title}` : title;
  };
}

export class Chime {
  #store: Store;
  #audio: AudioContext | undefined;
  #last = 0;

  constructor(store: Store) {
    this.#store = store;
    // Browsers allow sound only after the first gesture; until then there is none.
    const unlock = () => {
      window.removeEventListener('pointerdown', unlock);
      window.removeEventListener('keydown', unlock);
      try {
        this.#audio = new AudioContext();
      } catch {
        this.#audio = undefined;
      }
    };
    window.addEventListener('pointerdown', unlock);
    window.addEventListener('keydown', unlock);
  }

  get muted(): boolean {
    return this.#store.getItem(MUTED) === '1';
  }

  set muted(muted: boolean) {
    if (muted) this.#store.setItem(MUTED, '1');
    else this.#store.removeItem(MUTED);
  }

  /** Two quiet notes, made here so that no file is fetched; at most one a second. */
  play(): void {
    if (this.muted || Date.now() - this.#last < 1_000) return;
    this.#sound([660, 880], 0.06);
  }

  /** Somebody must look now: loud, and not to be muted. */
  alarm(): void {
    this.#sound([880, 660, 880, 660], 0.4);
  }

  #sound(pitches: readonly number[], loud: number): void {
    const audio = this.#audio;
    if (!audio) return;
    this.#last = Date.now();
    void audio.resume();
    pitches.forEach((pitch, index) => {
      const start = audio.currentTime + index * 0.11;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(loud, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.3);
    });
  }
}

/** Only while the page is out of sight, and only where the person allowed it before. */
export function desktopNotice(title: string, body: string, tag: string, open: () => void): void {
  if (document.visibilityState === 'visible') return;
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  try {
    const notice = new Notification(title, { body, tag });
    notice.onclick = () => {
      window.focus();
      notice.close();
      open();
    };
  } catch {
    // Android Chrome allows it from a service worker only
  }
}

export async function askForNotices(): Promise<boolean> {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}
