import { type Context, Hono, type Next } from 'hono';
import type { z } from 'zod';
import type { FaultAction } from '../faults.ts';
import type { SandboxApp, SandboxBindings } from '../sandbox.ts';
import { type Call, listAnswer, listHead, refusalAnswer } from './answers.ts';
import { isAuthorised } from './authorise.ts';
import { GroupsQuery, listGroups, listRoles, listUsers, RolesQuery, UsersQuery } from './lists.ts';
import { type Domain, perform } from './perform.ts';
import { streamList } from './stream-list.ts';
import { writes } from './writes.ts';

type EpmContext = Context<{ Bindings: SandboxBindings }>;

export const security = '/interop/rest/security';

export const paths = {
  users: `${security}/v1/users/list`,
  groups: `${security}/v1/groups/list`,
  roles: `${security}/v2/role/getavailableroles`,
} as const;

/** The endpoints, below any prefix that a gateway in front would add. */
export function buildApp(domain: Domain): SandboxApp {
  const app: SandboxApp = new Hono({ getPath: (request) => vendorPath(new URL(request.url).pathname) });
  app.use(async (context, next) => {
    if (!isAuthorised(context.req.header('Authorization'), domain.account)) {
      return context.text('Unauthorized', 401, { 'WWW-Authenticate': 'Basic realm="sandbox"' });
    }
    return next();
  });
  for (const write of writes) {
    app.on(write.method, `${security}${write.path}`, requireJson, (context) => {
      const { seen, faults } = context.env;
      const performed = perform(domain, write, { call: callOf(context), json: seen.json, faults });
      return json(performed.answer, performed.httpStatus);
    });
  }
  app.post(paths.users, requireJson, (context) =>
    read(context, UsersQuery, context.env.seen.json, (query, fault) => {
      const body = streamList(listHead(callOf(context), fault), listUsers(domain.directory, query));
      return new Response(body, { headers: { 'Content-Type': 'application/json' } });
    }),
  );
  app.post(paths.groups, requireJson, (context) =>
    read(context, GroupsQuery, context.env.seen.json, (query, fault) =>
      json({ ...listHead(callOf(context), fault), details: listGroups(domain.directory, query) }),
    ),
  );
  app.get(paths.roles, (context) =>
    read(context, RolesQuery, context.req.query(), ({ type }, fault) =>
      json(listAnswer(callOf(context), listRoles(type), fault)),
    ),
  );
  return app;
}

/**
 * The path without a gateway's prefix. `/epmcloud` is no prefix: it is the service's own context, which the
 * vendor's base URL goes without ("URL Structure for Users, Groups, and Roles"), and `/internal/` is unsupported.
 */
export function vendorPath(path: string): string {
  const start = path.indexOf(`${security}/`);
  const prefix = path.slice(0, Math.max(start, 0));
  return start === -1 || /\/(epmcloud|internal)(\/|$)/.test(prefix) ? path : path.slice(start);
}

async function requireJson(context: EpmContext, next: Next): Promise<Response | undefined> {
  const [type = ''] = (context.req.header('Content-Type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    return context.text('Unsupported Media Type', 415);
  }
  if (context.env.seen.json === undefined) {
    return context.text('Bad Request', 400);
  }
  await next();
  return undefined;
}

/** Answers a read, unless a fault or the form of its query has it refused. */
function read<Query>(
  context: EpmContext,
  schema: z.ZodType<Query>,
  query: unknown,
  answer: (query: Query, fault: FaultAction) => Response,
): Response {
  const { action } = context.env.faults;
  if (action.refuseBatch !== undefined) {
    return json(refusalAnswer(callOf(context), action.refuseBatch, action), action.refuseBatch.status);
  }
  const parsed = schema.safeParse(query);
  return parsed.success
    ? answer(parsed.data, action)
    : json(refusalAnswer(callOf(context), invalidQuery, action));
}

/** The code is the sandbox's own choice. */
const invalidQuery = {
  errorcode: 'EPMCSS-21147',
  errormessage:
    'Failed to list. Invalid or insufficient parameters specified. Provide all required parameters for the REST API.',
} as const;

function callOf(context: EpmContext): Call {
  const { origin, pathname } = new URL(context.req.url);
  return { href: `${origin}${pathname}`, action: context.req.method };
}

function json(value: object, status = 200): Response {
  return Response.json(value, { status });
}
