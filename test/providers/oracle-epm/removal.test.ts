import { describe, it } from 'vitest';
import { patient, people, userOf, World, wholeFeed } from '../../cli/world.ts';
import { allowEverything } from '../../guard/allow-everything.ts';
import { codeOfUnknownLogin } from './world.ts';

const staff = people(3);
const day = (number: number) => `2026-03-0${number}`;

/** A world with a leaver whom the list does not show any more, and whose removal is due and answered by nobody. */
async function openWorld(target: object): Promise<World> {
  const faults = [{ match: { op: 'remove' }, times: 1, do: { drop: 'after' } }];
  const world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff), faults });
  world.writeJob({
    target: { removeFromIdentityDomain: true, ...target },
    policy: { leavers: [{ disable: 'now' }, { remove: 'after 1d' }] },
    guards: allowEverything,
  });
  await world.apply('--as-of', day(1));
  world.writeFeed(wholeFeed(staff.slice(0, 2)));
  const left = await world.apply('--as-of', day(2));
  if (left.code !== 0) throw new Error(left.stderr);
  return world;
}

describe.concurrent('a removal whose answer is lost, of an account that no list shows', patient, () => {
  it('is sent again where the job knows the code of "gone already", and is done', async ({ expect }) => {
    await using world = await openWorld({ missingCodes: [codeOfUnknownLogin] });
    const removed = await world.apply('--as-of', day(3));
    expect(removed.code).toBe(0);
    expect(removed.report.byOperation.remove).toMatchObject({ succeeded: 1, failed: 0 });
    expect(world.accepted().filter((write) => write.op === 'remove')).toHaveLength(1);
    const after = await world.apply('--as-of', day(4));
    expect([after.code, after.report.changes.total]).toEqual([0, 0]);
  });

  it('stays in doubt where it does not, and is never sent again blindly', async ({ expect }) => {
    await using world = await openWorld({});
    const lost = await world.apply('--as-of', day(3));
    expect(lost.code).toBe(4);
    expect(lost.report.byOperation.remove).toMatchObject({ unknown: 1 });
    const sent = world.journal().length;
    const after = await world.apply('--as-of', day(4));
    expect(after.report.changes).toMatchObject({ conflict: 1, planned: 0 });
    expect(world.journal()).toHaveLength(sent);
  });
});
