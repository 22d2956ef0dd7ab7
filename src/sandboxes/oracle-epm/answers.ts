import type { FaultAction, Refusal } from '../faults.ts';

/** What an answer is about, for its `links`. */
export interface Call {
  readonly href: string;
  readonly action: string;
}

export interface FailedItem extends Refusal {
  readonly userlogin: string;
}

type Status = number | string;

/** The answer of a v2 write that was taken up, with its failed items: `status` 0 even then, as on the seed page. */
export function itemsAnswer(
  call: Call,
  processed: number,
  failed: readonly FailedItem[],
  fault: FaultAction,
): object {
  const counts =
    fault.contradict === undefined
      ? { succeeded: processed - failed.length, failed: failed.length }
      : contradictoryCounts(processed, failed.length);
  return {
    links: call,
    status: statusOf(0, fault),
    error: null,
    details: { processed, ...counts, faileditems: failed.length === 0 ? null : failed },
  };
}

/** Counts that deny the failed items, or speak of one where there is none. */
function contradictoryCounts(processed: number, failed: number): { succeeded: number; failed: number } {
  return failed === 0 ? { succeeded: processed - 1, failed: 1 } : { succeeded: processed, failed: 0 };
}

/** The answer of a v2 request that was refused as a whole. */
export function refusalAnswer(call: Call, refusal: Refusal, fault: FaultAction): object {
  const { errorcode, errormessage } = refusal;
  return { links: call, status: statusOf(1, fault), error: { errorcode, errormessage }, details: null };
}

/** The answer of a v2 read: `links` is an object there, and `details` an array. */
export function listAnswer(call: Call, details: readonly object[], fault: FaultAction): object {
  return { links: call, status: statusOf(0, fault), error: null, details };
}

/** All of a v1 list's answer but its details; `links` is an array there. */
export function listHead(call: Call, fault: FaultAction): object {
  return { links: [{ rel: 'self', ...call, data: null }], status: statusOf(0, fault), error: null };
}

function statusOf(status: number, fault: FaultAction): Status {
  return fault.stringStatus === true ? String(status) : status;
}
