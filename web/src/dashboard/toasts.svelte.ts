// Short notes at the edge of the screen about what was done, with a way to undo it.
export interface Toast {
  id: number;
  text: string;
  tone: 'quiet' | 'late';
  undo?: () => void;
}

const FOR = 6_000;
const UNDO_FOR = 10_000;
const MOST = 3;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #count = 0;

  show(text: string, options: { undo?: () => void; tone?: Toast['tone'] } = {}): void {
    this.#count += 1;
    const id = this.#count;
    const { undo, tone = 'quiet' } = options;
    this.list = [...this.list.slice(1 - MOST), { id, text, tone, undo }];
    setTimeout(() => this.drop(id), undo ? UNDO_FOR : FOR);
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
