import type { RequestFaults } from '../fault-book.ts';
import type { Refusal } from '../faults.ts';
import { accepted, type Journal } from '../journal.ts';
import { type Problem, problem, problemAnswer } from './answers.ts';
import { type Directory, shown } from './directory.ts';
import type { Verdict, Write } from './writes.ts';

export interface Domain {
  readonly directory: Directory;
  readonly journal: Journal;
}

export interface WriteRequest {
  readonly path: string;
  readonly json: unknown;
  readonly faults: RequestFaults;
}

/** Carries out one write, or refuses it. Without a user that it names there is nothing to write down. */
export function perform(domain: Domain, write: Write, request: WriteRequest): Response {
  const key = write.keyOf(request.json);
  if (key === null) return problemAnswer(problem(400, 'Field "userKey" cannot be null'), request.path);
  const before = domain.directory.find(key);
  const fault = faultOf(request.faults, key.username);
  const verdict: Verdict =
    fault === null
      ? write.judge(request.json, key, before, new Date().toISOString())
      : { refusal: fault.refusal };
  const after = 'after' in verdict ? verdict.after : before;
  // The journal first: what it does not hold has not happened.
  domain.journal.append({
    op: write.op,
    key: key.username,
    subject: null,
    status: 'refusal' in verdict ? (fault?.code ?? String(verdict.refusal.status)) : accepted,
    before,
    after,
  });
  if ('refusal' in verdict) return problemAnswer(verdict.refusal, request.path);
  domain.directory.put(verdict.after);
  return Response.json(shown(verdict.after));
}

interface Fault {
  readonly code: string;
  readonly refusal: Problem;
}

function faultOf(faults: RequestFaults, username: string): Fault | null {
  const whole = faults.action.refuseBatch;
  if (whole !== undefined) return asFault(whole, whole.status ?? null);
  const single = faults.refusal(username);
  return single === null ? null : asFault(single, null);
}

/** A code that is a status becomes the answer's status; any other stands as the error's name beside 400. */
function asFault({ errorcode, errormessage }: Refusal, status: number | null): Fault {
  const isStatus = /^4\d\d$/.test(errorcode);
  const refusal = problem(status ?? (isStatus ? Number(errorcode) : 400), errormessage);
  return { code: errorcode, refusal: isStatus ? refusal : { ...refusal, error: errorcode } };
}
