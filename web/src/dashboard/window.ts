// WhatsApp's window, and the texts for outside of it.
import type { Summary, TemplateParameter } from '../lib/protocol';

export interface Template {
  name: string;
  language: string;
  category: string;
  header?: string;
  body: string;
  footer?: string;
  blanks: string[];
  named: boolean;
}

/** The minutes for which free text still reaches the guest; `undefined` where there is no such limit. */
export function openFor(summary: Summary | undefined, now: number): number | undefined {
  if (summary?.channel !== 'whatsapp') return undefined;
  const left = summary.window_until ? Date.parse(summary.window_until) - now : 0;
  return left > 0 ? Math.max(1, Math.floor(left / 60_000)) : 0;
}

/** A text with what stands in its blanks; those still empty stay as they are. */
export function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (blank, name: string) => {
    const value = values[name]?.trim();
    return value ? value : blank;
  });
}

/** All that the guest reads. */
export function whole(template: Template, values: Record<string, string>): string {
  const parts = [template.header, filled(template.body, values), template.footer];
  return parts.filter((part) => part?.trim()).join('\n\n');
}

/** What is sent along, once every blank is filled in; else `undefined`. */
export function parameters(
  template: Template,
  values: Record<string, string>,
): TemplateParameter[] | undefined {
  const all = template.blanks.map((name) => {
    const text = values[name]?.trim() ?? '';
    return template.named ? { name, text } : { text };
  });
  return all.every(({ text }) => text !== '') ? all : undefined;
}
