import { existsSync, readdirSync } from 'node:fs';
import process from 'node:process';
import {
  type PersonRow,
  pause,
  people,
  type Ran,
  type Running,
  userOf,
  World,
  wholeFeed,
} from '../../cli/world.ts';
import { allowEverything } from '../../guard/allow-everything.ts';

/* A process of `npm run pairs`: numbers of pairs in, what became of each out. */

export interface Pair {
  readonly number: number;
  readonly kind: 'both' | 'killed' | 'stopped';
  /** True when the first had ended before the second asked for the lock. */
  readonly apart: boolean;
  /** From the start of the second process to its end; null when it was not refused. */
  readonly refusalMs: number | null;
  /** From the kill of the holder until its successor had the lock; null without a kill. */
  readonly successorMs: number | null;
  readonly violations: readonly string[];
}

const refused = 5;
const count = 60;

const numbers = process.argv.slice(2).map(Number);
const first = people(count);
await using world = await World.open({
  users: first.map(userOf),
  feed: wholeFeed(first),
  faults: [{ match: { op: 'update' }, do: { latencyMs: 150 } }],
  job: {
    guards: allowEverything,
    target: { limits: { requestsPerSecond: 2_000, concurrency: 1, batchSize: 5 } },
  },
});
const ran = await world.apply();
if (ran.code !== 0) throw new Error(ran.stderr);

for (const number of numbers) {
  const pair = await runPair(number);
  await new Promise((resolve) => process.send?.(pair, undefined, {}, resolve));
}
process.disconnect();

async function runPair(number: number): Promise<Pair> {
  const kind = number % 4 === 0 ? 'killed' : number % 4 === 2 ? 'stopped' : 'both';
  const rows = first.map((row) => ({ ...row, first: `Name${number}` }));
  world.writeFeed(wholeFeed(rows));
  const before = world.journalLines();
  const end = await (kind === 'both' ? bothAtOnce() : oneAfter(kind, before));
  const violations = [...end.violations, ...judgeTarget(rows, before)];
  return { ...end, number, kind, violations };
}

type PairEnd = Omit<Pair, 'number' | 'kind'>;

async function bothAtOnce(): Promise<PairEnd> {
  const ends = await Promise.all([start().ended, start().ended]);
  const codes = ends.map(({ code }) => code).sort();
  const loser = ends.find(({ code }) => code === refused);
  // Two that never met both end well: the second finds nothing to do.
  const apart = codes[0] === 0 && codes[1] === 0;
  const isRight = apart || (codes[0] === 0 && codes[1] === refused);
  const said = ends.map(({ stderr }) => stderr.slice(-150)).join(' / ');
  return {
    apart,
    refusalMs: loser?.durationMs ?? null,
    successorMs: null,
    violations: [...(isRight ? [] : [`exit codes ${codes.join(' and ')}: ${said}`]), ...namesHolder(loser)],
  };
}

/** The second comes while the first is at work; then the first dies, or is stopped for a while. */
async function oneAfter(kind: 'killed' | 'stopped', before: number): Promise<PairEnd> {
  const violations: string[] = [];
  const holder = start();
  await until(() => world.journalLines() > before);
  if (kind === 'stopped') holder.child.kill('SIGSTOP');
  const second = await start().ended;
  if (second.code !== refused)
    violations.push(`the second ended with ${second.code} while the first was ${kind}`);
  violations.push(...namesHolder(second));
  if (kind === 'stopped') {
    holder.child.kill('SIGCONT');
    const { code, stderr } = await holder.ended;
    if (code !== 0) violations.push(`the first ended with ${code} after it went on: ${stderr.slice(-150)}`);
    return { apart: false, refusalMs: second.durationMs, successorMs: null, violations };
  }
  holder.child.kill('SIGKILL');
  await holder.ended;
  const killedAt = performance.now();
  const runs = runFolders();
  const successor = start();
  await until(() => runFolders() > runs);
  const successorMs = performance.now() - killedAt;
  const { code, stderr } = await successor.ended;
  if (code !== 0) violations.push(`the successor ended with ${code}: ${stderr.slice(-150)}`);
  return { apart: false, refusalMs: second.durationMs, successorMs, violations };
}

function start(): Running {
  return world.start(['apply', 'job.yaml']);
}

function namesHolder(loser: Ran | undefined): readonly string[] {
  if (loser === undefined || loser.code !== refused) return [];
  return /Run \S+ \(process \d+/.test(loser.stderr) ? [] : [`nobody was named: ${loser.stderr.slice(-200)}`];
}

/** A run's folder is made once it has the lock. */
function runFolders(): number {
  return existsSync(world.runsPath) ? readdirSync(world.runsPath).length : 0;
}

function* judgeTarget(rows: readonly PersonRow[], before: number): Generator<string> {
  const strays = world.strays(rows).length;
  if (strays > 0) yield `${strays} people are not as the feed says`;
  const keys = world.accepted(before).map(({ op, key }) => `${op} ${key}`);
  if (new Set(keys).size < keys.length) yield `${keys.length - new Set(keys).size} writes took effect twice`;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('It never came so far.');
    await pause(2);
  }
}
