// What an agent does to a conversation, each with the note that follows and the way to undo it.
import type { AgentRef, RequestState } from '../lib/protocol';
import { desk } from './desk.svelte';
import { whenText } from './lines';
import { t } from './words';

function row(id: string | undefined) {
  if (id === undefined) return undefined;
  return desk.thread?.conversation === id ? desk.thread.summary : desk.inbox.row(id);
}

function nameOf(id: string | undefined): string {
  return row(id)?.guest.name?.trim() || t('guest');
}

export function takeOver(id = desk.conversation): void {
  const streaming = (desk.thread?.drafts.length ?? 0) > 0 && id === desk.conversation;
  const done = streaming ? { text: t('took_over_midway') } : undefined;
  desk.act({ action: 'take_over' }, id, done);
  if (id === desk.conversation) desk.write('reply');
}

export function acknowledge(id = desk.conversation): void {
  desk.act({ action: 'acknowledge' }, id);
}

export function handBack(id = desk.conversation): void {
  desk.act({ action: 'hand_back' }, id, { text: t('handed_back') });
}

export function close(id = desk.conversation): void {
  const text = t('closed_note', { name: nameOf(id) });
  desk.act({ action: 'close' }, id, { text, undo: () => desk.act({ action: 'reopen' }, id) });
}

export function reopen(id = desk.conversation): void {
  desk.act({ action: 'reopen' }, id, { text: t('reopened_note', { name: nameOf(id) }) });
}

export function snooze(until: string, id = desk.conversation): void {
  const text = t('snoozed_note', { name: nameOf(id), until: whenText(until) });
  desk.act({ action: 'snooze', until }, id, {
    text,
    undo: () => desk.act({ action: 'reopen' }, id),
  });
}

export function assign(
  agent: Pick<AgentRef, 'id' | 'name'> | undefined,
  id = desk.conversation,
): void {
  const before = row(id)?.assigned?.id ?? null;
  const next = agent?.id ?? null;
  if (before === next) return;
  const text = agent
    ? t('assigned_note', {
        name: nameOf(id),
        to: agent.id === desk.me?.id ? t('you_object') : agent.name,
      })
    : t('unassigned_note', { name: nameOf(id) });
  desk.act({ action: 'assign', agent: next }, id, {
    text,
    undo: () => desk.act({ action: 'assign', agent: before }, id),
  });
}

export function tag(add: string[], remove: string[], id = desk.conversation): void {
  desk.act({ action: 'tag', add, remove }, id);
}

export function setRequest(request: string, state: RequestState): void {
  desk.act({ action: 'request', request, state });
}

/** The few times that a guest is put off to. */
export function snoozeTimes(
  now: Date,
): { key: 'hour' | 'three_hours' | 'tonight' | 'tomorrow' | 'monday'; at: Date }[] {
  const hour = 3_600_000;
  const at = (days: number, hours: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hours);
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return [
    { key: 'hour' as const, at: new Date(now.getTime() + hour) },
    { key: 'three_hours' as const, at: new Date(now.getTime() + 3 * hour) },
    { key: 'tonight' as const, at: at(0, 18) },
    { key: 'tomorrow' as const, at: at(1, 9) },
    { key: 'monday' as const, at: at(toMonday, 9) },
  ].filter((time) => time.at.getTime() > now.getTime() + hour / 2);
}
