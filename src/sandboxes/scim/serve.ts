import type { RequestFaults } from '../fault-book.ts';
import { accepted, type Journal } from '../journal.ts';
import { errorAnswer, faultError, isJson, type Json, type ScimAnswer, ScimError } from './answers.ts';
import { type Directory, type Entry, groupId, journalled, versionOf } from './directory.ts';
import { resourceTypes, schemas, serviceProviderConfig, urns } from './facts.ts';
import { listAnswer, shownGroup, shownUser } from './lists.ts';
import { operationsOf, type PatchOperation, patchUser } from './patch-user.ts';
import { userFromBody } from './validate.ts';

export interface Domain {
  readonly directory: Directory;
  readonly journal: Journal;
}

export interface ScimRequest {
  readonly method: string;
  /** The path of SCIM itself, such as `/Users/1`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly ifMatch: string | null;
  readonly faults: RequestFaults;
}

/** Answers one request, or one operation of a bulk request. */
export function serve(domain: Domain, request: ScimRequest): ScimAnswer {
  try {
    const fault = request.faults.action.refuseBatch;
    if (fault !== undefined) throw faultError(fault);
    return route(domain, request);
  } catch (error) {
    if (error instanceof ScimError) return errorAnswer(error);
    throw error;
  }
}

function route(domain: Domain, request: ScimRequest): ScimAnswer {
  const [, kind = '', id, ...rest] = request.path.split('/');
  const isOne = id !== undefined && id !== '.search';
  if (rest.length > 0 || id === '') throw notFound();
  switch (kind) {
    case 'Users':
      if (isOne) return oneUser(domain, request, decodeURIComponent(id));
      return collection(domain, request, kind, id === '.search');
    case 'Groups':
      if (isOne) return oneGroup(domain, request, decodeURIComponent(id));
      return collection(domain, request, kind, id === '.search');
    case 'Bulk':
      if (request.method === 'POST') return bulk(domain, request);
      throw notFound();
    case 'Me':
      // Optional (RFC 7644, section 3.11).
      throw new ScimError(501, null, 'There is no /Me.');
    default:
      return discovery(domain, request, kind, id);
  }
}

function discovery(
  domain: Domain,
  { method }: ScimRequest,
  kind: string,
  id: string | undefined,
): ScimAnswer {
  const { service } = domain.directory;
  if (method === 'GET' && id === undefined) {
    if (kind === 'ServiceProviderConfig') return { status: 200, body: { ...serviceProviderConfig(service) } };
    if (kind === 'ResourceTypes') return documents(resourceTypes());
    if (kind === 'Schemas') return documents(schemas(service));
  }
  throw notFound();
}

function documents(resources: readonly object[]): ScimAnswer {
  const body = { schemas: [urns.list], totalResults: resources.length, Resources: resources };
  return { status: 200, body };
}

function collection(
  domain: Domain,
  request: ScimRequest,
  kind: 'Users' | 'Groups',
  isSearch: boolean,
): ScimAnswer {
  if (isSearch && request.method === 'POST') {
    if (!isJson(request.body)) throw new ScimError(400, 'invalidSyntax', 'The body is not an object.');
    const { schemas: named, attributes, ...rest } = request.body;
    if (!Array.isArray(named) || !named.includes(urns.search)) {
      throw new ScimError(400, 'invalidSyntax', 'The body is no SearchRequest.');
    }
    const query = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]));
    const wanted = Array.isArray(attributes) ? { attributes: attributes.join(',') } : {};
    return listAnswer(domain.directory, kind, { ...query, ...wanted }, request.faults.action);
  }
  if (!isSearch && request.method === 'GET') {
    return listAnswer(domain.directory, kind, request.query, request.faults.action);
  }
  if (!isSearch && request.method === 'POST' && kind === 'Users') return createUser(domain, request);
  throw new ScimError(501, null, 'The sandbox does not do this.');
}

/** Judges a write of one user; whatever becomes of it stands in the journal before the answer leaves. */
function settle(
  domain: Domain,
  write: { readonly key: string; readonly subject: string | null; readonly before: Entry | null },
  judge: () => { readonly op: string; readonly after: Entry | null },
  refusedOp: string,
): Entry | null {
  const { directory, journal } = domain;
  const { key, subject, before } = write;
  try {
    const { op, after } = judge();
    const line = { op, key: String(before?.user.userName ?? key), subject, status: accepted };
    journal.append({ ...line, before: journalled(before), after: journalled(after) });
    if (after !== null) directory.put(after);
    else if (before !== null) directory.remove(before);
    return after;
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    const shown = journalled(before);
    const line = { op: refusedOp, key: String(before?.user.userName ?? key), subject, status: error.code };
    journal.append({ ...line, before: shown, after: shown });
    throw error;
  }
}

function refuseByFault(request: ScimRequest, login: string): void {
  const fault = request.faults.refusal(login);
  if (fault !== null) throw faultError(fault);
}

function createUser(domain: Domain, request: ScimRequest): ScimAnswer {
  const { directory } = domain;
  const login = isJson(request.body) ? String(request.body.userName ?? '') : '';
  const entry = settle(
    domain,
    { key: login, subject: null, before: null },
    () => {
      refuseByFault(request, login);
      const user = userFromBody(request.body);
      return { op: 'create', after: directory.draft({ active: false, ...user }, null, []) };
    },
    'create',
  );
  if (entry === null) throw notFound();
  const body = shownUser(directory, entry, null);
  return { status: 201, body, headers: { ...etagOf(directory, entry), Location: `/Users/${entry.id}` } };
}

function oneUser(domain: Domain, request: ScimRequest, id: string): ScimAnswer {
  const { directory } = domain;
  const before = directory.find(id);
  if (before === null) throw notFound();
  const login = String(before.user.userName);
  const write = { key: login, subject: null, before };
  const { method } = request;
  if (method === 'GET') {
    const body = shownUser(directory, before, request.query.attributes ?? null);
    return { status: 200, body, headers: etagOf(directory, before) };
  }
  if (method === 'DELETE') {
    settle(
      domain,
      write,
      () => {
        refuseByFault(request, login);
        return { op: 'remove', after: null };
      },
      'remove',
    );
    return { status: 204, body: null };
  }
  if (method !== 'PUT' && (method !== 'PATCH' || !directory.service.patch)) {
    throw new ScimError(501, null, `${method} is not supported.`);
  }
  const after = settle(
    domain,
    write,
    () => {
      refuseByFault(request, login);
      requireVersion(directory, before, request.ifMatch);
      const user =
        method === 'PUT'
          ? { active: true, ...userFromBody(request.body) }
          : patchUser(
              before.user,
              operationsOf(request.body, directory.service.dialect),
              directory.service.dialect,
            );
      return { op: opOf(before.user, user), after: directory.draft(user, before, before.groups) };
    },
    'update',
  );
  if (after === null) throw notFound();
  return { status: 200, body: shownUser(directory, after, null), headers: etagOf(directory, after) };
}

function opOf(before: Json, after: Json): string {
  if (before.active === after.active) return 'update';
  return after.active === true ? 'enable' : 'disable';
}

function requireVersion(directory: Directory, entry: Entry, ifMatch: string | null): void {
  if (ifMatch === null || !directory.service.etag || ifMatch === '*') return;
  if (ifMatch !== versionOf(entry)) throw new ScimError(412, null, 'The version is another.');
}

function etagOf(directory: Directory, entry: Entry): Record<string, string> {
  return directory.service.etag ? { ETag: versionOf(entry) } : {};
}

function oneGroup(domain: Domain, request: ScimRequest, id: string): ScimAnswer {
  const { directory } = domain;
  const name = directory.groups().get(id);
  if (name === undefined || groupId(name) !== id) throw notFound();
  const { method } = request;
  if (method === 'GET')
    return { status: 200, body: shownGroup(directory, id, name, request.query.attributes) };
  if (method === 'PUT') {
    const members = membersIn(isJson(request.body) ? request.body.members : undefined);
    writeMembers(domain, request, name, setMembers(directory, name, members));
    return { status: 200, body: shownGroup(directory, id, name, undefined) };
  }
  if (method !== 'PATCH' || !directory.service.patch) {
    throw new ScimError(501, null, `${method} is not supported.`);
  }
  const operations = operationsOf(request.body, directory.service.dialect);
  const moves = operations.flatMap((operation) => movesOf(directory, name, operation));
  writeMembers(domain, request, name, moves);
  return { status: 204, body: null };
}

/** A user who joins a group, or leaves it. */
interface Move {
  readonly id: string;
  readonly joins: boolean;
}

function movesOf(directory: Directory, name: string, operation: PatchOperation): readonly Move[] {
  const { op, path, value } = operation;
  const selected = /^members\[value eq ("(?:[^"\\]|\\.)*")\]$/i.exec(path ?? '')?.[1];
  if (op === 'remove' && selected !== undefined) return [{ id: String(JSON.parse(selected)), joins: false }];
  if (path?.toLowerCase() !== 'members') {
    throw new ScimError(400, 'invalidPath', 'Only members can be written here.');
  }
  if (op === 'replace') return setMembers(directory, name, membersIn(value));
  if (op === 'remove' && directory.service.dialect !== 'entra') {
    throw new ScimError(400, 'invalidPath', 'A member is removed by a path with a filter.');
  }
  return membersIn(value).map((id) => ({ id, joins: op === 'add' }));
}

function membersIn(value: unknown): readonly string[] {
  const entries = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return entries.map((entry: unknown) => {
    if (!isJson(entry) || typeof entry.value !== 'string') {
      throw new ScimError(400, 'invalidValue', 'A member has no value.');
    }
    return entry.value;
  });
}

/** The moves after which the group has these members and no others. */
function setMembers(directory: Directory, name: string, ids: readonly string[]): readonly Move[] {
  const wanted = new Set(ids);
  const held = [...directory.entries()].filter(({ groups }) => groups.includes(name)).map(({ id }) => id);
  return [
    ...held.filter((id) => !wanted.has(id)).map((id) => ({ id, joins: false })),
    ...ids.filter((id) => !held.includes(id)).map((id) => ({ id, joins: true })),
  ];
}

/** All moves or none (RFC 7644, section 3.5.2): each has its line in the journal, and each the refusal of one. */
function writeMembers(domain: Domain, request: ScimRequest, name: string, moves: readonly Move[]): void {
  const { directory } = domain;
  let refusal: ScimError | null = null;
  for (const { id } of moves) {
    const entry = directory.find(id);
    const fault = entry === null ? null : request.faults.refusal(String(entry.user.userName));
    if (entry === null) refusal ??= new ScimError(400, 'invalidValue', 'A member is no user.');
    else if (fault !== null) refusal ??= faultError(fault);
  }
  for (const { id, joins } of moves) {
    const op = joins ? 'add-to-group' : 'remove-from-group';
    const before = directory.find(id);
    const judge = (): { readonly op: string; readonly after: Entry | null } => {
      if (refusal !== null || before === null) throw refusal ?? notFound();
      const others = before.groups.filter((group) => group !== name);
      return { op, after: { ...before, groups: joins ? [...others, name].sort() : others } };
    };
    try {
      settle(domain, { key: id, subject: name, before }, judge, op);
    } catch (error) {
      if (error !== refusal) throw error;
    }
  }
  if (refusal !== null) throw refusal;
}

function bulk(domain: Domain, request: ScimRequest): ScimAnswer {
  const { service } = domain.directory;
  const { body } = request;
  if (!service.bulk) throw new ScimError(501, null, 'Bulk is not supported.');
  const isBulk = isJson(body) && Array.isArray(body.schemas) && body.schemas.includes(urns.bulkRequest);
  if (!isBulk || !Array.isArray(body.Operations)) {
    throw new ScimError(400, 'invalidSyntax', 'The body is no BulkRequest with Operations.');
  }
  const operations = body.Operations as readonly unknown[];
  const tooLarge = Buffer.byteLength(JSON.stringify(body)) > service.maxPayloadSize;
  if (tooLarge || operations.length > service.maxOperations) {
    throw new ScimError(413, null, 'The bulk request is larger than maxOperations or maxPayloadSize allow.');
  }
  const mostErrors = typeof body.failOnErrors === 'number' ? body.failOnErrors : Number.POSITIVE_INFINITY;
  const results: Json[] = [];
  let errors = 0;
  for (const operation of operations) {
    if (errors >= mostErrors) break;
    const result = bulkOperation(domain, request, operation);
    if (Number(result.status) >= 400) errors += 1;
    results.push(result);
  }
  const { contradict, stringStatus } = request.faults.action;
  if (contradict === 'counts') results.pop();
  const shown =
    stringStatus === true ? results.map((one) => ({ ...one, status: { code: one.status } })) : results;
  return { status: 200, body: { schemas: [urns.bulkResponse], Operations: shown } };
}

/** Only what was created has to name its bulkId again (RFC 7644, section 3.7). */
function bulkOperation(domain: Domain, request: ScimRequest, operation: unknown): Json {
  if (!isJson(operation) || typeof operation.method !== 'string' || typeof operation.path !== 'string') {
    return {
      status: '400',
      response: errorAnswer(new ScimError(400, 'invalidSyntax', 'No operation.')).body,
    };
  }
  const { method, path, bulkId, data, version } = operation;
  if (method === 'POST' && typeof bulkId !== 'string') {
    const error = new ScimError(400, 'invalidSyntax', 'A POST has no bulkId.');
    return { method, status: '400', response: errorAnswer(error).body };
  }
  const faults = { ...request.faults, action: {} };
  const ifMatch = typeof version === 'string' ? version : null;
  const answer = serve(domain, { method, path, query: {}, body: data, ifMatch, faults });
  const location = answer.headers?.Location ?? (path === '/Users' ? undefined : path);
  return {
    method,
    ...(method === 'POST' ? { bulkId } : {}),
    ...(location === undefined ? {} : { location }),
    status: String(answer.status),
    ...(answer.status >= 400 ? { response: answer.body } : {}),
  };
}

function notFound(): ScimError {
  return new ScimError(404, null, 'There is no such resource.');
}
