// Everything that a key or the palette can ask for, in one place.
import { close, handBack, reopen, takeOver } from './actions';
import { desk } from './desk.svelte';
import type { Command } from './keys';
import { prefs } from './prefs.svelte';
import { route, VIEWS } from './route.svelte';
import { t } from './words';

export interface Entry {
  id: string;
  label: string;
  /** Finds its key in `SHOWN`. */
  command?: Command;
  run: () => void;
}

/** What can be done where the person is now. */
export function entries(): Entry[] {
  const { summary } = desk;
  const here: Entry[] = [];
  if (route.page === 'inbox' && summary && desk.writes) {
    const closed = summary.status === 'closed';
    if (!closed) {
      here.push(
        { id: 'reply', label: t('reply'), command: 'reply', run: () => desk.write('reply') },
        { id: 'note', label: t('private_note'), command: 'note', run: () => desk.write('note') },
        { id: 'take_over', label: t('take_over'), command: 'take_over', run: () => takeOver() },
      );
      if (summary.mode === 'human')
        here.push({ id: 'hand_back', label: t('hand_back'), run: () => handBack() });
      here.push({ id: 'resolve', label: t('resolve'), command: 'resolve', run: () => close() });
    } else here.push({ id: 'reopen', label: t('reopen'), run: () => reopen() });
    here.push(
      { id: 'assign', label: t('assign'), command: 'assign', run: () => (desk.panel = 'assign') },
      { id: 'tags', label: t('tags'), command: 'tags', run: () => (desk.panel = 'tags') },
    );
    if (!closed)
      here.push({
        id: 'snooze',
        label: t('snooze'),
        command: 'snooze',
        run: () => (desk.panel = 'snooze'),
      });
  }
  const views = VIEWS.map((view) => ({
    id: `view-${view}`,
    label: t('show_view', { view: t(`view_${view}`) }),
    run: () => route.go({ page: 'inbox', view, tag: '', q: '' }),
  }));
  const pages: Entry[] = [
    {
      id: 'go_inbox',
      label: t('inbox'),
      command: 'go_inbox',
      run: () => route.go({ page: 'inbox' }),
    },
    {
      id: 'go_knowledge',
      label: t('knowledge'),
      command: 'go_knowledge',
      run: () => route.go({ page: 'knowledge' }),
    },
    {
      id: 'go_settings',
      label: t('settings'),
      command: 'go_settings',
      run: () => route.go({ page: 'settings' }),
    },
  ];
  if (desk.admin) {
    pages.push({
      id: 'go_team',
      label: t('team'),
      command: 'go_team',
      run: () => route.go({ page: 'team' }),
    });
    for (const page of ['integrations', 'audit', 'check'] as const) {
      pages.push({ id: `go_${page}`, label: t(page), run: () => route.go({ page }) });
    }
  }
  const looks: Entry[] = (['light', 'dark', 'system'] as const).map((theme) => ({
    id: `theme-${theme}`,
    label: t('use_theme', { theme: t(`theme_${theme}`) }),
    run: () => (prefs.theme = theme),
  }));
  return [
    ...here,
    ...pages,
    ...views,
    ...looks,
    { id: 'log_out', label: t('log_out'), run: () => void desk.logout() },
  ];
}
