import { TargetFailure } from '../../domain/failure.ts';
import type { Answer, Call } from './client.ts';
import type { Capabilities } from './discovery.ts';
import { idInLocation } from './outcomes.ts';
import { BulkResponse, type BulkResult, urn } from './wire.ts';

export interface Numbered {
  readonly bulkId: string;
  readonly call: Call;
}

/** Lots that respect what the service takes in one bulk request; a call that is too large alone stands alone. */
export function cutLots<T extends Numbered>(
  writes: readonly T[],
  most: NonNullable<Capabilities['bulk']>,
): readonly (readonly T[])[] {
  const lots: T[][] = [];
  let lot: T[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = Buffer.byteLength(JSON.stringify(operationOf(write))) + 1;
    const isFull = lot.length >= most.maxOperations || envelopeBytes + bytes + size > most.maxPayloadBytes;
    if (lot.length > 0 && isFull) {
      lots.push(lot);
      lot = [];
      bytes = 0;
    }
    lot.push(write);
    bytes += size;
  }
  if (lot.length > 0) lots.push(lot);
  return lots;
}

/** Without `failOnErrors` the service goes on after a refused operation (RFC 7644, section 3.7). */
export function bulkCall(writes: readonly Numbered[]): Call {
  const body = { schemas: [urn.bulk], Operations: writes.map(operationOf) };
  return { method: 'POST', path: '/Bulk', name: '/Bulk', body, safe: false, records: writes.length };
}

/**
 * The answers to the operations of a bulk request, by bulkId. A service has to give the bulkId only of what it created
 * (RFC 7644, section 3.7), so what has none is known by its method and address. An operation that nothing, or more
 * than one thing, speaks of has no answer.
 */
export function bulkAnswers(writes: readonly Numbered[], json: unknown): ReadonlyMap<string, Answer> | null {
  const parsed = BulkResponse.safeParse(json);
  if (!parsed.success) return null;
  const asked = new Map(writes.map((write) => [write.bulkId, write]));
  const answers = new Map<string, Answer>();
  const contradicted = new Set<string>();
  for (const result of parsed.data.Operations) {
    const bulkId = result.bulkId ?? byAddress(writes, result);
    if (bulkId === null || !asked.has(bulkId)) continue;
    if (answers.has(bulkId)) contradicted.add(bulkId);
    answers.set(bulkId, answerOf(result));
  }
  for (const bulkId of contradicted) answers.delete(bulkId);
  return answers;
}

/** The failure of an operation that the answer does not speak of. */
export function unanswered(): TargetFailure {
  return new TargetFailure({
    trouble: 'unreadable',
    message: 'The answer to POST /Bulk does not say what became of this operation.',
  });
}

const envelopeBytes = 100;

function operationOf({ bulkId, call }: Numbered): object {
  const { method, path, body, ifMatch } = call;
  return {
    method,
    bulkId,
    path,
    ...(ifMatch == null ? {} : { version: ifMatch }),
    ...(body === undefined ? {} : { data: body }),
  };
}

function byAddress(writes: readonly Numbered[], result: BulkResult): string | null {
  const id = idInLocation(result.location);
  const found = writes.find(
    ({ call }) =>
      call.method !== 'POST' &&
      call.method === result.method?.toUpperCase() &&
      id !== null &&
      idInLocation(call.path) === id,
  );
  return found?.bulkId ?? null;
}

function answerOf(result: BulkResult): Answer {
  const { location, response } = result;
  return {
    status: Number(result.status),
    headers: location == null ? {} : { location },
    json: response,
    isEmpty: response === undefined || response === null,
  };
}
