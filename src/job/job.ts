import { z } from 'zod';
import type { Provider } from '../contracts/provider.ts';
import type { ProtectedUsers, ScopeCondition } from '../domain/bounds.ts';
import type { GuardLimits } from '../domain/guard-settings.ts';
import type { FeedSettings, Limits, Policy } from '../domain/settings.ts';
import { ColumnFile, FeedFile, NamedFeedFile } from './feed-schema.ts';
import { ManageFile, ProtectFile } from './bounds-schema.ts';
import { GuardsFile } from './guard-schema.ts';

const path = (description: string) => z.string().min(1).describe(`${description} Relative to the job file.`);
const count = (max: number) => z.int().min(1).max(max);

/** How users and people are matched the first time. */
export const MatchFile = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: 'must be the name of a mapped attribute, or a list of them',
});

/** Where the present users are read. */
export const StateFile = z.strictObject({
  from: z.enum(['target', 'ledger', 'file']).default('target').describe('Where the present users are read.'),
  path: path('The exported file, for `from: file`.').optional(),
  idColumn: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Header of the exported file's column with the target's own ids; not needed where the login is the id.",
    ),
});

/** A rate such as `5/s`, `300/min` or `1000 records/min`. */
export const RateFile = z
  .string()
  .regex(
    /^[1-9][0-9]{0,6}(?: records)?\/(?:s|min|h)$/,
    'must be a rate such as `5/s`, `300/min`, `1000/h` or `1000 records/min`',
  );

const wait = (description: string) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,4}[smh]$/, 'must be a time such as `30s`, `15m` or `2h`')
    .optional()
    .describe(description);

/** Limits over the provider's own. */
export const LimitsFile = z.union(
  [
    z.literal('adaptive'),
    z.array(RateFile).min(1),
    z.strictObject({
      requestsPerSecond: count(100_000).optional().describe('Requests in any second.'),
      requestsPerMinute: count(1_000_000)
        .optional()
        .describe('Requests in any minute; all rates hold at once.'),
      requestsPerHour: count(10_000_000).optional().describe('Requests in any hour.'),
      recordsPerSecond: count(1_000_000)
        .optional()
        .describe('Records that all requests of any second carry together.'),
      recordsPerMinute: count(10_000_000).optional().describe('Records in any minute.'),
      recordsPerHour: count(100_000_000).optional().describe('Records in any hour.'),
      adaptive: z
        .boolean()
        .optional()
        .describe('True looks for the limit; rates stated beside it are not exceeded. False keeps to them.'),
      concurrency: count(1000).optional().describe('Requests under way at the same time.'),
      batchSize: count(1_000_000).optional().describe('Steps in one request, at most.'),
      batchBytes: count(1024 ** 3)
        .optional()
        .describe("Bytes of a request's body, at most."),
      requestTimeout: z
        .union(
          [
            z
              .string()
              .regex(
                /^(?:[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s$|^(?:[1-9]|[1-5][0-9]|60)m$/,
                'must be a time such as `30s` or `5m`, an hour at most',
              ),
            z.number().positive().max(3600),
          ],
          { error: 'must be seconds, or a time such as `30s` or `5m`' },
        )
        .optional()
        .describe('Total time of one request: seconds, `30s` or `5m`; an hour at most.'),
      waitMax: wait('The longest pause that the target may ask for before the run ends; 15m when left out.'),
      outageMax: wait('How long the target may stay away before the run ends; 30m when left out.'),
    }),
  ],
  {
    error:
      'must be `adaptive`, an object such as { requestsPerSecond: 5 }, or a list of rates such as [5/s, 1000 records/min]',
  },
);
export type LimitsFile = z.infer<typeof LimitsFile>;

/** The local sandbox instead of the real system. */
export const SandboxFile = z.union(
  [
    z.boolean(),
    z.strictObject({
      users: path('File with the users that the sandbox begins with.').optional(),
      journal: path('File that lists every write the sandbox accepted.').optional(),
      faults: path('File that tells the sandbox how to misbehave.').optional(),
      rate: z
        .string()
        .regex(/^[1-9][0-9]{0,5}\/s$/, 'must be a rate such as `20/s`')
        .optional()
        .describe('Requests per second that the sandbox allows.'),
    }),
  ],
  { error: 'must be true, false, or an object with users, journal, faults or rate' },
);

const secretReference = z
  .string()
  .regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'must be `file:PATH` or `env:NAME`');

/** Proxy and certificates. */
export const HttpFile = z.strictObject({
  proxy: z.string().min(1).optional().describe('`env:NAME`, `file:PATH`, or an address without credentials.'),
  ca: secretReference
    .optional()
    .describe('Certificates of a private authority in PEM: `file:PATH` or `env:NAME`.'),
  cert: secretReference
    .optional()
    .describe('Our certificate, for a target that demands one, in PEM: `file:PATH` or `env:NAME`.'),
  key: secretReference.optional().describe('Private key of `cert` in PEM: `file:PATH` or `env:NAME`.'),
  passphrase: secretReference
    .optional()
    .describe('What opens an encrypted `key`: `env:NAME` or `file:PATH`.'),
});

const targetFields = {
  baseUrl: z
    .string()
    .optional()
    .describe('Address of the target, https; may carry a path prefix. Not needed with `sandbox`.'),
  sandbox: SandboxFile.optional().describe(
    'Runs against the local sandbox of the provider: true, or an object.',
  ),
  limits: LimitsFile.optional().describe("Limits in place of the provider's: an object, or a list of rates."),
  http: HttpFile.optional().describe('Proxy and certificates.'),
};

/** The target without what its provider adds: those fields are checked by the provider's own schema. */
export const TargetFile = z.looseObject({
  provider: z.string().describe('Which adapter writes the target.'),
  ...targetFields,
});

/** The fields of `target` that every provider has. */
export const targetFieldNames: readonly string[] = Object.keys(TargetFile.shape);

const TargetOverlay = z.strictObject({
  ...targetFields,
  auth: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Credentials by reference, laid over those of the job.'),
});

/** What an environment changes. */
export const EnvironmentFile = z.strictObject({
  target: TargetOverlay.optional().describe('Laid over `target`, field by field.'),
  targets: z
    .record(z.string(), TargetOverlay)
    .optional()
    .describe('Laid over the `targets` of these names, field by field.'),
});

const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}(?:s|m|h|d)$/, 'must be a time such as `30m`, `4h` or `90d`');

const due = z
  .string()
  .regex(/^(?:now|after [1-9][0-9]{0,3}d)$/, 'must be `now` or `after Nd`, such as `after 90d`')
  .optional();

/** One entry of `policy.leavers`. */
export const LeaverFile = z
  .strictObject({
    disable: due.describe('Take the access away: `now` or `after 30d`.'),
    remove: due.describe('Remove the user: `now` or `after 90d`.'),
  })
  .refine((entry) => Object.keys(entry).length === 1, 'must have one of `disable` and `remove`');

export type LeaverFile = z.infer<typeof LeaverFile>;

/** What a run may do. */
export const PolicyFile = z.strictObject({
  create: z.boolean().default(true).describe('Whether people without a user get one.'),
  update: z.boolean().default(true).describe('Whether attributes of existing users are written.'),
  leavers: z
    .array(LeaverFile)
    .default([])
    .describe(
      'What happens to managed users whom the feed no longer names: [ { disable: now }, { remove: after 90d } ].',
    ),
  onLeave: z
    .enum(['keep', 'active', 'disable'])
    .default('keep')
    .describe(
      'People on leave of absence: nothing is changed, as anybody else, or the access is taken away.',
    ),
  witnessesApart: duration
    .default('4h')
    .describe('How long after the first a second feed confirms an absence that nothing proves.'),
  rehire: z
    .enum(['reactivate', 'new', 'hold'])
    .default('reactivate')
    .describe('Who comes back gets the old account, a new one, or is a conflict.'),
  reuseLoginAfter: duration
    .optional()
    .describe('Nobody else gets the login of a user whom this job removed before so long: 90d.'),
  flapping: z
    .enum(['report', 'hold'])
    .default('report')
    .describe('A value that others keep changing back within seven days: named, or a conflict.'),
  swaps: z
    .enum(['temporary', 'conflict'])
    .default('temporary')
    .describe(
      'People who exchange logins or addresses: one takes a temporary value for a moment, or all are conflicts.',
    ),
  order: z
    .enum(['together', 'leaversFirst'])
    .default('together')
    .describe(
      'leaversFirst: users are created and enabled once all others have been disabled and removed, for licences.',
    ),
});

/** Where reports go. */
export const ReportFile = z.strictObject({
  directory: path('Folder for the reports of runs.').default('runs'),
});

const shortName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be letters, digits, dots, dashes or underscores, 64 at most',
  );

/** One of several targets: what `target` has, a name, and what differs for it from the rest of the job. */
export const NamedTargetFile = TargetFile.extend({
  name: shortName
    .optional()
    .describe('What the target is called here and after `--target`; its provider when absent.'),
  columns: z
    .record(z.string(), ColumnFile)
    .optional()
    .describe('Laid over `feed.columns` for this target, attribute by attribute.'),
  match: MatchFile.optional().describe("In place of the job's `match`, for this target."),
  policy: PolicyFile.optional().describe("Laid over the job's `policy` for this target, field by field."),
  guards: GuardsFile.optional().describe("Laid over the job's `guards` for this target, guard by guard."),
  manage: ManageFile.optional().describe("In place of the job's `manage`, for this target."),
  protect: ProtectFile.optional().describe("Laid over the job's `protect` for this target, field by field."),
  firstLoad: z.boolean().optional().describe("In place of the job's `firstLoad`, for this target."),
});

/** The fields of an entry of `targets` that every provider has. */
export const namedTargetFieldNames: readonly string[] = Object.keys(NamedTargetFile.shape);

/** The job file as people write it. What only a provider knows is checked beside it. */
export const JobFile = z.strictObject({
  name: shortName.describe("The job's lasting name: the ledger keeps its memory under it."),
  ledger: path('The durable memory: an SQLite file on a local disk.').default('.rollcall/ledger.db'),
  feed: FeedFile.optional().describe('The file of wanted users.'),
  feeds: z
    .array(NamedFeedFile)
    .min(1)
    .optional()
    .describe(
      'Several files, in place of `feed`: a person whom several name is taken from the first of them.',
    ),
  match: MatchFile.describe(
    'The attribute or attributes by which a person and a user are matched the first time.',
  ),
  state: StateFile.optional().describe('Where the present users are read; the target by default.'),
  target: TargetFile.optional().describe('The system to be written.'),
  targets: z
    .array(NamedTargetFile)
    .min(1)
    .optional()
    .describe('The systems to be written, in place of `target`: each has its own run and report.'),
  policy: PolicyFile.optional().describe('What a run may do.'),
  guards: GuardsFile.optional().describe('Limits on what a plan may do before a person has looked.'),
  manage: ManageFile.optional().describe('Which users of the target this job manages.'),
  protect: ProtectFile.optional().describe('Users from whom nothing is ever taken.'),
  firstLoad: z
    .boolean()
    .default(false)
    .describe('True lets the first load of an empty target pass; otherwise it is held once.'),
  report: ReportFile.optional().describe('Where reports go.'),
  environments: z
    .record(z.string(), EnvironmentFile)
    .optional()
    .describe('What changes per environment, chosen with `--env NAME`.'),
});
export type JobFile = z.input<typeof JobFile>;

/** Where the run reads the users that the target has now; `path` is absolute and set for `file` only. */
export interface StateSettings {
  readonly from: 'target' | 'ledger' | 'file';
  readonly path: string | null;
  /** Column of the exported file that holds the target's own ids; null where the login is the id. */
  readonly idColumn: string | null;
}

/** How the local sandbox is started; paths are absolute. */
export interface SandboxSettings {
  readonly users: string | null;
  readonly journal: string | null;
  readonly faults: string | null;
  readonly ratePerSecond: number | null;
}

/** References, or for the proxy a plain address; null where the job names none. */
export interface HttpReferences {
  readonly proxy: string | null;
  readonly ca: string | null;
  readonly clientCertificate: {
    readonly cert: string;
    readonly key: string;
    readonly passphrase: string | null;
  } | null;
}

export interface TargetSettings {
  /** Its name in the job's list of targets; else its provider's id. */
  readonly name: string;
  /** As the target's settings make it. */
  readonly provider: Provider;
  /** Without a trailing slash; null with a sandbox, whose address is known when it runs. */
  readonly baseUrl: string | null;
  /** What the ledger keeps its entries under: `sandbox:PROVIDER`, or origin and path prefix of `baseUrl`, and a tenant. */
  readonly origin: string;
  readonly sandbox: SandboxSettings | null;
  /** As the provider's own schema parsed it. */
  readonly config: unknown;
  readonly limits: Limits;
  readonly http: HttpReferences;
}

/** A job that can be run against one target: every value checked, every path absolute. */
export interface Job {
  readonly name: string;
  /** Absolute path of the job file. */
  readonly file: string;
  /** Its folder: what relative paths and `file:` references start from. */
  readonly directory: string;
  /** Of the file's bytes, followed by NUL and the environment's name when there is one; in hex. */
  readonly sha256: string;
  readonly environment: string | null;
  readonly ledger: string;
  /** At least one, by precedence: who stands in several is taken from the first. */
  readonly feeds: readonly FeedSettings[];
  readonly match: readonly string[];
  readonly state: StateSettings;
  readonly target: TargetSettings;
  readonly policy: Policy;
  /** Conditions that the users of this job meet; null where links alone tell whom it manages. */
  readonly scope: readonly ScopeCondition[] | null;
  readonly protect: ProtectedUsers;
  readonly guards: GuardLimits;
  /** Whether nobody may approve a plan that they made themselves. */
  readonly fourEyes: boolean;
  readonly firstLoad: boolean;
  readonly report: { readonly directory: string };
}

/** The only feed, or the first of several. */
export function firstFeed({ feeds }: Pick<Job, 'feeds'>): FeedSettings {
  const [first] = feeds;
  if (first === undefined) throw new Error('A job has at least one feed.');
  return first;
}
