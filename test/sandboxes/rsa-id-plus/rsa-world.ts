import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, type JWK, SignJWT } from 'jose';
import { type RunningSandbox, startSandbox } from '../../../src/sandboxes/start-sandbox.ts';

export interface Line {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

export interface Client {
  readonly issuer: string;
  readonly clientId: string;
  readonly key: JWK;
}

/** What an assertion says; a test states what differs. */
export interface Claims {
  readonly audience?: string;
  readonly issuer?: string;
  readonly kid?: string;
  readonly jti?: string;
  readonly expiresIn?: number;
}

export const allScopes =
  'rsa.user.read rsa.user.manage rsa.group.users.manage rsa.user.delete.soft rsa.user.delete';

/** One sandbox in a folder of its own, and the vendor's calls in plain HTTP. */
export class RsaWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-rsa-sandbox-'));
  readonly journalPath = join(this.folder, 'journal.ndjson');
  #running: RunningSandbox | null = null;
  #token = '';

  async start(tenant: Record<string, unknown> = {}, rules: readonly object[] = []): Promise<void> {
    await this.#running?.close();
    const users = join(this.folder, 'users.json');
    const faults = join(this.folder, 'faults.json');
    writeFileSync(users, JSON.stringify({ users: [], ...tenant }));
    writeFileSync(faults, JSON.stringify({ rules }));
    const journal = this.journalPath;
    const options = { provider: 'rsa-id-plus', port: 0, users, journal, faults, ratePerSecond: null };
    this.#running = await startSandbox(options);
    this.#token = await this.signIn();
  }

  get baseUrl(): string {
    return this.#running?.baseUrl ?? '';
  }

  async client(): Promise<Client> {
    const authorization = `Basic ${Buffer.from('admin:sandbox').toString('base64')}`;
    const response = await fetch(`${this.baseUrl}/sandbox/api-client`, { headers: { authorization } });
    return (await response.json()) as Client;
  }

  async assertion(client: Client, claims: Claims = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT()
      .setProtectedHeader({ alg: 'ES256', kid: claims.kid ?? client.key.kid ?? '' })
      .setIssuer(claims.issuer ?? client.clientId)
      .setSubject(client.clientId)
      .setAudience(claims.audience ?? `${client.issuer}/token`)
      .setJti(claims.jti ?? randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + (claims.expiresIn ?? 300))
      .sign(await importJWK(client.key, 'ES256'));
  }

  askToken(clientId: string, assertion: string, scope = allScopes): Promise<Response> {
    return fetch(`${this.baseUrl}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
        scope,
      }),
    });
  }

  async signIn(scope = allScopes): Promise<string> {
    const client = await this.client();
    const response = await this.askToken(client.clientId, await this.assertion(client), scope);
    return ((await response.json()) as { access_token: string }).access_token;
  }

  fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.baseUrl}/AdminInterface/restapi/v1/users${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** Status and JSON of a search, which is of the API's second version. */
  async search(query: string, body: unknown): Promise<[number, Record<string, unknown>]> {
    const response = await fetch(`${this.baseUrl}/AdminInterface/restapi/v2/users/search${query}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [response.status, (await response.json()) as Record<string, unknown>];
  }

  /** Status and JSON of a call. */
  async call(method: string, path: string, body?: unknown): Promise<[number, Record<string, unknown>]> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    return [response.status, text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)];
  }

  journal(): readonly Line[] {
    return readFileSync(this.journalPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  async close(): Promise<void> {
    await this.#running?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The body of a create; with an id, of an update. */
export function body(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: '',
    firstName: 'Ada',
    lastName: 'Moreau',
    userName: 'ada.moreau',
    email: 'ada.moreau@example.com',
    identitySource: 'Local Identity Source',
    passwordCreationOption: 'NONE',
    passwordSendMethod: 'NONE',
    ...more,
  };
}
