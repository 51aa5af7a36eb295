// What a person sets for this browser: looks, keys, sound.
import { pageStore } from '../lib/env';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

interface Saved {
  theme: Theme;
  density: Density;
  keys: boolean;
  sound: boolean;
  notices: boolean;
  /** Enter sends; otherwise only Ctrl or Cmd with Enter does. */
  enter: boolean;
}

const KEY = 'frontdesk.dashboard.prefs';
const store = pageStore();

class Prefs implements Saved {
  theme = $state<Theme>('system');
  density = $state<Density>('comfortable');
  keys = $state(true);
  sound = $state(false);
  notices = $state(false);
  enter = $state(true);

  constructor() {
    try {
      const saved = JSON.parse(store.getItem(KEY) ?? '{}') as Partial<Saved>;
      if (saved.theme === 'light' || saved.theme === 'dark') this.theme = saved.theme;
      if (saved.density === 'compact') this.density = 'compact';
      this.keys = saved.keys !== false;
      this.enter = saved.enter !== false;
      this.sound = saved.sound === true;
      this.notices = saved.notices === true;
    } catch {
      // not ours: the defaults stand
    }
  }

  /** To be called in an effect: reads everything, so that every change is saved and shown. */
  keep(): void {
    const { theme, density, keys, sound, notices, enter } = this;
    const saved: Saved = { theme, density, keys, sound, notices, enter };
    try {
      store.setItem(KEY, JSON.stringify(saved));
    } catch {
      // full or blocked: it holds as long as the page lives
    }
    const root = document.documentElement;
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.dataset.density = density;
  }
}

export const prefs = new Prefs();
