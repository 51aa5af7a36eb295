// Unsent words, kept per person, conversation and kind (a note never becomes a reply by accident).
import { pageStore } from '../lib/env';

export type DraftKind = 'reply' | 'note';

const store = pageStore();

function key(self: string, conversation: string, kind: DraftKind): string {
  return `frontdesk.draft.${self}.${conversation}.${kind}`;
}

export function readDraft(self: string, conversation: string, kind: DraftKind): string {
  return store.getItem(key(self, conversation, kind)) ?? '';
}

export function keepDraft(self: string, conversation: string, kind: DraftKind, text: string): void {
  try {
    if (text.trim() === '') store.removeItem(key(self, conversation, kind));
    else store.setItem(key(self, conversation, kind), text);
  } catch {
    // full or blocked: it is still in the box
  }
}
