import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { print, seconds } from '../bench/print.ts';
import { people, World, wholeFeed } from '../cli/world.ts';
import { allowEverything } from '../guard/allow-everything.ts';
import { seeded } from '../http/window-target.ts';
import { CrashWorld } from './crash/crash-world.ts';
import { applyUnderStrace, hasStrace } from './order/strace.ts';

/*
 *   npm run disk -- --people 40 --every 1
 *
 * The disk is full from each write of the program on, one after the other until a run meets none. Where the machine lets
 * us mount, also on a small file system that really is full, and on one that is read-only. Under strace, each sync of
 * the disk fails in turn.
 */

const { values } = parseArgs({
  options: { people: { type: 'string', default: '40' }, every: { type: 'string', default: '1' } },
});
const quickMs = 5_000;
let bad = 0;

function tell(what: string, violations: readonly string[]): void {
  if (violations.length === 0) return;
  bad += 1;
  print(`${what}: ${violations.slice(0, 3).join('; ')}`);
}

const codes = new Map<string, number>();
let slowestMs = 0;
await fillAtEachWrite();
const listed = [...codes].map(([code, count]) => `${count} with ${code}`).join(', ');
print(
  `the disk was full at each write in turn: ended ${listed}, after ${seconds(slowestMs)} at most: ${bad} bad`,
);
await onSmallFileSystem();
if (hasStrace()) await withFailingSync();
else print('strace is not on this machine: no sync was made to fail');
process.exitCode = bad === 0 ? 0 : 1;

async function fillAtEachWrite(): Promise<void> {
  await using world = await CrashWorld.open(Number(values.people), seeded(1));
  for (let write = 1; ; write += Number(values.every)) {
    const { code, tookMs, violations } = await world.fill(write);
    if (tookMs === null) break;
    codes.set(String(code), (codes.get(String(code)) ?? 0) + 1);
    slowestMs = Math.max(slowestMs, tookMs);
    const late = tookMs > quickMs ? [`it took ${seconds(tookMs)} to end`] : [];
    tell(`full at write ${write}, exit ${code}`, [...violations, ...late]);
  }
}

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args).status === 0;
}

async function onSmallFileSystem(): Promise<void> {
  const point = mkdtempSync(join(tmpdir(), 'rollcall-small-'));
  if (!mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', point)) {
    print('nothing can be mounted here: no small and no read-only file system was tried');
    rmSync(point, { recursive: true });
    return;
  }
  try {
    await runFull(point);
    await runReadOnly(point);
  } finally {
    spawnSync('umount', [point]);
    rmSync(point, { recursive: true, force: true });
  }
}

/** A world whose ledger and reports lie on the small file system. */
function worldOn(point: string): Promise<World> {
  const rows = people(Number(values.people));
  mkdirSync(join(point, 'state'), { recursive: true });
  return World.open({
    feed: wholeFeed(rows),
    job: {
      ledger: join(point, 'state', 'ledger.db'),
      report: { directory: join(point, 'state', 'runs') },
      guards: allowEverything,
      target: { limits: { requestsPerSecond: 2_000, concurrency: 4, batchSize: 5 } },
    },
  });
}

async function runFull(point: string): Promise<void> {
  const before = bad;
  let tried = 0;
  const sizes = [384, 4, 16, 64, 128, 256, 320, 0, 448, 512, 640, 768, 1_024, 1_536];
  for (const kilobytesLeft of sizes.filter((_, index) => index % Number(values.every) === 0)) {
    await using world = await worldOn(point);
    const { bavail, bsize } = statfsSync(point);
    writeFileSync(join(point, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - kilobytesLeft * 1_024)));
    const full = await world.apply();
    rmSync(join(point, 'ballast'));
    const violations: string[] = [];
    if (full.code === 0) violations.push(...finished(world));
    else if (full.code !== 1 && full.code !== 4) violations.push(`exit ${full.code}`);
    if (world.accepted().length > 0 && full.code === 1) violations.push('it wrote, and says that it did not');
    const next = await world.apply();
    if (next.code !== 0)
      violations.push(
        `the next apply ended with ${next.code}: ${next.stderr.slice(-800)} after ${full.stderr.slice(-600)}`,
      );
    violations.push(...finished(world));
    tell(`${kilobytesLeft} KiB left`, violations);
    tried += 1;
    rmSync(join(point, 'state'), { recursive: true });
  }
  print(`${tried} runs on a file system of 4 MiB with more and more room: ${bad - before} bad`);
}

function finished(world: World): readonly string[] {
  const strays = world.strays(people(Number(values.people))).length;
  const twice = world.createdTwice().length;
  return [...(strays > 0 ? [`${strays} people are missing`] : []), ...(twice > 0 ? [`${twice} twice`] : [])];
}

async function runReadOnly(point: string): Promise<void> {
  await using world = await worldOn(point);
  const first = await world.apply();
  if (first.code !== 0) throw new Error(first.stderr);
  const before = world.journalLines();
  world.writeFeed(wholeFeed(people(Number(values.people)).map((row) => ({ ...row, first: 'Bea' }))));
  const violations: string[] = [];
  if (!mount('-o', 'remount,ro', point)) return;
  const ran = await world.apply();
  mount('-o', 'remount,rw', point);
  if (ran.code !== 1) violations.push(`exit ${ran.code}`);
  if (world.journalLines() > before) violations.push('it wrote');
  if (!/read|permission|access|written/i.test(ran.stderr)) violations.push(ran.stderr.slice(-200));
  const next = await world.apply();
  if (next.code !== 0) violations.push(`the next apply ended with ${next.code}`);
  tell('read-only', violations);
  print(`a read-only file system: exit ${ran.code}, ${violations.length} bad`);
}

/** From the sync with a number on, none succeeds, until a run meets none. */
async function withFailingSync(): Promise<void> {
  const before = bad;
  const codes: (number | null)[] = [];
  await using world = await World.open({ feed: wholeFeed(people(10)), job: { guards: allowEverything } });
  const first = await world.apply();
  if (first.code !== 0) throw new Error(first.stderr);
  for (let sync = 1; codes.at(-1) !== 0; sync += Number(values.every)) {
    const rows = people(10).map((row) => ({ ...row, first: `Name${sync}` }));
    world.writeFeed(wholeFeed(rows));
    const lines = world.journalLines();
    const inject = `inject=fdatasync,fsync:error=EIO:when=${sync}+`;
    const { code, stderr } = await applyUnderStrace(world, ['-qq', '-e', inject, '-o', '/dev/null']);
    codes.push(code);
    const violations: string[] = [];
    const hasWritten = world.journalLines() > lines;
    if (code !== 0 && code !== (hasWritten ? 4 : 1)) violations.push(`exit ${code}, written: ${hasWritten}`);
    if (code !== 0 && !/disk|could not be/i.test(stderr)) violations.push(stderr.slice(-300));
    const next = await world.apply();
    if (next.code !== 0)
      violations.push(`the next apply ended with ${next.code}: ${next.stderr.slice(-300)}`);
    if (world.strays(rows).length > 0)
      violations.push(`${world.strays(rows).length} people are not as the feed says`);
    const keys = world.accepted(lines).map(({ op, key }) => `${op} ${key}`);
    if (new Set(keys).size < keys.length) violations.push('a write took effect twice');
    tell(`failing from sync ${sync} on, exit ${code}`, violations);
  }
  print(`${codes.length} runs with a failing sync, ended with ${codes.join(' ')}: ${bad - before} bad`);
}
