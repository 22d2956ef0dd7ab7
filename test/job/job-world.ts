import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { JobFailure, type Problem } from '../../src/job/problem.ts';
import { type ReadJob, type ReadJobOptions, readJob } from '../../src/job/read-job.ts';
import { fakeProviders } from './fake-provider.ts';

type Fields = Readonly<Record<string, unknown>>;

export const validTarget: Fields = {
  provider: 'acme',
  baseUrl: 'https://acme.example.com/gateway/',
  auth: { type: 'basic', username: 'svc', password: 'env:ACME_PASSWORD' },
};

/** A job without faults; a test states only its difference. */
export function aJob(difference: Fields = {}): Fields {
  return {
    name: 'hr',
    feed: { path: 'hr.csv', columns: { externalId: 'ID', userName: 'Login' } },
    match: 'userName',
    target: validTarget,
    ...difference,
  };
}

export function withTarget(difference: Fields): Fields {
  return aJob({ target: { ...validTarget, ...difference } });
}

/** A job with a list of targets, each a valid one with its difference. */
export function withTargets(...differences: readonly Fields[]): Fields {
  const { target: _, ...rest } = aJob();
  return { ...rest, targets: differences.map((difference) => ({ ...validTarget, ...difference })) };
}

export function withColumns(columns: Fields): Fields {
  return aJob({ feed: { path: 'hr.csv', columns: { userName: 'Login', ...columns } } });
}

export function withFeed(difference: Fields): Fields {
  return aJob({ feed: { path: 'hr.csv', columns: { userName: 'Login' }, ...difference } });
}

/** Reads a job given as text or as fields, from a folder that is gone afterwards. */
export async function read(
  source: string | Uint8Array | Fields,
  options: Partial<ReadJobOptions> = {},
): Promise<ReadJob & { directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-job-'));
  try {
    const path = join(directory, 'job.yaml');
    const isFile = typeof source === 'string' || source instanceof Uint8Array;
    await writeFile(path, isFile ? source : stringify(source, { aliasDuplicateObjects: false }));
    return { ...(await readJob(path, { providers: fakeProviders, ...options })), directory };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The problems for which a job is refused; none when it is taken. */
export async function problemsOf(
  source: string | Uint8Array | Fields,
  options: Partial<ReadJobOptions> = {},
): Promise<readonly Problem[]> {
  try {
    await read(source, options);
    return [];
  } catch (failure) {
    if (failure instanceof JobFailure) return failure.problems;
    throw failure;
  }
}

/** The messages of the errors for which a job is refused. */
export async function messagesOf(
  source: string | Fields,
  options: Partial<ReadJobOptions> = {},
): Promise<string[]> {
  const problems = await problemsOf(source, options);
  return problems.filter((problem) => problem.severity === 'error').map((problem) => problem.message);
}
