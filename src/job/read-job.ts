import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Provider } from '../contracts/provider.ts';
import { Failure } from '../domain/failure.ts';
import { checkFeeds } from './check-feeds.ts';
import { checkFigures } from './check-figures.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkShape, sound } from './check-shape.ts';
import { checkEnvironments, overlayEnvironment } from './environment.ts';
import { type Job, JobFile, ReportFile } from './job.ts';
import { JobFailure, type Problem, type Report } from './problem.ts';
import { createProblemList } from './problem-list.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';
import { resolveBounds } from './resolve-bounds.ts';
import { resolveFeeds } from './resolve-feed.ts';
import { resolveGuards } from './resolve-guards.ts';
import { resolveMatch } from './resolve-match.ts';
import { resolvePolicy } from './resolve-policy.ts';
import { resolveState } from './resolve-state.ts';
import { resolveProvider, resolveTarget, targetOf } from './resolve-target.ts';
import { type TargetView, targetViews } from './target-views.ts';
import { wordsAsText } from './words-as-text.ts';
import { readYaml } from './yaml-source.ts';

/** A larger job file is some other file. */
const jobBytesMax = 1024 * 1024;

export interface ReadJobOptions {
  readonly providers: Readonly<Record<string, Provider>>;
  /** Name of the environment to lay over the job. */
  readonly environment?: string;
}

export interface ReadJob {
  /** The job for each of its targets, in the order of the file: they share name, ledger, feed file and state. */
  readonly jobs: readonly Job[];
  /** The first of them, for what they share, or for a job with one target. */
  readonly job: Job;
  /** True when the file has `targets`, if only one: results are then lists too. */
  readonly isList: boolean;
  readonly warnings: readonly Problem[];
}

/**
 * Reads and checks a job file; opens nothing else, and reads no secret. Throws a `JobFailure` with every problem
 * at once, each with its line and column, or a plain `Failure` when the file itself cannot be read.
 */
export async function readJob(path: string, options: ReadJobOptions): Promise<ReadJob> {
  const bytes = await readBytes(path);
  const source = readYaml(decode(bytes, path));
  const environment = options.environment ?? null;
  const problems = createProblemList(path, source, environment);
  const file = resolve(path);
  const identity = { file, directory: dirname(file), sha256: hash(bytes, environment), environment };
  if (!source.unreadable) checkFigures(source.data, source, problems.report);
  const data = source.unreadable
    ? undefined
    : prepare(wordsAsText(source.data, source, problems.report), environment, problems.report);
  const jobs = data && resolveJobs(data, { identity, providers: options.providers, report: problems.report });
  const [job] = jobs ?? [];
  if (jobs === undefined || job === undefined || problems.hasErrors()) throw new JobFailure(problems.all());
  return { jobs, job, isList: data?.targets !== undefined, warnings: problems.all() };
}

interface Context {
  readonly identity: Pick<Job, 'file' | 'directory' | 'sha256' | 'environment'>;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly report: Report;
}

/** The job's fields with the environment laid over them; undefined when the file holds no fields. */
function prepare(data: unknown, environment: string | null, report: Report): JsonRecord | undefined {
  if (!isRecord(data)) {
    const message =
      data === null ? 'the job file is empty' : 'a job file is an object with fields such as `name`';
    report({ path: [], message, hint: '`rollcall init` writes a job file to begin with.' });
    return undefined;
  }
  return environment === null ? data : overlayEnvironment(data, environment, report);
}

/** The job for each of its targets; undefined when one of them cannot be run. */
function resolveJobs(data: JsonRecord, context: Context): readonly Job[] | undefined {
  const { report } = context;
  checkSecrets(data, report);
  checkEnvironments(data, report);
  const shape = checkShape({ schema: JobFile, value: data, path: [] }, report);
  const views = targetViews(data, report);
  const jobs = views.map((view) => resolveJob(view, shape?.name, context));
  refuseTwins(views, jobs);
  if (views.length > 1) refuseOneState(data, report);
  const runnable = jobs.filter((job) => job !== undefined);
  return runnable.length === jobs.length ? runnable : undefined;
}

/** Every part is checked for itself, so that a fault in one does not hide those of another. */
function resolveJob(view: TargetView, name: string | undefined, context: Context): Job | undefined {
  const { identity } = context;
  const { data, report } = view;
  const { directory } = identity;
  const rawTarget = targetOf(data);
  const environments = Object.keys(isRecord(data.environments) ? data.environments : {});
  const known = resolveProvider(rawTarget, context.providers, report);
  const targetContext = { directory, name: view.name, provider: known, environments, report };
  const target = rawTarget && resolveTarget(rawTarget, targetContext);
  const provider = target?.provider ?? known;
  const creates = fieldOf(data.policy, 'create') !== false;
  const ledger = resolveLedger(data.ledger, directory, report);
  const feeds = resolveFeeds(data, { directory, provider, creates, report });
  const match = resolveMatch(data.match, columnsOf(data), { provider, report });
  const state = resolveState(data.state, { directory, provider, report });
  const policy = resolvePolicy(data.policy, provider, report);
  checkFeeds(data, { provider, policy, report });
  if (target && policy) review(target, policy, data, report);
  if (!(name && ledger && feeds && match && state && policy && target)) return undefined;
  return {
    name,
    ...identity,
    ledger,
    feeds,
    match,
    state,
    target,
    policy,
    ...resolveBounds(data, provider, report),
    guards: resolveGuards(
      data.guards,
      new Set(feedsOf(data).flatMap((feed) => Object.keys(mapped(feed)))),
      report,
    ),
    fourEyes: fieldOf(fieldOf(data.guards, 'approval'), 'fourEyes') === true,
    firstLoad: sound(JobFile.shape.firstLoad, data.firstLoad) ?? false,
    report: { directory: resolve(directory, sound(ReportFile, data.report ?? {})?.directory ?? 'runs') },
  };
}

function feedsOf(data: JsonRecord): readonly unknown[] {
  if (Array.isArray(data.feeds)) return data.feeds;
  return data.feed === undefined ? [] : [data.feed];
}

function mapped(feed: unknown): JsonRecord {
  const columns = fieldOf(feed, 'columns');
  return isRecord(columns) ? columns : {};
}

/** What all feeds map: match attributes have to be in each. */
function columnsOf(data: JsonRecord): JsonRecord | undefined {
  const feeds = feedsOf(data);
  const [first, ...others] = feeds.map(mapped);
  // Missing columns are reported as such, and then nothing is known of what they would map.
  if (first === undefined || !feeds.every((feed) => isRecord(fieldOf(feed, 'columns')))) return undefined;
  return Object.fromEntries(
    Object.entries(first).filter(([name]) => others.every((columns) => Object.hasOwn(columns, name))),
  );
}

/** Two targets of one name could not be told apart, and two of one address would share the ledger's memory. */
function refuseTwins(views: readonly TargetView[], jobs: readonly (Job | undefined)[]): void {
  for (const [index, { name, report }] of views.entries()) {
    if (name !== null && views.findIndex((view) => view.name === name) < index) {
      report({
        path: ['target', 'name'],
        message: `another target is called \`${name}\` already`,
        hint: 'Give each target a `name` of its own; without one it is called like its provider.',
      });
    }
    const origin = jobs[index]?.target.origin;
    const first = jobs.find((job) => job !== undefined && job.target.origin === origin);
    if (first === undefined || first === jobs[index]) continue;
    report({
      path: ['target', origin?.startsWith('sandbox:') ? 'sandbox' : 'baseUrl'],
      message: `\`${first.target.name}\` is the same target: ${origin}`,
      hint: "The ledger keeps its memory by a target's address, so each address can be written once in a job.",
    });
  }
}

function refuseOneState(data: JsonRecord, report: Report): void {
  if (fieldOf(data.state, 'from') !== 'file') return;
  report({
    path: ['state', 'from'],
    message: 'one exported file cannot be the state of several targets',
    hint: 'Say `state: { from: target }`, or write a job of its own for the target that has such a file.',
  });
}

/** What only the provider knows to be wrong with the job. */
function review(target: Job['target'], policy: Job['policy'], data: JsonRecord, report: Report): void {
  const attributes = [...new Set(feedsOf(data).flatMap((feed) => Object.keys(mapped(feed))))];
  const initialPassword = feedsOf(data).some((feed) => fieldOf(feed, 'passwordColumn') !== undefined);
  const asked = { policy, attributes, initialPassword };
  for (const finding of target.provider.review(target.config, asked)) report(finding);
}

function resolveLedger(raw: unknown, directory: string, report: Report): string | undefined {
  const ledger = sound(JobFile.shape.ledger, raw);
  if (ledger === undefined) return undefined;
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(ledger)) return resolve(directory, ledger);
  const postgres = /^postgres(?:ql)?:/i.test(ledger);
  report({
    path: ['ledger'],
    message: postgres ? 'a PostgreSQL ledger is not supported yet' : '`ledger` must be the path of a file',
    hint: 'Name a file on a local disk, such as .rollcall/ledger.db',
  });
  return undefined;
}

async function readBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, reasons[cause.code ?? ''] ?? `cannot be read (${cause.code ?? 'unknown error'})`);
  });
  if (bytes.length > jobBytesMax) throw unreadable(path, 'is larger than 1 MiB: it cannot be a job file');
  return bytes;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'cannot be read: permission denied',
};

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(path, 'is not UTF-8 text');
  }
}

function unreadable(path: string, reason: string): Failure {
  return new Failure({
    code: 'JOB_UNREADABLE',
    message: `The job file ${path} ${reason}.`,
    hint: 'Name a job file, or write one with `rollcall init`.',
    exit: 1,
  });
}

/**
 * The hash of a job file as it lies there, whatever it says.
 * @throws Failure (exit 1): `JOB_UNREADABLE`
 */
export async function hashJobFile(path: string, environment: string | null): Promise<string> {
  return hash(await readBytes(path), environment);
}

/** The environment belongs to the job's identity: a plan made for test is no plan for production. */
function hash(bytes: Uint8Array, environment: string | null): string {
  const hashed = createHash('sha256').update(bytes);
  return (environment === null ? hashed : hashed.update(`\0${environment}`)).digest('hex');
}
