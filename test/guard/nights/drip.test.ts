import { describe, expect, it } from 'vitest';
import { type Night, NightWorld } from './night-world.ts';
import { isLong } from '../../long.ts';
import { csv, each, type Row, staff } from './staff.ts';

const patient = 240_000;
const everybody = staff(isLong ? 300 : 120);
/** One less than the 5 % that one run may disable. */
const perRun = everybody.length * 0.05 - 1;
const perDay = everybody.length * 0.1;
const perWeek = everybody.length * 0.2;

/** The export of an hour: those who are gone already, and the next few. Each has bytes of its own. */
type Export = (gone: number, hour: number) => string;

const ofHour = (hour: number): readonly Row[] =>
  each(everybody, (_, place) => (place === 0 ? { Title: `Chief ${hour}` } : {}));
const byStatus: Export = (gone, hour) =>
  csv(each(ofHour(hour), (_, place) => (isGone(place, gone) ? { Status: 'Terminated' } : {})));
const byAbsence: Export = (gone, hour) => csv(ofHour(hour).filter((_, place) => !isGone(place, gone)));

/** The first eight are the managers of the others. */
function isGone(place: number, gone: number): boolean {
  return place >= 8 && place < 8 + gone;
}

/** 24 runs, each of which asks for one less than a run may; what was held is asked for no more. */
async function drip(
  world: NightWorld,
  text: Export,
  run: (hour: number) => Promise<Night>,
): Promise<readonly Night[]> {
  const nights: Night[] = [];
  for (let hour = 0; hour < 24; hour += 1) {
    world.writeFeed(text(disabled(world).size + perRun, hour));
    nights.push(await run(hour));
  }
  return nights;
}

function disabled(world: NightWorld): ReadonlySet<string> {
  return new Set(world.journal().flatMap(({ op, key }) => (op === 'disable' ? [key] : [])));
}

describe('a drip of 24 runs, each below the limit of one,', () => {
  it(
    'an hour apart is held by the limit of 24 hours when a tenth is disabled',
    async () => {
      await using world = await NightWorld.open(everybody);
      expect((await world.night(csv(everybody))).exit).toBe(0);
      const nights = await drip(world, byStatus, async () => {
        world.pass(0.9);
        return world.run('apply');
      });
      expect(nights.slice(0, 2).map(({ exit }) => exit)).toEqual([0, 0]);
      const held = nights.slice(2);
      expect(held.flatMap(({ tripped }) => tripped.map(({ name }) => name))).toEqual(
        held.map(() => 'disablesPer24h'),
      );
      expect(held.flatMap(({ writes }) => writes)).toEqual([]);
      expect(disabled(world).size).toBeLessThanOrEqual(perDay);
    },
    patient,
  );

  it(
    'by absence is held just so',
    async () => {
      await using world = await NightWorld.open(everybody);
      expect((await world.night(csv(everybody))).exit).toBe(0);
      await drip(world, byAbsence, async () => {
        world.pass(0.9);
        return world.run('apply');
      });
      expect(disabled(world).size).toBeLessThanOrEqual(perDay);
    },
    patient,
  );

  it(
    'is not made slower by days that --as-of invents',
    async () => {
      await using world = await NightWorld.open(everybody);
      expect((await world.night(csv(everybody))).exit).toBe(0);
      const from = Date.parse(world.now);
      const nights = await drip(world, byStatus, (hour) =>
        world.run('apply', { asOf: new Date(from + hour * 86_400_000).toISOString() }),
      );
      expect(disabled(world).size).toBeLessThanOrEqual(perDay);
      expect(nights.at(-1)?.tripped.map(({ name }) => name)).toContain('disablesPer24h');
    },
    patient,
  );

  it(
    'a day apart is held by the limit of 7 days when a fifth is disabled',
    async () => {
      await using world = await NightWorld.open(everybody);
      expect((await world.night(csv(everybody))).exit).toBe(0);
      const from = Date.parse(world.now);
      const nights = await drip(world, byStatus, async () => {
        world.pass(24.1);
        return world.run('apply');
      });
      const ofWeek = nights.slice(0, 6);
      expect(Date.parse(world.now) - from).toBeGreaterThan(23 * 86_400_000);
      expect(
        ofWeek.flatMap(({ writes }) => writes).filter(({ op }) => op === 'disable').length,
      ).toBeLessThanOrEqual(perWeek);
      expect(ofWeek.at(-1)?.tripped.map(({ name }) => name)).toEqual(['disablesPer7d']);
    },
    patient,
  );
});
