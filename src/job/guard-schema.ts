import { z } from 'zod';
import { guardNames } from '../domain/guard-settings.ts';

const percentText = z
  .string()
  .regex(
    /^(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%$/,
    'must be a percentage such as `5%` or `2.5%`, or a count',
  );
const count = z.int().min(0, 'must be 0 or more').max(1_000_000_000, 'must be at most 1000000000');

const limitFields = {
  percent: z
    .union([percentText, z.number().min(0).max(100)], { error: 'must be a percentage such as `5%`' })
    .optional()
    .describe('Of what the guard speaks of: managed users, rows, cells.'),
  count: count.optional().describe('A ceiling.'),
};
const needed = 'needs `percent` or `count`';

const windowLimit = z
  .union([percentText, count], { error: 'must be a percentage such as `10%`, or a whole count such as 50' })
  .optional();

/** A guard on one plan: a percentage, a count, or both. */
export const LimitFile = z.union(
  [
    percentText,
    count,
    z
      .strictObject(limitFields)
      .refine(({ percent, count: ceiling }) => (percent ?? ceiling) !== undefined, needed),
  ],
  { error: 'must be a percentage such as `5%`, a whole count such as 10, or { percent, count }' },
);
export type LimitFile = z.infer<typeof LimitFile>;

/** A guard that is judged over time, too. */
export const TimedFile = z.union(
  [
    percentText,
    count,
    z
      .strictObject({
        ...limitFields,
        per24h: windowLimit.describe(
          'For all runs of 24 hours together. Default: twice the limit of one plan.',
        ),
        per7d: windowLimit.describe('For all runs of 7 days together. Default: four times that of one plan.'),
      })
      .refine((guard) => Object.keys(guard).length > 0, needed),
  ],
  {
    error:
      'must be a percentage such as `5%`, a whole count such as 10, or { percent, count, per24h, per7d }',
  },
);
export type TimedFile = z.infer<typeof TimedFile>;

const day = z
  .string('must be a day such as 2026-12-01')
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/, { error: 'must be a day such as 2026-12-01', abort: true })
  .refine(isDay, 'must be a day that there is');
const words = (what: string) => z.string().trim().min(1).max(500).describe(what);

/** JavaScript takes the 30th of February for a day of March. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** An event that makes a plan larger than usual. */
export const ExpectedFile = z.strictObject({
  from: day.describe('First day, such as 2026-12-01, in UTC.'),
  to: day.describe('Last day; included.'),
  what: z.enum(guardNames).describe('The guard that allows more on these days.'),
  attribute: z.string().min(1).optional().describe('For `attributes`: the one that it speaks of.'),
  upTo: LimitFile.describe('What it then allows, over all runs of the days together: 40%, or 400.'),
  why: words('Why more is expected.'),
  by: words('Who says so.'),
});
export type ExpectedFile = z.infer<typeof ExpectedFile>;

const timed = (noun: string, fallback: string) =>
  TimedFile.optional().describe(
    `Most ${noun} in one run: 5%, 10, or { percent, count, per24h, per7d }. Default ${fallback}.`,
  );
const plain = (what: string, fallback: string) =>
  LimitFile.optional().describe(`${what}: 5%, 10, or { percent, count }. Default ${fallback}.`);

/** What a plan may do before a person has looked. */
export const GuardsFile = z.strictObject({
  creates: timed('creates', '20%'),
  updates: timed('updates', '50%'),
  enables: timed('enables', '5%'),
  disables: timed('disables', '5%'),
  removals: timed('removals', '2%'),
  accessLost: timed('people whom an update takes a role, group or other entry of a set', '5%'),
  attributes: z
    .union([percentText, count, z.record(z.string(), LimitFile)], {
      error: 'must be a limit for every attribute, or limits by attribute: { department: 10%, "*": 30% }',
    })
    .optional()
    .describe(
      'Most people whose value of an attribute changes: { department: 10%, "*": 30% }. Default 30% each.',
    ),
  blanked: plain('Most people whose value of an attribute goes from something to nothing', '5%'),
  keyChanges: plain('Most people whose match key, login or lasting id changes', '5%'),
  missing: plain('Most active people whom a full feed may miss for the first time', '5%'),
  targetRead: plain('Most known users whom the target no longer shows', '50%'),
  feedRows: plain('Most rows that a full feed may lose', '10%'),
  feedBytes: plain('Most bytes that a full feed may lose', '30%'),
  feedColumns: plain('Most columns that the header may lose', '20%'),
  emptyCells: plain('Most cells of a mapped column that may be empty beyond the usual', '10%'),
  rowsSetAside: plain('Most rows that may be set aside beyond the usual', '10%'),
  jobChanged: plain('Most people whom the first plan after a change of the job file may concern', '20%'),
  approval: z
    .strictObject({
      fourEyes: z.boolean().describe('True: who made a plan cannot approve it.'),
    })
    .optional()
    .describe('Who may approve a plan that guards hold.'),
  expected: z
    .array(ExpectedFile)
    .optional()
    .describe('Events that make a plan larger than usual: each raises one limit for its days.'),
});
