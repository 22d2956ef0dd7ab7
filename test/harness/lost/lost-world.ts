import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { providers } from '../../../src/providers/registry.ts';
import { findSandbox } from '../../../src/sandboxes/registry.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import { mainFile } from '../../program/main-file.ts';
import { fastFolder } from '../lanes.ts';

export const providersToLose: readonly string[] = Object.keys(providers);

export interface LostEnd {
  readonly provider: string;
  readonly people: number;
  /** Writes that took effect and whose answer was dropped. */
  readonly lost: number;
  readonly exitCode: number;
  readonly succeeded: number;
  readonly unknown: number;
  readonly twice: number;
  readonly nextExitCode: number;
  readonly missing: number;
  readonly violations: readonly string[];
}

const jobs = resolve(fileURLToPath(new URL('../../../jobs', import.meta.url)));

interface ExampleJob {
  readonly feed: {
    readonly path: string;
    readonly columns: Readonly<Record<string, string | { readonly from?: string }>>;
  };
  readonly target: Readonly<Record<string, unknown>> & { readonly sandbox?: unknown };
  readonly environments?: {
    readonly sandbox?: { readonly target: { readonly sandbox: { readonly users: string } } };
  };
}

interface Line {
  readonly op: string;
  readonly key: string;
  readonly status: string;
  readonly before: object | null;
}

/** The provider's example job, with many invented people in the place of the example's few. */
export async function losesAnswers(provider: string, people: number): Promise<LostEnd> {
  const { path: folder, remove } = fastFolder('lost');
  try {
    const example = parse(readFileSync(join(jobs, `${provider}.yaml`), 'utf8')) as ExampleJob;
    const { header, logins } = writeFeed(folder, example, people);
    writeJob(folder, example, provider, people);
    const operations = findSandbox(provider).operations.filter((op) => createOps.has(op));
    writeFaults(folder, operations, logins);
    const first = await apply(folder);
    const lost = created(folder, operations);
    writeFaults(folder, [], []);
    const next = await apply(folder);
    const all = created(folder, operations);
    const twice = all.length - new Set(all).size;
    const missing = logins.filter((login) => !all.includes(login.toLowerCase())).length;
    const violations = judge({ first, next, twice, missing, people, lost: lost.length });
    if (header === '') violations.push('the example has no feed');
    return {
      provider,
      people,
      lost: lost.length,
      exitCode: first.code,
      succeeded: first.changes.succeeded ?? -1,
      unknown: first.changes.unknown ?? -1,
      twice,
      nextExitCode: next.code,
      missing,
      violations,
    };
  } finally {
    remove();
  }
}

const createOps: ReadonlySet<string> = new Set(['add', 'create', 'add-user', 'create-user', 'bulk']);

interface Ran {
  readonly code: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly stderr: string;
}

function judge(end: {
  readonly first: Ran;
  readonly next: Ran;
  readonly twice: number;
  readonly missing: number;
  readonly people: number;
  readonly lost: number;
}): string[] {
  const { first, next, twice, missing, people, lost } = end;
  const violations: string[] = [];
  const { succeeded = 0, unknown = 0 } = first.changes;
  if (twice > 0) violations.push(`${twice} people were created twice`);
  if (missing > 0) violations.push(`${missing} people are missing after the next apply`);
  if (lost < people) violations.push(`only ${lost} answers were lost`);
  if (succeeded + unknown !== people)
    violations.push(
      `${succeeded} succeeded and ${unknown} unknown are not ${people}: ${first.stderr.slice(-300)}`,
    );
  if (first.code !== (unknown > 0 ? 4 : 0)) violations.push(`exit ${first.code} with ${unknown} unknown`);
  if (next.code !== 0) violations.push(`the next apply ended with ${next.code}: ${next.stderr.slice(-300)}`);
  return violations;
}

/** The example's first row again and again, with names, logins and addresses of its own. */
function writeFeed(folder: string, { feed }: ExampleJob, people: number) {
  const text = readFileSync(resolve(jobs, feed.path), 'utf8').split(/\r?\n/);
  const [header = '', sample = ''] = text;
  const names = header.split(',');
  const cells = sample.split(',');
  const columnOf = (attribute: string): number => {
    const column = feed.columns[attribute];
    return names.indexOf((typeof column === 'string' ? column : column?.from) ?? '');
  };
  const hasAddress = cells[columnOf('userName')]?.includes('@') === true;
  const logins = Array.from({ length: people }, (_, index) =>
    hasAddress ? `lost.person${index + 1}@example.com` : `lost.person${index + 1}`,
  );
  const rows = logins.map((login, index) => {
    const row = [...cells];
    const put = (attribute: string, value: string): void => {
      const at = columnOf(attribute);
      if (at >= 0) row[at] = value;
    };
    put('manager', '');
    put('userName', login);
    put('externalId', String(70_001 + index));
    put('emails.work', `lost.person${index + 1}@example.com`);
    put('name.familyName', `Person${index + 1}`);
    return row.join(',');
  });
  writeFileSync(join(folder, 'hr.csv'), `${[header, ...rows].join('\n')}\n`);
  return { header, logins };
}

function writeJob(folder: string, example: ExampleJob, provider: string, people: number): void {
  const { sandbox: usual, baseUrl: _, auth: __, http: ___, ...target } = example.target;
  const own = example.environments?.sandbox?.target.sandbox ?? usual;
  const { users } = (typeof own === 'object' && own !== null ? own : {}) as { readonly users?: string };
  const job = {
    ...example,
    name: `lost-${provider}`,
    ledger: 'ledger.db',
    feed: { ...example.feed, path: 'hr.csv', whole: { rows: people } },
    target: {
      ...target,
      sandbox: {
        ...(users === undefined ? {} : { users: resolve(jobs, users) }),
        faults: 'faults.json',
        journal: 'journal.ndjson',
      },
      limits: { requestsPerSecond: 1_000, concurrency: 8 },
    },
    policy: { leavers: [] },
    guards: allowEverything,
    firstLoad: true,
    report: { directory: 'runs' },
    environments: undefined,
  };
  writeFileSync(join(folder, 'job.yaml'), JSON.stringify(job));
}

/** One rule for each login, so that everybody's first answer is lost, in however many requests they travel. */
function writeFaults(folder: string, operations: readonly string[], logins: readonly string[]): void {
  const rules = operations.flatMap((op) =>
    logins.map((user) => ({ match: { op, user }, times: 1, do: { drop: 'after' } })),
  );
  writeFileSync(join(folder, 'faults.json'), JSON.stringify({ rules }));
}

/** Logins in lower case, once for every time that somebody was created. */
function created(folder: string, operations: readonly string[]): readonly string[] {
  const file = join(folder, 'journal.ndjson');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ op, status, before }) => operations.includes(op) && status === 'accepted' && before === null)
    .map(({ key }) => key.toLowerCase());
}

async function apply(folder: string): Promise<Ran> {
  const child = spawn(process.execPath, [mainFile, 'apply', 'job.yaml', '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  const report = stdout.startsWith('{') ? (JSON.parse(stdout) as { changes?: Record<string, number> }) : {};
  return { code, changes: report.changes ?? {}, stderr };
}
