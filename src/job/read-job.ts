import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Provider } from '../contracts/provider.ts';
import { Failure } from '../domain/failure.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkShape, sound } from './check-shape.ts';
import { overlayEnvironment } from './environment.ts';
import { type Job, JobFile, ReportFile } from './job.ts';
import { JobFailure, type Problem, type Report } from './problem.ts';
import { createProblemList } from './problem-list.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';
import { resolveFeed } from './resolve-feed.ts';
import { resolveGuards } from './resolve-guards.ts';
import { resolveMatch } from './resolve-match.ts';
import { resolvePolicy } from './resolve-policy.ts';
import { resolveState } from './resolve-state.ts';
import { resolveProvider, resolveTarget, targetOf } from './resolve-target.ts';
import { wordsAsText } from './words-as-text.ts';
import { readYaml } from './yaml-source.ts';

/** A larger job file is some other file. */
const jobBytesMax = 1024 * 1024;

export interface ReadJobOptions {
  readonly providers: Readonly<Record<string, Provider>>;
  /** Name of the environment to lay over the job. */
  readonly environment?: string;
}

/**
 * Reads and checks a job file; opens nothing else, and reads no secret. Throws a `JobFailure` with every problem
 * at once, each with its line and column, or a plain `Failure` when the file itself cannot be read.
 */
export async function readJob(
  path: string,
  options: ReadJobOptions,
): Promise<{ job: Job; warnings: readonly Problem[] }> {
  const bytes = await readBytes(path);
  const source = readYaml(decode(bytes, path));
  const environment = options.environment ?? null;
  const problems = createProblemList(path, source, environment);
  const file = resolve(path);
  const identity = { file, directory: dirname(file), sha256: hash(bytes, environment), environment };
  const job = source.unreadable
    ? undefined
    : resolveJob(prepare(wordsAsText(source.data, source, problems.report), environment, problems.report), {
        identity,
        providers: options.providers,
        report: problems.report,
      });
  if (job === undefined || problems.hasErrors()) throw new JobFailure(problems.all());
  return { job, warnings: problems.all() };
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

/** Every part is checked for itself, so that a fault in one does not hide those of another. */
function resolveJob(data: JsonRecord | undefined, context: Context): Job | undefined {
  if (data === undefined) return undefined;
  const { identity, report } = context;
  const { directory } = identity;
  checkSecrets(data, report);
  const shape = checkShape({ schema: JobFile, value: data, path: [] }, report);
  const rawTarget = targetOf(data);
  const provider = resolveProvider(rawTarget, context.providers, report);
  const creates = fieldOf(data.policy, 'create') !== false;
  const ledger = resolveLedger(data.ledger, directory, report);
  const feed = resolveFeed(data.feed, { directory, provider, creates, report });
  const match = resolveMatch(data.match, fieldOf(data.feed, 'columns'), { provider, report });
  const state = resolveState(data.state, { directory, provider, report });
  const policy = resolvePolicy(data.policy, provider, report);
  const environments = Object.keys(isRecord(data.environments) ? data.environments : {});
  const target = rawTarget && resolveTarget(rawTarget, { directory, provider, environments, report });
  if (target && policy) review(target, policy, data, report);
  if (!(shape && ledger && feed && match && state && policy && target)) return undefined;
  return {
    name: shape.name,
    ...identity,
    ledger,
    feed,
    match,
    state,
    target,
    policy,
    guards: resolveGuards(data.guards),
    firstLoad: shape.firstLoad,
    report: { directory: resolve(directory, sound(ReportFile, data.report ?? {})?.directory ?? 'runs') },
  };
}

/** What only the provider knows to be wrong with the job. */
function review(target: Job['target'], policy: Job['policy'], data: JsonRecord, report: Report): void {
  const columns = fieldOf(data.feed, 'columns');
  const attributes = isRecord(columns) ? Object.keys(columns) : [];
  for (const finding of target.provider.review(target.config, { policy, attributes })) report(finding);
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

/** The environment belongs to the job's identity: a plan made for test is no plan for production. */
function hash(bytes: Uint8Array, environment: string | null): string {
  const hashed = createHash('sha256').update(bytes);
  return (environment === null ? hashed : hashed.update(`\0${environment}`)).digest('hex');
}
