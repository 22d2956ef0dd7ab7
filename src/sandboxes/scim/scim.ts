import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import type { Sandbox, SandboxAccount, SandboxApp, SeenRequest } from '../sandbox.ts';
import { errorAnswer, isJson, type ScimAnswer, ScimError } from './answers.ts';
import { loadDirectory } from './directory.ts';
import { KeyBook } from './key-book.ts';
import { type Domain, serve } from './serve.ts';

const writes = [
  'create',
  'update',
  'enable',
  'disable',
  'remove',
  'add-to-group',
  'remove-from-group',
  'bulk',
] as const;
const reads = ['list-users', 'get-user', 'list-groups', 'get-group', 'discover', 'token'] as const;

/** A strict SCIM 2.0 service (RFC 7643, 7644, 9865), below any prefix such as `/scim/v2`. */
export const scim: Sandbox = {
  id: 'scim',
  account: { username: 'admin', password: 'sandbox' },
  operations: [...writes, ...reads],
  csvColumns: { userName: 'userName', givenName: 'givenName', familyName: 'familyName', email: 'email' },
  describe,
  async open({ account, users, journal }) {
    const directory = await loadDirectory(users);
    return { app: buildApp(account, { directory, journal }), recall: (line) => directory.recall(line) };
  },
};

const tokenPath = '/oauth/token';
const tokenLifeS = 3600;

function buildApp(account: SandboxAccount, domain: Domain): SandboxApp {
  const app: SandboxApp = new Hono();
  const tokens = new Set<string>();
  const keys = new KeyBook(domain.directory.service.keyLifetimeS);
  app.all('*', (context) => {
    const url = new URL(context.req.url);
    const path = ownPath(url.pathname);
    const authorization = context.req.header('Authorization');
    if (path === tokenPath) {
      return token(context.req.method, authorization, context.env.body, account, tokens);
    }
    if (!isAuthorised(authorization, account, tokens)) {
      return send(errorAnswer(new ScimError(401, null, 'Authorization failure.')), {
        'WWW-Authenticate': 'Bearer realm="sandbox"',
      });
    }
    const refusal = mediaRefusal(context.req.header('Content-Type'), context.env.body, context.env.seen.json);
    if (refusal !== null) return send(errorAnswer(refusal));
    const { seen, body, faults } = context.env;
    const request = {
      method: seen.method,
      path,
      query: Object.fromEntries(url.searchParams),
      body: seen.json,
      ifMatch: context.req.header('If-Match') ?? null,
      faults,
    };
    const key = seen.method === 'GET' ? undefined : context.req.header('Idempotency-Key');
    return send(keys.answer(key, `${seen.method} ${path} ${body}`, () => serve(domain, request)));
  });
  return app;
}

/** The path without a prefix that stands before SCIM's own. */
function ownPath(path: string): string {
  const own =
    /\/(?:(?:Users|Groups|Bulk|Me|Schemas|ResourceTypes|ServiceProviderConfig)(?:\/.*)?|oauth\/token)$/.exec(
      path,
    );
  return own?.[0] ?? path;
}

function mediaRefusal(type: string | undefined, body: string, json: unknown): ScimError | null {
  if (body === '') return null;
  const media = (type ?? '').split(';')[0]?.trim().toLowerCase();
  if (media !== 'application/scim+json' && media !== 'application/json') {
    return new ScimError(415, null, 'The body is neither application/scim+json nor application/json.');
  }
  return json === undefined ? new ScimError(400, 'invalidSyntax', 'The body is not JSON.') : null;
}

function isAuthorised(
  header: string | undefined,
  account: SandboxAccount,
  tokens: ReadonlySet<string>,
): boolean {
  const [scheme = '', credentials = ''] = header?.split(' ') ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials === account.password || tokens.has(credentials);
  return scheme.toLowerCase() === 'basic' && isAccount(credentials, account);
}

function isAccount(credentials: string, { username, password }: SandboxAccount): boolean {
  return Buffer.from(credentials, 'base64').toString('utf8') === `${username}:${password}`;
}

/** Client credentials (RFC 6749, section 4.4): the account is the client, named by Basic or in the form. */
function token(
  method: string,
  authorization: string | undefined,
  body: string,
  account: SandboxAccount,
  tokens: Set<string>,
): Response {
  const form = new URLSearchParams(body);
  const [scheme, credentials = ''] = authorization?.split(' ') ?? [];
  const isClient =
    scheme?.toLowerCase() === 'basic'
      ? isAccount(credentials, account)
      : form.get('client_id') === account.username && form.get('client_secret') === account.password;
  if (method !== 'POST' || form.get('grant_type') !== 'client_credentials') {
    return Response.json({ error: 'unsupported_grant_type' }, { status: 400 });
  }
  if (!isClient) return Response.json({ error: 'invalid_client' }, { status: 401 });
  const access = randomBytes(18).toString('base64url');
  tokens.add(access);
  return Response.json({ access_token: access, token_type: 'Bearer', expires_in: tokenLifeS });
}

function send({ status, body, headers }: ScimAnswer, more: Readonly<Record<string, string>> = {}): Response {
  const all = { 'Content-Type': 'application/scim+json', ...headers, ...more };
  return new Response(body === null ? null : JSON.stringify(body), { status, headers: all });
}

function describe({ method, path, json }: SeenRequest): { op: string | null; users: readonly string[] } {
  const own = ownPath(path);
  const [, kind, id] = own.split('/');
  if (own === tokenPath) return { op: 'token', users: [] };
  if (kind === 'Bulk') return { op: 'bulk', users: [] };
  if (kind === 'Users') return describeUsers(method, id, json);
  if (kind === 'Groups') {
    if (id === undefined || id === '.search') return { op: 'list-groups', users: [] };
    if (method === 'GET') return { op: 'get-group', users: [] };
    const removes = JSON.stringify(json ?? '')
      .toLowerCase()
      .includes('"op":"remove"');
    return { op: removes ? 'remove-from-group' : 'add-to-group', users: [] };
  }
  const isDocument = kind === 'Schemas' || kind === 'ResourceTypes' || kind === 'ServiceProviderConfig';
  return { op: isDocument ? 'discover' : null, users: [] };
}

/** A request names a user by the login in its body, else by the id in its path. */
function describeUsers(
  method: string,
  id: string | undefined,
  json: unknown,
): { op: string | null; users: readonly string[] } {
  const login = isJson(json) && typeof json.userName === 'string' ? [json.userName] : [];
  if (id === '.search' || (id === undefined && method === 'GET')) return { op: 'list-users', users: [] };
  if (id === undefined) return { op: 'create', users: login };
  const users = login.length > 0 ? login : [id];
  if (method === 'GET') return { op: 'get-user', users };
  if (method === 'DELETE') return { op: 'remove', users };
  const active = /"active"(?::|,"value":)"?(true|false)/i
    .exec(JSON.stringify(json ?? ''))?.[1]
    ?.toLowerCase();
  if (method === 'PATCH' && active !== undefined)
    return { op: active === 'true' ? 'enable' : 'disable', users };
  return { op: 'update', users };
}
