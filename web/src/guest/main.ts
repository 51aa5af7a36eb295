import { mount } from 'svelte';
import App from './App.svelte';
import { Chat } from './chat.svelte';
import { words } from './words.svelte';

async function start(): Promise<void> {
  const locale = words.first();
  const chat = new Chat();
  chat.start(locale); // the connection is made while the words are fetched
  await words.use(locale);
  const target = document.getElementById('app');
  if (!target) return;
  // Whoever was quicker than the script keeps what they typed, and their place in it.
  const early = target.querySelector('textarea');
  const text = early?.value ?? '';
  const focused = early !== null && document.activeElement === early;
  target.replaceChildren();
  mount(App, { target, props: { chat, text, focused } });
}

void start();
