import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Change } from '../domain/change.ts';
import { Failure } from '../domain/failure.ts';
import { PlanEnd, PlanHeader } from './plan.ts';

/** A plan file whose every byte was found to be the one that was written. */
export interface SavedPlan {
  readonly file: string;
  readonly header: PlanHeader;
  readonly end: PlanEnd;
  /** SHA-256 over its bytes, in hex. */
  readonly hash: string;
}

const chunkBytes = 1 << 18;
const lineFeed = 10;

/**
 * Reads a plan once, to its end, and believes nothing of it unless its hash is right.
 *
 * @throws Failure (exit 1): `PLAN_UNREADABLE`, `PLAN_OTHER_VERSION`, `PLAN_DAMAGED`
 */
export function readPlan(file: string): SavedPlan {
  const hash = createHash('sha256');
  let first: Buffer | null = null;
  let last: Buffer | null = null;
  for (const line of linesOf(file)) {
    first ??= line;
    if (last !== null) hash.update(last);
    last = line;
  }
  if (first === null || last === null || first === last) throw damaged(file);
  const version = versionOf(first);
  const end = endOf(last, hash);
  if (end === null) throw version === 2 ? damaged(file) : otherVersion(file, version);
  if (version !== 2) throw otherVersion(file, version);
  const header = PlanHeader.safeParse(jsonOf(first));
  if (!header.success) throw damaged(file);
  return { file, header: header.data, end, hash: end.planHash };
}

/**
 * The changes of a plan, in their order. What was taken before its end is worth nothing when it throws.
 *
 * @throws Failure (exit 1): `PLAN_DAMAGED` at the end of a file that is not the one that was read before
 */
export function* planChanges(plan: SavedPlan): Generator<Change> {
  const hash = createHash('sha256');
  let last: Buffer | null = null;
  let count = 0;
  for (const line of linesOf(plan.file)) {
    if (last !== null) {
      hash.update(last);
      // The first line is the header.
      if (count > 0) yield changeOf(last, plan);
      count += 1;
    }
    last = line;
  }
  if (last === null || endOf(last, hash)?.planHash !== plan.hash) throw damaged(plan.file);
}

function changeOf(line: Buffer, { file }: SavedPlan): Change {
  const change = jsonOf(line);
  if (change === null || typeof change !== 'object') throw damaged(file);
  return change as Change;
}

/** The last line, if the hash in it is that of everything before it and of itself. */
function endOf(line: Buffer, before: Hash): PlanEnd | null {
  const end = jsonOf(line);
  if (!PlanEnd.safeParse(end).success) return null;
  const { planHash, ...unsigned } = end as PlanEnd;
  const hash = before.update(JSON.stringify(unsigned)).digest('hex');
  const written = Buffer.from(`${JSON.stringify({ ...unsigned, planHash: hash })}\n`);
  return hash === planHash && written.equals(line) ? (end as PlanEnd) : null;
}

/** Null for what is no JSON. */
function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return null;
  }
}

function versionOf(line: Buffer): unknown {
  const header = jsonOf(line);
  if (header === null || typeof header !== 'object') return null;
  const { format, version } = header as { readonly format?: unknown; readonly version?: unknown };
  return format === 'rollcall-plan' ? version : null;
}

/** Every line with its line end, as bytes, with no more in memory than one of them and a chunk. */
function* linesOf(file: string): Generator<Buffer> {
  const descriptor = opened(file);
  try {
    let rest: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const bytes = readSync(descriptor, chunk, 0, chunkBytes, null);
      if (bytes === 0) break;
      let from = 0;
      for (let at = chunk.indexOf(lineFeed); at !== -1 && at < bytes; at = chunk.indexOf(lineFeed, from)) {
        const line = chunk.subarray(from, at + 1);
        yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
        rest = [];
        from = at + 1;
      }
      if (from < bytes) rest.push(chunk.subarray(from, bytes));
    }
    if (rest.length > 0) yield Buffer.concat(rest);
  } catch (cause) {
    throw cause instanceof Failure ? cause : unreadable(file, cause);
  } finally {
    closeSync(descriptor);
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return new Failure({
    code: 'PLAN_UNREADABLE',
    message: `The plan ${file} cannot be read (${code}).`,
    hint: 'Name a file that `rollcall plan JOB --out FILE` wrote, or runs/<run>/plan.ndjson.',
    exit: 1,
    cause,
  });
}

function damaged(file: string): Failure {
  return new Failure({
    code: 'PLAN_DAMAGED',
    message: `${file} is not the plan that was written: its bytes do not have the hash that stands in it.`,
    hint: 'Make the plan anew and have it reviewed again: rollcall plan JOB --out FILE',
    exit: 1,
  });
}

function otherVersion(file: string, version: unknown): Failure {
  const what = typeof version === 'number' ? `a plan of format ${version}` : 'no plan of rollcall';
  return new Failure({
    code: 'PLAN_OTHER_VERSION',
    message: `${file} is ${what}; this rollcall applies plans of format 2.`,
    hint: 'Make the plan anew: rollcall plan JOB --out FILE',
    exit: 1,
  });
}
