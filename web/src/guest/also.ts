// Shows by a code that this guest also writes over WhatsApp. Loaded when the hotel is there and somebody looks.
import { bearer } from './session';
import type { Key } from './words.svelte';

/** Why it did not work, as the page says it; nothing if it did. */
type Trouble = Key | undefined;

/** Has a code sent, if this number is a guest's: whether it is, nobody is told. */
export async function sendCode(phone: string, locale: string): Promise<Trouble> {
  const status = await post('/api/guest/whatsapp-code', { phone, locale });
  return status === 400 ? 'also_number' : trouble(status);
}

/** Tries a code. */
export async function tryCode(code: string): Promise<Trouble> {
  const status = await post('/api/guest/whatsapp-link', { code });
  return status === 400 || status === 401 ? 'also_wrong' : trouble(status);
}

function trouble(status: number): Trouble {
  if (status >= 200 && status < 300) return undefined;
  return status === 429 ? 'also_later' : 'also_failed';
}

async function post(path: string, body: object): Promise<number> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...bearer() },
      body: JSON.stringify(body),
    });
    return answer.status;
  } catch {
    return 0;
  }
}
