import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { brokenSums, type ReportJson } from './sums.ts';
import { type PersonRow, patient, people, type Ran, World, wholeFeed } from './world.ts';

/** What `--json` prints for a job with several targets. */
interface Printed {
  readonly exitCode: number;
  readonly targets: readonly {
    readonly name: string;
    readonly exitCode: number;
    readonly report: ReportJson | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

const crmJournal = 'crm.journal.ndjson';

/** One feed for an EPM environment, which a process of its own serves, and for a SCIM service of each command. */
function writeJob(
  world: World,
  difference: {
    readonly epm?: object;
    readonly crm?: object;
    readonly job?: object;
  } = {},
): void {
  const job = {
    name: 'all-systems',
    ledger: 'ledger.db',
    feed: {
      path: 'hr.csv',
      columns: {
        externalId: 'Employee ID',
        userName: 'User Login',
        'name.givenName': 'First Name',
        'name.familyName': 'Last Name',
        'emails.work': 'Email',
      },
      whole: { trailer: 'TRAILER' },
    },
    match: 'userName',
    targets: [
      {
        name: 'epm',
        provider: 'oracle-epm',
        baseUrl: world.baseUrl,
        auth: { type: 'basic', username: 'env:EPM_USER', password: 'env:EPM_PASSWORD' },
        limits: { requestsPerSecond: 2_000 },
        welcomeMail: false,
        columns: { roles: 'Role' },
        ...difference.epm,
      },
      {
        name: 'crm',
        provider: 'scim',
        sandbox: { journal: crmJournal },
        limits: { requestsPerSecond: 2_000 },
        ...difference.crm,
      },
    ],
    policy: { leavers: [{ disable: 'now' }] },
    firstLoad: true,
    ...difference.job,
  };
  world.write('job.yaml', JSON.stringify(job, null, 2));
}

async function openWorld(rows: readonly PersonRow[]): Promise<World> {
  const world = await World.open({ feed: wholeFeed(rows) });
  writeJob(world);
  return world;
}

function crmWrites(world: World): readonly { readonly op: string; readonly status: string }[] {
  const file = world.path(crmJournal);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

function printed(ran: Ran): Printed {
  const json = JSON.parse(ran.stdout) as Printed;
  const broken = json.targets.flatMap(({ report }) => (report === null ? [] : brokenSums(report)));
  if (broken.length > 0) throw new Error(broken.join('; '));
  return json;
}

const lastLine = ({ stderr }: Ran) => stderr.trimEnd().split('\n').at(-1);

describe.concurrent('one feed for two targets', patient, () => {
  it('reaches the one while the other is down, which the exit code tells; later runs send what is missing, once', async ({
    expect,
  }) => {
    const rows = people(20);
    await using world = await openWorld(rows);
    await world.stopSandbox();

    const first = await world.apply('--json');
    expect(first.code).toBe(75);
    const [epm, crm] = printed(first).targets;
    expect(epm).toMatchObject({ name: 'epm', exitCode: 75, report: null, error: { code: 'TARGET_UNSENT' } });
    expect(crm).toMatchObject({ name: 'crm', exitCode: 0, error: null });
    expect(crm?.report?.changes).toMatchObject({ total: 20, succeeded: 20 });
    expect(crmWrites(world)).toHaveLength(20);
    expect(lastLine(first)).toMatch(
      /epm could not be run for now and crm matches the feed; 20 changes were sent/,
    );
    expect(lastLine(first)).toMatch(/rollcall apply job\.yaml --target epm$/);

    await world.serve();
    const second = await world.apply('--json');
    expect(second.code).toBe(0);
    expect(printed(second).targets.map(({ report }) => report?.changes.total)).toEqual([20, 0]);
    expect(world.strays(rows)).toEqual([]);
    expect(crmWrites(world)).toHaveLength(20);

    const writes = world.journalLines();
    const third = await world.apply('--json');
    expect(third.code).toBe(0);
    expect(printed(third)).toMatchObject({ exitCode: 0 });
    expect(printed(third).targets.map(({ report }) => report?.changes.total)).toEqual([0, 0]);
    expect([world.journalLines(), crmWrites(world).length]).toEqual([writes, 20]);

    const runs = await world.run('runs', '--job', 'job.yaml');
    expect(runs.stdout).toMatch(/^run +mode +exit +state +job +target +by$/m);
    expect(runs.stdout.match(/sandbox:scim/g)).toHaveLength(3);
    expect(runs.stdout.split(world.baseUrl)).toHaveLength(4);
  });

  it('warns only of the targets that are run', async ({ expect }) => {
    await using world = await openWorld(people(3));
    writeJob(world, { epm: { welcomeMail: undefined } });
    const warned = async (...flags: readonly string[]): Promise<boolean> =>
      / warning {2}New users get no mail/.test((await world.plan(...flags)).stderr);
    expect(await warned('--target', 'crm')).toBe(false);
    expect(await warned('--target', 'epm')).toBe(true);
    expect(await warned()).toBe(true);
  });

  it('has a block for each target and one sentence about both', async ({ expect }) => {
    await using world = await openWorld(people(3));
    const planned = await world.plan('--limit', '1');
    expect(planned.code).toBe(0);
    expect(planned.stdout).toMatch(/^target epm \(1 of 2\)\n.*oracle-epm.*\ntarget crm \(2 of 2\)\n.*scim/s);
    expect(planned.stdout.match(/^\+ create E1 /gm)).toHaveLength(2);
    expect(lastLine(planned)).toMatch(
      /^Of 2 targets, epm has a plan and crm has a plan; nothing was written\./,
    );
    expect([world.journal(), crmWrites(world)]).toEqual([[], []]);
    expect((await world.plan('--detailed-exitcode')).code).toBe(6);

    const applied = await world.apply();
    expect(applied.code).toBe(0);
    expect(applied.stdout.match(/^create +3$/gm)).toHaveLength(2);
    expect((await world.plan('--detailed-exitcode')).code).toBe(0);
  });

  it('is written only to those that --target names', async ({ expect }) => {
    const rows = people(3);
    await using world = await openWorld(rows);
    const one = await world.apply('--target', 'epm', '--json');
    expect(one.code).toBe(0);
    expect(printed(one).targets.map(({ name }) => name)).toEqual(['epm']);
    expect(world.strays(rows)).toEqual([]);
    expect(crmWrites(world)).toEqual([]);

    const both = await world.apply('--target', 'crm', '--target', 'epm', '--json');
    expect(printed(both).targets.map(({ name, report }) => [name, report?.changes.total])).toEqual([
      ['epm', 0],
      ['crm', 3],
    ]);

    const misspelt = await world.apply('--target', 'empty');
    expect([misspelt.code, misspelt.stdout]).toEqual([1, '']);
    expect(misspelt.stderr).toMatch(/no target `empty`/);
    const ambiguous = await world.plan('--out', 'plan.ndjson');
    expect(ambiguous.code).toBe(1);
    expect(ambiguous.stderr).toMatch(/--target NAME --out FILE/);
    const saved = await world.plan('--target', 'crm', '--out', 'plan.ndjson');
    expect(saved.code).toBe(0);
    expect(readFileSync(world.path('plan.ndjson'), 'utf8')).toMatch(/"sandbox:scim"/);
  });

  it('is judged by the guards and policy of each', async ({ expect }) => {
    const rows = people(12);
    await using world = await openWorld(rows);
    writeJob(world, { crm: { firstLoad: false } });
    const first = await world.apply('--json');
    expect(first.code).toBe(3);
    expect(printed(first).targets.map(({ exitCode }) => exitCode)).toEqual([0, 3]);
    expect(crmWrites(world)).toEqual([]);

    writeJob(world, { crm: { policy: { leavers: [] } } });
    expect((await world.apply()).code).toBe(0);
    world.writeFeed(wholeFeed(rows.slice(1)));
    const second = await world.apply('--json');
    expect(second.code).toBe(0);
    expect(printed(second).targets.map(({ report }) => report?.byOperation.disable.succeeded)).toEqual([
      1, 0,
    ]);
  });

  it('reaches the address that --env lays over the target of that name', async ({ expect }) => {
    await using world = await openWorld(people(3));
    const { baseUrl } = world;
    writeJob(world, {
      epm: { baseUrl: 'http://127.0.0.1:9' },
      job: { environments: { test: { targets: { epm: { baseUrl } } } } },
    });
    expect((await world.plan()).code).toBe(75);
    const ran = await world.plan('--env', 'test');
    expect(ran.code).toBe(0);
    expect(lastLine(ran)).toMatch(/rollcall apply job\.yaml --env test$/);
  });
});

describe.concurrent('validate', patient, () => {
  it('checks every target, each problem at its line, and the columns that each asks of the feed', async ({
    expect,
  }) => {
    await using world = await openWorld(people(1));
    const good = await world.run('validate', 'job.yaml');
    expect(good.code).toBe(0);

    writeJob(world, { epm: { welcomMail: true }, crm: { columns: { department: 'Division' } } });
    const shape = await world.run('validate', 'job.yaml', '--json');
    expect(shape.code).toBe(1);
    const lines = readFileSync(world.path('job.yaml'), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes('welcomMail')) + 1;
    expect(JSON.parse(shape.stdout).problems).toContainEqual(
      expect.objectContaining({ severity: 'error', line, path: 'targets.0.welcomMail' }),
    );

    writeJob(world, { crm: { columns: { department: 'Division' } } });
    const header = await world.run('validate', 'job.yaml');
    expect(header.code).toBe(1);
    expect(header.stdout.match(/Division/g)).toHaveLength(1);
  });
});
