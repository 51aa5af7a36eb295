// A provider of single sign-on: a page with a button for each person it knows, and real tokens.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const CLIENT = { id: 'front desk', secret: 'a secret of the tests' };

export interface Provider {
  /** What a server needs to know of it. */
  settings: Record<string, string>;
  stop: () => void;
}

/** `people`: what the tokens say of each, by the word on their button. */
export async function provider(people: Record<string, object>): Promise<Provider> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const begun = new Map<string, { query: URLSearchParams; person: string }>();
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  let url = '';

  const token = (person: string, nonce: string | null) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: url, aud: CLIENT.id, iat: now, exp: now + 300, nonce, ...people[person] };
    const text = `${part({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${part(claims)}`;
    const how = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${text}.${sign('sha256', Buffer.from(text), how).toString('base64url')}`;
  };

  const server = createServer((request, answer) => {
    const asked = new URL(request.url ?? '/', url);
    const json = (value: unknown, status = 200) => {
      answer.writeHead(status, { 'Content-Type': 'application/json' });
      answer.end(JSON.stringify(value));
    };
    switch (asked.pathname) {
      case '/.well-known/openid-configuration':
        return json({
          issuer: url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['ES256'],
        });
      case '/keys':
        return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] });
      case '/authorize': {
        const links = Object.keys(people).map((person) => {
          const code = randomUUID();
          begun.set(code, { query: asked.searchParams, person });
          const back = new URL(asked.searchParams.get('redirect_uri') ?? '');
          back.search = `${new URLSearchParams({ code, state: asked.searchParams.get('state') ?? '' })}`;
          return `<p><a href="${back.href.replaceAll('&', '&amp;')}">${person}</a></p>`;
        });
        answer.setHeader('Content-Type', 'text/html');
        return void answer.end(`<!doctype html><title>Company</title>${links.join('')}`);
      }
      case '/token': {
        let body = '';
        request.on('data', (bytes: Buffer) => (body += bytes.toString()));
        return void request.on('end', () => {
          const form = new URLSearchParams(body);
          const held = begun.get(form.get('code') ?? '');
          begun.delete(form.get('code') ?? '');
          const verifier = createHash('sha256').update(form.get('code_verifier') ?? '');
          const challenge = held?.query.get('code_challenge');
          if (!held || verifier.digest('base64url') !== challenge) {
            return json({ error: 'invalid_grant' }, 400);
          }
          const id_token = token(held.person, held.query.get('nonce'));
          json({ access_token: 'x', token_type: 'Bearer', id_token });
        });
      }
      default:
        return json({}, 404);
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    settings: {
      FRONTDESK_WEBHOOK_NETWORKS: '127.0.0.0/8',
      OIDC_ISSUER: url,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_ROLES: 'groups chiefs=admin, desk=agent',
    },
    stop: () => void server.close(),
  };
}
