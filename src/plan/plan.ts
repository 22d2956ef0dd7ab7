import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Change } from '../domain/change.ts';

/*
 * A plan is a file of lines, each a JSON text: the header, one line for each change, the end. The end holds a hash
 * over every byte before it and over itself without that hash, so a plan with a changed byte is known by it. Nothing
 * in a plan depends on the clock or on the run: the same inputs give the same bytes.
 */

export const PlanHeader = z.strictObject({
  format: z.literal('rollcall-plan'),
  version: z.literal(1),
  job: z.string(),
  jobSha256: z.string(),
  /** The moment that the plan speaks of. */
  asOf: z.string(),
  feed: z.strictObject({ path: z.string(), sha256: z.string(), bytes: z.number(), rows: z.number() }),
  target: z.strictObject({ provider: z.string(), baseUrl: z.string() }),
  stateSha256: z.string(),
  /** The ledger that the plan belongs to, and the last run that had been applied in it. */
  ledger: z.strictObject({ lineage: z.string(), lastAppliedRun: z.string().nullable() }),
  /** Headers of the mapped columns, in the order of the cells of a change's rows. */
  columns: z.array(z.string()),
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
    const text = `${JSON.stringify(value)}\n`;
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
