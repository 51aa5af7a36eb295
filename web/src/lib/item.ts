// One thing that was said or done and is not yet an event.
import type { Action, ClientFrame, Code } from './protocol';

export interface Message {
  text: string;
  note?: boolean;
  reply_to?: number;
  attachments?: string[];
  /** Quick replies to choose from (agents only). */
  suggestions?: string[];
}

export interface Common {
  id: string;
  conversation?: string;
  /** When it was said (the page's clock, ms); also the order. */
  at: number;
  state: 'sending' | 'sent' | 'failed';
  /** Its place in the log, once acknowledged. */
  seq?: number;
  code?: Code;
  message?: string;
}

export type Item =
  (Common & { type: 'send'; body: Message }) | (Common & { type: 'act'; body: Action });

export function frameOf(item: Item): ClientFrame {
  if (item.type === 'send') {
    return { type: 'send', id: item.id, conversation: item.conversation, ...item.body };
  }
  return { type: 'act', id: item.id, conversation: item.conversation ?? '', ...item.body };
}
