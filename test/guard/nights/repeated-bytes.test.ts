import { expect, it } from 'vitest';
import { NightWorld } from './night-world.ts';
import { csv, each, type Row, staff } from './staff.ts';

const patient = 240_000;
const everybody = staff(60);
/** Three may be missing at once; the second such feed makes them leavers. */
const withoutThree = csv(everybody.slice(3));

it(
  'never holds the same bytes again, and never takes them for a second witness of an absence',
  async () => {
    await using world = await NightWorld.open(everybody);
    expect((await world.night(csv(everybody))).exit).toBe(0);
    for (let night = 0; night < 7; night += 1) {
      const same = await world.night(withoutThree);
      expect([same.exit, same.writes, same.report?.changes.total]).toEqual([0, [], 0]);
    }
    const other = await world.night(csv([...everybody.slice(3)].reverse()));
    expect([other.exit, other.report?.changes.fromAbsence]).toEqual([0, 3]);
    expect(other.writes.map(({ op }) => op)).toEqual(['disable', 'disable', 'disable']);
  },
  patient,
);

it(
  'holds the bytes of every older accepted feed, and no bytes that are new or the last ones',
  async () => {
    const feedOf = (night: number): string =>
      csv(
        each(everybody, (row: Row, place) => (place === night + 10 ? { Title: `Chief ${row.Title}` } : {})),
      );
    await using world = await NightWorld.open(everybody);
    for (let night = 0; night < 6; night += 1) {
      expect((await world.night(feedOf(night))).exit).toBe(0);
      expect((await world.night(feedOf(night))).exit).toBe(0);
      for (let older = 0; older < night; older += 1) {
        const held = await world.night(feedOf(older));
        expect([held.exit, held.writes, held.tripped.map(({ name }) => name)]).toEqual([
          3,
          [],
          ['feedOlder'],
        ]);
      }
    }
  },
  patient,
);
