import { type Context, Hono, type Next } from 'hono';
import type { SandboxApp, SandboxBindings } from '../sandbox.ts';
import { problem, problemAnswer } from './answers.ts';
import { shown } from './directory.ts';
import { paths } from './facts.ts';
import { type Domain, perform } from './perform.ts';
import { Criteria, meets } from './search.ts';
import type { Tokens } from './tokens.ts';
import { writes } from './writes.ts';

type VcContext = Context<{ Bindings: SandboxBindings }>;

/** The endpoints, below any prefix that a gateway in front would add. */
export function buildApp(domain: Domain, tokens: Tokens): SandboxApp {
  const app: SandboxApp = new Hono({ getPath: (request) => vendorPath(new URL(request.url).pathname) });
  app.post(paths.token, requireJson, (context) => {
    const issued = tokens.issue(context.env.seen.json);
    return issued === null
      ? problemAnswer(problem(401, 'Bad credentials'), paths.token)
      : Response.json(issued);
  });
  app.use(async (context, next) => {
    if (tokens.admits((name) => context.req.header(name))) return next();
    return problemAnswer(problem(401, 'Token is missing or invalid'), pathOf(context));
  });
  app.post(paths.search, requireJson, (context) => {
    const parsed = Criteria.safeParse(context.env.seen.json);
    if (!parsed.success) {
      const field = parsed.error.issues[0]?.path[0] ?? 'criteria';
      return problemAnswer(problem(400, `Field "${String(field)}" cannot be null`), paths.search);
    }
    const found = [...domain.directory.users()].filter((user) => meets(user, parsed.data));
    return Response.json(found.map(shown));
  });
  for (const write of writes) {
    app.on(write.method, paths.user, requireJson, (context) => {
      const { seen, faults } = context.env;
      return perform(domain, write, { path: paths.user, json: seen.json, faults });
    });
  }
  app.notFound((context) => problemAnswer(problem(404, 'No such resource'), pathOf(context)));
  return app;
}

/** The path without a gateway's prefix. The internal paths are for the vendor's own services. */
export function vendorPath(path: string): string {
  return Object.values(paths).find((own) => path.endsWith(own)) ?? path;
}

async function requireJson(context: VcContext, next: Next): Promise<Response | undefined> {
  const [type = ''] = (context.req.header('Content-Type') ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') {
    return problemAnswer(problem(415, 'Content type is not supported'), pathOf(context));
  }
  if (context.env.seen.json === undefined) {
    return problemAnswer(problem(400, 'The body is not JSON'), pathOf(context));
  }
  await next();
  return undefined;
}

function pathOf(context: VcContext): string {
  return new URL(context.req.url).pathname;
}
