import { describe, expect, it } from 'vitest';
import { scim } from '../../../src/providers/scim/index.ts';
import { people, Runs, tally } from './runs.ts';
import { config, need, user } from './world.ts';

const target = { removal: 'deactivate' };
const night = (number: number) => `2026-03-0${number}T02:00:00Z`;

describe('a removal that only deactivates', () => {
  it('takes no call for somebody who is inactive already', () => {
    const steps = (removal: string, active: boolean) => {
      const steps = scim.under?.(config({ removal })).steps ?? scim.steps;
      return steps(need('remove', {}, {}), user({}, active), null, {}).map(({ action }) => action);
    };
    expect(steps('deactivate', false)).toEqual([]);
    expect(steps('deactivate', true)).toEqual(['remove']);
    expect(steps('delete', false)).toEqual(['remove']);
  });

  it('sends nothing on the nights after a disable, and leaves the way back open', async () => {
    using runs = new Runs();
    runs.write('users.json', JSON.stringify({ users: [], groups: ['Sales'] }));
    runs.write('faults.json', JSON.stringify({ rules: [] }));
    runs.writeJob({ target, policy: { leavers: [{ disable: 'now' }, { remove: 'after 1d' }] } });
    const all = people(3);
    runs.writeFeed(all);
    await runs.apply({}, night(1));
    // One whose status says so, and one whom the feed no longer names.
    runs.writeFeed(all.slice(0, 2).map((row) => (row.id === 'E1' ? { ...row, status: 'Left' } : row)));
    const left = await runs.apply({}, night(2));
    expect(left.report.byOperation.disable).toMatchObject({ succeeded: 2 });

    const before = runs.journal().length;
    for (const number of [3, 4, 5]) {
      const ran = await runs.apply({}, night(number));
      expect(ran.code).toBe(0);
      expect(ran.report.changes.total).toBe(0);
      expect(ran.report.rows).toMatchObject({ unchanged: 2 });
    }
    expect(runs.journal().slice(before)).toEqual([]);

    // In another order, because the very bytes of an older feed would be held.
    runs.writeFeed(all.toReversed());
    const back = await runs.apply({}, night(6));
    expect(back.code).toBe(0);
    expect(tally(runs.journal(before))).toEqual({ enable: 2 });
  }, 60_000);

  it('is sent once where nothing disabled before', async () => {
    using runs = new Runs();
    runs.write('users.json', JSON.stringify({ users: [], groups: ['Sales'] }));
    runs.write('faults.json', JSON.stringify({ rules: [] }));
    runs.writeJob({ target, policy: { leavers: [{ remove: 'now' }] } });
    const all = people(2);
    runs.writeFeed(all);
    await runs.apply({}, night(1));
    runs.writeFeed(all.map((row) => (row.id === 'E1' ? { ...row, status: 'Left' } : row)));
    const removed = await runs.apply({}, night(2));
    expect(removed.report.byOperation.remove).toMatchObject({ succeeded: 1 });

    const before = runs.journal().length;
    for (const number of [3, 4, 5]) {
      expect((await runs.apply({}, night(number))).report.changes.total).toBe(0);
    }
    expect(runs.journal().slice(before)).toEqual([]);
  }, 60_000);
});
