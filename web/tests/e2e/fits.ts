// What does not fit its place on a narrow screen.
import type { Page } from '@playwright/test';

/**
 * Every visible element whose content is cut off or that reaches beyond the screen, one line each. What is meant to
 * be cut is left out: words with an ellipsis, what is scrolled by hand, and what only screen readers have.
 */
export function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const wide = document.documentElement.clientWidth;
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}: ${(element.textContent ?? '').trim().slice(0, 60)}`;
    const scroller = (element: Element | null): boolean =>
      element !== null &&
      (/auto|scroll/.test(getComputedStyle(element).overflowX) || scroller(element.parentElement));
    if (document.documentElement.scrollWidth > wide) found.push('the page itself');
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.checkVisibility() || element.closest('svg, select, option')) continue;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      if (box.width <= 1 || style.clipPath !== 'none' || element.closest('.visually-hidden')) {
        continue;
      }
      if ((box.right > wide + 1 || box.left < -1) && !scroller(element.parentElement)) {
        found.push(`beyond the screen: ${name(element)}`);
      }
      const cuts = style.overflowX === 'hidden' || style.overflowX === 'clip';
      if (cuts && style.textOverflow !== 'ellipsis' && element.scrollWidth > element.clientWidth) {
        found.push(`cut: ${name(element)}`);
      }
    }
    return found;
  });
}
