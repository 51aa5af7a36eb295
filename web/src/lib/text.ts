// Section 5 of the contract, for pages: what may be sent as a message.

/** Length as the server counts it: Unicode scalar values after trimming. */
export function textLength(text: string): number {
  let length = 0;
  for (const _ of text.trim()) length += 1;
  return length;
}

/** Without the control characters that the server refuses (all of C0 but tab, newline, return). */
export function sendable(text: string): string {
  let kept = '';
  for (const character of text.trim()) {
    const code = character.codePointAt(0) ?? 0;
    // Half a surrogate pair cannot be written as UTF-8. (No look-behind here: old Safari has none.)
    if (code >= 0xd800 && code <= 0xdfff) kept += '\ufffd';
    else if (code >= 0x20 || code === 9 || code === 10 || code === 13) kept += character;
  }
  return kept.trim();
}
