// From events to what a thread shows: day lines, bubbles, lines about what happened. Pure.
import type { Event, GuestRequest } from '../lib/protocol';
import { departmentName, i18n, shortTime, t } from './words';

export type Line =
  | { type: 'day'; key: string; text: string }
  | {
      type: 'said';
      key: string;
      event: Extract<Event, { kind: 'message' | 'note' }>;
      first: boolean;
    }
  | { type: 'request'; key: string; event: Event; request: GuestRequest }
  | { type: 'system'; key: string; event: Event; text: string; tone: 'quiet' | 'urgent' };

export interface Fate {
  state: 'sent' | 'delivered' | 'read' | 'failed';
  error?: string;
}

const TOGETHER = 5 * 60_000;

export function toLines(events: readonly Event[], now: number): Line[] {
  const lines: Line[] = [];
  let day = '';
  let before: Event | undefined;
  const requests = new Map<string, GuestRequest>();
  for (const event of events) {
    if (event.kind === 'request') requests.set(event.request.id, event.request);
  }
  for (const event of events) {
    if (event.kind === 'delivery') continue; // shown at the message it speaks of
    const today = new Date(event.at).toDateString();
    if (today !== day) {
      day = today;
      lines.push({ type: 'day', key: `day-${event.seq}`, text: i18n.day(event.at, now) });
      before = undefined;
    }
    // One card where the request was made, with its newest state; what became of it is told in lines.
    const request = event.kind === 'request' ? requests.get(event.request.id) : undefined;
    if (request) {
      requests.delete(request.id);
      lines.push({ type: 'request', key: `e-${event.seq}`, event, request });
      before = undefined;
      continue;
    }
    if (event.kind === 'message' || event.kind === 'note') {
      lines.push({ type: 'said', key: `e-${event.seq}`, event, first: !continues(before, event) });
      before = event;
    } else {
      const tone = event.kind === 'urgency' && event.urgency === 'urgent' ? 'urgent' : 'quiet';
      const text = happened(event);
      if (text) lines.push({ type: 'system', key: `e-${event.seq}`, event, text, tone });
      before = undefined;
    }
  }
  return lines;
}

function continues(before: Event | undefined, event: Event): boolean {
  return (
    before?.kind === event.kind &&
    before.by.kind === event.by.kind &&
    before.by.id === event.by.id &&
    Date.parse(event.at) - Date.parse(before.at) < TOGETHER
  );
}

/** For each answer of a colleague, the guest's message that it answers. */
export function answered(events: readonly Event[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let question: number | undefined;
  for (const event of events) {
    if (event.kind !== 'message') continue;
    if (event.by.kind === 'guest') question = event.seq;
    // What was written on the hotel's own phone has no author that may be asked about it.
    else if (event.by.kind === 'agent' && !event.template && question !== undefined) {
      found.set(event.seq, event.reply_to ?? question);
    }
  }
  return found;
}

export function fates(events: readonly Event[]): ReadonlyMap<number, Fate> {
  const found = new Map<number, Fate>();
  for (const event of events) {
    if (event.kind === 'delivery') {
      found.set(event.of, { state: event.state, error: event.error });
    }
  }
  return found;
}

export function authorName(event: Pick<Event, 'by'>): string {
  switch (event.by.kind) {
    case 'ai':
      return t('ai_assistant');
    case 'system':
      return t('system');
    case 'guest':
      return event.by.name ?? t('guest');
    case 'agent':
      return event.by.name ?? t('agent');
  }
}

/** One line of plain words about an event that is no message. */
export function happened(event: Event): string {
  const who = authorName(event);
  const byPerson = event.by.kind === 'agent';
  switch (event.kind) {
    case 'mode':
      if (event.mode === 'human') {
        return byPerson ? t('did_take_over', { who }) : t('ai_handed_over');
      }
      return byPerson ? t('did_hand_back', { who }) : t('ai_answers_again');
    case 'status':
      if (event.status === 'closed') return t(byPerson ? 'did_close' : 'was_closed', { who });
      if (event.status === 'snoozed') {
        const until = event.until ? whenText(event.until) : '';
        return t('did_snooze', { who, until });
      }
      // While a person answers, every message waits and every answer ends it: no news.
      if (event.reason === 'answered') return '';
      if (event.status === 'waiting') return event.reason === 'guest_wrote' ? '' : t('now_waiting');
      if (event.reason === 'snooze_over') return t('snooze_over');
      return byPerson
        ? t('did_reopen', { who })
        : event.reason === 'guest_wrote'
          ? t('guest_reopened')
          : '';
    case 'assigned':
      if (!event.agent) return t('did_unassign', { who });
      return event.agent.id === event.by.id
        ? t('did_assign_self', { who })
        : t('did_assign', { who, to: event.agent.name });
    case 'tags':
      return event.tags.length
        ? t('did_tag', { who, tags: event.tags.join(', ') })
        : t('did_untag', { who });
    case 'profile':
      return t('did_profile', { who });
    case 'rating': {
      const said = event.comment ? `: “${event.comment}”` : '';
      return t('did_rate', { stars: event.stars }) + said;
    }
    case 'request':
      return t(`request_${event.request.state}`, {
        department: departmentName(event.request.department),
        text: event.request.text,
      });
    case 'urgency':
      return t(event.urgency === 'urgent' ? 'now_urgent' : 'now_normal', { reason: event.reason });
    case 'reaction':
      return event.emoji ? t('did_react', { who, emoji: event.emoji }) : t('did_unreact', { who });
    case 'edited':
      return t('did_edit', { who, text: event.text });
    case 'deleted':
      return t('did_delete', { who });
    case 'erased':
      return t('did_erase', { who });
    case 'delivery':
    case 'message':
    case 'note':
      return '';
    default: {
      const unseen: never = event; // a new kind in the contract fails the build here
      void unseen;
      return '';
    }
  }
}

/** "tomorrow 09:00" */
export function whenText(at: string): string {
  const now = Date.now();
  const day = i18n.day(at, now);
  const future = Date.parse(at) - now;
  if (future > 0 && future < 12 * 3_600_000) return i18n.time(at);
  return future > 6 * 86_400_000 ? shortTime(at, now) : `${day}, ${i18n.time(at)}`;
}
