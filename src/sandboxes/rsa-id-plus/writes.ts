import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RequestFaults } from '../fault-book.ts';
import type { Refusal } from '../faults.ts';
import { accepted, type Journal } from '../journal.ts';
import { appError, codeOf, faultOf, SaveBody, saveAnswer } from './answers.ts';
import type { Directory, RsaUser } from './directory.ts';
import { judge, saved, spoil } from './judge.ts';
import type { Operation } from './facts.ts';

export interface Domain {
  readonly directory: Directory;
  readonly journal: Journal;
}

/** Creates or updates, or says what is wrong: with HTTP 200 and flags, or with 400 for a body of another form. */
export function save(
  domain: Domain,
  op: 'create' | 'update',
  json: unknown,
  faults: RequestFaults,
): Response {
  const parsed = SaveBody.safeParse(json);
  const login = parsed.data?.userName ?? '';
  const refusedWhole = faults.action.refuseBatch;
  if (!parsed.success || refusedWhole !== undefined) {
    const status = refusedWhole?.status ?? 400;
    note(domain, op, { key: login, status: refusedWhole?.errorcode ?? codeOf(400) });
    return appError(status, refusedWhole?.errormessage ?? 'The request body is not valid.');
  }
  const before = op === 'update' ? domain.directory.find(parsed.data.id ?? '') : null;
  if (op === 'update' && before === null) {
    note(domain, op, { key: login, status: codeOf(400) });
    return appError(400, `User ${parsed.data.id} not found`);
  }
  const key = before?.userName ?? login;
  const fault = faults.refusal(key);
  if (fault !== null && isHttpCode(fault)) {
    note(domain, op, { key, status: fault.errorcode, before });
    return faultAnswer(fault);
  }
  return saveJudged(domain, op, { body: parsed.data, before, fault, key });
}

function saveJudged(
  domain: Domain,
  op: 'create' | 'update',
  asked: {
    readonly body: SaveBody;
    readonly before: RsaUser | null;
    readonly fault: Refusal | null;
    readonly key: string;
  },
): Response {
  const { directory } = domain;
  const { body, before, fault, key } = asked;
  const verdict = judge(body, before, directory);
  const judged = fault === null ? verdict : spoil(verdict, fault);
  const wrong = faultOf(judged);
  const id = before?.id ?? (wrong === null ? randomUUID() : null);
  const after = wrong === null && id !== null ? saved(body, before, id, directory) : before;
  note(domain, op, { key, status: wrong ?? accepted, before, after });
  if (wrong === null && after !== null) directory.put(after);
  return Response.json(saveAnswer(judged, { id, email: body.email ?? '' }));
}

const StatusBody = z.strictObject({ userStatus: z.enum(['Enabled', 'Disabled']) });
const MarkBody = z.strictObject({ markDeleted: z.union([z.boolean(), z.enum(['true', 'false'])]) });

export function changeStatus(domain: Domain, id: string, json: unknown, faults: RequestFaults): Response {
  const parsed = StatusBody.safeParse(json);
  // The words of a real 400 (a public client's recorded answer, 2026).
  if (!parsed.success) return appError(400, 'Wrong number of properties in the request body.');
  const { userStatus } = parsed.data;
  return changeOne(domain, userStatus === 'Enabled' ? 'enable' : 'disable', id, faults, (user) =>
    user.markDeleted
      ? appError(409, 'The user is pending deletion.')
      : { after: { ...user, userStatus }, answer: Response.json({ id, userStatus }) },
  );
}

export function mark(domain: Domain, id: string, json: unknown, faults: RequestFaults): Response {
  const parsed = MarkBody.safeParse(json);
  if (!parsed.success) return appError(400, 'Wrong number of properties in the request body.');
  const markDeleted = String(parsed.data.markDeleted) === 'true';
  return changeOne(domain, markDeleted ? 'mark-deleted' : 'unmark-deleted', id, faults, (user) => {
    if (user.scimManaged) return appError(405, 'The identity source is SCIM managed.');
    if (user.markDeleted === markDeleted) {
      return appError(409, `The user is ${markDeleted ? 'already' : 'not'} pending deletion.`);
    }
    if (markDeleted && user.userStatus === 'Enabled') return appError(409, 'The user is not disabled.');
    return { after: { ...user, markDeleted }, answer: Response.json({ id, markDeleted }) };
  });
}

export function deleteNow(domain: Domain, id: string, faults: RequestFaults): Response {
  return changeOne(domain, 'delete', id, faults, (user) => {
    if (user.scimManaged) return appError(405, 'The identity source is SCIM managed.');
    if (user.markDeleted) return appError(409, 'The user is pending deletion.');
    if (user.userStatus === 'Enabled') return appError(409, 'The user is not disabled.');
    return { after: null, answer: new Response(null, { status: 200 }) };
  });
}

interface Changed {
  readonly after: RsaUser | null;
  readonly answer: Response;
}

function changeOne(
  domain: Domain,
  op: Operation,
  id: string,
  faults: RequestFaults,
  change: (user: RsaUser) => Changed | Response,
): Response {
  const user = domain.directory.find(id);
  if (user === null) {
    note(domain, op, { key: id, status: codeOf(404) });
    return appError(404, `User ${id} not found`);
  }
  const fault = faults.action.refuseBatch ?? faults.refusal(user.userName);
  if (fault !== null) {
    note(domain, op, { key: user.userName, status: fault.errorcode, before: user });
    return faultAnswer(fault);
  }
  const changed = change(user);
  if (changed instanceof Response) {
    note(domain, op, { key: user.userName, status: codeOf(changed.status), before: user });
    return changed;
  }
  note(domain, op, { key: user.userName, status: accepted, before: user, after: changed.after });
  if (changed.after === null) domain.directory.remove(id);
  else domain.directory.put(changed.after);
  return changed.answer;
}

/** A rule's code such as `409 CONFLICT` is an HTTP status of its own; any other is a 400. */
function isHttpCode({ errorcode }: Refusal): boolean {
  return /^[45]\d\d [A-Z_]+$/.test(errorcode);
}

function faultAnswer(fault: Refusal): Response {
  const status = isHttpCode(fault) ? Number(fault.errorcode.slice(0, 3)) : 400;
  const code = isHttpCode(fault) ? fault.errorcode : codeOf(status);
  return Response.json({ code, description: fault.errormessage }, { status });
}

/** Writes the journal first: what it does not hold has not happened. A refused user is afterwards as before. */
function note(
  { journal }: Domain,
  op: Operation,
  line: {
    readonly key: string;
    readonly status: string;
    readonly before?: RsaUser | null;
    readonly after?: RsaUser | null;
  },
): void {
  const { key, status, before = null, after = before } = line;
  journal.append({ op, key, subject: null, status, before, after });
}
