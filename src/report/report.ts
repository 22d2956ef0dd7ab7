import { z } from 'zod';
import { operations } from '../domain/change.ts';

const count = (what: string) => z.int().min(0).describe(what);
const time = (what: string) => z.iso.datetime().describe(`${what}, ISO 8601 in UTC.`);

const Approval = z
  .strictObject({
    by: z.string().describe('Who approved.'),
    at: time('When it was approved'),
    reason: z.string().nullable().describe('Why, in their words; null when none was given.'),
  })
  .describe('One approval of the plan.');

const JobChange = z
  .strictObject({
    field: z.string().describe('Place of the setting in the job, such as `guards.disables`.'),
    before: z.string().nullable().describe('What the job said before, as JSON; null when it did not.'),
    after: z.string().nullable().describe('What it says now.'),
    weakens: z
      .boolean()
      .describe('True when more passes than before: the plan is held until a person agrees.'),
  })
  .describe('A setting of the job that changed since it last wrote to the target.');

const Resume = z
  .strictObject({
    by: z.string().describe('The account that went on with it.'),
    at: time('When it had been gone on with'),
  })
  .describe('One `rollcall resume` of the run.');

const Part = z
  .strictObject({
    only: z
      .array(z.enum(operations))
      .nullable()
      .describe('The operations that it was about (`--only`, `--disable`); null: all.'),
    people: z
      .array(z.string())
      .nullable()
      .describe('Lasting ids of the people it was about (`--person`, `--disable`); null: everybody.'),
  })
  .describe('What a run was about that was not about everything; it accepts no feed.');

const SettledRun = z
  .strictObject({
    run: z.string().describe('Id of the earlier run.'),
    state: z
      .enum(['superseded', 'stopped'])
      .describe('`superseded`: nothing of it stays open; `stopped`: something stays in doubt.'),
    inDoubt: count('People with a write of which the look-up could not tell whether it took effect.'),
  })
  .describe('An earlier run that had not come to its end, and whose writes in doubt were looked up.');

const RunSection = z
  .strictObject({
    id: z.string().describe('Id of the run; its folder is named like it.'),
    job: z.string().describe('Name of the job.'),
    mode: z.enum(['plan', 'apply']).describe('Whether the changes were only planned or also written.'),
    startedAt: time('When the run started'),
    finishedAt: time('When the run ended'),
    asOf: time('The time by which the plan was made'),
    toolVersion: z.string().describe('Version of rollcall.'),
    jobSha256: z.string().describe('SHA-256 of the job file, in hex.'),
    jobChanges: z.array(JobChange).describe('What changed in the job since it last wrote to the target.'),
    planHash: z.string().nullable().describe('Hash of the plan; null when no plan was reached.'),
    trigger: z.string().describe('What started the run, such as `command` or `schedule`.'),
    operator: z.string().describe('The account that started the run.'),
    host: z.string().describe('The machine that the run ran on.'),
    approvals: z.array(Approval).describe('Approvals of this plan, oldest first.'),
    previousRun: z
      .string()
      .nullable()
      .describe('The last applied run of the same job and target before this one; null for the first.'),
    settled: z
      .array(SettledRun)
      .describe('What this run settled of earlier ones before its own plan, oldest first.'),
    resumes: z
      .array(Resume)
      .describe('When it was gone on with after a stop, oldest first: its report covers all of it.'),
    reverts: z.string().nullable().describe('The run that this one undoes; null for any other.'),
    part: Part.nullable().describe('What it was about; null for a run about everything.'),
  })
  .describe('The run itself.');

const FeedSection = z
  .strictObject({
    path: z.string().describe('Where the feed was read from; `-` is standard input.'),
    mode: z.enum(['full', 'delta']).describe('Whether it names everybody, or only what changed.'),
    sha256: z.string().describe('SHA-256 of the bytes read, in hex.'),
    bytes: count('Bytes read.'),
    rows: count('Records, the header and a trailer not counted.'),
    whole: z
      .enum(['proven', 'unproven', 'contradicted'])
      .describe('Whether a row count, a hash or a trailer record showed that nothing is missing.'),
    partial: z
      .boolean()
      .describe('True for a mended rejects file: it names only some people, so nobody is a leaver by it.'),
  })
  .describe('The feed that was read.');
export type FeedSection = z.infer<typeof FeedSection>;

const NamedFeedSection = FeedSection.extend({
  name: z.string().describe("Its name in the job's list of feeds."),
  missing: z.boolean().describe('True for an optional feed that was not there: its people were left alone.'),
  sha256: z.string().nullable().describe('SHA-256 of the bytes read, in hex; null when it was not there.'),
}).describe('One of several feeds.');
export type NamedFeedSection = z.infer<typeof NamedFeedSection>;

const TargetSection = z
  .strictObject({
    name: z
      .string()
      .describe('What the job calls it: which of its `targets` this report is about; else its provider.'),
    provider: z.string().describe('Id of the provider.'),
    baseUrl: z.string().describe('Address of the target.'),
  })
  .describe('The system to be written.');

const RowCounts = z
  .strictObject({
    total: count('Rows of the feed: quarantined + duplicates + excluded + unchanged + changed.'),
    quarantined: count('Rows that could not be read or are invalid.'),
    duplicates: count('Rows that lost to another row of the same person by a declared rule.'),
    excluded: count('Rows filtered out, not yet due, protected, or switched off by policy.'),
    unchanged: count('Rows whose person the target already matches.'),
    changed: count('Rows whose person has a change.'),
  })
  .describe('Where every row of the feed ended.');

const buckets = {
  planned: count('Planned and not yet written; always 0 after an apply.'),
  held: count('Held back until a person has looked; not sent.'),
  conflict: count('A person has to decide; not written, or not to its end.'),
  notSent: count('The run stopped before every step was sent.'),
  processed: count('Sent: succeeded + failed + unknown.'),
  succeeded: count('Every step succeeded.'),
  failed: count('A step failed.'),
  unknown: count('It could not be found out whether a step took effect.'),
};

const ChangeCounts = z
  .strictObject({
    total: count(
      'All changes. plan: planned + held + conflict; apply: held + conflict + notSent + processed.',
    ),
    ...buckets,
    fromAbsence: count('How many of all changes come from people whom the feed does not name.'),
  })
  .describe('Where every change ended.');

const OperationCounts = z.strictObject(buckets).describe('Where the changes of one operation ended.');

const Guard = z
  .strictObject({
    name: z.string().describe('Name of the guard.'),
    subject: z
      .string()
      .optional()
      .describe('The attribute, column or feed that it speaks of; absent where it speaks of the whole.'),
    limit: z.number().nullable().describe('What it allows; null when it has no number or no limit.'),
    actual: z.number().describe('What the plan has.'),
    tripped: z.boolean().describe('True when it holds the plan, or the part that it judges.'),
    advice: z.string().nullable().describe('What it means and what to do; null while the guard is content.'),
    allowedBy: z
      .string()
      .optional()
      .describe("What lets more pass than usual: an expected event, or a person's word."),
    released: z.literal(true).optional().describe('True when the plan passes only by that.'),
  })
  .describe('A limit on what a plan may do before a person has looked.');

export const ReportFailure = z
  .strictObject({
    line: z
      .int()
      .nullable()
      .describe('Line of the feed that asked for it; null for a person not in the feed.'),
    feed: z
      .string()
      .optional()
      .describe(
        'Name of the feed that the line is of, or that the person was last seen in; absent for one feed.',
      ),
    key: z.string().describe("The person's lasting id as the feed spells it."),
    operation: z.string().describe('create, update, enable, disable or remove.'),
    step: z.string().nullable().describe('The step that decided the result; null when none was sent.'),
    result: z.enum(['failed', 'conflict', 'unknown']).describe('What became of the change.'),
    errorCode: z.string().nullable().describe('Our own code, stable and documented.'),
    providerCode: z.string().nullable().describe("The vendor's own code, as it came."),
    message: z.string().nullable().describe('For people.'),
    attempts: count('How often the deciding step was sent.'),
    since: z.string().describe('The run in which the same failure was first seen.'),
  })
  .describe('A change that failed, is in conflict, or whose result is unknown.');
export type ReportFailure = z.infer<typeof ReportFailure>;

/** `report.json`. Scripts depend on it: a change of its shape needs a new `schemaVersion`. */
export const Report = z
  .strictObject({
    schemaVersion: z.literal(1).describe('Version of this shape.'),
    exitCode: z.int().describe('Exit code of the run, by the table in the README.'),
    run: RunSection,
    feed: z
      .union([FeedSection, z.array(NamedFeedSection)])
      .describe('The feed that was read; a list, in the order of the job, for a job with `feeds`.'),
    target: TargetSection,
    rows: RowCounts,
    changes: ChangeCounts,
    users: z
      .strictObject({
        managed: count('Users of the target that are linked to a person of this job.'),
        unmanaged: count('All others: counted, never touched.'),
      })
      .describe('Users that the target has.'),
    references: z
      .strictObject({
        unresolved: count('To people who have no user and will have none: the old values stay.'),
      })
      .describe('What people of the feed say of each other, such as who is whose manager.'),
    spared: z
      .strictObject({
        protected: count('Protected by the job: no access, account, role or group was taken.'),
        kept: count('Kept as they are for a while (`rollcall protect`).'),
        outsideScope: count('Users outside the managed scope.'),
      })
      .describe(
        'People whom a change was called for and who were left as they are; their rows are excluded.',
      ),
    drift: z
      .record(z.string(), count('People.'))
      .describe('People whose value somebody else changed in the target, by attribute.'),
    flapping: z
      .record(z.string(), count('People.'))
      .describe('People whose value others keep changing back within seven days, by attribute.'),
    protections: z
      .array(
        z.strictObject({
          key: z.string().describe("The person's lasting id as it was given."),
          until: time('Until when'),
          reason: z.string().describe('Why, in the words of whoever asked for it.'),
          operator: z.string().describe('The account that asked for it.'),
        }),
      )
      .max(1000)
      .describe('People whose account was kept as it is (`rollcall protect`), the first 1,000.'),
    byOperation: z
      .strictObject({
        create: OperationCounts,
        update: OperationCounts,
        enable: OperationCounts,
        disable: OperationCounts,
        remove: OperationCounts,
      })
      .describe('The changes by operation; each column adds up to the one in `changes`.'),
    guards: z.array(Guard).describe('All guards that judged the plan.'),
    failures: z
      .array(ReportFailure)
      .max(1000)
      .describe('The first 1,000: conflicts, then unknown results, then failures. results.csv has all.'),
    timing: z
      .strictObject({
        durationMs: count('From start to end of the run, in milliseconds.'),
        requests: count('Requests sent to the target.'),
        waitedMs: count('Time spent waiting for limits and retries, in milliseconds.'),
      })
      .optional()
      .describe('How long it took; absent when the report was rebuilt from the ledger.'),
  })
  .describe('What happened to every row and every change of a run.');
export type Report = z.infer<typeof Report>;

/** The report as the run knows it; the failures are gathered while the files are written. */
export type ReportWithoutFailures = Omit<Report, 'failures'>;

/** The feeds of a report, with the name '' where the job has one. */
export function feedsOf({ feed }: Pick<Report, 'feed'>): readonly NamedFeedSection[] {
  return Array.isArray(feed) ? feed : [{ ...feed, name: '', missing: false }];
}

/** The published JSON Schema (draft 2020-12) of `report.json`. */
export function reportJsonSchema(): Record<string, unknown> {
  return { title: 'rollcall report', ...z.toJSONSchema(Report, { target: 'draft-2020-12' }) };
}
