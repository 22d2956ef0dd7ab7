import { describe, it } from 'vitest';
import { type PersonRow, patient, people, userOf, World, wholeFeed } from './world.ts';

const before = people(60);
const leavers = before.slice(0, 3);
/** 3 people leave, 10 change their name, 10 are new. */
const now: readonly PersonRow[] = [
  ...before.slice(3).map((row, index) => (index < 10 ? { ...row, first: `New${index}` } : row)),
  ...people(10, 900),
];
const writes = ['add', 'update', 'assign-role', 'unassign-role'];

/**
 * A world in which everybody of before is known and the feed of now lies ready. The run that came to know them
 * wrote nothing and listed the users once.
 */
async function openWorld(faults: readonly object[]): Promise<World> {
  const world = await World.open({ users: before.map(userOf), feed: wholeFeed(before), faults });
  await world.link();
  world.writeFeed(wholeFeed(now));
  return world;
}

/** Writes that the sandbox accepted more often than once, although nothing asked for them twice. */
function doubled(world: World): readonly string[] {
  const names = world.accepted().map((write) => `${write.op} ${write.subject ?? ''} ${write.key}`);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function accessLeft(world: World): readonly string[] {
  const users = world.users();
  return leavers.filter((row) => users.get(row.login)?.roles.length !== 0).map((row) => row.login);
}

const once = (action: object): readonly object[] =>
  writes.map((op) => ({ match: { op }, times: 1, do: action }));

/** What the target does to the first request of each kind; everybody must still end as the feed says. */
const troubles: Readonly<Record<string, readonly object[]>> = {
  'an answer lost after the write took effect': once({ drop: 'after' }),
  'a connection dropped before the write took effect': once({ drop: 'before' }),
  '429 with Retry-After': once({ status: 429, retryAfter: 1 }),
  '429 with a date in Retry-After': once({ status: 429, retryAfter: 'date' }),
  '429 without Retry-After': once({ status: 429, retryAfter: 'none' }),
  '503 although the write took effect': once({ status: 503, applied: true }),
  '500 in the place of the write': once({ status: 500 }),
  'a refusal of the whole request': once({
    refuseBatch: { errorcode: 'EPMCSS-21147', errormessage: 'Invalid or insufficient parameters specified.' },
  }),
  'counts that contradict the items': once({ contradict: 'counts' }),
  'a status that is a string of digits': once({ stringStatus: true }),
  'a sign-in page in the place of the write': once({ html: true }),
  'an empty answer after the write took effect': once({ status: 200, body: '', applied: true }),
};

describe.concurrent('a target that misbehaves once with each kind of write', patient, () => {
  it.for(Object.entries(troubles))('by %s gets nothing twice', async ([, faults], { expect }) => {
    await using world = await openWorld(faults);
    const ran = await world.apply('--log-level', 'debug');
    expect(ran.code).toBe(0);
    expect(ran.report.changes).toMatchObject({ total: 23, succeeded: 23, failed: 0, unknown: 0 });
    expect(world.strays(now)).toEqual([]);
    expect(accessLeft(world)).toEqual([]);
    expect(doubled(world)).toEqual([]);
    // The log is there, one JSON text a line; the world has looked for personal values in it.
    const log = ran.stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(log.length).toBeGreaterThan(4);
    for (const line of log) JSON.parse(line);

    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });
});

describe.concurrent('a create whose answer is lost', patient, () => {
  it('is finished even when people are not matched by login', async ({ expect }) => {
    await using world = await World.open({
      users: before.map(userOf),
      faults: [{ match: { op: 'add' }, times: 1, do: { drop: 'after' } }],
      feed: wholeFeed(now),
      job: { match: 'emails.work' },
    });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    expect(doubled(world)).toEqual([]);
    const again = await world.apply();
    expect([again.code, again.report.changes.total]).toEqual([0, 0]);
  });
});

describe.concurrent('a target that cannot be written', patient, () => {
  it('for a wrong password ends the run with 1 before anything is written', async ({ expect }) => {
    await using world = await openWorld([]);
    const ran = await world.runWith({ EPM_PASSWORD: 'wrong-Sesame' }, 'apply', 'job.yaml');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/401/);
    expect(ran.stderr).not.toContain('wrong-Sesame');
    expect(ran.stderr).not.toContain(Buffer.from('admin:wrong-Sesame').toString('base64'));
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
    expect(world.journal()).toEqual([]);
  });

  it('for a password that is not there ends the run with 1 and the name of the variable', async ({
    expect,
  }) => {
    await using world = await openWorld([]);
    const ran = await world.runWith({ EPM_PASSWORD: '' }, 'apply', 'job.yaml');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/EPM_PASSWORD/);
    expect(world.journal()).toEqual([]);
  });

  it('because it is down ends the run with 75 before anything is written', async ({ expect }) => {
    await using world = await openWorld([]);
    await world.stopSandbox();
    const ran = await world.apply();
    expect(ran.code).toBe(75);
    expect(ran.stderr).toMatch(/refused/);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written.*again later/);
    expect(world.journal()).toEqual([]);
  });

  it('because a sign-in page answers the list ends the run with 1 before anything is written', async ({
    expect,
  }) => {
    await using world = await openWorld([{ match: { op: 'list-users' }, skip: 1, do: { html: true } }]);
    const ran = await world.apply();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/baseUrl/);
    expect(world.journal()).toEqual([]);
  });

  it('because its list breaks off ends the run before anything is written, and makes no leavers', async ({
    expect,
  }) => {
    const half =
      '{"status":0,"error":null,"details":[{"userlogin":"ada.moreau40@example.com","firstname":"Ada"';
    await using world = await openWorld([
      { match: { op: 'list-users' }, skip: 1, do: { status: 200, body: half } },
    ]);
    const ran = await world.apply();
    expect([1, 75]).toContain(ran.code);
    expect(world.journal()).toEqual([]);
  });

  it('because it lists nobody any more is held, and makes no leavers and no creates', async ({ expect }) => {
    const empty = { status: 0, error: null, details: [] };
    await using world = await openWorld([
      { match: { op: 'list-users' }, skip: 1, do: { status: 200, body: empty } },
    ]);
    const ran = await world.apply();
    expect(ran.code).toBe(3);
    expect(world.journal()).toEqual([]);
  });

  it('any more in the midst ends the run with 4, and the next one finishes it', async ({ expect }) => {
    await using world = await openWorld([{ match: { op: 'assign-role' }, do: { status: 401 } }]);
    const ran = await world.apply();
    expect(ran.code).toBe(4);
    expect(ran.report.changes.succeeded + ran.report.changes.notSent + ran.report.changes.failed).toBe(23);
    expect(ran.report.changes.notSent).toBeGreaterThan(0);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/rollcall apply job\.yaml/);
    await world.serve();
    const next = await world.apply();
    expect(next.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    expect(accessLeft(world)).toEqual([]);
    expect(doubled(world)).toEqual([]);
  });

  it('beyond its rate is kept under it, and everything is sent', async ({ expect }) => {
    await using world = await openWorld([]);
    await world.serve({ ratePerSecond: 5 });
    world.writeJob({ target: { limits: { requestsPerSecond: 200, concurrency: 4, batchSize: 2 } } });
    const ran = await world.apply();
    expect(ran.code).toBe(0);
    expect(world.strays(now)).toEqual([]);
    expect(doubled(world)).toEqual([]);
  });
});
