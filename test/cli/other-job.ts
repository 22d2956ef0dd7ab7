import { readFileSync } from 'node:fs';
import { type PersonRow, type Ran, type World, wholeFeed } from './world.ts';

/** Another job on the same target, with a feed and a memory of its own: to the first, what it writes is drift. */
export function otherJob(world: World): (rows: readonly PersonRow[]) => Promise<Ran> {
  const job = JSON.parse(readFileSync(world.path('job.yaml'), 'utf8')) as { feed: object };
  const columns = { externalId: 'Employee ID', userName: 'User Login', 'name.familyName': 'Last Name' };
  const feed = { ...job.feed, path: 'other.csv', columns };
  const other = {
    ...job,
    name: 'other',
    feed,
    policy: { create: false, leavers: [{ disable: 'now' }] },
    guards: { updates: 100 },
  };
  world.write('other.yaml', JSON.stringify(other));
  return (rows) => {
    world.write('other.csv', wholeFeed(rows));
    return world.run('apply', 'other.yaml');
  };
}
