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

interface Machine {
  readonly name: string;
  readonly flags: readonly string[];
}

/** V8 lets garbage lie in a nursery that it sizes by the machine, and that only a long run fills. */
const machines: readonly Machine[] = [
  { name: 'this machine', flags: [] },
  { name: 'as on 1 GiB', flags: ['--max-semi-space-size=4', '--max-old-space-size=512'] },
];
/** By how much the peak may grow with the plan: the nursery and what is compiled in a long run, not the plan. */
const growthMax = 100 * mebibyte;
/** By how much that may grow which is left after a full collection. */
const livesGrowthMax = 10 * mebibyte;

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
  flags: readonly string[] = [],
): Promise<Measured & Sending> {
  const ledger = `${plan}.copy`;
  await copyFile(plan, ledger);
  const server = await startLoopback();
  try {
    const sizes = [String(form.usersPerRequest), String(concurrency)];
    const measured = await measure([...flags, sendPlanFile, way, ledger, server.baseUrl, ...sizes]);
    if (measured.exitCode !== 0) throw new Error(`sending exited ${measured.exitCode}: ${measured.stderr}`);
    if (way === 'ledger') await requireSuccess(ledger, form.people);
    return { ...measured, ...(JSON.parse(measured.stdout.trimEnd().split('\n').at(-1) ?? '') as Sending) };
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
  const small = await storePlan(folder, 10_000);
  const large = await storePlan(folder, most);
  const rows: (readonly string[])[] = [];
  let holds = true;
  for (const machine of machines) {
    const few = await memoryOf(small, 10_000, machine);
    const many = await memoryOf(large, most, machine);
    const growth = many.peakBytes - few.peakBytes;
    const livesGrowth = many.livesBytes - few.livesBytes;
    const isFlat = growth <= growthMax && livesGrowth <= livesGrowthMax;
    holds &&= isFlat;
    rows.push([
      machine.name,
      ...[few.peakBytes, many.peakBytes, growth, few.livesBytes, many.livesBytes, livesGrowth].map(megabytes),
      isFlat ? 'holds' : 'BROKEN',
    ]);
  }
  const atMost = `+${megabytes(growthMax)}, +${megabytes(livesGrowthMax)}`;
  printTable(
    [
      '',
      'peak, 10,000',
      `peak, ${count(most)}`,
      'growth',
      'lives, 10,000',
      `lives, ${count(most)}`,
      'growth',
      atMost,
    ],
    rows,
  );
  return holds;
}

interface Memory {
  /** The most resident memory. */
  readonly peakBytes: number;
  /** The most that was left after a full collection, in one of the program's two heaps. */
  readonly livesBytes: number;
}

async function memoryOf(plan: string, people: number, { name, flags }: Machine): Promise<Memory> {
  print(`sending ${count(people)} changes, one user per request, ${name} …`);
  const form = { people, usersPerRequest: 1 };
  const { peakBytes, stdout } = await sendPlan('ledger', plan, form, ['--trace-gc', ...flags]);
  // V8 says what a collection began with and, behind the arrow, what it left, in MiB.
  const left = [...stdout.matchAll(/ Mark-Compact [^>]*-> ([0-9.]+) /g)].map(([, size]) => Number(size));
  if (left.length === 0) throw new Error('V8 told of no full collection.');
  return { peakBytes, livesBytes: Math.max(...left) * mebibyte };
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
