import { type Context, Hono } from 'hono';
import type { RequestFaults } from '../fault-book.ts';
import { accepted, type Journal } from '../journal.ts';
import type { SandboxAccount, SandboxApp, SandboxBindings } from '../sandbox.ts';
import type { Directory, NamedEntity, StoredUser } from './directory.ts';
import { isSince, ownAddress, versions } from './facts.ts';
import { pageOf, type Queryable, type Row } from './query.ts';
import {
  badRequest,
  forbidden,
  jsonResponse,
  type Refused,
  refusalResponse,
  unauthorised,
} from './refusal.ts';
import { type SandboxSession, Sessions, tenantOf } from './sessions.ts';
import { shownUser } from './shown.ts';
import { Tasks } from './tasks.ts';
import { judgeCreate, judgeDelete, judgeGroups, judgeUpdate, type Verdict } from './writes.ts';

type DirectorContext = Context<{ Bindings: SandboxBindings }>;

export interface Domain {
  readonly account: SandboxAccount;
  readonly directory: Directory;
  readonly journal: Journal;
}

const root = '/cloudapi/1.0.0';

const users: Queryable = {
  path: `${root}/users`,
  nonSearchable: ['roleEntityRefs', 'password', 'isGroupRole'],
  nonSortable: ['id', 'roleEntityRefs', 'password', 'isGroupRole'],
  usualSort: 'username',
};
const roles: Queryable = { path: `${root}/roles`, nonSearchable: [], nonSortable: ['id'], usualSort: 'name' };
const groups: Queryable = { ...roles, path: `${root}/groups` };
const organisations: Queryable = { ...roles, path: `${root}/orgs` };

/** Who asks, in which version, about which organisation. */
interface Asker {
  readonly token: string;
  readonly session: SandboxSession;
  readonly organisation: NamedEntity;
  readonly version: string;
}

type WriteName = 'create' | 'update' | 'set-groups' | 'take-ownership' | 'delete';

/** The path without what a gateway in front would add. */
export function vendorPath(path: string): string {
  const start = /\/(cloudapi|api|oauth|tm\/oauth)\//.exec(path)?.index ?? 0;
  return path.slice(start);
}

export function buildApp(domain: Domain): SandboxApp {
  const { directory, account } = domain;
  const sessions = new Sessions(directory, account);
  const tasks = new Tasks();
  const app: SandboxApp = new Hono({ getPath: (request) => vendorPath(new URL(request.url).pathname) });

  app.get('/api/versions', () => xml(versionsXml(directory)));
  for (const path of [`${root}/sessions`, `${root}/sessions/provider`]) {
    app.post(path, (context) => signIn(context, sessions, directory, path.endsWith('/provider')));
  }
  for (const path of ['/oauth/:kind/:rest{.+}', '/tm/oauth/:kind/:rest{.+}']) {
    app.post(path, (context) => exchange(context, sessions));
  }

  /** Answers who is signed in and speaks a version that is served; the tenant is told by the session or a header. */
  const asked = (
    path: string,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    answer: (context: DirectorContext, asker: Asker) => Response,
  ): void => {
    app.on(method, path, (context) => {
      const asker = askerOf(context, sessions, directory);
      if (asker instanceof Response) return asker;
      const { refuseBatch } = context.env.faults.action;
      if (refuseBatch !== undefined) {
        return refusalResponse(
          {
            status: refuseBatch.status ?? 400,
            minorErrorCode: refuseBatch.errorcode,
            message: refuseBatch.errormessage,
          },
          asker.version,
        );
      }
      return answer(context, asker);
    });
  };

  asked(`${root}/sessions/current`, 'GET', (_, { session, version }) =>
    jsonResponse(sessionBody(session), version),
  );
  asked(`${root}/sessions/current`, 'DELETE', (_, { token }) => {
    sessions.end(token);
    return new Response(null, { status: 204 });
  });
  asked(`${root}/orgs`, 'GET', (context, { session, version }) => {
    const seen = directory.organisations().filter(({ id }) => sees(session, id));
    return list(
      context,
      seen.map((one) => ({ ...one, displayName: one.name })),
      organisations,
      version,
    );
  });
  asked(`${root}/roles`, 'GET', (context, { organisation, version }) =>
    list(
      context,
      directory.roles(organisation.name).map((role) => ({ ...role })),
      roles,
      version,
    ),
  );
  asked(`${root}/users`, 'GET', (context, { organisation, version }) =>
    list(
      context,
      directory.usersOf(organisation.name).map((user) => shownUser(user, directory, version)),
      users,
      version,
    ),
  );
  asked(`${root}/users/:urn`, 'GET', (context, asker) => {
    const user = userAt(context, asker);
    if (user === null) return refusalResponse(forbidden('USER_VIEW'), asker.version);
    return jsonResponse(shownUser(user, directory, asker.version), asker.version);
  });
  asked(`${root}/groups`, 'GET', (context, { organisation, version }) =>
    list(
      context,
      directory.groups(organisation.name).map((group) => ({ ...group })),
      groups,
      version,
    ),
  );
  asked(`${root}/users/:urn/groups`, 'GET', (context, asker) => {
    const user = userAt(context, asker);
    if (user === null) return refusalResponse(forbidden('USER_VIEW'), asker.version);
    return groupsOf(context, user, asker.version);
  });
  asked('/api/task/:id', 'GET', (context, { version }) => {
    const shown = tasks.show(context.req.param('id') ?? '');
    return shown === null ? refusalResponse(forbidden('TASK_VIEW'), version) : xml(shown);
  });

  asked(`${root}/users`, 'POST', (context, asker) => {
    const { json } = context.env.seen;
    const done = write(context, asker, 'create', null, () => judgeCreate(json, { directory, ...asker }));
    if ('minorErrorCode' in done) return refusalResponse(done, asker.version);
    const { after } = done;
    if (after === null) throw new Error('a create leaves a user');
    if (directory.settings.tasks === 'all') return tasks.accepted(after.id);
    const headers = { 'Content-Location': `${ownAddress}${root}/users/${after.id}` };
    return jsonResponse(shownUser(after, directory, asker.version), asker.version, 201, headers);
  });
  asked(`${root}/users/:urn`, 'PUT', (context, asker) => {
    const { json } = context.env.seen;
    const done = onUser(context, asker, 'update', (before) =>
      judgeUpdate(json, before, { directory, ...asker }),
    );
    if ('minorErrorCode' in done) return refusalResponse(done, asker.version);
    const { after } = done;
    if (after === null) throw new Error('an update leaves a user');
    if (directory.settings.tasks === 'all') return tasks.accepted(after.id);
    return jsonResponse(shownUser(after, directory, asker.version), asker.version);
  });
  asked(`${root}/users/:urn/groups`, 'PUT', (context, asker) => {
    // The path came with 40.0, and older versions know only how to show groups.
    if (!isSince(asker.version, 40, 0)) return new Response(null, { status: 404 });
    const { json } = context.env.seen;
    const done = onUser(context, asker, 'set-groups', (before) =>
      judgeGroups(json, before, { directory, ...asker }),
    );
    if ('minorErrorCode' in done) return refusalResponse(done, asker.version);
    const { after } = done;
    if (after === null) throw new Error('a write of groups leaves a user');
    if (directory.settings.tasks === 'all') return tasks.accepted(after.id);
    return groupsOf(context, after, asker.version);
  });
  asked(`${root}/users/:urn/takeOwnership`, 'POST', (context, asker) => {
    const done = onUser(context, asker, 'take-ownership', (before) => ({ after: { ...before, owns: 0 } }));
    if ('minorErrorCode' in done) return refusalResponse(done, asker.version);
    return new Response(null, { status: 204 });
  });
  asked(`${root}/users/:urn`, 'DELETE', (context, asker) => {
    const id = userAt(context, asker)?.id ?? '';
    const done = onUser(context, asker, 'delete', judgeDelete);
    return 'minorErrorCode' in done ? refusalResponse(done, asker.version) : tasks.accepted(id);
  });
  app.all('*', () => new Response(null, { status: 404 }));
  return app;

  function list(
    context: DirectorContext,
    rows: readonly Row[],
    queryable: Queryable,
    version: string,
  ): Response {
    const page = pageOf(rows, new URL(context.req.url).search, queryable, directory.settings.paging);
    if ('minorErrorCode' in page) return refusalResponse(page, version);
    return jsonResponse(page.body, version, 200, page.link === null ? {} : { Link: page.link });
  }

  /** A page of references; without a query, as in the answer to a write, the first one of the usual size. */
  function groupsOf(context: DirectorContext, user: StoredUser, version: string): Response {
    const rows = directory
      .groups(user.organisation)
      .filter(({ name }) => user.groups.includes(name))
      .map((group) => ({ ...group }));
    const path = `${root}/users/${user.id}/groups`;
    return list(context, rows, { ...groups, path }, version);
  }

  /** Users of other organisations are as good as missing. */
  function userAt(context: DirectorContext, { organisation }: Asker): StoredUser | null {
    const user = directory.byId(context.req.param('urn') ?? '');
    return user?.organisation === organisation.name ? user : null;
  }

  function onUser(
    context: DirectorContext,
    asker: Asker,
    op: WriteName,
    judge: (before: StoredUser) => Verdict,
  ): Verdict {
    const before = userAt(context, asker);
    return write(context, asker, op, before, () =>
      before === null ? forbidden(`USER_${op.toUpperCase()}`) : judge(before),
    );
  }

  /** Writes the journal first: what it does not hold has not happened. */
  function write(
    context: DirectorContext,
    { session }: Asker,
    op: WriteName,
    before: StoredUser | null,
    judge: () => Verdict,
  ): Verdict {
    const key = before?.username ?? nameIn(context.env.seen.json) ?? context.req.param('urn') ?? '';
    const verdict = session.readOnly
      ? forbidden('USER_MANAGE')
      : (faultOf(context.env.faults, key) ?? judge());
    const isRefused = 'minorErrorCode' in verdict;
    const after = isRefused ? before : verdict.after;
    domain.journal.append({
      op,
      key,
      subject: null,
      status: isRefused ? verdict.minorErrorCode : accepted,
      before,
      after,
    });
    if (!isRefused && after !== null) directory.put(after);
    if (!isRefused && after === null && before !== null) directory.remove(before.id);
    return verdict;
  }
}

function faultOf(faults: RequestFaults, username: string): Refused | null {
  const refusal = faults.refusal(username);
  return refusal === null
    ? null
    : { status: 400, minorErrorCode: refusal.errorcode, message: refusal.errormessage };
}

function askerOf(context: DirectorContext, sessions: Sessions, directory: Directory): Asker | Response {
  const version = servedVersion(context.req.header('Accept'), directory);
  if (version === null) return new Response(null, { status: 406 });
  const found = sessions.find(context.req.header('Authorization'));
  if (found === null) return refusalResponse(unauthorised('This operation is denied.'), version);
  const asked = context.req.header('X-VMWARE-VCLOUD-TENANT-CONTEXT');
  const organisation = tenantOf(found.session, asked, directory);
  if ('minorErrorCode' in organisation) return refusalResponse(organisation, version);
  const { method } = context.req;
  const isBodiless =
    method === 'GET' || method === 'DELETE' || context.env.seen.path.endsWith('/takeOwnership');
  if (!isBodiless && context.env.seen.json === undefined) {
    return refusalResponse(badRequest('The body is no JSON.'), version);
  }
  return { ...found, organisation, version };
}

/** The version that Accept asks for; null when it asks for none, or for one that is not served. */
function servedVersion(accept: string | undefined, directory: Directory): string | null {
  const [, version] = /;\s*version\s*=\s*"?([0-9.]+)/.exec(accept ?? '') ?? [];
  const served = versions[directory.flavour].some((one) => one.version === version);
  return version !== undefined && served ? version : null;
}

function signIn(
  context: DirectorContext,
  sessions: Sessions,
  directory: Directory,
  isProvider: boolean,
): Response {
  const version = servedVersion(context.req.header('Accept'), directory);
  if (version === null) return new Response(null, { status: 406 });
  const opened = sessions.signIn(context.req.header('Authorization'), isProvider);
  if ('minorErrorCode' in opened) return refusalResponse(opened, version);
  return jsonResponse(sessionBody(opened.session), version, 200, {
    'X-VMWARE-VCLOUD-ACCESS-TOKEN': opened.token,
    'X-VMWARE-VCLOUD-TOKEN-TYPE': 'Bearer',
  });
}

function exchange(context: DirectorContext, sessions: Sessions): Response {
  const form = new URLSearchParams(context.env.body);
  const [, tenant] =
    /^tenant\/([^/]+)\/token$/.exec(`${context.req.param('kind')}/${context.req.param('rest')}`) ?? [];
  const organisation = tenant === undefined ? 'System' : decodeURIComponent(tenant);
  const isRefresh = form.get('grant_type') === 'refresh_token';
  const opened = isRefresh ? sessions.exchange(form.get('refresh_token'), organisation) : null;
  if (opened === null) return Response.json({ error: 'invalid_grant' }, { status: 400 });
  return Response.json({ access_token: opened.token, token_type: 'Bearer', expires_in: 3_600 });
}

function sessionBody({ organisation, user }: SandboxSession): object {
  return {
    id: 'urn:vcloud:session:11111111-1111-4111-8111-111111111111',
    user,
    org: organisation,
    location: 'us-1',
    roles: ['Organization Administrator'],
    sessionIdleTimeoutMinutes: 30,
  };
}

function sees({ organisation }: SandboxSession, id: string): boolean {
  return organisation.name === 'System' || organisation.id === id;
}

function versionsXml(directory: Directory): string {
  const infos = versions[directory.flavour].map(
    ({ version, deprecated }) =>
      `<VersionInfo deprecated="${deprecated}"><Version>${version}</Version>` +
      `<LoginUrl>${ownAddress}${root}/sessions</LoginUrl></VersionInfo>`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?><SupportedVersions xmlns="http://www.vmware.com/vcloud/versions">' +
    `${infos.join('')}<AlphaVersion deprecated="false"><Version>41.0.0-alpha</Version></AlphaVersion></SupportedVersions>`
  );
}

function xml(text: string): Response {
  return new Response(text, { headers: { 'Content-Type': 'application/*+xml' } });
}

function nameIn(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || !('username' in json)) return null;
  return typeof json.username === 'string' ? json.username : null;
}
