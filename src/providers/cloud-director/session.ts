import type { HttpAnswer, HttpRequest, Tools } from '../../contracts/provider.ts';
import { Failure, TargetFailure } from '../../domain/failure.ts';
import {
  type CallName,
  failureOfRead,
  isSuccess,
  type Read,
  readAnswer,
  saidIn,
  throwForWorld,
  unauthorised,
  unreadable,
} from './answers.ts';
import { type Config, isSystem, organisationOf } from './config.ts';
import { filterBy } from './filter.ts';
import { readPages, type Send } from './pages.ts';
import { foldId } from './users.ts';
import {
  chooseVersion,
  type Dialect,
  dialectOf,
  parseVersions,
  withoutGroups,
  writesGroups,
} from './versions.ts';
import { Named, SessionBody, TokenBody, urn } from './wire.ts';

export interface Session {
  readonly dialect: Dialect;
  /** Of the organisation whose users are written. */
  readonly organisation: Named;
  /** Id of the account that signed in. */
  readonly ownId: string | null;
  /** Sends with the session's token, and once more with a new session when this one is over. */
  readonly send: Send;
  /** What no message may show. */
  readonly secrets: ReadonlySet<string>;
  close(): Promise<void>;
}

const root = '/cloudapi/1.0.0';
const current = `${root}/sessions/current`;

/** Finds out the version, signs in and finds the organisation. */
export async function openSession(config: Config, tools: Tools): Promise<Session> {
  const dialect =
    config.apiVersion === undefined
      ? await negotiate(config, tools)
      : dialectOf(config.apiVersion, config.flavour);
  if (config.groups && !writesGroups(dialect.version)) throw withoutGroups(dialect);
  const secrets = new Set<string>();
  const asJson = headersOf(dialect);
  let tenant: Readonly<Record<string, string>> = {};
  let signedIn = await signIn(config, dialect, tools, secrets);
  let renewal: Promise<void> | null = null;
  let lost: unknown = null;

  const sendOnce = (request: HttpRequest): Promise<HttpAnswer> => {
    const headers = { ...asJson, ...tenant, ...bearer(signedIn.token), ...request.headers };
    return tools.request({ ...request, headers });
  };

  /** One log-in for all requests that met the end of the session; after a refused one none is tried again. */
  const renew = async (used: string): Promise<void> => {
    if (lost !== null) throw lost;
    if (signedIn.token !== used) return;
    renewal ??= signIn(config, dialect, tools, secrets)
      .then((fresh) => {
        signedIn = { ...signedIn, token: fresh.token };
      })
      .catch((error: unknown) => {
        if (error instanceof TargetFailure && error.trouble === 'unauthorised') lost = error;
        throw error;
      })
      .finally(() => {
        renewal = null;
      });
    await renewal;
  };

  const send: Send = async (request) => {
    const used = signedIn.token;
    const answer = await sendOnce(request);
    if (answer.status !== 401) return answer;
    await answer.text();
    await renew(used);
    return sendOnce(request);
  };

  const found = await findOrganisation(config, signedIn, send);
  tenant = found.headers;
  return {
    dialect,
    organisation: found.organisation,
    ownId: signedIn.userId,
    send,
    secrets,
    async close() {
      // An API token's session belongs to the token; one of our own is given back, and nobody minds if that fails.
      if (config.auth.type === 'apiToken') return;
      await sendOnce({ method: 'DELETE', path: current, safe: false, timeoutMs: 5_000 })
        .then((answer) => answer.text())
        .catch(() => '');
    },
  };
}

/** What the server offers is asked without credentials (SDK api_vcd_versions.go, 2026). */
async function negotiate(config: Config, tools: Tools): Promise<Dialect> {
  const call: CallName = { method: 'GET', path: '/api/versions' };
  const headers = { accept: 'application/*+xml' };
  const read = await readAnswer(await tools.request({ method: 'GET', path: call.path, headers, safe: true }));
  if (!isSuccess(read)) throw failureOfRead(read, call);
  const offered = parseVersions(read.text);
  if (offered === null) throw unreadable(call, 'it is no list of versions');
  return chooseVersion(offered, config.flavour);
}

interface SignedIn {
  readonly token: string;
  readonly userId: string | null;
  readonly organisation: Named | null;
}

function signIn(config: Config, dialect: Dialect, tools: Tools, secrets: Set<string>): Promise<SignedIn> {
  return config.auth.type === 'basic'
    ? signInByPassword(config, config.auth, dialect, tools, secrets)
    : signInByToken(config, config.auth, dialect, tools, secrets);
}

async function signInByPassword(
  config: Config,
  auth: Extract<Config['auth'], { type: 'basic' }>,
  dialect: Dialect,
  tools: Tools,
  secrets: Set<string>,
): Promise<SignedIn> {
  const organisation = organisationOf(config);
  const username = isReference(auth.username) ? (await tools.secret(auth.username)).trim() : auth.username;
  if (username.includes(':')) {
    throw new Failure({
      code: 'BAD_USERNAME',
      message: 'target.auth.username holds a colon, which basic authentication cannot carry.',
      hint: 'Give the login alone; the organisation stands in target.organisation.',
      exit: 1,
    });
  }
  const password = await tools.secret(auth.password);
  const encoded = Buffer.from(`${username}@${organisation}:${password}`, 'utf8').toString('base64');
  for (const secret of [password, encoded]) secrets.add(secret);
  const path = `${root}/sessions${isSystem(organisation) ? '/provider' : ''}`;
  const call: CallName = { method: 'POST', path };
  const headers = { ...headersOf(dialect), authorization: `Basic ${encoded}` };
  // Never repeated by core: a wrong password tried again and again locks the account.
  const read = await readAnswer(await tools.request({ method: 'POST', path, headers, safe: false }));
  throwForLogin(read, call);
  const token = read.headers['x-vmware-vcloud-access-token'];
  if (token === undefined || token === '') throw unreadable(call, 'it carries no session token');
  secrets.add(token);
  return signedInAs(token, read.json);
}

/** Exchanges the API token, then asks whose it is: the vendor answers like an OAuth refresh (SDK api_token.go, 2026). */
async function signInByToken(
  config: Config,
  auth: Extract<Config['auth'], { type: 'apiToken' }>,
  dialect: Dialect,
  tools: Tools,
  secrets: Set<string>,
): Promise<SignedIn> {
  const organisation = organisationOf(config);
  const refreshToken = (await tools.secret(auth.token)).trim();
  secrets.add(refreshToken);
  const path =
    auth.tokenPath ??
    (isSystem(organisation)
      ? '/oauth/provider/token'
      : `/oauth/tenant/${encodeURIComponent(organisation)}/token`);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString();
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const call: CallName = { method: 'POST', path };
  const read = await readAnswer(await tools.request({ method: 'POST', path, headers, body, safe: false }));
  if (read.status === 400) throw unauthorised(call, 'the API token is not valid', saidIn(read.json).code);
  throwForLogin(read, call);
  const token = TokenBody.safeParse(read.json).data?.access_token;
  if (token === undefined) throw unreadable(call, 'it carries no access token');
  secrets.add(token);
  const asked = { ...headersOf(dialect), ...bearer(token) };
  const who = await readAnswer(
    await tools.request({ method: 'GET', path: current, headers: asked, safe: true }),
  );
  if (!isSuccess(who)) throw failureOfRead(who, { method: 'GET', path: current });
  return signedInAs(token, who.json);
}

function throwForLogin(read: Read, call: CallName): void {
  const { code } = saidIn(read.json);
  if (read.status === 401) throw unauthorised(call, 'login, password or organisation is wrong', code);
  throwForWorld(read, call);
  if (!isSuccess(read)) throw failureOfRead(read, call);
}

function signedInAs(token: string, json: unknown): SignedIn {
  const body = SessionBody.safeParse(json).data;
  return {
    token,
    userId: body?.user == null ? null : foldId(body.user.id),
    organisation: body?.org ?? null,
  };
}

interface Tenant {
  readonly organisation: Named;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A tenant's session acts on its own organisation. A provider's acts on another through two headers: the bare UUID
 * (all of 10.2 answers 401 to a URN) and the name (SDK govcd/tenant_context.go, 2026); without them a create would
 * make a provider user.
 */
async function findOrganisation(config: Config, signedIn: SignedIn, send: Send): Promise<Tenant> {
  const { organisation: name } = config;
  const own = signedIn.organisation;
  if (!isSystem(organisationOf(config)) || isSystem(name)) {
    if (own !== null && own.name.toLowerCase() !== name.toLowerCase()) throw wrongOrganisation(name);
    return { organisation: own ?? { id: '', name }, headers: {} };
  }
  const found = await organisationNamed(name, send);
  const uuid = found.id.slice(found.id.lastIndexOf(':') + 1);
  return {
    organisation: found,
    headers: { 'x-vmware-vcloud-tenant-context': uuid, 'x-vmware-vcloud-auth-context': found.name },
  };
}

async function organisationNamed(name: string, send: Send): Promise<Named> {
  const filter = filterBy('name', name) ?? {};
  const list = { path: `${root}/orgs`, query: { sortAsc: 'name', ...filter } };
  for await (const values of readPages(send, list)) {
    for (const value of values) {
      const found = Named.safeParse(value).data;
      if (found?.name === name && urn('org').test(found.id)) return found;
    }
  }
  throw wrongOrganisation(name);
}

function wrongOrganisation(name: string): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `The account that signs in does not see an organisation ${name}.`,
    hint: 'Check target.organisation: it is the name as in the tenant address, not the display name.',
  });
}

/** Content-Type goes with every request, the version with Accept only (OpenAPI text of 37.2). */
function headersOf(dialect: Dialect): Readonly<Record<string, string>> {
  return {
    accept: `application/json;version=${dialect.version}`,
    'content-type': 'application/json',
  };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, 'x-vmware-vcloud-token-type': 'Bearer' };
}

function isReference(text: string): boolean {
  return /^(env|file):/.test(text);
}
