import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJob } from '../../src/job/read-job.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { providers } from '../../src/providers/registry.ts';
import { linkedAccounts, writeFeed } from './people.ts';

/** A folder with a job, its feed and its ledger. */
export interface PlanWorld {
  readonly feed: string;
  readonly jobFile: string;
}

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What the job reads its secrets from; no request is ever sent with them. */
export const jobEnvironment = { BENCH_USER: 'bench', BENCH_PASSWORD: 'unused' };

/** Does the work with a temporary folder, which is gone afterwards. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rollcall-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A feed of so many rows beside a ledger that knows as many linked users, one person in a hundred changed. */
export async function makePlanWorld(
  folder: string,
  rows: number,
  options: { readonly ledger: boolean } = { ledger: true },
): Promise<PlanWorld> {
  const feed = path.join(folder, 'feed.csv');
  const jobFile = path.join(folder, 'job.yaml');
  await writeFile(jobFile, job);
  await writeFeed(feed, rows);
  if (options.ledger) await fillLedger(jobFile, rows);
  return { feed, jobFile };
}

async function fillLedger(jobFile: string, rows: number): Promise<void> {
  const { job: read } = await readJob(jobFile, { providers });
  const scope = { job: read.name, origin: read.target.origin };
  const ledger = await openLedger(read.ledger);
  try {
    for (const page of linkedAccounts(rows)) await ledger.saveAccounts(scope, page);
    await ledger.noteCompleteRead(scope, '2026-11-20T02:15:00.000Z');
  } finally {
    await ledger.close();
  }
}

const job = `name: bench
ledger: ledger.db
feed:
  path: feed.csv
  columns:
    externalId: Employee ID
    userName: User Login
    name.givenName: First Name
    name.familyName: Last Name
    emails.work: Email
    roles: { from: Role, split: ";" }
    active: { from: Status, active: [Active], leaver: [Left] }
  whole: { trailer: TRAILER }
match: userName
state: { from: ledger }
target:
  provider: oracle-epm
  baseUrl: https://epm.example.com
  auth: { type: basic, username: env:BENCH_USER, password: env:BENCH_PASSWORD }
policy:
  leavers: [ { disable: now } ]
report:
  directory: runs
`;
