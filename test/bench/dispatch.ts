import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from '../../src/contracts/ledger.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { startLoopback } from './loopback.ts';
import { type Measured, measure } from './measure.ts';
import { linkedAccounts, renames } from './people.ts';
import { count, megabytes, print, printTable } from './print.ts';
import { withTemporaryFolder } from './world.ts';

const mebibyte = 1_048_576;
/** The speed of a shared machine changes within seconds, so each round is a ratio, and many are needed. */
const rounds = 9;
const concurrency = 64;
const sendPlanFile = fileURLToPath(new URL('send-plan.ts', import.meta.url));

interface Form {
  readonly name: string;
  readonly people: number;
  readonly usersPerRequest: number;
  /** Share of the bare loop's requests per second that is asked for. */
  readonly shareMin: number;
}

const forms: readonly Form[] = [
  { name: 'one user per request', people: 40_000, usersPerRequest: 1, shareMin: 0.8 },
  { name: '500 users per request', people: 150_000, usersPerRequest: 500, shareMin: 0.9 },
];

/** By how much the peak may grow with the plan: the collector's mood, not the plan's size. */
const growthMax = 100 * mebibyte;

/**
 * Requests per second through the durable ledger, beside a bare undici loop that reads the same plan, builds the
 * same bodies and parses the same answers. With `--memory`, the peak of ever longer plans instead, with `--long`
 * up to a million changes.
 */
export async function benchDispatch(): Promise<boolean> {
  const flags = process.argv.slice(3);
  return withTemporaryFolder(async (folder) => {
    if (!flags.includes('--memory')) return benchSpeed(folder);
    return benchMemory(folder, flags.includes('--long') ? 1_000_000 : 100_000);
  });
}

async function benchSpeed(folder: string): Promise<boolean> {
  const rows: (readonly string[])[] = [];
  let holds = true;
  for (const form of forms) {
    const { ledger: ours, bare } = await roundsOf(folder, form);
    const share = shareOf(ours, bare, ({ ms }) => ms);
    holds &&= share >= form.shareMin;
    rows.push([
      form.name,
      perSecond(form, ours),
      perSecond(form, bare),
      percent(share),
      percent(shareOf(ours, bare, ({ sendingCpuMs }) => sendingCpuMs)),
      perSecond(form, ours, ({ ms, tellingMs }) => ms + tellingMs),
      `${percent(form.shareMin)}: ${share >= form.shareMin ? 'holds' : 'BROKEN'}`,
    ]);
  }
  printTable(
    [
      '',
      'users/s, durable ledger',
      'users/s, bare loop',
      'share',
      'by CPU, all threads',
      'users/s, accounts told too',
      'at least',
    ],
    rows,
  );
  return holds;
}

interface Sending {
  readonly ms: number;
  /** Of all processors: it tells more than the clock where others work on the same machine. */
  readonly sendingCpuMs: number;
  /** Afterwards, until the accounts knew of everything. */
  readonly tellingMs: number;
}

type Way = 'ledger' | 'bare';

/** Who goes first changes from round to round, so that a busy machine hits both. */
async function roundsOf(folder: string, form: Form): Promise<Readonly<Record<Way, readonly Sending[]>>> {
  const plan = await storePlan(folder, form.people);
  const sendings: Record<Way, Sending[]> = { ledger: [], bare: [] };
  for (let round = 1; round <= rounds; round += 1) {
    print(`${form.name}: round ${round} of ${rounds} …`);
    const ways: readonly Way[] = round % 2 === 0 ? ['bare', 'ledger'] : ['ledger', 'bare'];
    for (const way of ways) sendings[way].push(await sendPlan(way, plan, form));
  }
  return sendings;
}

/** What the bare loop takes of something, as a share of what we take: the median of the rounds. */
function shareOf(
  ours: readonly Sending[],
  bare: readonly Sending[],
  taken: (sending: Sending) => number,
): number {
  return median(bare.map((sending, round) => taken(sending) / taken(ours[round] ?? sending)));
}

function perSecond(
  { people }: Form,
  sendings: readonly Sending[],
  taken: (sending: Sending) => number = ({ ms }) => ms,
): string {
  return count(Math.round((people / median(sendings.map(taken))) * 1_000));
}

/** Sends a copy of the plan in a process of its own. */
async function sendPlan(
  way: Way,
  plan: string,
  form: Pick<Form, 'people' | 'usersPerRequest'>,
): Promise<Measured & Sending> {
  const ledger = `${plan}.copy`;
  await copyFile(plan, ledger);
  const server = await startLoopback();
  try {
    const sizes = [String(form.usersPerRequest), String(concurrency)];
    const measured = await measure([sendPlanFile, way, ledger, server.baseUrl, ...sizes]);
    if (measured.exitCode !== 0) throw new Error(`sending exited ${measured.exitCode}: ${measured.stderr}`);
    if (way === 'ledger') await requireSuccess(ledger, form.people);
    return { ...measured, ...(JSON.parse(measured.stdout) as Sending) };
  } finally {
    await server.close();
  }
}

/** A ledger with the renames of so many people, and their accounts. */
async function storePlan(folder: string, people: number): Promise<string> {
  print(`storing a plan of ${count(people)} changes …`);
  const file = path.join(folder, `${people}.db`);
  const ledger = await openLedger(file);
  for (const page of linkedAccounts(people)) await ledger.saveAccounts(run.scope, page);
  await ledger.startRun(run);
  let page = [];
  for (const change of renames(people)) {
    page.push(change);
    if (page.length < 1_000) continue;
    await ledger.storeChanges(run.id, page);
    page = [];
  }
  await ledger.storeChanges(run.id, page);
  await ledger.close();
  return file;
}

async function requireSuccess(file: string, people: number): Promise<void> {
  const ledger = await openLedger(file, { readOnly: true });
  let planned = 0;
  let succeeded = 0;
  for await (const page of ledger.results(run.id)) {
    planned += page.length;
    succeeded += page.filter(({ outcomes }) => outcomes[0]?.result === 'succeeded').length;
  }
  await ledger.close();
  // Not everybody whom `people` counts is linked, so the plan is a little shorter.
  if (planned < people * 0.9 || succeeded !== planned) {
    throw new Error(`${succeeded} of ${planned} changes succeeded.`);
  }
}

async function benchMemory(folder: string, most: number): Promise<boolean> {
  const peaks: number[] = [];
  const sizes = [10_000, most];
  for (const people of sizes) {
    const ledger = await storePlan(folder, people);
    print(`sending ${count(people)} changes, one user per request …`);
    peaks.push((await sendPlan('ledger', ledger, { people, usersPerRequest: 1 })).peakBytes);
  }
  printTable(
    ['changes', 'peak'],
    sizes.map((people, index) => [count(people), megabytes(peaks[index] ?? 0)]),
  );
  const growth = (peaks.at(-1) ?? 0) - (peaks[0] ?? 0);
  const holds = growth <= growthMax;
  print(`growth: ${megabytes(growth)}, at most ${megabytes(growthMax)}: ${holds ? 'holds' : 'BROKEN'}`);
  return holds;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const run: Run = {
  id: 'bench',
  scope: { job: 'bench', origin: 'http://loopback.example.com' },
  mode: 'apply',
  state: 'running',
  startedAt: '2026-11-21T02:15:00.000Z',
  finishedAt: null,
  asOf: '2026-11-21T02:15:00.000Z',
  pid: process.pid,
  host: 'bench.example.com',
  operator: 'bench',
  exitCode: null,
  facts: null,
};
