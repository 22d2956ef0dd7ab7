import type { Item } from '../../contracts/provider.ts';
import type { Outcome } from '../../domain/change.ts';
import { outcome, succeeded } from '../../domain/outcome.ts';
import type { Redact } from '../../domain/redaction.ts';
import {
  type CallName,
  failureOfError,
  failureOfStatus,
  unauthorisedFailure,
  unreadable,
} from './answers.ts';
import { codeOf, existsCode, wordingOf } from './codes.ts';
import { idOfItem, idOfLogin } from './login.ts';
import { type FailedItem, WriteAnswer } from './wire.ts';

/** A write's answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export interface OutcomeSettings {
  readonly redact: Redact;
  readonly existsCodes: readonly string[];
  readonly missingCodes: readonly string[];
}

/**
 * Judges what became of each item of a request. The service names only the items that failed, and `status: 0`
 * is also said when some or all did, so success is what is left over: claimed only when status, counts and items
 * agree, else the rest is unknown. Throws a `TargetFailure` when the answer is not about single items.
 */
export function judgeAnswer(
  items: readonly Item[],
  raw: RawAnswer,
  call: CallName,
  settings: OutcomeSettings,
): (item: Item) => Outcome {
  const answer = parse(raw.text);
  if (raw.status === 401 || raw.status === 403) {
    const code = codeOf(answer?.error?.errorcode);
    throw unauthorisedFailure(call, wordingOf(code) ?? `HTTP ${raw.status}`, code);
  }
  if (answer === null)
    throw failureOfStatus(raw.status, call) ?? unreadable(call, 'it has no status and details');
  const { details } = answer;
  if (details == null) {
    // -1 means "still running" in the asynchronous v1 calls: then nothing is decided yet.
    if (answer.status === -1) throw unreadable(call, 'it says that the work still goes on');
    if (answer.status !== 0) throw failureOfError(answer.status, answer.error, call, settings.redact);
    throw failureOfStatus(raw.status, call) ?? unreadable(call, 'it has a status and no details');
  }
  const failed = new Map((details.faileditems ?? []).map((item) => [idOfLogin(item.userlogin), item]));
  const proven = isSuccess(raw, answer) && countsAgree(items, answer, failed);
  return (item) => {
    const failure = failed.get(idOfItem(item));
    if (failure !== undefined) return failedOutcome(item, failure, settings);
    return proven ? succeeded(item.step.action === 'add' ? idOfItem(item) : null) : contradictory;
  };
}

function parse(text: string): WriteAnswer | null {
  try {
    return WriteAnswer.safeParse(JSON.parse(text.replace(/^\uFEFF/, ''))).data ?? null;
  } catch {
    return null;
  }
}

function isSuccess(raw: RawAnswer, answer: WriteAnswer): boolean {
  return raw.status >= 200 && raw.status < 300 && answer.status === 0 && answer.error == null;
}

function countsAgree(
  items: readonly Item[],
  answer: WriteAnswer,
  failed: ReadonlyMap<string, FailedItem>,
): boolean {
  const { details } = answer;
  if (details == null) return false;
  const asked = new Set(items.map(idOfItem));
  return (
    details.processed === items.length &&
    details.failed === (details.faileditems ?? []).length &&
    details.succeeded === details.processed - details.failed &&
    // A login that is named twice, or that nobody asked for, makes the names worth no more than wrong counts.
    failed.size === details.failed &&
    [...failed.keys()].every((id) => asked.has(id))
  );
}

function failedOutcome(item: Item, failure: FailedItem, settings: OutcomeSettings): Outcome {
  const { action } = item.step;
  const code = codeOf(failure.errorcode);
  if (action === 'add' && code !== null && settings.existsCodes.includes(code)) {
    const message = 'An account with this login exists in the identity domain; it was left as it is.';
    return { ...outcome('conflict', 'ALREADY_EXISTS', code, message), userId: idOfItem(item) };
  }
  if (action === 'update' && code === existsCode) {
    const message = 'The service answers so when nothing changes, or when the account needs a look.';
    return outcome('unknown', 'ALREADY_SO', code, message);
  }
  if (action === 'remove' && code !== null && settings.missingCodes.includes(code)) {
    return outcome('succeeded', 'ALREADY_SO', code, 'The account was gone already.');
  }
  const vendorText = failure.errormessage ? settings.redact(failure.errormessage) : null;
  const message = wordingOf(code) ?? vendorText ?? 'the service did not say why';
  return outcome('failed', 'REFUSED', code, `Oracle EPM refused this user: ${message}`);
}

/** The signed-in account is never written; the service would refuse the whole request (PREST Remove Users, 2025). */
export const ownAccount: Outcome = outcome(
  'failed',
  'OWN_ACCOUNT',
  null,
  'This is, or may be, the account that rollcall signs in with. If it is not, set target.ownLogin.',
);

const contradictory: Outcome = outcome(
  'unknown',
  'CONTRADICTORY_ANSWER',
  null,
  'The status and counts of the answer contradict the users that it names.',
);
