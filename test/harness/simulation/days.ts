import { fairWeather, type Weather } from './sim-wire.ts';
import type { Knowing, SimUser } from './sim-target.ts';

// What a seed means: a target, a network, and some days with a feed each. Nobody here exists.

/** What a feed says of one person; `spoilt` rows cannot be read. */
export interface DayRow {
  readonly key: string;
  readonly title: string;
  readonly roles: readonly string[];
  readonly spoilt?: true;
  /** A second row of the person, which says something else: both are set aside. */
  readonly twice?: true;
  /** The job is not about this row. */
  readonly elsewhere?: true;
  /** An older row of the person, which loses to this one. */
  readonly hasOlder?: true;
}

export interface Scenario {
  readonly knowing: Knowing;
  readonly weather: Weather;
  readonly refusesBatches: boolean;
  readonly poison: ReadonlySet<string>;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly perSecond: number;
  /** So many people may be disabled by one run. */
  readonly disablesMax: number;
  readonly there: readonly Omit<SimUser, 'id'>[];
  readonly days: readonly (readonly DayRow[])[];
}

const titles = ['Clerk', 'Planner', 'Manager', 'Auditor', 'Driver'];
const roles = ['Viewer', 'User', 'Approver', 'Admin'];

export function loginOf(key: string): string {
  return `${key.toLowerCase()}@example.com`;
}

export function draw(random: () => number, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

function pick<T>(random: () => number, list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('There is nothing to pick.');
  return found;
}

/** @param messy also rows that the job is not about, and rows that lose to others */
export function scenarioOf(random: () => number, { messy }: { readonly messy: boolean }): Scenario {
  const people = draw(random, 3, 14);
  const keys = Array.from({ length: people }, (_, index) => `E${index + 1}`);
  const first = keys.map((key) => rowOf(key, random));
  const days: (readonly DayRow[])[] = [messy ? first.map((row) => messyRow(row, random)) : first];
  const disablesMax = draw(random, 1, 3);
  for (let day = draw(random, 1, 2); day > 0; day -= 1) {
    const next = nextDay(days.at(-1) ?? [], { random, disablesMax, number: days.length });
    days.push(messy ? next.map((row) => messyRow(row, random)) : next);
  }
  const known = keys.filter(() => random() < 0.3);
  const strangers = Array.from({ length: draw(random, 1, 3) }, (_, index) => `S${index + 1}`);
  return {
    knowing: pick(random, ['truthful', 'truthful', 'createOnly', 'createOnly', 'blind'] as const),
    weather: weatherOf(random),
    refusesBatches: random() < 0.3,
    poison: new Set(
      random() < (messy ? 0.6 : 0.2) ? [pick(random, keys), pick(random, keys)].slice(messy ? 0 : 1) : [],
    ),
    batchSize: draw(random, 1, 5),
    concurrency: draw(random, 1, 8),
    perSecond: draw(random, 3, 40),
    disablesMax,
    there: [...known, ...strangers].map((key) => ({
      active: true,
      externalId: key,
      userName: loginOf(key),
      title: pick(random, titles),
      roles: [],
    })),
    days,
  };
}

function weatherOf(random: () => number): Weather {
  if (random() < 0.15) return fairWeather;
  const often = (): number => (random() < 0.5 ? random() * 0.12 : 0);
  return {
    refused: often(),
    dropBefore: often(),
    dropAfter: often(),
    hang: often() / 3,
    unavailable: often(),
    throttled: often(),
    tasks: random() < 0.3 ? 0.5 : 0,
  };
}

function rowOf(key: string, random: () => number): DayRow {
  return { key, title: pick(random, titles), roles: roles.filter(() => random() < 0.4) };
}

/** People change, come and leave; on some days more leave than the guard lets pass. */
function nextDay(
  before: readonly DayRow[],
  { random, disablesMax, number }: { random: () => number; disablesMax: number; number: number },
): readonly DayRow[] {
  const leaving = random() < 0.2 ? disablesMax + 1 : draw(random, 0, disablesMax);
  const sound = before.map(({ key, title, roles: has }): DayRow => ({ key, title, roles: has }));
  const staying = sound.slice(Math.min(leaving, sound.length - 1));
  const changed = staying.map((row): DayRow => {
    const fate = random();
    if (fate < 0.08) return { ...row, spoilt: true };
    if (fate < 0.13) return { ...row, twice: true };
    return fate < 0.5 ? rowOf(row.key, random) : row;
  });
  const joiners = Array.from({ length: draw(random, 0, 3) }, (_, index) =>
    rowOf(`E${number * 100 + index}`, random),
  );
  return [...changed, ...joiners];
}

function messyRow(row: DayRow, random: () => number): DayRow {
  if (row.spoilt === true || row.twice === true) return row;
  const fate = random();
  if (fate < 0.1) return { ...row, elsewhere: true };
  return fate < 0.2 ? { ...row, hasOlder: true } : row;
}

/** The feed's bytes, with a trailer that proves it whole. */
export function feedOf(rows: readonly DayRow[]): string {
  const lines = rows.flatMap((row) => {
    if (row.twice === true) return [lineOf(row, 1), lineOf({ ...row, title: 'Other' }, 1)];
    return row.hasOlder === true ? [lineOf({ ...row, title: 'Other' }, 1), lineOf(row, 2)] : [lineOf(row, 1)];
  });
  return ['ID,Login,Title,Roles,Site,Rank', ...lines, `TRAILER,${lines.length},,,,`, ''].join('\n');
}

function lineOf({ key, title, roles: has, spoilt, elsewhere }: DayRow, rank: number): string {
  const login = spoilt === true ? '' : loginOf(key);
  return [key, login, title, has.join(';'), elsewhere === true ? 'there' : 'here', rank].join(',');
}
