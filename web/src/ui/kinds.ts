/** Who a bubble is of. */
export type BubbleKind = 'guest' | 'agent' | 'ai' | 'note';

/** How far a message has come. */
export type TickState = 'sending' | 'sent' | 'delivered' | 'read' | 'failed';
