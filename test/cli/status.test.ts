import { describe, it } from 'vitest';
import { patient, people, World, wholeFeed } from './world.ts';

describe.concurrent('status', patient, () => {
  it('says of a run that was parked before it had a plan until when the target wants to be left alone', async ({
    expect,
  }) => {
    await using world = await World.open({
      faults: [{ match: { op: 'list-users' }, do: { status: 429, retryAfter: 7_200 } }],
      feed: wholeFeed(people(3)),
    });
    const parked = await world.apply();
    expect([parked.code, parked.hasReport]).toEqual([75, false]);
    const until = /pause until \d{4}-\d\d-\d\dT[\d:.]+Z/.exec(parked.stderr)?.[0] ?? 'nothing';
    const status = await world.run('status', 'job.yaml');
    expect(status.stdout).toMatch(/^last +apply \S+, .* exit 75/m);
    expect(status.stdout).toContain(until);
  });
});
