import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { SandboxApp, SandboxBindings } from '../sandbox.ts';
import { appError, gatewayError } from './answers.ts';
import { clientPath, type Operation, permissions, searchPath, tokenPath, users } from './facts.ts';
import { shown } from './judge.ts';
import { search } from './search.ts';
import type { SignIn } from './sign-in.ts';
import { changeStatus, type Domain, deleteNow, mark, save } from './writes.ts';

type RsaContext = Context<{ Bindings: SandboxBindings }>;

const LookUpBody = z
  .strictObject({
    email: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    searchUnsynched: z.boolean().optional(),
  })
  .refine(({ email, username }) => (email === undefined) !== (username === undefined));

/** The endpoints. The issuer lives on the same host, which in the vendor's world is another one. */
export function buildApp(domain: Domain, signIn: SignIn): SandboxApp {
  const app: SandboxApp = new Hono();
  app.get(clientPath, (context) => {
    const client = signIn.clientFor(context.req.header('Authorization'), originOf(context));
    return client === null ? new Response('Unauthorized', { status: 401 }) : Response.json(client);
  });
  app.post(tokenPath, async (context) => {
    if (mediaType(context) !== 'application/x-www-form-urlencoded') {
      return Response.json({ error: 'invalid_request' }, { status: 400 });
    }
    const form = new URLSearchParams(context.env.body);
    const { status, body } = await signIn.grant(form, `${originOf(context)}${tokenPath}`);
    return Response.json(body, { status });
  });
  app.use(`${users}/*`, async (context, next) => authorise(context, signIn) ?? next());
  app.use(searchPath, async (context, next) => authorise(context, signIn) ?? next());
  app.post(searchPath, ({ env, req }) => search(domain, req.query(), env.seen.json, env.faults));
  app.post(`${users}/lookup`, (context) => lookUp(context, domain));
  app.post(`${users}/create`, ({ env }) => save(domain, 'create', env.seen.json, env.faults));
  app.put(`${users}/update`, ({ env }) => save(domain, 'update', env.seen.json, env.faults));
  app.put(`${users}/:id/userStatus`, ({ env, req }) =>
    changeStatus(domain, req.param('id'), env.seen.json, env.faults),
  );
  app.put(`${users}/:id/markDeleted`, ({ env, req }) =>
    mark(domain, req.param('id'), env.seen.json, env.faults),
  );
  app.delete(`${users}/:id`, ({ env, req }) => deleteNow(domain, req.param('id'), env.faults));
  return app;
}

/** The operation that a request is; null when it is none. */
export function operationOf(method: string, path: string, json: unknown): Operation | null {
  if (path === searchPath) return method === 'POST' ? 'search' : null;
  if (!path.startsWith(`${users}/`)) return null;
  const rest = path.slice(users.length + 1);
  if (method === 'POST' && rest === 'lookup') return 'lookup';
  if (method === 'POST' && rest === 'create') return 'create';
  if (method === 'PUT' && rest === 'update') return 'update';
  if (method === 'PUT' && rest.endsWith('/userStatus')) {
    return property(json, 'userStatus') === 'Enabled' ? 'enable' : 'disable';
  }
  if (method === 'PUT' && rest.endsWith('/markDeleted')) {
    return String(property(json, 'markDeleted')) === 'false' ? 'unmark-deleted' : 'mark-deleted';
  }
  return method === 'DELETE' && !rest.includes('/') ? 'delete' : null;
}

/** The people whom a request names, for fault rules: a user name, an address, or an id. */
export function namedIn(path: string, json: unknown): readonly string[] {
  const names = ['userName', 'username', 'email'].flatMap((name) => {
    const value = property(json, name);
    return typeof value === 'string' ? [value] : [];
  });
  const [, id] = /\/users\/([^/]+)(?:\/|$)/.exec(path) ?? [];
  return id === undefined || /^(lookup|search|create|update)$/.test(id)
    ? names
    : [...names, decodeURIComponent(id)];
}

function authorise(context: RsaContext, signIn: SignIn): Response | null {
  const { method } = context.req;
  const { path, json } = context.env.seen;
  const scopes = signIn.scopesOf(context.req.header('Authorization'));
  if (scopes === 'missing') return gatewayError(401, 'Unauthorized', 'Full authentication is required', path);
  // A token that has ended is answered so, and not with 401 (a public client's recorded answer, 2026).
  if (scopes === 'bad') {
    return gatewayError(403, 'Forbidden', 'Server failed to process provided access token', path);
  }
  const operation = operationOf(method, path, json);
  if (operation === null) return gatewayError(404, 'Not Found', 'No handler found', path);
  const needed: readonly string[] = permissions[operation];
  if (!needed.some((scope) => scopes.includes(scope))) {
    return gatewayError(403, 'Forbidden', 'Access is denied', path);
  }
  if (method !== 'DELETE' && mediaType(context) !== 'application/json') {
    return gatewayError(415, 'Unsupported Media Type', 'Content type is not supported', path);
  }
  return null;
}

function lookUp({ env }: RsaContext, { directory }: Domain): Response {
  const refused = env.faults.action.refuseBatch;
  if (refused !== undefined) return appError(refused.status ?? 400, refused.errormessage);
  const parsed = LookUpBody.safeParse(env.seen.json);
  if (!parsed.success) return appError(400, 'Either email or username is required.');
  const { email, username = '' } = parsed.data;
  const user = email === undefined ? directory.named(username) : directory.withEmail(email);
  return user === null
    ? appError(404, `User ${email ?? username} not found`)
    : Response.json(shown(user, directory));
}

function originOf(context: RsaContext): string {
  return new URL(context.req.url).origin;
}

function mediaType(context: RsaContext): string {
  const [type = ''] = (context.req.header('Content-Type') ?? '').split(';');
  return type.trim().toLowerCase();
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
