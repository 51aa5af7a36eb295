// Pages of other sites, and the hotel's own, with the widget or without.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Site {
  server: Server;
  url: string;
}

/** `html` says what stands at a path; a text that begins with `plain:` is sent as it is. */
export async function site(name: string, html: (path: string) => string): Promise<Site> {
  const server = createServer((request, answer) => {
    const body = html(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (body.startsWith('plain:')) {
      answer.setHeader('Content-Type', 'text/plain');
      answer.end(body.slice('plain:'.length));
      return;
    }
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<!doctype html><html lang="en"><title>${name}</title><link rel="icon" href="data:," />
      <main><h1>${name}</h1></main>${body}</html>`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // The hotel's own page and the server are two sites to a browser, and each of these is of an origin of its own.
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}
