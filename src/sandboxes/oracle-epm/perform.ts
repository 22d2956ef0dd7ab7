import type { RequestFaults } from '../fault-book.ts';
import type { Refusal } from '../faults.ts';
import { accepted, type Journal } from '../journal.ts';
import type { SandboxAccount } from '../sandbox.ts';
import { type Call, type FailedItem, itemsAnswer, refusalAnswer } from './answers.ts';
import { type Directory, foldLogin } from './directory.ts';
import { refusals } from './facts.ts';
import { loginsOf, subjectOf } from './payload.ts';
import type { Payload, Verdict, Write } from './writes.ts';

export interface Domain {
  readonly account: SandboxAccount;
  readonly directory: Directory;
  readonly journal: Journal;
}

export interface WriteRequest {
  readonly call: Call;
  readonly json: unknown;
  readonly faults: RequestFaults;
}

export interface Performed {
  readonly httpStatus: number;
  readonly answer: object;
}

/** Carries out one v2 write, or refuses it whole; HTTP 200 either way unless a fault says otherwise. */
export function perform(domain: Domain, write: Write, request: WriteRequest): Performed {
  const parsed = write.payload.safeParse(request.json);
  if (!parsed.success || (write.sparesCaller && namesCaller(domain, parsed.data))) {
    return refuse(domain, write, request, refusals.insufficient(write.op));
  }
  const fault = request.faults.action.refuseBatch;
  if (fault !== undefined) {
    return { ...refuse(domain, write, request, fault), httpStatus: fault.status ?? 200 };
  }
  const refusal = write.refuses(parsed.data, domain.directory);
  return refusal === null
    ? performItems(domain, write, request, parsed.data)
    : refuse(domain, write, request, refusal);
}

function namesCaller(domain: Domain, payload: Payload): boolean {
  const caller = foldLogin(domain.account.username);
  return payload.users.some(({ userlogin }) => foldLogin(userlogin) === caller);
}

/** Items are judged in their order, each by what those before it have left. */
function performItems(domain: Domain, write: Write, request: WriteRequest, payload: Payload): Performed {
  const subject = subjectOf(payload);
  const failed: FailedItem[] = [];
  for (const item of payload.users) {
    const before = domain.directory.find(item.userlogin);
    const fault = request.faults.refusal(item.userlogin);
    const verdict = fault === null ? write.judge(item, before, subject ?? '') : { refusal: fault };
    settle(domain, write, subject, item.userlogin, verdict);
    if ('refusal' in verdict) {
      failed.push({ userlogin: item.userlogin, ...verdict.refusal });
    }
  }
  const answer = itemsAnswer(request.call, payload.users.length, failed, request.faults.action);
  return { httpStatus: 200, answer };
}

/** Every user whom a refused request names gets a line, so that the journal alone tells what was asked. */
function refuse(domain: Domain, write: Write, request: WriteRequest, refusal: Refusal): Performed {
  for (const login of loginsOf(request.json)) {
    settle(domain, write, subjectOf(request.json), login, { refusal });
  }
  return { httpStatus: 200, answer: refusalAnswer(request.call, refusal, request.faults.action) };
}

/** Writes the journal first: what it does not hold has not happened. */
function settle(domain: Domain, write: Write, subject: string | null, login: string, verdict: Verdict): void {
  const { directory, journal } = domain;
  const before = directory.find(login);
  const after = 'after' in verdict ? verdict.after : before;
  journal.append({
    op: write.op,
    key: before?.userlogin ?? login,
    subject,
    status: 'refusal' in verdict ? verdict.refusal.errorcode : accepted,
    before,
    after,
  });
  if ('refusal' in verdict) {
    return;
  }
  if (after === null) {
    directory.remove(login);
  } else {
    directory.put(after);
  }
}
