import { describe, it } from 'vitest';
import { patient, people, userOf, World, wholeFeed } from './world.ts';

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

  it('says of a held plan that an approval of another one covers it, and proposes to apply', async ({
    expect,
  }) => {
    const staff = people(60);
    await using world = await World.open({ users: staff.map(userOf), feed: wholeFeed(staff) });
    await world.link();
    const holdWithout = async (gone: number): Promise<string> => {
      world.writeFeed(wholeFeed(staff.slice(gone)));
      const ran = await world.apply();
      expect(ran.code).toBe(3);
      return ran.report.run.id;
    };
    const decide = (how: string, id: string) =>
      world.run(how, id, '--job', 'job.yaml', '--by', 'Bea Okafor', '--reason', 'Leeds closes');
    const within = await holdWithout(9);
    expect((await decide('approve', await holdWithout(10))).code).toBe(0);
    const covered = await world.run('status', 'job.yaml');
    expect(covered.stdout).toMatch(new RegExp(`^held +${within}: .*another plan by Bea Okafor`, 'm'));
    expect(covered.stderr).toContain('Next: rollcall apply job.yaml');

    const beyond = await holdWithout(11);
    const status = await world.run('status', 'job.yaml');
    expect(status.stdout).toContain(`held     ${beyond} waits for approval`);
    expect(status.stderr).toContain(`Next: rollcall approve ${beyond}`);
    expect((await decide('reject', beyond)).code).toBe(0);
    // What is about the same people is taken back with it.
    expect((await world.run('status', 'job.yaml')).stdout).toContain(`held     ${within} waits for approval`);
  });
});

describe.concurrent('resume', patient, () => {
  it('with nothing to go on with ends with 0 and says so, with a job and without', async ({ expect }) => {
    await using world = await World.open({ feed: wholeFeed(people(3)) });
    await world.link();
    for (const what of [['job.yaml'], ['--job', 'job.yaml'], ['--ledger', 'ledger.db']]) {
      const { code, stderr } = await world.run('resume', ...what);
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/Nothing was written: no run is waiting to be gone on with\.$/m),
      ]);
    }
    const unknown = await world.run('resume', '2026-01-01T00-00-00Z-0000', '--job', 'job.yaml');
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('knows no run 2026-01-01')]);
  });
});
