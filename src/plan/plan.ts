import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Change, operations } from '../domain/change.ts';

/*
 * A plan is a file of lines, each a JSON text: the header, one line for each change, the end. The end holds a hash
 * over every byte before it and over itself without that hash, so a plan with a changed byte is known by it. Nothing
 * in a plan depends on the clock or on the run: the same inputs give the same bytes.
 */

export const PlanHeader = z.strictObject({
  format: z.literal('rollcall-plan'),
  version: z.literal(2),
  job: z.string(),
  /** Absolute path of the job file, the environment that was laid over it, and the hash of both. */
  jobFile: z.string(),
  environment: z.string().nullable(),
  jobSha256: z.string(),
  /** The moment that the plan speaks of. */
  asOf: z.string(),
  /** In the order of the job. */
  feeds: z.array(
    z.strictObject({
      /** '' where the job has one feed. */
      name: z.string(),
      /** A file that a pattern found has its own path here. */
      path: z.string(),
      /** Whether the bytes can be read once more: what came through a pipe, or out of a command, is gone. */
      source: z.enum(['file', 'stdin', 'command']),
      /** Null for an optional feed that was not there. */
      sha256: z.string().nullable(),
      bytes: z.number(),
      rows: z.number(),
      /** Headers of the mapped columns, in the order of the cells of a change's rows. */
      columns: z.array(z.string()),
    }),
  ),
  target: z.strictObject({ name: z.string(), provider: z.string(), baseUrl: z.string() }),
  /** What the plan is about, when not about everything: these operations, these people by their lasting ids. */
  only: z.array(z.enum(operations)).nullable(),
  people: z.array(z.string()).nullable(),
  /** Whether it takes people for leavers whom a feed misses that nothing proves to be whole. */
  trustsAbsences: z.boolean(),
  /** The run that the plan undoes, and how far; null for a plan that leads to a feed. */
  revert: z.strictObject({ run: z.string(), removeCreated: z.boolean(), recreate: z.boolean() }).nullable(),
  stateSha256: z.string(),
  /** The ledger that the plan belongs to, and the last run that had been applied in it. */
  ledger: z.strictObject({ lineage: z.string(), lastAppliedRun: z.string().nullable() }),
});
export type PlanHeader = z.infer<typeof PlanHeader>;

export const PlanEnd = z.strictObject({
  changes: z.number(),
  rows: z.record(z.string(), z.number()),
  users: z.record(z.string(), z.number()),
  guards: z.array(z.record(z.string(), z.unknown())),
  planHash: z.string(),
});
export type PlanEnd = z.infer<typeof PlanEnd>;

/** The lines of a plan, each with its line end. The last one is made by `end` from what has gone before. */
export function* planLines(
  header: PlanHeader,
  changes: Iterable<Change>,
  end: Omit<PlanEnd, 'changes' | 'planHash'>,
): Generator<string, string> {
  const hash = createHash('sha256');
  const line = (value: unknown): string => {
    const text = `${jsonLine(value)}\n`;
    hash.update(text);
    return text;
  };
  yield line(header);
  let count = 0;
  for (const change of changes) {
    count += 1;
    yield line(change);
  }
  const unsigned = { changes: count, ...end };
  hash.update(JSON.stringify(unsigned));
  const planHash = hash.digest('hex');
  yield `${JSON.stringify({ ...unsigned, planHash })}\n`;
  return planHash;
}

/** JSON that every program takes for one line: some end a line at these characters, Node's readline among them. */
function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
