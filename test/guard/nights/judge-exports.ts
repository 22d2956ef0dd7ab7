import type { Report } from '../../../src/report/report.ts';
import { type Answer, type BadExport, badExports, type Good, trailer } from './bad-exports.ts';
import { type Night, NightWorld, type Write } from './night-world.ts';
import { goodNights } from './good-nights.ts';
import { csv, each, person, type Row, staff } from './staff.ts';

/** What came of one export. */
export interface Judged {
  readonly title: string;
  readonly wanted: Answer;
  readonly answer: Answer | 'harmful';
  readonly exit: number;
  /** Guards that hold it. */
  readonly guards: readonly Report['guards'][number][];
  /** What is said where no guard holds it. */
  readonly said: string;
  /** What the sandbox's journal has that a good export would not have asked for, too. */
  readonly wrong: readonly Write[];
  /** Lines of the sandbox's journal. */
  readonly writes: number;
}

/** Two ordinary nights, and the people of the third: one moves, one comes. */
export function threeNights(count: number): Good {
  const first = staff(count);
  const second = each(first, (row, place) => (place === 9 ? { Title: `Senior ${row.Title}` } : {}));
  const moved = each(second, (row, place) => (place === 10 ? { Department: `New ${row.Department}` } : {}));
  return { tonight: [...moved, person(count + 1)], accepted: [csv(first), csv(second)] };
}

/** Gives each export as the third night of a world whose first two were good, and says what came of it. */
export async function judgeExports(
  count: number,
  exports: readonly BadExport[] = badExports,
): Promise<readonly Judged[]> {
  const all: Judged[] = [];
  const good = threeNights(count);
  // Each job has a world of its own.
  for (const [job = {}, ofJob] of Map.groupBy(exports, (one) => one.job)) {
    const trailed = (text: string, rows: number): string =>
      job.feed === undefined ? text : trailer(text, rows);
    await using world = await NightWorld.open(staff(count), job);
    for (const text of good.accepted) await goodNight(world, trailed(text, count));
    world.save();
    const right = await goodNight(world, trailed(csv(good.tonight), count + 1));
    for (const one of ofJob) {
      await world.restore();
      all.push(judged(one, await twoNights(world, one, good), right));
    }
  }
  return all;
}

async function goodNight(world: NightWorld, text: string): Promise<readonly Write[]> {
  const { exit, refusal, tripped, writes } = await world.night(text);
  if (exit === 0) return writes;
  const names = tripped.map(({ name }) => name).join(', ');
  throw new Error(`A good night ended with ${exit}: ${refusal}${names}`);
}

/**
 * What is let pass comes a second time with other bytes: people are leavers by a second feed that misses them, and a
 * column that is wrong stays wrong.
 */
async function twoNights(world: NightWorld, { bytes }: BadExport, good: Good): Promise<Night> {
  const first = await world.night(bytes(good));
  if (first.exit === 3 || first.exit === 1) return first;
  const tonight: readonly Row[] = [...good.tonight].reverse();
  const second = await world.night(bytes({ ...good, tonight }));
  return { ...first, writes: [...first.writes, ...second.writes] };
}

function judged({ title, answer: wanted }: BadExport, night: Night, right: readonly Write[]): Judged {
  const { exit, tripped: guards, writes } = night;
  const said = guards.length === 0 ? night.refusal || rowsText(night) : '';
  const asked = new Set(right.map(textOf));
  const wrong = writes.filter((write) => !asked.has(textOf(write)));
  const answer = writes.length === 0 ? answers[exit] : undefined;
  const fallback = wrong.length === 0 ? 'harmless' : 'harmful';
  return { title, wanted, answer: answer ?? fallback, exit, guards, said, wrong, writes: writes.length };
}

/** What an exit code means where nothing was written. */
const answers: Readonly<Record<number, Answer>> = { 1: 'refused', 3: 'held' };

function textOf({ op, key, subject }: Write): string {
  return [op, key, subject].join(' ');
}

function rowsText({ report }: Night): string {
  if (report === null) return '';
  const { rows, changes, references } = report;
  return (
    `${rows.quarantined} of ${rows.total} rows set aside, ${references.unresolved} managers unknown, ` +
    `${changes.succeeded} changes`
  );
}

/** How an ordinary night ended. */
export interface JudgedNight {
  readonly title: string;
  readonly exit: number;
  /** Guards that held it, with what they said: each is a false alarm. */
  readonly alarms: readonly string[];
  readonly writes: number;
}

/** Applies ordinary nights, one after the other. */
export async function judgeGoodNights(
  count: number,
  nights: number,
  seed: number,
): Promise<readonly JudgedNight[]> {
  const all: JudgedNight[] = [];
  const first = staff(count);
  await using world = await NightWorld.open(first);
  await goodNight(world, csv(first));
  for (const { title, text } of goodNights(first, nights, seed)) {
    const { exit, refusal, tripped, writes } = await world.night(text);
    const alarms = tripped.map(({ name, advice }) => `${name}: ${advice}`);
    all.push({ title, exit, alarms: refusal === '' ? alarms : [refusal], writes: writes.length });
  }
  return all;
}
